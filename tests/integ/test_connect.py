#!/usr/bin/python3
"""Connecting a project in the portal, over the real programs: choose, sign in, check, save, and back again."""
import sqlite3
import urllib.parse

import harness
import seed
from rig import load


# Who hands over while signed in, and to whom.
LIVING, NEWCOMER = "jibanez", "bw-ovance"


class Connect(harness.SeededCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.projects = {p["key"]: p for p in load("projects.json")["projects"]}
        cls.companies = {c["key"]: c for c in load("companies.json")["companies"]}

    # ---- looking

    def row(self, text, *args):
        with self.rig.db() as db:
            found = db.execute(text, args).fetchone()
        return dict(found) if found else None

    def connection(self, key):
        return self.row("SELECT * FROM connection WHERE npc_project_id = ?", self.projects[key]["npc"]["id"])

    def npc_items(self, external_id):
        db = sqlite3.connect(f"file:{self.rig.lay.path('npc', 'npc.db')}?mode=ro", uri=True)
        try:
            return db.execute("SELECT count(*) FROM item WHERE external_id = ?", (external_id,)).fetchone()[0]
        finally:
            db.close()

    # ---- walking

    def fetched(self, client, url):
        """A page whose list the worker has read."""
        last = []

        def done():
            last[:] = [client.get(url)]
            return "being fetched" not in last[0].text and "Being checked" not in last[0].text

        self.rig.wait_for("the list", done)
        self.assertEqual(last[0].status, 200, last[0].text[:300])
        return last[0]

    def search(self, client, response, text):
        """Search in the list shown; the page with what was found."""
        page = response.page()
        return client.submit(page, page.form_with("q", button="Search"), {"q": text})

    def choose(self, client, response, text):
        found = self.search(client, response, text)
        page = found.page()
        href = page.link("Choose")
        self.assertTrue(href, found.page().text)
        return self.fetched(client, href)

    def choose_npc(self, client, key):
        start = self.fetched(client, self.rig.portal("/Projects/connect"))
        return self.choose(client, start, self.projects[key]["npc"]["name"])

    def choose_procore(self, client, companies, key):
        """From the list of companies to Configure Project Connection, checked."""
        project = self.projects[key]["procore"]
        page = self.choose(client, companies, self.companies[project["company"]]["name"])
        page = self.search(client, page, project["name"]).page()
        form = page.form_with("project", button="Choose")
        self.assertEqual(dict(form.fields)["project"], str(project["id"]))
        draft = client.submit(page, form)
        self.assertEqual(draft.status, 200, draft.text[:300])
        return self.fetched(client, draft.url)

    def sign_in(self, client, key, login, password):
        """The sign-in step; ends on the list of companies."""
        page = self.choose_npc(client, key).page()
        answer = client.submit(page, page.form_with("npc", button="Sign in to Procore"))
        end = seed.procore_sign_in(client, client.get(answer.page().link("Continue to Procore")), login, password)
        self.assertEqual(end.status, 200, end.text[:300])
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(end.url).query)
        self.assertEqual(query["npc"], [self.projects[key]["npc"]["id"]])
        self.assertEqual(query["account"], [seed.account_id(self.rig, login)])
        return self.fetched(client, end.url)

    def save(self, client, response):
        page = response.page()
        end = client.submit(page, page.form_with("draft", button="Save"))
        self.assertEqual(end.status, 200, end.text[:300])
        self.assertIn("The project is connected", end.page().text)
        return end

    # ---- cases

    def test_from_sign_in_to_the_first_item(self):
        client, person = self.rig.client("mhalloran"), self.rig.person("zmueller")["procore"]
        companies = self.sign_in(client, "wharf", person["login"], person["password"])
        checked = self.choose_procore(client, companies, "wharf")
        self.assertIn("Everything needed is there", checked.page().text)
        self.assertIn("RFIs Standard, Submittals Standard", checked.page().text)
        self.assertEqual(self.connection("wharf")["state"], "disconnected")
        self.save(client, checked)
        made = self.connection("wharf")
        self.assertEqual((made["state"], made["created_by"]), ("active", "mhalloran"))
        self.assertAlmostEqual(made["sync_from_at"], made["created_at"], delta=2)
        self.assertEqual(made["procore_number"], self.projects["wharf"]["procore"]["number"])
        self.assertTrue(self.row("SELECT 1 FROM response_map WHERE connection_id = ?", made["id"]))
        self.assertTrue(self.row("SELECT 1 FROM audit WHERE action = 'connection.add' AND target = ? AND actor = ?",
                                 f"connection {made['id']}", "mhalloran"))
        rfi = self.rig.control("procore", "create_rfi", {
            "project": made["procore_project_id"], "subject": "Platform edge", "question": "Which stone?",
            "assignees": [person["login"]]})
        page = client.get(self.rig.portal(f"/Projects/edit?project={made['id']}")).page()
        client.submit(page, page.form_with("project", button="Sync now"))
        self.rig.wait_for("the RFI in Project Center", lambda: self.npc_items(f"procore-rfi-{rfi['id']}") == 1, 60)
        # Both sides now show as connected, and the pair cannot be connected twice.
        again = self.search(client, self.fetched(client, self.rig.portal("/Projects/connect")), "Wharf")
        self.assertIn("already connected", again.page().text)
        self.assertFalse(again.page().link("Choose"))

    def test_signed_in_account_and_back_after_a_disconnect(self):
        client, login = self.rig.client("jibanez"), self.rig.person("lnakamura")["procore"]["login"]
        ids = []
        for _ in range(2):
            companies = self.choose(client, self.choose_npc(client, "orchard"), login)
            checked = self.choose_procore(client, companies, "orchard")
            self.assertEqual("connected before" in checked.page().text, bool(ids))
            page = self.save(client, checked).page()
            made = self.connection("orchard")
            ids.append(made["id"])
            end = client.submit(page, page.form_with("project", button="Disconnect"), {"sure": "1"})
            self.assertEqual(end.status, 200)
            self.assertEqual(self.connection("orchard")["state"], "disconnected")
        self.assertEqual(ids[0], ids[1])
        seats = self.row("SELECT count(*) AS n FROM bic WHERE connection_id = ? AND removed_at IS NULL", ids[0])
        self.assertEqual(seats["n"], 1)

    def test_a_person_who_was_never_here(self):
        client = self.rig.client("mhalloran")
        person = next(p for c in self.companies.values() for p in c["people"] if p["key"] == "bw-nsoto")["procore"]
        self.assertIsNone(self.row("SELECT 1 FROM account WHERE login_folded = ?", person["login"].lower()))
        companies = self.sign_in(client, "orchard", person["login"], person["password"])
        account = self.row("SELECT * FROM account WHERE login_folded = ?", person["login"].lower())
        self.assertEqual((account["state"], account["procore_user_id"]), ("ok", person["user_id"]))
        self.assertIn(self.companies["briarwood"]["name"], companies.page().text)

    def test_made_up_addresses_lead_nowhere(self):
        client = self.rig.client("mhalloran")
        account = seed.account_id(self.rig, self.rig.person("lnakamura")["procore"]["login"])
        npc = self.projects["orchard"]["npc"]["id"]
        self.choose_npc(client, "orchard")
        for query in ("npc=nothing", f"npc={npc}&account={'0' * 32}", f"npc={npc}&account={account}&company=1",
                      "draft=987654"):
            self.assertEqual(client.get(self.rig.portal("/Projects/connect?" + query)).status, 404, query)
        with self.rig.db() as db:
            active = db.execute("SELECT id FROM connection WHERE state = 'active'").fetchone()["id"]
        self.assertEqual(client.get(self.rig.portal(f"/Projects/connect?draft={active}")).status, 404)
        for user in ("kwhitlock", "lnakamura"):
            self.assertEqual(self.rig.client(user).get(self.rig.portal("/Projects/connect")).status, 403, user)

    def seat(self, key):
        return self.row("SELECT b.*, a.login_folded FROM bic AS b JOIN account AS a ON a.id = b.account_id"
                        " WHERE b.connection_id = ? AND b.removed_at IS NULL", self.connection(key)["id"])

    def account_ends(self, login):
        """The worker has given the grant back: no token, no sign-in."""
        def ended():
            account = self.row("SELECT * FROM account WHERE login_folded = ?", login.lower())
            return account["state"] == "removed" and not self.row("SELECT 1 FROM token WHERE account_id = ?", account["id"])

        self.rig.wait_for(f"the end of {login}'s sign-in", ended)
        self.assertTrue(self.row("SELECT 1 FROM token_journal AS t JOIN account AS a ON a.id = t.account_id"
                                 " WHERE a.login_folded = ? AND t.kind = 'revoke' AND t.state = 'done'", login.lower()))

    def test_hand_over_to_a_successor(self):
        client, heir = self.rig.client("mhalloran"), self.rig.person("lnakamura")["procore"]
        old, before = self.rig.person("rdasgupta")["procore"]["login"], self.seat("cascade")
        self.assertEqual(before["login_folded"], old.lower())
        edit = self.rig.portal(f"/Projects/edit?project={before['connection_id']}")
        # Not approved: refused, naming both.
        start = client.get(self.rig.portal("/Projects/reconnect?account=" + seed.account_id(self.rig, old))).page()
        form = start.form_with("account", button="Reconnect") or start.form_with("account", button="Sign in")
        page = client.submit(start, form)
        end = seed.procore_sign_in(client, client.get(page.page().link("Continue to Procore")), heir["login"],
                                   heir["password"])
        self.assertEqual(end.status, 409)
        self.assertTrue(old in end.page().text and heir["login"] in end.page().text)
        self.assertEqual(self.seat("cascade")["account_id"], before["account_id"])
        # Approved: the seat moves, the old grant ends with its last seat, the history stays.
        page = client.get(edit).page()
        page = client.submit(page, page.form_with("login", button="Approve"), {"login": heir["login"]}).page()
        self.assertIn(f"{heir['login'].lower()} may sign in for this seat", page.text)
        page = client.submit(page, page.form_with("bic", button="Sign in as"))
        end = seed.procore_sign_in(client, client.get(page.page().link("Continue to Procore")), heir["login"],
                                   heir["password"])
        self.assertEqual((end.status, end.url), (200, edit), end.text[:300])
        after = self.seat("cascade")
        self.assertEqual((after["id"], after["login_folded"]), (before["id"], heir["login"].lower()))
        self.assertTrue(self.row("SELECT 1 FROM hand_over WHERE used_at IS NOT NULL AND approved_by = 'mhalloran'"))
        self.assertTrue(self.row("SELECT 1 FROM audit WHERE action = 'bic.hand_over' AND target = ?",
                                 f"connection {before['connection_id']}"))
        self.account_ends(old)

    def test_hand_over_while_the_old_sign_in_lives(self):
        """All seats move, and the old grant is revoked at Procore, also when Procore is not able to at first."""
        client, old = self.rig.client("mhalloran"), self.rig.person(LIVING)["procore"]["login"]
        new = next(p for c in self.companies.values() for p in c["people"] if p["key"] == NEWCOMER)["procore"]
        before = self.row("SELECT a.*, b.connection_id, b.id AS seat FROM account AS a JOIN bic AS b ON b.account_id = a.id"
                          " WHERE a.login_folded = ? AND a.state = 'ok' AND b.removed_at IS NULL", old.lower())
        page = client.get(self.rig.portal(f"/Projects/edit?project={before['connection_id']}")).page()
        form = next(f for f in page.forms if ("bic", str(before["seat"])) in f.fields and any(b[2].startswith("Approve") for b in f.buttons))
        page = client.submit(page, form, {"login": new["login"], "all": "1"}).page()
        page = client.submit(page, page.form_with("bic", button="Sign in as"))
        self.rig.control("procore", "status", {"prefix": "/oauth/revoke", "status": 503, "times": 1, "body": {}})
        end = seed.procore_sign_in(client, client.get(page.page().link("Continue to Procore")), new["login"],
                                   new["password"])
        self.assertEqual(end.status, 200, end.text[:300])
        seat = self.row("SELECT a.login_folded FROM bic AS b JOIN account AS a ON a.id = b.account_id WHERE b.id = ?",
                        before["seat"])
        self.assertEqual(seat["login_folded"], new["login"].lower())
        # It is said on the accounts page until it is done.
        self.rig.wait_for("the first try", lambda: self.row(
            "SELECT 1 FROM job WHERE kind = 'revoke' AND ref = ? AND error LIKE '%503%'", before["id"]))
        text = client.get(self.rig.portal("/Projects/accounts")).page().text
        self.assertIn("Being signed out of Procore", text)
        self.assertIn("HTTP 503", text)
        self.account_ends(old)
        self.assertNotIn("Being signed out of Procore", client.get(self.rig.portal("/Projects/accounts")).page().text)
        self.assertTrue(self.row("SELECT 1 FROM audit WHERE actor = 'worker' AND action = 'account.revoked'"
                                 " AND target = ?", f"account {before['id']}"))

    def test_hand_over_of_a_whole_account_to_a_new_login(self):
        """The same person under a login that is not known here: the account goes on under it, with all its seats."""
        client, old = self.rig.client("mhalloran"), self.rig.person("tadeyemi")["procore"]["login"]
        new = next(p for c in self.companies.values() for p in c["people"] if p["key"] == "tg-bokoro")["procore"]
        before = self.seat("harborview")
        edit = self.rig.portal(f"/Projects/edit?project={before['connection_id']}")
        page = client.get(edit).page()
        page = client.submit(page, page.form_with("login", button="Approve"), {"login": new["login"], "all": "1"}).page()
        self.assertIn("for all seats of this account", page.text)
        page = client.submit(page, page.form_with("bic", button="Sign in as"))
        end = seed.procore_sign_in(client, client.get(page.page().link("Continue to Procore")), new["login"],
                                   new["password"])
        self.assertEqual(end.status, 200, end.text[:300])
        self.assertEqual(self.seat("harborview")["account_id"], before["account_id"])
        account = self.row("SELECT * FROM account WHERE id = ?", before["account_id"])
        self.assertEqual((account["login_folded"], account["state"]), (new["login"].lower(), "ok"))
        self.assertIsNone(self.row("SELECT 1 FROM account WHERE login_folded = ?", old.lower()))

    def test_leaver(self):
        client, login = self.rig.client("mhalloran"), self.rig.person("skjaer")["procore"]["login"]
        page = client.get(self.rig.portal("/Projects/people")).page()
        form = next(f for f in page.forms if ("person", "skjaer") in f.fields)
        asked = client.submit(page, form)
        self.assertEqual(asked.status, 409)
        self.assertIn("takes over", asked.page().text)
        self.assertIn("nobody else is signed in", asked.page().text)
        done = client.submit(asked.page(), asked.page().form_with("person", button="Remove"))
        self.assertEqual(done.status, 200)
        self.assertIn("The person was removed", done.page().text)
        self.account_ends(login)
        self.assertIsNone(self.row("SELECT 1 FROM bic AS b JOIN account AS a ON a.id = b.account_id"
                                   " WHERE a.login_folded = ? AND b.removed_at IS NULL", login.lower()))


if __name__ == "__main__":
    harness.main()
