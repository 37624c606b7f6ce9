#!/usr/bin/python3
"""No open redirects: hundreds of hostile targets in every parameter, field and header that might choose one, through the
real front. Whatever is answered leads to a path of our own, and no page links to the target."""
import os
import re
import urllib.parse

import harness

LIST = os.path.join(harness.TOP, "tests", "data", "hostile-redirects.txt")
LEAST = 300
LONG = 150
NAMES = ("return_to", "return", "next", "url", "target", "redirect", "redirect_uri", "continue", "state", "lang", "project",
         "account", "error", "error_description", "search", "page")
PATHS = ("", "/", "/Projects", "/Projects/reconnect", "/Projects/edit", "/Projects/issues", "/Projects/connect",
         "/oauth/callback")
POSTS = ("/Projects/reconnect", "/Projects/settings", "/Projects/bic/add")
LEADS = re.compile(r"""(?:href|src|action|formaction|content)\s*=\s*["']([^"']*)["']""", re.IGNORECASE)
WORD = re.compile(r"evil|javascript:|data:|vbscript:", re.IGNORECASE)


def targets():
    with open(LIST, encoding="utf-8") as f:
        lines = [line.rstrip("\n") for line in f]
    found = [line for line in lines if line and not line.startswith("#")]
    return [re.sub(rb"\\x([0-9a-fA-F]{2})", lambda m: bytes([int(m[1], 16)]), t.encode()) for t in found]


class Redirects(harness.SeededCase):
    def setUp(self):
        self.admin = self.rig.client("mhalloran")
        self.home = self.rig.url("portal", "/connectorweb")
        self.host = urllib.parse.urlsplit(self.home).netloc

    def is_ours(self, answer, target, what):
        where = (what, target)
        headers = {k.lower(): v for k, v in dict(answer.headers).items()}
        location = headers.get("location")
        if location is not None:
            to = urllib.parse.urlsplit(urllib.parse.urljoin(self.home, location))
            self.assertEqual((to.scheme, to.netloc), ("https", self.host), where)
            self.assertTrue(to.path.startswith("/connectorweb"), where)
            self.assertNotIn("\\", location, where)
        self.assertNotIn("refresh", headers, where)
        for led in LEADS.findall(answer.text):
            if WORD.search(led.split("?", 1)[0]):
                self.fail(f"{where}: the page leads to {led}")

    def test_the_list_is_long_and_each_is_another(self):
        found = targets()
        self.assertGreaterEqual(len(found), LEAST)
        self.assertEqual(len(found), len(set(found)))

    def test_no_parameter_chooses_a_target(self):
        for n, target in enumerate(targets()):
            names = NAMES if len(target) < LONG else (NAMES[n % len(NAMES)],)  # nginx takes no longer request line
            query = urllib.parse.urlencode([(name, target) for name in names])
            path = PATHS[n % len(PATHS)]
            self.is_ours(self.admin.get(self.home + path + "?" + query, follow=False), target, path)
            self.is_ours(self.admin.get(self.home + "/oauth/callback?" + query, follow=False), target, "callback")

    def test_no_field_chooses_a_target(self):
        for n, target in enumerate(targets()):
            path = POSTS[n % len(POSTS)]
            fields = {name: target.decode("latin-1") for name in NAMES}
            self.is_ours(self.admin.post(self.home + path, fields, follow=False), target, path)

    def test_no_header_chooses_a_target(self):
        names = ("Referer", "Origin", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Original-URL", "X-Rewrite-URL",
                 "Forwarded", "X-Forwarded-Prefix")
        for n, target in enumerate(targets()):
            value = "".join(c for c in target.decode("latin-1") if " " < c < "\x7f")
            if value:
                path = PATHS[n % len(PATHS)]
                answer = self.admin.request("GET", self.home + path, None, {name: value for name in names})
                self.is_ours(answer, target, path)


if __name__ == "__main__":
    harness.main()
