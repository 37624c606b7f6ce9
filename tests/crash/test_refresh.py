#!/usr/bin/python3
"""The worker ended at each of its commits while it renews a token: afterwards the same database and the same
calls to Procore as if nothing had happened, except when Procore's answer died with it; then its person is told.

Procore is a small server here, with single-use refresh tokens as the real one has."""
import http.server
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.parse

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, "tests", "integ")]

import harness  # noqa: E402  (the path above comes first)
from site_small import Site  # noqa: E402

LIFE_S = 5400
DAY_S = 86400
STOPPED = 99
LOGIN = "sam@procore.example"


class Procore(http.server.ThreadingHTTPServer):
    """Token endpoint and /me. One refresh token is good at a time, once."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.Lock()
        self.kill = None  # called instead of answering a refresh that was accepted
        self.hold = None  # called before answering one
        self.reset()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def reset(self):
        self.count = 1
        self.kill = self.hold = None
        self.calls = []  # (path, what came of it)

    def tokens(self):
        return {"access_token": f"access-{self.count}", "refresh_token": f"refresh-{self.count}",
                "expires_in": LIFE_S, "token_type": "Bearer"}


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        with self.server.lock:
            good = form["refresh_token"] == [f"refresh-{self.server.count}"]
            self.server.calls.append((self.path, "renewed" if good else "refused"))
            if good:
                self.server.count += 1
            answer = self.server.tokens()
            kill, self.server.kill = self.server.kill, None
            hold, self.server.hold = self.server.hold, None
        if hold:
            hold()
        if kill:
            kill()
            self.close_connection = True
        elif good:
            self.answer(200, answer)
        else:
            self.answer(401, {"error": "invalid_grant", "error_description": "used before"})

    def do_GET(self):
        good = self.headers["Authorization"] == f"Bearer access-{self.server.count}"
        self.server.calls.append((self.path, "known" if good else "unknown"))
        self.answer(200 if good else 401, {"id": 77, "login": LOGIN, "name": None} if good else {})


class RefreshCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory(prefix="cw-crash-")
        cls.fresh = os.path.join(cls.scratch.name, "fresh")
        cls.procore = Procore()
        cls.site = Site(os.path.join(cls.scratch.name, "now"), f"http://127.0.0.1:{cls.procore.server_address[1]}")
        cls.site.init()
        cls.site.sign_in(LOGIN, cls.procore.tokens())
        # An account without a project is proved once a day: one renewal, one /me.
        cls.site.move_clock(DAY_S + 60)
        cls.site.copy_to(cls.fresh)

    @classmethod
    def tearDownClass(cls):
        cls.procore.shutdown()
        cls.procore.server_close()
        cls.scratch.cleanup()

    def setUp(self):
        self.site.copy_from(self.fresh, DAY_S + 60)
        self.procore.reset()

    def once(self):
        return self.site.worker("--once")

    def rows(self, sql):
        return self.site.rows(sql)

    def state(self):
        """All that must come out the same, whatever was interrupted: not times, not the trail of tries."""
        return {
            "account": self.rows("SELECT id, state, cause, cause_text, generation FROM account"),
            "token": self.rows("SELECT account_id, generation FROM token"),
            "lease": self.rows("SELECT * FROM token_lease"),
            "open": self.rows("SELECT * FROM token_journal WHERE state = 'intent'"),
            "done": self.rows("SELECT count(*) FROM token_journal WHERE state = 'done'"),
            "incident": self.rows("SELECT subject, subject_id, cause, closed_at IS NULL FROM incident"),
            "mail": self.rows("SELECT kind, to_address, state FROM mail"),
            "job": self.rows("SELECT kind, ref, owner, error FROM job ORDER BY kind, ref"),
            "unsealed": self.rows("SELECT count(*) FROM audit WHERE mac IS NULL"),
            "person": self.rows("SELECT user_name, global_admin FROM person"),
        }

    def settle(self):
        """Start again until all is done: leases end after 50 s, the gap after a lost answer is 30 s."""
        for _ in range(4):
            self.once()
            self.site.move_clock(60)
        self.once()

    def check_trail(self):
        self.assertIn("0 not sealed yet", self.site.ctl("audit", "verify").stdout)

    def test_each_commit(self):
        self.once()
        whole, calls = self.state(), list(self.procore.calls)
        self.assertEqual(calls, [("/oauth/token", "renewed"), ("/rest/v1.0/me", "known")])
        self.assertEqual(whole["account"], [(1, "ok", "none", "", 2)])
        n = 0
        while True:
            n += 1
            self.setUp()
            ended = self.site.worker("--stop-at-commit", str(n), status=None).returncode
            if ended == 0:
                break
            with self.subTest(commit=n):
                self.assertEqual(ended, STOPPED)
                self.settle()
                self.assertEqual(self.state(), whole)
                # Nothing that has an effect is done twice. /me may be asked again; and where the renewal was the
                # last that was done it is not asked, because a renewal is a proof too.
                self.assertEqual([c for c in self.procore.calls if c[0] == "/oauth/token"], calls[:1])
                self.assertLessEqual(set(self.procore.calls[1:]), set(calls[1:]))
                self.check_trail()
                seen = list(self.procore.calls)
                self.once()
                self.assertEqual((self.state(), self.procore.calls), (whole, seen))
        # Intent and result of the renewal, the trail's seal, and a claim and an end for each job.
        self.assertGreater(n, 15)
        print(f"ended at each of {n - 1} commits", file=sys.stderr)

    def test_answer_dies_with_the_process(self):
        """Killed between Procore's answer and our commit: the pair is lost, and nobody is to blame."""
        worker = subprocess.Popen(self.site.argv("connectord", "--once"), stderr=subprocess.DEVNULL)
        self.procore.kill = worker.kill
        self.assertEqual(worker.wait(60), -signal.SIGKILL)
        self.assertEqual(self.procore.calls, [("/oauth/token", "renewed")])
        self.assertEqual(self.state()["account"], [(1, "ok", "none", "", 1)])
        self.settle()
        state = self.state()
        self.assertEqual(self.procore.calls, [("/oauth/token", "renewed"), ("/oauth/token", "refused")])
        (_, word, cause, text, _), = state["account"]
        self.assertEqual((word, cause), ("lost", "sign_in_lost"))
        self.assertIn("nobody did anything wrong", text)
        # No project needs this account: nobody is written to or reminded.
        self.assertEqual(state["incident"], [("account", "1", "sign_in_lost", 0)])
        self.assertEqual(state["mail"], [("lost", "sam@firm.example", "dropped")])
        self.assertEqual(state["token"], [])
        # A dead pair is not tried again.
        self.site.move_clock(3 * DAY_S)
        self.once()
        self.assertEqual(len(self.procore.calls), 2)

    def test_ended_before_the_call(self):
        """The answer to nothing cannot be lost: what was only intended is done by the next start."""
        commits = 0
        while True:
            commits += 1
            self.setUp()
            self.site.worker("--stop-at-commit", str(commits), status=STOPPED)
            if self.state()["open"]:
                break
        self.assertEqual(self.procore.calls, [])
        self.settle()
        self.assertEqual(self.state()["account"], [(1, "ok", "none", "", 2)])
        self.assertEqual(self.state()["incident"], [])


if __name__ == "__main__":
    harness.main()
