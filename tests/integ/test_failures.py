#!/usr/bin/python3
"""Failures of other connectors (docs/failures.md) that only the whole of the programs can show: who signs in where,
what a page offers, links and attempts as time goes by."""
import sqlite3

import harness
import seed

MINUTE, HOUR, DAY = 60, 3600, 86400


class Case(harness.SignInCase):
    def rows(self, sql, *args):
        with self.rig.db() as db:
            return [tuple(r) for r in db.execute(sql, args).fetchall()]

    def write(self, sql, *args):
        db = sqlite3.connect(self.rig.lay.database, timeout=10, isolation_level=None)
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute(sql, args)
        db.close()

    def login(self, user):
        return self.rig.person(user)["procore"]["login"]

    def sign_in(self, user, client=None):
        client, page, login, password = self.start(user, client)
        return seed.procore_sign_in(client, page, login, password)


class SignIns(Case):
    def test_f22_a_changed_procore_id_needs_an_approval(self):
        user = "skjaer"
        before = self.account(self.login(user))
        self.write("UPDATE account SET procore_user_id = procore_user_id + 1 WHERE id = ?", before["id"])
        end = self.sign_in(user)
        self.assertEqual(end.status, 409, "another id is another account")
        self.assertEqual(self.account(self.login(user))["generation"], before["generation"])
        self.write("INSERT INTO hand_over (account_id, new_login, approved_by, approved_at)"
                   " VALUES (?, ?, 'mhalloran', unixepoch())", before["id"], before["login_folded"])
        end = self.sign_in(user)
        self.assertEqual(end.status, 200, end.page().text[:300])
        after = self.account(self.login(user))
        # Who had the login before keeps the history, under another name, until the grant is revoked.
        self.assertNotEqual(after["id"], before["id"])
        self.assertEqual((after["state"], after["procore_user_id"]), ("ok", before["procore_user_id"]))
        self.rig.wait_for("the end of the grant before", lambda: self.rows(
            "SELECT 1 FROM account WHERE id = ? AND state = 'removed'", before["id"]))
        self.assertEqual(self.rows("SELECT count(*) FROM audit WHERE action = 'account.revoked' AND target = ?",
                                   f"account {before['id']}"), [(1,)])
        self.assertEqual(self.rows("SELECT count(*) FROM hand_over WHERE used_at IS NOT NULL"), [(1,)])

    def test_a_sign_in_calls_off_the_revocation_that_waits(self):
        """Disconnected while Procore was down, and signed in again to connect anew: that must not be revoked."""
        account = self.account(self.login("lnakamura"))["id"]
        self.write("INSERT INTO job (kind, ref, arg, priority, due_at, error, tries, created_at)"
                   " VALUES ('revoke', ?, '{\"after\":\"needed\"}', 30, unixepoch() + 86400, 'HTTP 503', 3, 1)", account)
        self.assertEqual(self.sign_in("lnakamura").status, 200)
        self.assertEqual(self.rows("SELECT count(*) FROM job WHERE kind = 'revoke' AND ref = ?", account), [(0,)])

    def test_f23_f24_signing_in_again_makes_nothing_new(self):
        def links():
            return (self.rows("SELECT id, login_folded, procore_user_id FROM account ORDER BY id"),
                    self.rows("SELECT id, npc_project_id, procore_project_id, state FROM connection ORDER BY id"),
                    self.rows("SELECT id, connection_id, account_id, position FROM bic ORDER BY id"),
                    self.rows("SELECT id, npc_id FROM item WHERE npc_id IS NOT NULL ORDER BY id"))

        before = links()
        generation = self.account(self.login("lnakamura"))["generation"]
        self.assertEqual(self.sign_in("lnakamura").status, 200)
        self.assertGreater(self.account(self.login("lnakamura"))["generation"], generation)
        after = links()
        self.assertEqual(after[:3], before[:3])
        self.assertEqual([i for i in after[3] if i in before[3]], before[3])

    def test_f25_f26_a_lost_project_offers_reconnect_in_place(self):
        lost = self.rig.wait_for("the loss of the revoked sign-in", lambda: self.rows(
            "SELECT c.id, a.public_id FROM bic b JOIN account a ON a.id = b.account_id"
            " JOIN connection c ON c.id = b.connection_id WHERE a.state = 'lost' AND b.removed_at IS NULL"))
        for connection, account in lost:
            page = self.rig.client("jibanez").get(self.rig.portal(f"/Projects/edit?project={connection}")).page()
            form = page.form_with(button="Reconnect")
            self.assertTrue(form, page.text[:300])
            self.assertIn(account, [v for _, v in form.fields])

    def test_f28_two_tabs_are_two_attempts(self):
        client, first, login, password = self.start("zmueller")
        second = self.start("zmueller", client)[1]
        generation = self.account(login)["generation"]
        for n, page in enumerate((second, first), start=1):
            end = seed.procore_sign_in(client, page, login, password)
            self.assertEqual(end.status, 200, end.page().text[:300])
            self.assertEqual(self.account(login)["generation"], generation + n)

    def test_f29_many_attempts_leave_one_cookie(self):
        client = self.rig.client("lnakamura")
        for _ in range(20):
            self.start("lnakamura", client)
        self.assertEqual(list(client.cookies["portal.localhost"]), ["__Host-cw"])
        self.assertLess(len(client.cookies["portal.localhost"]["__Host-cw"]), 100)


