#!/usr/bin/python3
"""Pages and forms over the real programs behind the real front: what each role can do, and that it happens."""
import time
import urllib.parse

import harness
import seed
from rig import load


class Pages(harness.SeededCase):
    def one(self, sql, *args):
        with self.rig.db() as db:
            row = db.execute(sql, args).fetchone()
        return row[0] if row is not None else None

    def project(self, name):
        return self.one("SELECT id FROM connection WHERE npc_name LIKE ?", name + "%")

    def edit_url(self, project, more=""):
        return self.rig.portal(f"/Projects/edit?project={project}{more}")

    def press(self, client, url, button, **values):
        """Open a page, press one of its buttons with these values typed in; the page that follows."""
        page = client.get(url).page()
        form = page.form_with(button=button)
        self.assertTrue(form, f"no button {button} on {url}")
        return client.submit(page, form, values)

    def until(self, what, probe, seconds=30):
        end = time.monotonic() + seconds
        while not probe():
            self.assertLess(time.monotonic(), end, f"waited in vain for: {what}")
            time.sleep(0.2)

    def audit(self, action, project):
        return self.one("SELECT count(*) FROM audit WHERE action = ? AND target = ?", action,
                        f"connection {project}")

    # ---- lists

    def test_each_sees_their_own(self):
        for user, sees, misses in (("mhalloran", "Riverside", None), ("kwhitlock", "Riverside", "Foundry"),
                                   ("cbeaumont", "Quarry Street", "Riverside")):
            text = self.rig.client(user).get(self.rig.portal()).page().text
            self.assertIn(sees, text)
            if misses:
                self.assertNotIn(misses, text)

    def test_cut_off_projects_come_first(self):
        text = self.rig.client("mhalloran").get(self.rig.portal()).page().text
        self.assertLess(text.rindex("Connection Lost"), text.index("Northgate"))

    def test_no_page_is_broken(self):
        client = self.rig.client("mhalloran")
        item = self.one("SELECT min(id) FROM item")
        account = self.one("SELECT public_id FROM account LIMIT 1")
        for path in ("", "/issues", f"/items/{item}", "/accounts", "/activity", "/health", "/people", "/help", "/connect",
                     f"/reconnect?account={account}", "?page=2", "/issues?page=9", "/activity?page=2"):
            self.assertEqual(client.get(self.rig.portal("/Projects" + path)).status, 200, path)
        with self.rig.db() as db:
            projects = [r[0] for r in db.execute("SELECT id FROM connection WHERE state <> 'disconnected'")]
        for project in projects:
            self.assertEqual(client.get(self.edit_url(project)).status, 200, project)

    def test_bare_address_leads_to_the_list(self):
        end = self.rig.client("mhalloran").get(self.rig.url("portal", "/connectorweb"))
        self.assertEqual((end.status, urllib.parse.urlsplit(end.url).path), (200, "/connectorweb/Projects"))

    # ---- changes of a project

    def test_sync_now_once_a_minute(self):
        project, client = self.project("Tidewater"), self.rig.client("kwhitlock")
        before = self.one("SELECT last_sync_at FROM connection WHERE id = ?", project) or 0
        with self.rig.db() as db:
            rows = db.execute("SELECT count(*) FROM audit WHERE action = 'connection.sync'").fetchone()[0]
        page = client.get(self.edit_url(project)).page()
        form = page.form_with(button="Sync now")
        first = client.submit(page, form, {})
        self.assertIn("Sync is under way", first.page().text)
        again = client.submit(page, form, {})
        self.assertIn("Too often", again.page().text)
        self.assertEqual(self.audit("connection.sync", project), 1)
        self.assertEqual(self.one("SELECT count(*) FROM audit WHERE action = 'connection.sync'"), rows + 1)
        self.until("a pass", lambda: (self.one("SELECT last_sync_at FROM connection WHERE id = ?", project) or 0) >= before)

    def test_schedule(self):
        project, client = self.project("Tidewater"), self.rig.client("kwhitlock")
        done = self.press(client, self.edit_url(project), "Save schedule", poll_minutes="7", webhooks="1")
        self.assertIn("Saved", done.page().text)
        self.assertEqual(self.one("SELECT poll_minutes || ' ' || webhooks FROM connection WHERE id = ?", project), "7 1")
        wrong = self.press(client, self.edit_url(project), "Save schedule", poll_minutes="0")
        self.assertEqual(wrong.status, 400)
        self.assertEqual(self.one("SELECT poll_minutes FROM connection WHERE id = ?", project), 7)
        self.press(client, self.edit_url(project), "Save schedule", poll_minutes="")
        self.assertIsNone(self.one("SELECT poll_minutes FROM connection WHERE id = ?", project))

    def test_response_map(self):
        project, client = self.project("Riverside"), self.rig.client("kwhitlock")
        self.until("both lists of responses", lambda: self.one(
            "SELECT count(DISTINCT side) FROM response_choice WHERE connection_id = ?", project) == 2)
        page = client.get(self.edit_url(project)).page()
        form = page.form_with(button="Save responses")
        action = self.one("SELECT min(npc_action) FROM response_map WHERE connection_id = ?", project)
        other = self.one("SELECT c.key FROM response_choice c, response_map m WHERE c.connection_id = ?1 AND "
                         "c.side = 'procore' AND m.connection_id = ?1 AND m.npc_action = ?2 AND "
                         "c.key <> m.procore_response_id || '' LIMIT 1", project, action)
        kept = self.one("SELECT count(*) FROM response_map WHERE connection_id = ?", project)
        token = dict(form.fields)["csrf"]
        for choice, left in ((other, kept), ("", kept - 1)):
            done = client.post(self.rig.portal("/Projects/response-map"), {
                "csrf": token, "project": str(project), "action": action, "choice": choice})
            self.assertIn("Saved", done.page().text)
            self.assertEqual(self.one("SELECT count(*) FROM response_map WHERE connection_id = ?", project), left)
        odd = client.post(self.rig.portal("/Projects/response-map"), {
            "csrf": token, "project": str(project), "action": action, "choice": "999"})
        self.assertIn("Saved", odd.page().text)
        self.assertEqual(self.one("SELECT count(*) FROM response_map WHERE connection_id = ? AND "
                                  "procore_response_id = 999", project), 0)

    def test_pause_and_resume(self):
        project, client = self.project("Granary"), self.rig.client("rdasgupta")
        paused = self.press(client, self.edit_url(project), "Pause this project").page().text
        self.assertIn("Paused by Rohan Dasgupta on", paused)
        self.assertIn("Paused", client.get(self.rig.portal()).page().text)
        self.assertIn("The project goes on", self.press(client, self.edit_url(project), "Resume this project").page().text)
        self.assertEqual(self.one("SELECT state FROM connection WHERE id = ?", project), "active")
        self.assertEqual([self.audit(f"connection.{w}", project) for w in ("pause", "resume")], [1, 1])

    def test_disconnect_needs_the_tick(self):
        project, client = self.project("Cascade"), self.rig.client("mhalloran")
        self.assertEqual(self.press(client, self.edit_url(project), "Disconnect").status, 400)
        self.assertEqual(self.one("SELECT state FROM connection WHERE id = ?", project), "active")
        gone = self.press(client, self.edit_url(project), "Disconnect", sure="1")
        self.assertIn("The project is disconnected", gone.page().text)
        self.assertEqual(client.get(self.edit_url(project)).status, 404)

    # ---- ball-in-court users

    def test_order_and_removal(self):
        project, client = self.project("Linden"), self.rig.client("kwhitlock")
        order = "SELECT group_concat(a.login, ' ') FROM (SELECT b.* FROM bic b WHERE connection_id = ? AND " \
                "removed_at IS NULL ORDER BY position) b JOIN account a ON a.id = b.account_id"
        before = self.one(order, project).split()
        seat = self.one("SELECT b.id FROM bic b JOIN account a ON a.id = b.account_id WHERE b.connection_id = ? AND "
                        "a.login = ?", project, before[0])
        token = dict(client.get(self.edit_url(project)).page().form_with(button="Sync now").fields)["csrf"]
        fields = {"csrf": token, "project": str(project), "bic": str(seat)}
        client.post(self.rig.portal("/Projects/bic/move"), {**fields, "to": "down"})
        self.assertEqual(self.one(order, project).split(), before[::-1])
        client.post(self.rig.portal("/Projects/bic/move"), {**fields, "to": "up"})
        self.assertEqual(self.one(order, project).split(), before)
        # The one that works is not removed by a slip.
        works = self.one("SELECT b.id FROM bic b JOIN account a ON a.id = b.account_id WHERE b.connection_id = ? AND "
                         "a.state = 'ok' AND b.removed_at IS NULL", project)
        asked = client.post(self.rig.portal("/Projects/bic/remove"), {**fields, "bic": str(works)})
        self.assertEqual(asked.status, 409)
        self.assertEqual(self.one(order, project).split(), before)
        page = asked.page()
        gone = client.submit(page, page.form_with(button="Remove the user anyway"), {})
        self.assertIn("The user was removed", gone.page().text)
        self.assertIn("Connection Lost", gone.page().text)
        self.assertEqual(len(self.one(order, project).split()), 1)
        foreign = client.post(self.rig.portal("/Projects/bic/remove"), {**fields, "bic": "1", "sure": "1"})
        self.assertEqual(foreign.status, 404)

    def test_add_and_sign_in_now(self):
        """A user who signs in at once is checked and carries the project from then on."""
        project, client = self.project("Mossbrook"), self.rig.client("rdasgupta")
        procore = self.rig.person("rdasgupta")["procore"]
        add = self.rig.portal(f"/Projects/bic?project={project}")
        wrong = self.press(client, add, "Check", login="nobody")
        self.assertEqual(wrong.status, 400)
        self.assertIn("an e-mail address is expected", wrong.page().text)
        page = self.checked(client, self.press(client, add, "Check", login=procore["login"]))
        self.assertIn("Already signed in", page.text)
        done = client.submit(page, page.form_with(button="Sign in now"), {"then": "sign-in"})
        self.assertEqual(done.status, 200)
        self.assertEqual(self.audit("bic.add", project), 2)  # the import's and this one
        twice = self.press(client, add, "Check", login=procore["login"].upper())
        self.assertIn("is already a ball-in-court user", twice.page().text)
        self.until("the check of the seat", lambda: self.one(
            "SELECT b.checked_at FROM bic b JOIN account a ON a.id = b.account_id WHERE b.connection_id = ? AND "
            "a.login = ?", project, procore["login"]))

    def test_add_and_mail(self):
        project, client = self.project("Northgate"), self.rig.client("rdasgupta")
        member = next(p for c in load("companies.json")["companies"] for p in c["people"] if p["key"] == "ib-flarsen")
        login = member["procore"]["login"]
        add = self.rig.portal(f"/Projects/bic?project={project}")
        page = self.checked(client, self.press(client, add, "Check", login=login))
        self.assertIn("Member of the Procore project", page.text)
        done = client.submit(page, page.form_with(button="E-mail a link"), {"then": "mail"})
        self.assertIn("The user was added", done.page().text)
        self.until("the mail", lambda: self.one(
            "SELECT count(*) FROM mail WHERE to_address = ? AND state = 'sent'", login) == 1)
        self.assertIn("has not signed in to Procore yet", client.get(self.edit_url(project)).page().text)
        again = self.press(client, self.edit_url(project), "Send the link again")
        self.assertIn("The link is on its way", again.page().text)
        self.until("the second mail", lambda: self.one(
            "SELECT count(*) FROM mail WHERE to_address = ? AND state = 'sent'", login) == 2)

    # ---- what people see of trouble

    def test_causes_and_remedies(self):
        client = self.rig.client("mhalloran")
        for name, word, says, button in (
                ("Quarry", "Connection Lost", "chloe.beaumont@harlowfinch.example.com", True),
                ("Harborview", "Connection Lost", "tunde.adeyemi@harlowfinch.example.com has not signed in", True),
                ("Summit", "Connection Lost", "Dear Procore administrator", False),
                ("Alder", "Connection Lost", "Submittals", False)):
            project = self.project(name)
            self.until(f"{name}: {word}", lambda: word in client.get(self.edit_url(project)).page().text)
            self.until(f"{name}: {says}", lambda: says in client.get(self.edit_url(project)).page().text)
            page = client.get(self.edit_url(project)).page()
            self.assertEqual(page.form_with(button="Reconnect") is not None, button, name)

    def test_stranger_sees_the_login_and_a_number(self):
        account = seed.account_id(self.rig, self.rig.person("cbeaumont")["procore"]["login"])
        client = self.rig.client("tadeyemi")
        page = client.get(self.rig.portal("/Projects/reconnect?account=" + account + "&project=9")).page()
        self.assertIn("chloe.beaumont@harlowfinch.example.com", page.text)
        self.assertNotIn("Quarry Street", page.text)
        self.assertNotIn("Chloé", page.text)
        self.assertIsNone(page.form_with(button="Send the link again"))
        self.assertTrue(page.form_with(button="Reconnect"))
        self.assertEqual(client.get(self.rig.portal("/Projects/reconnect?account=" + "0" * 32)).status, 404)
        self.assertEqual(client.get(self.rig.portal("/Projects/reconnect?account=x")).status, 400)

    def test_stale_form_comes_back_filled(self):
        project, client = self.project("Eastwick"), self.rig.client("kwhitlock")
        page = client.get(self.edit_url(project)).page()
        form = page.form_with(button="Save schedule")
        stale = client.submit(page, form, {"poll_minutes": "33", "csrf": "AAAA"})
        self.assertEqual(stale.status, 403)
        again = stale.page()
        self.assertIn("The form was out of date", again.text)
        form = again.form_with(button="Save schedule")
        self.assertEqual(dict(form.fields)["poll_minutes"], "33")
        self.assertIn("Saved", client.submit(again, form, {}).page().text)
        self.assertEqual(self.one("SELECT poll_minutes FROM connection WHERE id = ?", project), 33)


if __name__ == "__main__":
    harness.main()
