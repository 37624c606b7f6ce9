#!/usr/bin/python3
"""Sixteen worker processes at once want the token of one account that has expired: exactly one call leaves, and nobody
uses the old pair. The same while the person signs in again: the pair of the person stays.

Procore holds its answer back until every other process has come by and gone away again."""
import os
import signal
import subprocess
import tempfile
import time
import unittest

from test_refresh import LIFE_S, LOGIN, Procore

import harness
from layout import write
from site_small import Site

PROCESSES = 16
WAIT_S = 30
LATER_S = 600  # beyond the pause of a check that could not be made
PERMISSIONS = "/rest/v1.0/settings/permissions?project_id="
HEAD = ("npc_project_id,npc_number,npc_name,npc_server,procore_company_id,procore_company_name,procore_project_id,"
        "procore_project_name,bic_logins,project_admins\n")


class RaceCase(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory(prefix="cw-race-")
        self.procore = Procore()
        self.site = Site(os.path.join(self.scratch.name, "site"),
                         f"http://127.0.0.1:{self.procore.server_address[1]}", worker_processes=str(PROCESSES))
        self.site.init()
        self.site.sign_in(LOGIN, self.procore.tokens())
        table = self.site.path("projects.csv")
        write(table, HEAD + "".join(f"npc-{n},2030-{n:03},Hall {n},EAST,5,Builder,{100 + n},Hall {n},{LOGIN},boss\n"
                                    for n in range(PROCESSES)))
        self.site.ctl("import", "projects", table)
        # Each seat has a check of its own coming; nothing else calls.
        self.site.change("UPDATE connection SET state = 'paused'")
        self.site.change("DELETE FROM job")
        self.site.change("INSERT INTO job (kind, ref, priority, due_at, created_at) SELECT 'check_bic', id, 30, 0, 0 FROM bic")
        self.site.move_clock(LIFE_S + 60)
        self.running = None

    def tearDown(self):
        if self.running:
            self.running.send_signal(signal.SIGTERM)
            self.running.wait(WAIT_S)
        self.procore.shutdown()
        self.procore.server_close()
        self.scratch.cleanup()

    def until(self, what, condition):
        deadline = time.monotonic() + WAIT_S
        while not condition():
            self.assertLess(time.monotonic(), deadline, f"waited in vain for: {what}")
            time.sleep(0.02)

    def waiting(self):
        """Checks that have not come by yet: all but the one that is at Procore's door."""
        return self.site.rows("SELECT count(*) FROM job WHERE kind = 'check_bic' AND (owner = '' AND due_at <= ?"
                              " OR owner <> '')", int(time.time()) + LIFE_S + 60)[0][0]

    def start(self):
        self.running = subprocess.Popen(self.site.argv("connectord"), stderr=subprocess.DEVNULL)

    def renewals(self):
        return [c for c in self.procore.calls if c[0] == "/oauth/token"]

    def all_checked(self):
        """Every seat's check has called Procore, with a token that Procore knows."""
        self.site.move_clock(LATER_S)
        self.until("the checks", lambda: len({c[0] for c in self.procore.calls if c[0].startswith(PERMISSIONS)}) == PROCESSES)
        self.assertEqual([c for c in self.procore.calls if c[1] == "unknown"], [])

    def test_f1_one_call_leaves(self):
        others = []
        self.procore.hold = lambda: (self.until("the others", lambda: self.waiting() <= 1), others.append(self.waiting()))
        self.start()
        self.until("the renewal", self.renewals)
        self.until("the new pair", lambda: self.site.rows("SELECT generation FROM account") == [(2,)])
        self.assertEqual(others, [1])
        self.all_checked()
        self.assertEqual(self.renewals(), [("/oauth/token", "renewed")])
        self.assertEqual(self.site.rows("SELECT state, generation FROM token_journal"), [("done", 1)])
        # Waiting for one another is no fault of Procore's.
        self.assertEqual(self.site.rows("SELECT subject, subject_id FROM incident"), [])
        self.assertEqual(self.site.rows("SELECT * FROM token_lease"), [])

    def test_f4_the_person_signs_in_meanwhile(self):
        """The renewal's answer comes after the person's own pair was stored: that one stays, and nothing is lost."""
        def sign_in():
            with self.procore.lock:
                self.procore.count += 1
                self.mine = self.procore.tokens()
            self.site.sign_in(LOGIN, self.mine)

        self.procore.hold = sign_in
        self.start()
        self.until("both pairs", lambda: self.site.rows("SELECT state FROM token_journal") not in ([], [("intent",)]))
        self.all_checked()
        self.assertEqual(self.site.rows("SELECT state, generation FROM account"), [("ok", 2)])
        self.assertEqual(self.renewals(), [("/oauth/token", "renewed")])
        self.assertEqual(self.site.rows("SELECT subject FROM incident"), [])
        self.assertEqual(self.site.rows("SELECT * FROM token_lease"), [])


if __name__ == "__main__":
    harness.main()
