#!/usr/bin/python3
"""Add ball in court over the real programs: the worker looks first, nothing is added before the person confirms, and
each line says what to mend."""
import harness
import seed
from rig import load


class AddBic(harness.SignInCase):
    def project(self, name):
        with self.rig.db() as db:
            return db.execute("SELECT id FROM connection WHERE npc_name LIKE ?", (name + "%",)).fetchone()[0]

    def seats(self, project, login):
        with self.rig.db() as db:
            return db.execute("SELECT count(*) FROM bic b JOIN account a ON a.id = b.account_id WHERE b.connection_id = ?"
                              " AND a.login_folded = ? AND b.removed_at IS NULL", (project, login.lower())).fetchone()[0]

    def remove(self, client, project, login):
        with self.rig.db() as db:
            seat = db.execute("SELECT b.id FROM bic b JOIN account a ON a.id = b.account_id WHERE b.connection_id = ? AND"
                              " a.login = ? AND b.removed_at IS NULL", (project, login)).fetchone()[0]
        page = client.get(self.rig.portal(f"/Projects/bic?project={project}")).page()
        csrf = dict(page.form_with(button="Check").fields)["csrf"]
        client.post(self.rig.portal("/Projects/bic/remove"), {"csrf": csrf, "project": str(project), "bic": str(seat)})
        self.assertEqual(self.seats(project, login), 0)

    def check(self, client, project, login):
        """Ask for the check of a login; the page with what came of it. Nothing is added by it."""
        page = client.get(self.rig.portal(f"/Projects/bic?project={project}")).page()
        response = client.submit(page, page.form_with(button="Check"), {"login": login})
        self.assertEqual(response.status, 200)
        page = self.checked(client, response)
        self.assertEqual(self.seats(project, login), 0)
        return page

    def refused(self, client, page, project, login):
        """No button, and a form made by hand adds nothing either."""
        self.assertIn("Not ready", page.text)
        self.assertIsNone(page.form_with(button="Sign in now"))
        self.assertIsNone(page.form_with(button="E-mail a link"))
        csrf = dict(page.form_with(button="Check").fields)["csrf"]
        end = client.post(self.rig.portal("/Projects/bic/add"), {
            "csrf": csrf, "project": str(project), "account": seed.account_id(self.rig, login), "then": "mail"})
        self.assertIn("Not ready", end.page().text)
        self.assertEqual(self.seats(project, login), 0)

    def test_unknown_login(self):
        project, client, login = self.project("Northgate"), self.rig.client("rdasgupta"), "Who.Is@example.net"
        page = self.check(client, project, login)
        self.assertIn("Not found in the Procore project", page.text)
        self.assertIn(f"Ask the contractor to add {login}", page.text)
        self.assertIn("No NPC contact information found for given login " + login, page.text)
        self.refused(client, page, project, login)
        with self.rig.db() as db:
            self.assertEqual(db.execute("SELECT count(*) FROM mail WHERE to_address = ?", (login,)).fetchone()[0], 0)

    def test_no_member(self):
        """A colleague who works elsewhere, signed in or not."""
        project, client = self.project("Northgate"), self.rig.client("rdasgupta")
        for user in ("tadeyemi", "skjaer"):
            login = self.rig.person(user)["procore"]["login"]
            page = self.check(client, project, login)
            self.assertIn("Not found in the Procore project", page.text, user)
            self.refused(client, page, project, login)

    def test_no_contact(self):
        """To be mended, but no obstacle."""
        project, client = self.project("Foundry"), self.rig.client("rdasgupta")
        login = self.rig.person("skjaer")["procore"]["login"]
        self.remove(client, project, login)
        page = self.check(client, project, login)
        self.assertIn("Member of the Procore project", page.text)
        self.assertIn("No NPC contact information found for given login " + login, page.text)
        self.assertIn(f"Add {login} to the contacts of the project", page.text)
        self.assertIn("something to mend", page.text)
        self.assertTrue(page.form_with(button="E-mail a link"))

    def test_signed_in_member(self):
        """Who is signed in for another project: what Procore allows is known at once."""
        project, client = self.project("Northgate"), self.rig.client("rdasgupta")
        page = self.check(client, project, self.rig.person("rdasgupta")["procore"]["login"])
        for text in ("Ready", "Member of the Procore project", "Standard or Admin on RFIs and Submittals",
                     "Contact of the project in Project Center", "no sign-in is needed"):
            self.assertIn(text, page.text)

    def test_good_one_signs_in(self):
        project, client = self.project("Linden"), self.rig.client("cbeaumont")
        procore = self.rig.person("cbeaumont")["procore"]
        login = procore["login"]
        # Out of the project first, by its admin, who then adds the one who was there again.
        admin = self.rig.client("kwhitlock")
        self.remove(admin, project, login)
        page = self.check(admin, project, login)
        for text in ("Ready", "Member of the Procore project", "checked after the sign-in",
                     "Contact of the project in Project Center", "Has to sign in to Procore once"):
            self.assertIn(text, page.text)
        end = admin.submit(page, page.form_with(button="Sign in now"), {"then": "sign-in"})
        self.assertEqual(self.seats(project, login), 1)
        end = seed.procore_sign_in(admin, admin.get(end.page().link("Continue to Procore")), login, procore["password"])
        self.assertEqual(end.status, 200, end.page().text[:300])
        self.assertEqual(self.account(login)["state"], "ok")

        def carries():
            with self.rig.db() as db:
                row = db.execute("SELECT b.state FROM bic b JOIN account a ON a.id = b.account_id WHERE b.connection_id = ?"
                                 " AND a.login = ? AND b.removed_at IS NULL", (project, login)).fetchone()
            return row[0] == "ok"

        self.rig.wait_for("the check of the seat", carries)
        self.assertIn("Connected", client.get(self.rig.portal(f"/Projects/edit?project={project}")).page().text)


if __name__ == "__main__":
    harness.main()
