#!/usr/bin/python3
"""The demo as people use it, without its build: start, look, start again, stop."""
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

import harness
import layout
from client import Client
from rig import load

DEMO = os.path.join(harness.TOP, "sandbox", "rig", "demo.py")
SECOND_START_S = 5  # promised by issue and README


class Demo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="cw-demo-")
        cls.port = str(layout.free_port())
        cls.first = cls.run_demo("start", "--port", cls.port)

    @classmethod
    def tearDownClass(cls):
        cls.run_demo("stop")
        cls.folder.cleanup()

    @classmethod
    def run_demo(cls, *args):
        build = os.environ.get("CW_BUILD") or os.path.join(harness.TOP, "build")
        return subprocess.run([sys.executable, DEMO, "--data", cls.folder.name, "--build", build, *args],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)

    def access(self):
        with open(os.path.join(self.folder.name, "access.json"), encoding="utf-8") as f:
            return json.load(f)

    def pid(self):
        with open(os.path.join(self.folder.name, "demo.pid"), encoding="utf-8") as f:
            return int(f.read())

    def open_portal(self):
        access = self.access()
        admin = next(p for p in access["people"] if p["role"] == "Global Admin")
        client = Client(access["ca_file"], {"portal.localhost": (admin["name"], admin["password"])})
        return client.get(access["portal"])

    def test_1_it_says_where_to_look_and_who_signs_in(self):
        self.assertEqual(self.first.returncode, 0, self.first.stderr + self.first.stdout)
        access = self.access()
        self.assertEqual(access["portal"], f"https://portal.localhost:{self.port}/connectorweb/Projects")
        for person in access["people"]:
            self.assertIn(person["name"], self.first.stdout)
            self.assertIn(person["password"], self.first.stdout)
        self.assertEqual({p["role"] for p in access["people"]},
                         {"Global Admin", "Project Admin", "Project Admin, BIC user", "BIC user"})
        for url in (access["portal"], access["procore"], access["npc"], access["mail"], access["control"]["npc"]):
            self.assertIn(url, self.first.stdout)
        self.assertEqual([n for n in "123456" if f"\n{n}. " not in self.first.stdout], [], "six lines of a story")

    def test_2_its_portal_answers(self):
        page = self.open_portal()
        self.assertEqual(page.status, 200)
        self.assertIn("Connected Projects", page.page().text)

    def test_3_starting_a_running_one_only_says_so(self):
        pid = self.pid()
        again = self.run_demo("start")
        self.assertEqual((again.returncode, self.pid()), (0, pid))
        self.assertIn(self.access()["portal"], again.stdout)
        self.assertEqual(self.run_demo("status").returncode, 0)

    def rows(self, sql, *args):
        db = sqlite3.connect(f"file:{os.path.join(self.folder.name, 'rig', 'state', 'connectorweb.db')}?mode=ro", uri=True)
        try:
            return db.execute(sql, args).fetchall()
        finally:
            db.close()

    def until(self, what, sql, *args):
        deadline = time.monotonic() + 30
        while not self.rows(sql, *args):
            self.assertLess(time.monotonic(), deadline, f"waited in vain for {what}")
            time.sleep(0.02)

    def test_3_real_time_shows(self):
        """The project of the seed data that has real-time sync (test_webhooks.py: without any polling)."""
        project = next(p for p in load("projects.json")["projects"] if (p["connection"] or {}).get("real_time"))
        bic = next(p for p in self.access()["people"] if p["name"] == project["connection"]["bics"][0])
        self.until("the hook at Procore", "SELECT 1 FROM webhook AS w JOIN connection AS c ON c.id = w.connection_id"
                   " WHERE c.npc_project_id = ? AND w.state = 'active'", project["npc"]["id"])
        rfi = Client(self.access()["ca_file"]).json("POST", self.access()["control"]["procore"] + "/create_rfi", {
            "project": project["procore"]["id"], "subject": "Shown at once", "question": "When?",
            "assignees": [bic["procore_login"]]})["id"]
        start = time.monotonic()
        self.until("the RFI in Project Center", "SELECT 1 FROM item WHERE procore_id = ? AND npc_id IS NOT NULL", rfi)
        self.until("its event", "SELECT 1 FROM hook_event WHERE resource_id = ? AND event = 'create'", rfi)
        print(f"the RFI was in Project Center after {time.monotonic() - start:.1f} s", file=sys.stderr)

    def test_4_stop_is_clean_and_the_second_start_quick(self):
        pid = self.pid()
        stopped = self.run_demo("stop")
        self.assertIn("is stopped", stopped.stdout)
        self.assertFalse(harness.alive(pid))
        self.assertEqual(self.run_demo("status").returncode, 3)
        start = time.monotonic()
        second = self.run_demo("start")
        took = time.monotonic() - start
        self.assertEqual(second.returncode, 0, second.stderr)
        if not os.environ.get("CW_BUILD", "").endswith("asan"):  # sanitizers slow every start
            self.assertLess(took, SECOND_START_S)
        self.assertEqual(self.open_portal().status, 200)

    def test_5_what_was_built_anew_is_started_again(self):
        pid = self.pid()
        os.utime(os.path.join(self.folder.name, "access.json"), (0, 0))
        again = self.run_demo("start")
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertIn("starting them again", again.stdout)
        self.assertNotEqual(self.pid(), pid)
        self.assertEqual(self.open_portal().status, 200)

    def test_6_data_of_another_version_is_made_anew(self):
        mark = "SELECT 1 FROM person WHERE user_name = 'of-before'"
        db = sqlite3.connect(os.path.join(self.folder.name, "rig", "state", "connectorweb.db"))
        with db:
            db.execute("INSERT INTO person (user_name, name, mail, created_at) VALUES ('of-before', '', '', 1)")
        db.close()
        self.run_demo("stop")
        self.run_demo("start")
        self.assertTrue(self.rows(mark), "the same version keeps its data")
        self.run_demo("stop")
        with open(os.path.join(self.folder.name, "rig", "seeded"), "w", encoding="utf-8") as f:
            f.write("another\n")
        ca = os.stat(self.access()["ca_file"]).st_mtime
        again = self.run_demo("start")
        self.assertIn("starting from nothing", again.stdout)
        self.assertFalse(self.rows(mark))
        self.assertEqual(os.stat(self.access()["ca_file"]).st_mtime, ca)
        self.assertEqual(self.open_portal().status, 200)

    def test_7_its_files_are_the_owners_alone(self):
        for name, mode in (("rig", 0o700), ("access.json", 0o600), ("demo.log", 0o600)):
            self.assertEqual(os.stat(os.path.join(self.folder.name, name)).st_mode & 0o777, mode, name)


if __name__ == "__main__":
    harness.main()
