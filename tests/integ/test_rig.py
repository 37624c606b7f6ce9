#!/usr/bin/python3
"""The supervisor behind ./demo and the tests: restarts, stops, leaves nothing behind."""
import os
import tempfile
import time
import unittest

import harness
import supervise
from client import Page
from supervise import Spec, Supervisor, listen_unix

SLEEP = ["/bin/sleep", "1000"]
STUBBORN = ["/bin/sh", "-c", "trap '' TERM; sleep 1000 & echo child $! >&2; while :; do wait; done"]


class Supervision(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="cw-sup-")
        self.addCleanup(self.folder.cleanup)
        self.said = []
        self.sup = Supervisor(self.folder.name, self.said.append)
        self.running = True
        self.addCleanup(self.stop)

    def stop(self):
        if self.running:
            self.running = False
            return self.sup.stop()
        return []

    def wait(self, what, condition):
        deadline = time.monotonic() + 10
        while not condition():
            self.assertLess(time.monotonic(), deadline, "waited in vain for " + what)
            time.sleep(0.02)

    def test_killed_one_is_started_again_and_said(self):
        self.sup.add(Spec("sleeper", SLEEP, 2))
        before = self.sup.pids("sleeper")
        self.assertEqual(len(before), 2)
        self.sup.kill("sleeper", 1)
        self.wait("a new process", lambda: len(set(self.sup.pids("sleeper")) - set(before)) == 1)
        self.assertIn(before[0], self.sup.pids("sleeper"))
        self.assertIn("sleeper[1] ended with signal 9", self.said[0])

    def test_failing_one_is_started_ever_less_often(self):
        self.sup.add(Spec("broken", ["/bin/sh", "-c", "echo no luck >&2; exit 3"]))
        self.wait("three ends", lambda: len(self.said) >= 3)
        for text, pause in zip(self.said, ("0.2 s", "0.4 s", "0.8 s")):
            self.assertIn("broken ended with status 3", text)
            self.assertIn("again in " + pause, text)
        with open(self.sup.log_path("broken"), encoding="utf-8") as f:
            self.assertIn("no luck", f.read())

    def test_held_one_stays_away(self):
        self.sup.add(Spec("sleeper", SLEEP))
        self.assertTrue(self.sup.hold("sleeper"))
        self.assertEqual((self.sup.pids("sleeper"), self.said), ([], []))
        self.sup.release("sleeper")
        self.assertEqual(len(self.sup.pids("sleeper")), 1)

    def test_stop_is_quick_and_leaves_nothing(self):
        self.sup.add(Spec("sleeper", SLEEP, 3))
        pids = self.sup.pids("sleeper")
        start = time.monotonic()
        self.assertEqual(self.stop(), [])
        self.assertLess(time.monotonic() - start, 2)
        self.assertEqual([p for p in pids if harness.alive(p)], [])

    def test_stubborn_one_is_killed_with_its_children(self):
        self.sup.add(Spec("stubborn", STUBBORN))
        path = self.sup.log_path("stubborn")

        def child():
            with open(path, encoding="utf-8") as f:
                words = f.read().split()
            return int(words[1]) if len(words) >= 2 else 0

        self.wait("its child", child)
        pids = [child(), *self.sup.pids("stubborn")]
        patience, supervise.STOP_S = supervise.STOP_S, 0.5
        try:
            self.assertEqual(self.stop(), ["stubborn"])
        finally:
            supervise.STOP_S = patience
        self.wait("their end", lambda: not [p for p in pids if harness.alive(p)])

    def test_instances_share_one_socket(self):
        path = os.path.join(self.folder.name, "s.sock")
        sock = listen_unix(path)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        self.sup.add(Spec("echo", [harness.ECHO, "echo"], 3, sock))
        self.assertEqual(len(self.sup.pids("echo")), 3)


class Reading(unittest.TestCase):
    """What the client understands of a page."""

    PAGE = ('<form method="post" action="/a"><input type="hidden" name="csrf" value="t&amp;u"><input name="who">'
            '<input type="checkbox" name="c"><input type="checkbox" name="d" value="1" checked>'
            '<select name="s"><option value="1">One</option><option value="2" selected>Two</option></select>'
            '<textarea name="x">long</textarea><button name="go" value="1">Press <b>me</b></button></form>'
            '<p>Some <a href="/b?c=1&amp;d=2">link here</a></p>')

    def test_forms_and_links(self):
        page = Page(self.PAGE, "https://portal.localhost/p")
        form = page.form_with("csrf", button="press me")
        self.assertEqual((form.method, form.action), ("post", "/a"))
        self.assertEqual(form.fields, [("csrf", "t&u"), ("who", ""), ("d", "1"), ("s", "2"), ("x", "long")])
        self.assertEqual(page.link("link"), "https://portal.localhost/b?c=1&d=2")
        self.assertIsNone(page.form_with("nothing"))
        self.assertIn("Some link here", page.text)


if __name__ == "__main__":
    harness.main()
