#!/usr/bin/python3
"""The real signin with its password file, behind nginx, with echo programs in the pages' place."""
import os
import urllib.parse

import harness
from client import Client


class Signin(harness.RigCase):
    own_static = True
    options = {
        "parts": ("signin", "projects", "edit", "callback", "hook", "nginx"),
        "argv": {n: [harness.ECHO, n] for n in ("projects", "edit", "callback", "hook")},
    }

    def setUp(self):
        self.people = harness.load("people.json")["people"]
        self.firm = harness.load("firm.json")["firm"]

    def ask(self, name, password):
        client = Client(self.rig.lay.ca, {"portal.localhost": (name, password)})
        return client.request("GET", self.rig.portal("/Projects"))

    def test_names_have_one_form(self):
        p = self.people[0]
        for typed in (p["user"], p["user"].upper(), f"{self.firm['domain'].lower()}\\{p['user']}",
                      f"{p['user']}@{self.firm['mail_domain']}"):
            r = self.ask(typed, p["password"])
            self.assertEqual(r.status, 200, typed)
            got = dict(r.json()["params"])
            self.assertEqual((got["REMOTE_USER"], got["REMOTE_MAIL"]), (p["user"], p["mail"]))
            self.assertEqual(urllib.parse.unquote(got["REMOTE_NAME"]), p["name"])
            self.assertEqual(got["HTTP_AUTHORIZATION"] if "HTTP_AUTHORIZATION" in got else "", "")

    def test_refused(self):
        p = self.people[1]
        for typed, password in ((f"OTHER\\{p['user']}", p["password"]), (p["user"], "")):
            r = self.ask(typed, password)
            self.assertEqual(r.status, 401, typed)
            self.assertEqual(r.headers["WWW-Authenticate"], 'Basic realm="connectorweb", charset="UTF-8"')

    def test_stopped_below_lockout(self):
        """Four wrong passwords, whichever of the instances they reach."""
        p = self.people[2]
        statuses = [self.ask(p["user"], f"guess {i}").status for i in range(6)]
        self.assertEqual(statuses, [401] * 4 + [403] * 2)
        self.assertEqual(self.ask(p["user"], p["password"]).status, 403)
        other = self.people[3]
        self.assertEqual(self.ask(other["user"], other["password"]).status, 200)

    def test_password_file_gone_is_no_refusal(self):
        """Nobody is told that a password is wrong while it cannot be looked at."""
        p = self.people[4]
        away = self.rig.lay.passwords + ".away"
        os.rename(self.rig.lay.passwords, away)
        try:
            self.assertEqual(self.ask(p["user"], p["password"]).status, 503)
        finally:
            os.rename(away, self.rig.lay.passwords)
        self.assertEqual(self.ask(p["user"], p["password"]).status, 200)


if __name__ == "__main__":
    harness.main()
