#!/usr/bin/python3
"""The front contract (DESIGN.md 4) of the nginx files: what reaches which program, with echo programs behind."""
import concurrent.futures
import glob
import http.client
import json
import os
import re
import time
import urllib.request

import harness
from client import Client

SECRET_CODE = "planted-authorization-code-7f3a"
PASSWORD = "right"


def echo(name):
    return [harness.ECHO, name]


class Front(harness.RigCase):
    own_static = True
    options = {
        "parts": ("signin", "projects", "edit", "callback", "hook", "mail", "nginx"),
        "argv": {n: echo(n) for n in ("signin", "projects", "edit", "callback", "hook")},
    }

    def setUp(self):
        self.sam = Client(self.rig.lay.ca, {"portal.localhost": ("SAM", PASSWORD)})
        self.nobody = Client(self.rig.lay.ca)

    def ask(self, path, method="GET", client=None, headers=None, data=None):
        r = (client or self.sam).request(method, self.rig.url("portal", path), data, headers)
        self.assertEqual(r.status, 200, f"{method} {path}: {r.text[:300]}")
        got = r.json()
        names = [k for k, _ in got["params"]]
        self.assertEqual(len(names), len(set(names)), "a parameter sent twice")
        got["p"] = dict(got["params"])
        return got

    def test_reading_goes_to_projects(self):
        for path in ("/connectorweb", "/connectorweb/", "/connectorweb/Projects", "/CONNECTORWEB/projects",
                     "/connectorweb/Projects/issues?x=1", "/connectorweb/Projects/editor"):
            self.assertEqual(self.ask(path)["program"], "projects", path)

    def test_forms_and_posts_go_to_edit(self):
        for path in ("/connectorweb/Projects/edit?project=1", "/connectorweb/Projects/connect",
                     "/connectorweb/Projects/reconnect?account=0", "/ConnectorWeb/projects/BIC"):
            self.assertEqual(self.ask(path)["program"], "edit", path)
        for path in ("/connectorweb/Projects", "/connectorweb/Projects/edit", "/connectorweb/any"):
            got = self.ask(path, "POST", data={"a": "b"})
            self.assertEqual((got["program"], got["body"]), ("edit", "a=b"), path)

    def test_callback(self):
        got = self.ask("/connectorweb/oauth/callback?code=x&state=y")
        self.assertEqual(got["program"], "callback")
        self.assertEqual(got["p"]["REQUEST_URI"], "/connectorweb/oauth/callback?code=x&state=y")
        self.assertEqual(got["p"]["REMOTE_USER"], "sam")

    def test_name_is_the_verified_one(self):
        p = self.ask("/connectorweb/Projects")["p"]
        self.assertEqual((p["REMOTE_USER"], p["REMOTE_MAIL"], p["REMOTE_NAME"], p["REMOTE_GROUPS"]),
                         ("sam", "sam@example.test", "Sam Example", "staff"))

    def test_names_sent_by_a_browser_do_not_count(self):
        forged = {"X-Remote-User": "boss", "Remote-User": "boss", "REMOTE_USER": "boss",
                  "X-Remote-Groups": "admins"}
        p = self.ask("/connectorweb/Projects", headers=forged)["p"]
        self.assertEqual((p["REMOTE_USER"], p["REMOTE_GROUPS"]), ("sam", "staff"))
        evil = Client(self.rig.lay.ca, {"portal.localhost": ("evil", "x")})
        for path in ("/connectorweb/healthz", "/connectorweb/hooks/procore"):
            p = self.ask(path, client=evil, headers=forged)["p"]
            self.assertEqual(p["REMOTE_USER"], "", path)
            self.assertNotIn("evil", [v for k, v in p.items() if k != "HTTP_AUTHORIZATION"], path)

    def test_password_reaches_no_program(self):
        for path in ("/connectorweb/Projects", "/connectorweb/Projects/edit", "/connectorweb/healthz",
                     "/connectorweb/oauth/callback?code=1"):
            p = self.ask(path)["p"]
            self.assertNotIn("HTTP_AUTHORIZATION", p, path)
            self.assertNotIn("U0FNOnJpZ2h0", str(p), path)

    def test_hook_gets_its_secret_and_body(self):
        got = self.ask("/connectorweb/hooks/procore", "POST", self.nobody, {"Authorization": "Bearer s3"}, {"a": "b"})
        self.assertEqual((got["program"], got["p"]["HTTP_AUTHORIZATION"], got["body"]), ("hook", "Bearer s3", "a=b"))
        self.assertEqual(got["p"]["CONTENT_LENGTH"], "3")

    def test_parameters_are_the_short_list(self):
        p = self.ask("/connectorweb/Projects?q=%20a", headers={"Accept-Language": "fr"})["p"]
        plain = {k for k in p if not k.startswith("HTTP_")}
        self.assertEqual(plain, {"REQUEST_METHOD", "REQUEST_URI", "REQUEST_ID", "REMOTE_ADDR", "HTTPS", "CONTENT_TYPE",
                                 "CONTENT_LENGTH", "REMOTE_USER", "REMOTE_MAIL", "REMOTE_NAME", "REMOTE_GROUPS"})
        self.assertEqual(p["REQUEST_URI"], "/connectorweb/Projects?q=%20a")
        self.assertRegex(p["REQUEST_ID"], "^[0-9a-f]{32}$")
        self.assertEqual((p["HTTPS"], p["HTTP_ACCEPT_LANGUAGE"]), ("on", "fr"))

    def test_wrong_password(self):
        evil = Client(self.rig.lay.ca, {"portal.localhost": ("sam", "wrong")})
        for client in (self.nobody, evil):
            for path in ("/connectorweb/Projects", "/connectorweb/oauth/callback?code=1"):
                r = client.request("GET", self.rig.url("portal", path))
                self.assertEqual(r.status, 401)
                self.assertIn("Basic realm=", r.headers["WWW-Authenticate"])
                self.assertIn("Please sign in", r.text)
                self.assertIn("default-src 'none'", r.headers["Content-Security-Policy"])
            self.assertEqual(client.request("POST", self.rig.url("portal", "/connectorweb/Projects")).status, 401)

    def test_stopped_person(self):
        """signin does not ask the directory any more: no browser's password box, but a page that says when."""
        client = Client(self.rig.lay.ca, {"portal.localhost": ("stopped", "x")})
        for path in ("/Projects", "/oauth/callback?code=1"):
            r = client.request("GET", self.rig.portal(path))
            self.assertEqual((r.status, r.headers["WWW-Authenticate"]), (403, None))
            self.assertIn("Too many wrong passwords", r.text)

    def test_failures_are_slowed_by_address(self):
        """Thirty a minute after a burst of twenty; successes and first visits are not counted."""
        evil = Client(self.rig.lay.ca, {"portal.localhost": ("sam", "guess")})
        start = time.monotonic()
        # Requests beyond the burst are refused at once; those within wait their turn, so only a refusal is
        # waited for: many at the same time.
        with concurrent.futures.ThreadPoolExecutor(30) as pool:
            ask = [pool.submit(self._status, evil) for _ in range(30)]
            done, _ = concurrent.futures.wait(ask, timeout=20, return_when=concurrent.futures.FIRST_COMPLETED)
            while time.monotonic() - start < 20 and not any(f.done() and f.result() == 429 for f in ask):
                time.sleep(0.05)
            statuses = [f.result() for f in ask if f.done()]
            self.assertIn(429, statuses)
            self.assertEqual(self.ask("/connectorweb/Projects")["p"]["REMOTE_USER"], "sam")
            self.assertEqual(self.nobody.request("GET", self.rig.portal()).status, 401)
            self.rig.kill("nginx")  # ends the waiting ones; it is started again
        self.rig.wait_ready()

    def _status(self, client):
        try:
            return client.request("GET", self.rig.portal()).status
        except (OSError, http.client.HTTPException):
            return 0

    def test_other_host_names(self):
        for path in ("/connectorweb/Projects?q=1", "/CONNECTORWEB"):
            r = self.nobody.request("GET", self.rig.url("portal", path), headers={"Host": "npcserver"})
            self.assertEqual((r.status, r.headers["Location"]), (308, self.rig.url("portal", path)))
        r = self.nobody.request("POST", self.rig.portal(), {"a": "b"}, {"Host": "npcserver"})
        self.assertEqual(r.status, 421)
        self.assertIn(f'href="{self.rig.portal()}"', r.text)
        got = self.ask("/connectorweb/hooks/procore", "POST", self.nobody, {"Host": "hooks.example.test"}, {})
        self.assertEqual(got["program"], "hook")
        got = self.ask("/connectorweb/healthz", client=self.nobody, headers={"Host": "10.0.0.1"})
        self.assertEqual(got["program"], "projects")

    def test_only_our_path(self):
        for path in ("/connectorwebx", "/other", "/_connectorweb/signin", "/_connectorweb/down",
                     "/_connectorweb/elsewhere", "/connectorweb/metrics"):
            self.assertEqual(self.sam.request("GET", self.rig.url("portal", path)).status, 404, path)

    def test_metrics_on_loopback_server_only(self):
        url = f"http://127.0.0.1:{self.rig.metrics_port}/metrics"
        with urllib.request.urlopen(url, timeout=10) as r:
            got = json.load(r)
        self.assertEqual(got["program"], "projects")
        self.assertEqual(dict(got["params"])["REQUEST_URI"], "/connectorweb/metrics")

    def test_static_is_public_and_safe(self):
        for name, cache in (("plain.css", "public, max-age=300"),
                            ("0123456789abcdef/style.css", "public, max-age=31536000, immutable")):
            r = self.nobody.request("GET", self.rig.portal("/static/" + name))
            self.assertEqual((r.status, r.headers["Cache-Control"]), (200, cache))
            self.assertEqual(r.headers["Content-Type"], "text/css; charset=utf-8")
            self.assertEqual(r.headers["X-Content-Type-Options"], "nosniff")
            self.assertIn("default-src 'none'", r.headers["Content-Security-Policy"])
        for path in ("../rig/nginx/nginx.conf", "..%2frig/nginx/nginx.conf", ".hidden", "none.css"):
            r = self.nobody.request("GET", self.rig.portal("/static/" + path))
            self.assertIn(r.status, (401, 404), path)
        self.assertEqual(self.nobody.request("POST", self.rig.portal("/static/plain.css")).status, 403)

    def test_program_down_is_a_page(self):
        for part in ("projects", "signin"):
            self.rig.unplug(part)
            r = self.sam.request("GET", self.rig.portal())
            self.assertEqual((r.status, r.headers["Retry-After"]), (503, "30"))
            self.assertIn("cannot answer right now", r.text)
            self.rig.plug(part)
            self.ask("/connectorweb/Projects")

    def test_codes_and_queries_reach_no_log(self):
        self.ask(f"/connectorweb/oauth/callback?code={SECRET_CODE}&state=1")
        self.ask(f"/connectorweb/Projects?q={SECRET_CODE}")
        self.nobody.request("GET", self.rig.url("portal", f"/connectorweb/oauth/callback?code={SECRET_CODE}"),
                            headers={"Host": "npcserver"})
        self.rig.unplug("callback")
        r = self.sam.request("GET", self.rig.url("portal", f"/connectorweb/oauth/callback?code={SECRET_CODE}"))
        self.assertEqual(r.status, 503)
        self.rig.plug("callback")
        lines = []
        for path in glob.glob(os.path.join(self.rig.lay.log, "*")):
            with open(path, encoding="utf-8", errors="replace") as f:
                lines += f.readlines()
        self.assertEqual([x for x in lines if SECRET_CODE in x or "U0FNOnJpZ2h0" in x], [])
        self.assertTrue([x for x in lines if re.search(r' sam \[.*"GET /connectorweb/Projects HTTP', x)])


if __name__ == "__main__":
    harness.main()
