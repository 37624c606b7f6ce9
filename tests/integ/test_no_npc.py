#!/usr/bin/python3
"""npc_adapter = none: sign-in, pages, Reconnect, incidents, mails and reading Procore work as ever, and every place
where one would look says that Project Center is not connected."""
import os

import harness
import seed
from rig import load

SAYS = "Project Center not configured"
PROJECTS = {p["key"]: p for p in load("projects.json")["projects"]}


class NoProjectCenter(harness.SignInCase):
    maxDiff = None
    options = {"config": {"npc_adapter": "none", "npc_login_url": None, "npc_api_url": None, "npc_region": None,
                          "npc_access_key_file": None, "npc_secret_file": None}}

    def rows(self, sql, *args):
        with self.rig.db() as db:
            return [dict(r) for r in db.execute(sql, args).fetchall()]

    def connection(self, key):
        return self.rows("SELECT * FROM connection WHERE npc_project_id = ?", PROJECTS[key]["npc"]["id"])[0]

    def page(self, user, path):
        r = self.rig.client(user).get(self.rig.portal(path))
        self.assertEqual(r.status, 200, path)
        return r.page()

    def press_sync(self, key):
        client = self.rig.client("mhalloran")
        page = client.get(self.rig.portal(f"/Projects/edit?project={self.connection(key)['id']}")).page()
        form = next(f for f in page.forms if f.action.endswith("/Projects/sync"))
        self.assertEqual(client.submit(page, form).status, 200)

    # ---- it says so

    def test_pages_say_so(self):
        text = self.page("mhalloran", "/Projects").text
        connected = [p for p in PROJECTS.values() if p["connection"]]
        self.assertEqual(text.count(SAYS), len(connected))
        self.assertNotIn("Success", text)
        self.assertIn(SAYS, self.page("mhalloran", f"/Projects/edit?project={self.connection('riverside')['id']}").text)
        self.assertIn("npc_adapter is none", self.page("mhalloran", "/Projects/health").text)
        self.assertIn("npc_adapter = none: items are not synced", self.rig.ctl("doctor", check=False).stdout)

    def test_nobody_is_asked_at_project_center(self):
        self.rig.wait_for("a pass of each kind of project", lambda: self.rows(
            "SELECT 1 FROM mark WHERE side = 'procore' AND connection_id = ?", self.connection("riverside")["id"]))
        with open(os.path.join(self.rig.lay.log, "npc-access.log"), encoding="utf-8") as f:
            self.assertEqual([line for line in f if "/v1/" in line], [])
        self.assertEqual(self.rows("SELECT 1 FROM mark WHERE side = 'npc'"), [])
        self.assertEqual(self.rows("SELECT subject_id, cause, detail FROM incident WHERE subject = 'service'"), [])

    def test_choosing_a_project_says_so(self):
        self.rig.wait_for("the reason on Connect a project", lambda: "The list could not be fetched: " + SAYS in
                          " ".join(self.page("mhalloran", "/Projects/connect").text.split()))

    # ---- everything else works

    def test_procore_is_read(self):
        rfi = self.rig.control("procore", "create_rfi", {
            "project": PROJECTS["riverside"]["procore"]["id"], "subject": "Read without Project Center",
            "question": "Which one?", "assignees": [self.rig.person(PROJECTS["riverside"]["connection"]["bics"][0])["procore"]["login"]]})
        self.press_sync("riverside")
        item = self.rig.wait_for("the RFI in the list", lambda: self.rows(
            "SELECT * FROM item WHERE kind = 'rfi' AND procore_id = ?", rfi["id"]))[0]
        self.assertEqual((item["state"], item["npc_id"]), ("waiting", None))
        page = self.page("mhalloran", f"/Projects/items/{item['id']}")
        self.assertIn("Read without Project Center", page.text)
        self.assertIn("not there", page.text)
        self.assertIn("Connected", self.page("mhalloran", f"/Projects/edit?project={item['connection_id']}").text)

    def test_loss_is_proven_mailed_and_mended(self):
        user = next(p["user"] for p in load("people.json")["people"] if p["procore"] and p["procore"]["sign_in"] == "revoked")
        person = self.rig.person(user)
        login = person["procore"]["login"]
        self.rig.wait_for("the loss", lambda: self.account(login)["state"] == "lost", 60)
        self.assertEqual(len(self.rows("SELECT 1 FROM incident WHERE subject = 'account' AND subject_id = ? AND "
                                       "closed_at IS NULL", str(self.account(login)["id"]))), 1)
        link = "/Projects/reconnect?account=" + self.account(login)["public_id"]
        mail = self.rig.wait_for("the mail", lambda: [
            m for m in self.rig.mails() if person["mail"] in m["to"] and link in m["text"]], 30)[0]
        self.assertIn("Procore", mail["subject"])
        client, page, login, password = self.start(user)
        end = seed.procore_sign_in(client, page, login, password)
        self.assertEqual(end.status, 200, end.page().text[:300])
        self.assertEqual(self.account(login)["state"], "ok")
        self.rig.wait_for("the end of the incident", lambda: not self.rows(
            "SELECT 1 FROM incident WHERE subject = 'account' AND subject_id = ? AND closed_at IS NULL",
            str(self.account(login)["id"])))
        # its project is read at once, by the new sign-in
        quarry = self.connection("quarry")["id"]
        self.rig.wait_for("the project's list", lambda: self.rows(
            "SELECT 1 FROM mark WHERE side = 'procore' AND connection_id = ?", quarry))
        text = self.page(user, f"/Projects/edit?project={quarry}").text
        self.assertIn(SAYS, text)
        self.assertNotIn("Connection Lost", text)


if __name__ == "__main__":
    harness.main()
