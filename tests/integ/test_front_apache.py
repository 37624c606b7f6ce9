#!/usr/bin/python3
"""The front contract (DESIGN.md 4) of the Apache file, with mod_auth_basic's file provider and echo programs."""
import glob
import os

import apache
import harness
import layout
import seed
from client import Client

SECRET_CODE = "planted-authorization-code-51cc"

class Apache(harness.RigCase):
    own_static = True
    options = {
        "parts": ("projects", "edit", "callback", "hook"),
        "argv": {n: [harness.ECHO, n] for n in ("projects", "edit", "callback", "hook")},
    }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        try:
            apache.start(cls.rig, cls.rig.port, cls.rig.static_dir, {"sam": "right"})
        except BaseException:
            cls.tearDownClass()
            raise

    def setUp(self):
        self.sam = Client(self.rig.lay.ca, {"portal.localhost": ("sam", "right")})
        self.nobody = Client(self.rig.lay.ca)

    def ask(self, path, method="GET", client=None, headers=None, data=None):
        r = (client or self.sam).request(method, self.rig.portal(path), data, headers)
        self.assertEqual(r.status, 200, f"{method} {path}: {r.text[:300]}")
        got = r.json()
        got["p"] = dict(got["params"])
        return got

    def test_routes(self):
        for method, path, program in (
                ("GET", "", "projects"), ("GET", "/Projects?x=1", "projects"), ("GET", "/projects/ISSUES", "projects"),
                ("GET", "/Projects/edit?project=1", "edit"), ("GET", "/Projects/reconnect?account=0", "edit"),
                ("POST", "/Projects", "edit"), ("GET", "/oauth/callback?code=1", "callback")):
            got = self.ask(path, method)
            self.assertEqual((got["program"], got["p"]["REQUEST_URI"]), (program, "/connectorweb" + path))
            self.assertEqual((got["p"]["REMOTE_USER"], got["p"].get("HTTP_AUTHORIZATION")), ("sam", None))
            self.assertTrue(got["p"]["REQUEST_ID"])

    def test_body_arrives(self):
        self.assertEqual(self.ask("/Projects", "POST", data={"a": "b c"})["body"], "a=b+c")

    def test_wrong_password(self):
        evil = Client(self.rig.lay.ca, {"portal.localhost": ("sam", "wrong")})
        for client in (evil, self.nobody):
            for path in ("/Projects", "/oauth/callback", "/Projects/edit", "/CONNECT"):
                r = client.request("GET", self.rig.portal(path))
                self.assertEqual(r.status, 401)
                self.assertIn("Please sign in", r.text)

    def test_hook_and_health_have_no_person(self):
        evil = Client(self.rig.lay.ca, {"portal.localhost": ("sam", "right")})
        got = self.ask("/hooks/procore", "POST", evil, {"Authorization": "Bearer s3"}, {"a": "b"})
        self.assertEqual((got["program"], got["p"]["HTTP_AUTHORIZATION"], got["body"]), ("hook", "Bearer s3", "a=b"))
        self.assertFalse(got["p"].get("REMOTE_USER"))
        got = self.ask("/healthz", client=evil)
        self.assertEqual((got["p"].get("REMOTE_USER"), got["p"].get("HTTP_AUTHORIZATION")), (None, None))

    def test_other_host_names(self):
        r = self.nobody.request("GET", self.rig.portal("/Projects?q=1"), headers={"Host": "npcserver"})
        self.assertEqual((r.status, r.headers["Location"]), (308, self.rig.portal("/Projects?q=1")))
        r = self.nobody.request("POST", self.rig.portal(), {"a": "b"}, {"Host": "npcserver"})
        self.assertEqual(r.status, 421)
        self.assertIn(f'href="{self.rig.portal()}"', r.text)

    def test_static(self):
        r = self.nobody.request("GET", self.rig.portal("/static/0123456789abcdef/style.css"))
        self.assertEqual((r.status, r.headers["Cache-Control"]), (200, "public, max-age=31536000, immutable"))
        self.assertEqual(r.headers["X-Content-Type-Options"], "nosniff")

    def test_program_down_and_logs(self):
        self.ask(f"/oauth/callback?code={SECRET_CODE}")
        self.ask(f"/Projects?q={SECRET_CODE}")
        for part, path in (("callback", f"/oauth/callback?code={SECRET_CODE}"), ("projects", "/Projects")):
            self.rig.unplug(part)
            r = self.sam.request("GET", self.rig.portal(path))
            self.assertEqual(r.status, 503)
            self.assertIn("cannot answer right now", r.text)
            self.rig.plug(part)
        text = ""
        for path in glob.glob(os.path.join(self.rig.lay.log, "*.log")):
            with open(path, encoding="utf-8", errors="replace") as f:
                text += f.read()
        self.assertNotIn(SECRET_CODE, text)
        self.assertIn('"GET /connectorweb/Projects HTTP', text)


class Programs(harness.RigCase):
    """The real programs behind Apache: pages, forms, and a whole sign-in at Procore."""

    @classmethod
    def setUpClass(cls):
        port = layout.free_port()
        cls.options = {"portal_port": port}
        super().setUpClass()
        try:
            people = {n: cls.rig.person(n)["password"] for n in ("lnakamura", "kwhitlock")}
            apache.start(cls.rig, port, cls.rig.static_dir, people)
            seed.import_all(cls.rig)
        except BaseException:
            cls.tearDownClass()
            raise

    def test_list_forms_and_reconnect(self):
        client = self.rig.client("lnakamura")
        listed = client.get(self.rig.portal())
        self.assertEqual(listed.status, 200)
        self.assertIn("Eastwick", listed.page().text)
        self.assertEqual(self.rig.client("lnakamura", "wrong").get(self.rig.portal()).status, 401)
        procore = self.rig.person("lnakamura")["procore"]
        end = seed.reconnect(self.rig, client, procore["login"], procore["login"], procore["password"])
        self.assertEqual(end.status, 200, end.page().text[:300])
        with self.rig.db() as db:
            state = db.execute("SELECT state FROM account WHERE login_folded = ?", (procore["login"],)).fetchone()
        self.assertEqual(state["state"], "ok")

    def test_projects_of_others_stay_hidden(self):
        page = self.rig.client("lnakamura").get(self.rig.portal())
        self.assertNotIn("Quarry", page.page().text)
        page = self.rig.client("kwhitlock").get(self.rig.portal())
        self.assertIn("Quarry", page.page().text)


if __name__ == "__main__":
    harness.main()
