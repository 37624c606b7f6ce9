#!/usr/bin/python3
"""Mail scanners and prefetching browsers: the mail's link, and whatever its page links to, fetched any number of times,
changes nothing here, at Procore or in anybody's inbox (failures.md: links that robots spend)."""
import re

import harness
import seed

TIMES = 25
ROBOTS = ({"User-Agent": "Mozilla/5.0 (compatible; LinkScanner/1.0)"}, {"Sec-Purpose": "prefetch;prerender", "Purpose": "prefetch"},
          {"X-Moz": "prefetch"}, {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"})
# What a person's press of a button would change; the worker's own doings (reminders, reading) go on meanwhile.
KEPT = ("SELECT * FROM attempt", "SELECT to_address, asked_by FROM mail WHERE kind = 'link'", "SELECT user_name, removed_at FROM person",
        "SELECT id, account_id FROM bic", "SELECT id, state FROM connection", "SELECT id, state FROM account",
        "SELECT kind FROM token_journal WHERE kind IN ('exchange', 'revoke')")


class Robots(harness.SignInCase):
    def dump(self):
        with self.rig.db() as db:
            return [sorted(map(str, map(tuple, db.execute(sql)))) for sql in KEPT]

    def test_robots_change_nothing(self):
        login = self.rig.person("cbeaumont")["procore"]["login"]
        link = self.rig.portal("/Projects/reconnect?account=" + seed.account_id(self.rig, login))
        owner = self.rig.client("cbeaumont")
        self.rig.wait_for("the loss", lambda: self.account(login)["state"] == "lost")
        before = self.dump()
        page = owner.get(link)
        self.assertEqual(page.status, 200)
        links = {m for m in re.findall(r'href="(/connectorweb/[^"]*)"', page.text)}
        self.assertTrue(links)
        for n in range(TIMES):
            headers = ROBOTS[n % len(ROBOTS)]
            for method in ("HEAD", "GET"):
                for url in (link, *(self.rig.url("portal", path.replace("&amp;", "&")) for path in links)):
                    self.assertLess(owner.request(method, url, None, headers).status, 500, url)
        self.assertEqual(self.dump(), before)
        again = owner.get(link)
        self.assertEqual(again.status, 200)
        self.assertIn("Reconnect", again.text)


if __name__ == "__main__":
    harness.main()
