#!/usr/bin/python3
"""Procore's rate limit: quiet lists rest and wake, one busy project does not starve another, and no call leaves that the
headers foretold would be refused. The real worker, with a moved clock."""
import os
import subprocess
import sys
import time
import unittest

import harness

sys.path[:0] = [os.path.join(harness.TOP, "tests", "bench")]

from bench_site import Site, project_of  # noqa: E402  (the path above comes first)

HOUR = 3600


class Rest(unittest.TestCase):
    def test_quiet_lists_rest_and_a_change_wakes_them(self):
        """Twice the interval between two readings and no bins: 6 calls an hour where a fixed interval costs 14."""
        with Site() as s:
            s.pass_now()
            s.sql("UPDATE item SET state = 'closed' WHERE npc_id IS NOT NULL")  # nothing is at work
            for _ in range(6):
                s.pass_planned()
            s.api_calls()
            calls, passed, read = 0, 0, []
            while passed < 4 * HOUR:
                passed += s.pass_planned()
                found = s.api_calls()
                read.append(any(k.endswith("/rfis") for k in found))
                calls += sum(found.values())
            self.assertLess(calls * HOUR / passed, 8)
            self.assertGreater(read.count(True), 0)
            for a, b in zip(read, read[1:]):
                self.assertTrue(a or b, "rests longer than two intervals although there is plenty of budget")
            rfi = s.create("rfi", 1, 100)[0]
            for _ in range(2):
                s.pass_planned()
            self.assertEqual(s.item(rfi["id"])["state"], "linked")
            s.api_calls()
            for _ in range(3):  # awake: each pass reads
                s.pass_planned()
                self.assertTrue(any(k.endswith("/rfis") for k in s.api_calls()))


class Limit(unittest.TestCase):
    def setUp(self):
        self.site = Site({"worker_processes": 4})
        self.s = self.site.__enter__()
        self.addCleanup(lambda: self.site.__exit__(None))
        self.quiet = self.s.one("SELECT id FROM connection WHERE npc_project_id = ?",
                                project_of("eastwick")["npc"]["id"])["id"]
        self.s.sql("UPDATE connection SET state = 'active' WHERE id = ?", self.quiet)
        self.s.pass_now()
        self.s.sql("UPDATE connection SET idle_passes = 500 WHERE id = ?", self.quiet)

    def refused(self):
        return [c for c in self.s.procore("SELECT path, status FROM call") if c["status"] == 429]

    def due(self):
        """Both projects now, as planned."""
        self.s.sql("UPDATE connection SET next_sync_at = 0 WHERE state = 'active'")
        self.s.sql("UPDATE job SET due_at = 0 WHERE kind = 'sync'")

    def linked(self, items):
        return sum(self.s.sql("SELECT count(*) n FROM item WHERE procore_id = ? AND npc_id IS NOT NULL", i["id"])[0]["n"]
                   for i in items)

    def windows(self, limit):
        """A busy project with work for several hours beside a quiet one with one change; the limit is the hour's."""
        busy = self.s.create("rfi", 3 * limit, 100)
        quiet = self.s.create("rfi", 1, 100, project_of("eastwick"))
        self.s.contractor("rate", {"hour": limit, "spike": 1000})
        self.s.sql("DELETE FROM budget")
        return busy, quiet

    def next_hour(self):
        now = int(time.time()) + self.s.moved
        self.s.move(HOUR - now % HOUR + 400)

    def test_one_busy_project_does_not_starve_a_quiet_one(self):
        busy, quiet = self.windows(20)
        self.next_hour()
        self.due()
        for hour in range(3):  # the plan of the first hour is ours, then the worker's
            self.s.worker()
            if self.linked(quiet):
                break
            self.next_hour()
        self.assertLess(hour, 2, "the quiet project waited for more than two windows")
        self.assertLess(self.linked(busy), len(busy), "the busy one was meant to have more than fits")
        self.assertEqual(self.refused(), [])

    def test_no_call_that_the_headers_foretold(self):
        """Four processes at once on one budget; at its end all hold back and nothing is refused."""
        busy, _ = self.windows(20)
        self.next_hour()
        self.due()
        s = self.s
        worker = subprocess.Popen([os.path.join(s.rig.build, "worker", "connectord"), "-c", s.rig.lay.config],
                                  stderr=subprocess.DEVNULL)
        try:
            s.rig.wait_for("the budget's end", lambda: s.sql(
                "SELECT 1 FROM connection WHERE sync_error LIKE '%limit%' AND id = ?", s.connection), 60)
        finally:
            worker.terminate()
            worker.wait(60)
        self.assertEqual(self.refused(), [])
        self.assertGreater(self.linked(busy), 5)
        left = s.sql("SELECT remaining, limit_n FROM budget WHERE company_id <> 0")[0]
        self.assertEqual(left["limit_n"], 20)
        self.assertLessEqual(left["remaining"], 2)  # what is left is for answers


if __name__ == "__main__":
    harness.main()