class Later(Case):
    """As time goes by; the clock only moves on, for the product and the stand-ins alike."""

    moved = 0

    def wait(self, seconds):
        Later.moved += seconds
        self.rig.move_clock(Later.moved)

    def test_1_f31_a_quarter_of_an_hour_is_enough_for_consent(self):
        client, page, login, password = self.start("zmueller")
        self.wait(14 * MINUTE)
        self.assertEqual(seed.procore_sign_in(client, page, login, password).status, 200)
        client, page, login, password = self.start("zmueller")
        before = self.account(login)
        self.wait(16 * MINUTE)
        end = seed.procore_sign_in(client, page, login, password)
        self.assertIn("took too long", end.page().text)
        self.assertUnchanged(before)
        # F35: it says what to do next, and that works.
        self.assertTrue(end.page().form_with(button="Try again") or end.page().form_with(button="Reconnect"))
        self.assertEqual(self.sign_in("zmueller").status, 200)

    def test_2_f37_silence_is_said(self):
        connection = self.rows("SELECT c.id FROM connection c WHERE c.state = 'active' AND c.sync_error = '' AND EXISTS"
                               " (SELECT 1 FROM bic b JOIN account a ON a.id = b.account_id WHERE a.state = 'ok'"
                               " AND b.connection_id = c.id AND a.proved_at IS NOT NULL)")[0][0]
        url = self.rig.portal(f"/Projects/edit?project={connection}")
        self.assertNotIn("not verified since", self.rig.client("jibanez").get(url).page().text)
        self.rig.hold("connectord")
        try:
            self.wait(2 * HOUR)
            self.assertIn("not verified since", self.rig.client("jibanez").get(url).page().text)
        finally:
            self.rig.release("connectord")

    def test_3_f35_the_link_in_a_mail_never_goes_stale(self):
        login = self.login("pgray")
        url = self.rig.portal("/Projects/reconnect?account=" + seed.account_id(self.rig, login))
        self.wait(60 * DAY)
        page = self.rig.client("pgray").get(url)
        self.assertEqual(page.status, 200)
        self.assertTrue(page.page().form_with(button="Reconnect") or page.page().form_with(button="Sign in"))
        self.assertEqual(self.sign_in("pgray").status, 200)
        self.assertEqual(self.account(login)["state"], "ok")


if __name__ == "__main__":
    harness.main()
