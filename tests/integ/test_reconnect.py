#!/usr/bin/python3
"""Reconnect (DESIGN.md 7) over the real programs: every way in which it can end."""
import time
import urllib.parse

import harness
import seed

SLOW_S = 9  # longer than one call of callback's may take, OAUTH_CALLBACK_MS


class Reconnect(harness.SignInCase):
    def test_f32_f33_f34_get_changes_nothing(self):
        before = self.account(self.rig.person("pgray")["procore"]["login"])
        with self.rig.db() as db:
            attempts = db.execute("SELECT count(*) FROM attempt").fetchone()[0]
        client = self.rig.client("pgray")
        url = self.rig.portal("/Projects/reconnect?account=" + before["public_id"])
        for _ in range(3):
            self.assertEqual(client.get(url).status, 200)
        with self.rig.db() as db:
            self.assertEqual(db.execute("SELECT count(*) FROM attempt").fetchone()[0], attempts)
        self.assertUnchanged(before)

    def test_f20_f21_wrong_account_is_refused_with_both_names(self):
        wrong = self.rig.person("lnakamura")["procore"]
        expected, theirs = self.account(self.rig.person("pgray")["procore"]["login"]), self.account(wrong["login"])
        client, page, login, _ = self.start("pgray")
        end = seed.procore_sign_in(client, page, wrong["login"], wrong["password"])
        self.assertEqual(end.status, 409)
        self.assertIn(login, end.page().text)
        self.assertIn(wrong["login"], end.page().text)
        self.assertTrue(end.page().link("Sign out of Procore").startswith(self.rig.url("procore", "")))
        self.assertTrue(end.page().form_with(button="Try again"))
        self.assertUnchanged(expected)
        self.assertUnchanged(theirs)

    def test_f30_denied_consent(self):
        before = self.account(self.rig.person("pgray")["procore"]["login"])
        client, page, login, password = self.start("pgray")
        end = seed.procore_sign_in(client, page, login, password, allow=False)
        self.assertEqual(end.status, 200)
        self.assertIn("was not allowed", end.page().text)
        self.assertUnchanged(before)

    def test_right_account_then_replay(self):
        client, page, login, password = self.start("tadeyemi")
        end = seed.procore_sign_in(client, page, login, password)
        self.assertEqual(end.status, 200, end.page().text[:300])
        after = self.account(login)
        self.assertEqual((after["state"], after["cause"]), ("ok", "none"))
        again = client.get(self.callback_url(client))
        self.assertEqual(again.status, 200)
        self.assertIn("already complete", again.page().text)
        self.assertEqual(self.account(login)["generation"], after["generation"])

    def test_f27_other_browser_and_other_person(self):
        before = self.account(self.rig.person("pgray")["procore"]["login"])
        for other, words in ((self.rig.client("pgray"), "another browser"),
                             (self.rig.client("kwhitlock"), "")):
            client = self.start("pgray")[0]
            asked = next(u for u in reversed(client.trail) if "/oauth/authorize?" in u)
            state = urllib.parse.parse_qs(urllib.parse.urlsplit(asked).query)["state"][0]
            end = other.get(self.rig.portal("/oauth/callback?" + urllib.parse.urlencode(
                {"code": "0" * 40, "state": state})))
            self.assertEqual(end.status, 400)
            self.assertIn(words, end.page().text)
        self.assertUnchanged(before)

    def test_slow_procore(self):
        """callback waits no longer than it promises, says what to do, and the next try does it. (That this holds for each
        of its calls: tests/unit/test_callback_slow.)"""
        self.rig.control("procore", "slow", {"what": "token", "ms": 1000 * SLOW_S})
        client, page, login, password = self.start("rdasgupta")
        before = self.account(login)
        begun = time.monotonic()
        end = seed.procore_sign_in(client, page, login, password)
        self.assertLess(time.monotonic() - begun, SLOW_S - 1)
        self.assertEqual(end.status, 502)
        self.assertIn("Procore did not answer properly", end.page().text)
        self.assertIn("try again in a few minutes", end.page().text)
        self.assertUnchanged(before)
        again = client.submit(end.page(), end.page().form_with(button="Try again"))
        end = seed.procore_sign_in(client, client.get(again.page().link("Continue to Procore")), login, password)
        self.assertEqual(end.status, 200)
        self.assertEqual(self.account(login)["generation"], before["generation"] + 1)

    def test_state_of_nobody(self):
        client = self.rig.client("lnakamura")
        for query in ("", "?code=x&state=nonsense", "?state=" + "A" * 43, "?error=access_denied"):
            end = client.get(self.rig.portal("/oauth/callback" + query))
            self.assertEqual(end.status, 400, query)
            self.assertIn("Connected Projects", end.page().text)

    def test_form_without_token_is_refused(self):
        client = self.rig.client("lnakamura")
        account = seed.account_id(self.rig, self.rig.person("lnakamura")["procore"]["login"])
        r = client.post(self.rig.portal("/Projects/reconnect"), {"account": account, "project": "0"}, follow=False)
        self.assertIn(r.status, (400, 403))
        self.assertTrue(r.page().text)
        r = client.post(self.rig.portal("/Projects/reconnect"), {"account": account, "project": "0"},
                        {"Sec-Fetch-Site": "cross-site"}, follow=False)
        self.assertEqual(r.status, 403)

    def test_unknown_and_foreign_answer_alike(self):
        client = self.rig.client("cbeaumont")
        with self.rig.db() as db:
            foreign = db.execute("SELECT id FROM connection WHERE npc_name LIKE 'Riverside%'").fetchone()["id"]
        pages = [client.get(self.rig.portal(f"/Projects/edit?project={n}")) for n in (foreign, 987654)]
        self.assertEqual([p.status for p in pages], [404, 404])
        self.assertEqual(client.get(self.rig.portal("/Projects/nowhere")).status, 404)
        self.assertNotIn("Riverside", client.get(self.rig.portal()).text)

    def test_through_an_identity_provider(self):
        login = self.rig.person("rdasgupta")["procore"]["login"]
        self.rig.control("procore", "idp", {"login": login, "on": True})
        try:
            client, page, login, password = self.start("rdasgupta")
            before = self.account(login)["generation"]
            end = seed.procore_sign_in(client, page, login, password)
            self.assertEqual(end.status, 200)
            self.assertTrue([u for u in client.trail if u.startswith(self.rig.url("idp", ""))])
            self.assertGreater(self.account(login)["generation"], before)
        finally:
            self.rig.control("procore", "idp", {"login": login, "on": False})

    def test_evidence_holds_no_secret(self):
        """Canaries in the answers themselves: tokens, the code, the state, cookies; no password anywhere; and nothing
        of other projects for a Project Admin."""
        client, page, login, password = self.start("zmueller")
        self.assertEqual(seed.procore_sign_in(client, page, login, password).status, 200)
        used = urllib.parse.parse_qs(urllib.parse.urlsplit(self.callback_url(client)).query)
        pair = self.rig.control("procore", "grant", {"person": login})
        canaries = [used["code"][0], used["state"][0], pair["access_token"], pair["refresh_token"]]
        canaries += [v for jar in client.cookies.values() for v in jar.values()]
        # Procore's words repeat what no log may hold; the project's name stands for any other content.
        self.rig.control("procore", "status", {"prefix": "/rest/", "person": login, "status": 422, "times": 40, "body": {
            "errors": ["Canary of Northgate " + " ".join(f"{i}={v}" for i, v in enumerate(canaries))]}})
        try:
            with self.rig.db() as db:
                seats = db.execute("SELECT c.id, c.npc_name, c.procore_project_id FROM bic AS b JOIN connection AS c"
                                   " ON c.id = b.connection_id JOIN account AS a ON a.id = b.account_id"
                                   " WHERE a.login_folded = ? AND b.removed_at IS NULL", (login.lower(),)).fetchall()
            admin = self.rig.client("mhalloran")
            for seat in seats:
                at = admin.get(self.rig.portal(f"/Projects/edit?project={seat['id']}")).page()
                admin.submit(at, at.form_with(button="Sync now"))
            self.rig.wait_for("refused calls for each project", lambda: all(self.calls_of(login, s) for s in seats))
        finally:
            self.rig.control("procore", "clear_faults")
        texts = {user: self.evidence(user, login) for user in ("mhalloran", "kwhitlock")}
        for user, text in texts.items():
            for canary in canaries + harness.planted_secrets():
                self.assertNotIn(canary, text, user)
        self.assertIn("Canary of Northgate", texts["mhalloran"])
        foreign = [s for s in seats if "Northgate" in s["npc_name"]]
        self.assertEqual(len(foreign), 1)
        self.assertIn(str(foreign[0]["procore_project_id"]), texts["mhalloran"])
        self.assertNotIn(str(foreign[0]["procore_project_id"]), texts["kwhitlock"])
        self.assertIn("a call for another project", texts["kwhitlock"])
        self.assertIn("withheld", texts["kwhitlock"])

    def calls_of(self, login, seat):
        with self.rig.db() as db:
            return db.execute("SELECT 1 FROM call_evidence AS e JOIN account AS a ON a.id = e.account_id"
                              " WHERE a.login_folded = ? AND e.project_id = ? AND e.status = 422",
                              (login.lower(), seat["procore_project_id"])).fetchone()

    def evidence(self, user, login):
        client = self.rig.client(user)
        page = client.get(self.rig.portal("/Projects/accounts")).page()
        account = seed.account_id(self.rig, login)
        form = next(f for f in page.forms if ("account", account) in f.fields
                    and any(b[2].startswith("Evidence") for b in f.buttons))
        got = client.submit(page, form)
        self.assertEqual(got.status, 200)
        return got.text

    def test_pages_hold_no_tokens(self):
        """Nothing that Procore issued stands in the product's database in clear."""
        with open(self.rig.lay.database, "rb") as f:
            data = f.read()
        for name in ("-wal",):
            with open(self.rig.lay.database + name, "rb") as f:
                data += f.read()
        with self.rig.db() as db:
            rows = db.execute("SELECT access_sealed, refresh_sealed FROM token").fetchall()
        self.assertTrue(rows)
        self.assertNotIn(b"eyJ", b"".join(r[0] + r[1] for r in rows))
        for secret in harness.planted_secrets():
            self.assertNotIn(secret.encode(), data)


if __name__ == "__main__":
    harness.main()
