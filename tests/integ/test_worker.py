#!/usr/bin/python3
"""connectord as a service: what stops it at the start, its processes, its end."""
import os
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import harness
from layout import write
from site_small import Site

WAIT_S = 30


class WorkerCase(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory(prefix="cw-worker-")
        self.site = Site(os.path.join(self.scratch.name, "site"), "http://127.0.0.1:9", worker_processes="3")
        self.site.init()
        self.running = None

    def tearDown(self):
        if self.running:
            self.running.kill()
            self.running.wait()
            self.running.stderr.close()
        self.scratch.cleanup()

    def start(self):
        self.running = subprocess.Popen(self.site.argv("connectord"), stderr=subprocess.PIPE, text=True)
        self.until("the first steps", lambda: self.site.rows("SELECT 1 FROM audit WHERE mac IS NOT NULL"))
        return self.running

    def until(self, what, condition):
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            value = condition()
            if value:
                return value
            time.sleep(0.02)
        raise AssertionError(f"waited in vain for: {what}")

    def end(self, sig=signal.SIGTERM):
        """End it; (exit status, its log)."""
        self.running.send_signal(sig)
        log = self.running.stderr.read()
        status = self.running.wait(WAIT_S)
        self.running.stderr.close()
        self.running = None
        return status, log

    def children(self):
        path = f"/proc/{self.running.pid}/task/{self.running.pid}/children"
        with open(path, encoding="ascii") as f:
            return [int(p) for p in f.read().split()]

    def refused(self, status, *words):
        """It does not start, says why, and has touched nothing."""
        tables = ("job", "audit", "seal_key", "account")
        before = [self.site.rows(f"SELECT * FROM {t}") for t in tables]
        for args in ((), ("--check",)):
            r = self.site.worker(*args, status=status)
            for word in words:
                self.assertIn(word, r.stderr)
        self.assertFalse(os.path.exists(self.site.path("wake.sock")))
        self.assertEqual([self.site.rows(f"SELECT * FROM {t}") for t in tables], before)

    # ---- start

    def test_check(self):
        self.assertIn("ready to start", self.site.worker("--check").stdout)
        self.assertEqual(self.site.rows("SELECT count(*) FROM job"), [(0,)])

    def test_configuration(self):
        self.site.write_config(procore_client_id=None)
        self.refused(78, "connectorweb.conf", "procore_client_id: is missing")
        os.unlink(self.site.config)
        self.assertIn("No such file", self.site.worker(status=78).stderr)

    def test_missing_secret(self):
        os.unlink(self.site.path("client_secret"))
        self.refused(78, "procore_client_secret_file", "No such file")

    def test_missing_key(self):
        os.rename(self.site.path("keys", "private"), self.site.path("away"))
        self.refused(78, "seal_private_key_file")

    def test_wrong_key(self):
        os.rename(self.site.path("keys", "writer"), self.site.path("keys", "private"))
        self.refused(78, "is not the one that tokens are sealed for", "Nothing was changed")

    def test_another_schema(self):
        self.site.change("PRAGMA user_version = 99")
        self.refused(1, "schema version 99")

    def test_no_database(self):
        os.unlink(self.site.path("x.db"))
        self.assertIn("connectorctl init", self.site.worker(status=1).stderr)

    def test_damaged_database(self):
        for name in ("x.db-wal", "x.db-shm"):
            os.unlink(self.site.path(name))
        write(self.site.path("x.db"), "this is no database, whatever its name says" * 100)
        self.assertIn("x.db", self.site.worker(status=1).stderr)

    def test_missing_templates(self):
        self.site.write_config(template_dir=self.site.dir)
        self.assertIn("template", self.site.worker("--check", status=1).stderr)

    def test_usage(self):
        self.assertIn("usage:", self.site.worker("--nonsense", status=2).stderr)
        self.assertIn("usage:", self.site.worker("--stop-at-commit", "0", status=2).stderr)
        self.assertIn("usage:", self.site.worker("word", status=2).stderr)
        self.assertIn("connectord", self.site.worker("--version").stdout)

    # ---- life

    def test_one_daemon_a_database(self):
        self.start()
        self.assertIn("another connectord", self.site.worker(status=1).stderr)
        self.assertEqual(len(self.children()), 3)
        self.assertEqual(self.end()[0], 0)

    def test_ends_in_good_order(self):
        self.start()
        children = self.children()
        status, log = self.end()
        self.assertEqual(status, 0)
        self.assertIn("stopped", log)
        self.assertNotIn("worker_died", log)
        for pid in children:
            self.assertFalse(os.path.exists(f"/proc/{pid}"))
        self.assertFalse(os.path.exists(self.site.path("wake.sock")))
        self.assertEqual(self.site.rows("SELECT count(*) FROM job WHERE owner <> ''"), [(0,)])

    def test_killed_process_gives_its_work_back(self):
        self.start()
        victim = self.children()[0]
        self.site.change("INSERT INTO job (kind, ref, priority, due_at, owner, lease_until_at, created_at) "
                         "VALUES ('choices', 1, 90, 0, ?, ?, 0)", f"{victim}.test", int(time.time()) + 9999)
        os.kill(victim, signal.SIGKILL)
        # Taken up by another: a connection that does not exist makes it fail in sight.
        self.until("the work of the dead process", lambda: self.site.rows(
            "SELECT 1 FROM job WHERE kind = 'choices' AND tries > 0") or not self.site.rows(
                "SELECT 1 FROM job WHERE kind = 'choices'"))
        self.until("its successor", lambda: len(self.children()) == 3 and victim not in self.children())
        status, log = self.end()
        self.assertEqual(status, 0)
        self.assertIn(f"worker_died pid={victim} signal=9", log)

    def test_killed_daemon(self):
        """All at once: the next start takes up what was leased, without waiting for the leases' end."""
        self.start()
        self.site.change("INSERT INTO job (kind, ref, priority, due_at, owner, lease_until_at, created_at) "
                         "VALUES ('choices', 1, 90, 0, '1.gone', ?, 0)", int(time.time()) + 9999)
        self.assertEqual(self.end(signal.SIGKILL)[0], -signal.SIGKILL)
        # Its children end by themselves and then free the lock.
        self.until("a start", lambda: self.site.worker("--once", status=None).returncode == 0)
        self.assertEqual(self.site.rows("SELECT count(*) FROM job WHERE owner <> ''"), [(0,)])

    def test_schema_changes_under_way(self):
        self.start()
        self.site.change("PRAGMA user_version = 99")
        log = self.running.stderr.read()
        self.assertEqual(self.running.wait(WAIT_S), 75)
        self.assertIn("schema_changed", log)

    def test_woken_at_once(self):
        self.start()
        quick = 0
        for i in range(5):
            self.site.change("INSERT INTO job (kind, ref, priority, due_at, created_at) VALUES ('choices', ?, 10, 0, 0)",
                             i + 1)
            began = time.monotonic()
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
                s.sendto(b"w", self.site.path("wake.sock"))
            self.until("the step", lambda n=i + 1: not self.site.rows(
                "SELECT 1 FROM job WHERE kind = 'choices' AND ref = ? AND tries = 0", n))
            quick += time.monotonic() - began < 1.0
        # By itself it looks every two seconds.
        self.assertGreaterEqual(quick, 3)
        self.assertEqual(self.end()[0], 0)


if __name__ == "__main__":
    harness.main()
