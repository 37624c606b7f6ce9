"""Shared by the integration tests: finds the rig, runs a file's test cases, prints `N passed, N failed`.

A test file defines unittest cases and ends with `harness.main()`. CW_BUILD names the build directory.
"""
import base64
import glob
import os
import re
import sys
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, "sandbox", "rig"), os.path.join(TOP, "tests", "tools")]

import counts as counting  # noqa: E402  (the paths above come first)
import seed  # noqa: E402
from rig import Rig, load  # noqa: E402

ECHO = os.path.join(TOP, "tests", "tools", "fcgi_echo.py")


def make_static(folder):
    """Static files of our own, so that a front's test does not depend on what the pages use today."""
    path = os.path.join(folder, "static")
    os.makedirs(path, exist_ok=True)
    os.makedirs(os.path.join(path, "0123456789abcdef"), exist_ok=True)
    for name in ("0123456789abcdef/style.css", "plain.css"):
        with open(os.path.join(path, name), "w", encoding="utf-8") as f:
            f.write("body { color: black }\n")
    return path


counts = counting.script

SANITIZER = re.compile(r"ERROR: (?:Address|Leak|Memory)Sanitizer|runtime error:|SUMMARY: \w+Sanitizer")


def planted_secrets():
    """What must be found in no log: every password and key of the seed data, as they are and as Basic sends them."""
    firm = load("firm.json")
    words = [firm["procore_app"]["client_secret"], *(k["secret"] for k in firm["npc"]["access_keys"])]
    for person in load("people.json")["people"]:
        words.append(person["password"])
        words.append(base64.b64encode(f"{person['user']}:{person['password']}".encode()).decode())
        if person["procore"]:
            words.append(person["procore"]["password"])
    return words


def log_findings(rig):
    """Lines of the logs that hold a planted secret or a sanitizer's report."""
    secrets = re.compile("|".join(map(re.escape, planted_secrets())))
    out = []
    for path in glob.glob(os.path.join(rig.lay.log, "*")):
        with open(path, encoding="utf-8", errors="replace") as f:
            for line in f:
                if secrets.search(line):
                    out.append(f"{os.path.basename(path)}: a planted secret: {line.rstrip()}")
                elif SANITIZER.search(line):
                    out.append(f"{os.path.basename(path)}: {line.rstrip()}")
    return out


def alive(pid):
    """Whether a process runs (one that has ended and waits for its parent does not)."""
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


class RigCase(unittest.TestCase):
    """Test cases that share one rig; subclasses say how it is made."""

    options = {}
    own_static = False

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="cw-integ-")
        more = {"static_dir": make_static(cls.folder.name)} if cls.own_static else {}
        cls.rig = Rig(os.path.join(cls.folder.name, "rig"), **cls.options, **more)
        try:
            cls.rig.start()
        except BaseException:
            cls.rig.stop()
            cls.folder.cleanup()
            raise

    @classmethod
    def tearDownClass(cls):
        killed = cls.rig.stop()
        found = log_findings(cls.rig)
        cls.folder.cleanup()
        if killed:
            raise AssertionError("had to be killed at the end: " + ", ".join(killed))
        if found:
            raise AssertionError("in the logs:\n" + "\n".join(found[:20]))


class SeededCase(RigCase):
    """The same over a rig that is filled like the demo: people, projects, sign-ins, troubles."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        try:
            seed.run(cls.rig, True, lambda text: print("seed:", text, file=sys.stderr))
        except BaseException:
            for part in ("callback", "edit", "procore"):
                print(f"--- end of {part}.log\n{cls.rig.log_tail(part)}", file=sys.stderr)
            cls.tearDownClass()
            raise


    def checked(self, client, response, seconds=30):
        """The page of a login under check, refreshed as its link says until the worker is done."""
        def done():
            nonlocal response
            if "Being checked" not in response.page().text:
                return True
            response = client.get(response.page().link("Refresh"))
            return False
        self.rig.wait_for("the check of a login", done, seconds)
        return response.page()


class SignInCase(SeededCase):
    """The same for tests of sign-ins at Procore."""

    def account(self, login):
        with self.rig.db() as db:
            return dict(db.execute("SELECT * FROM account WHERE login_folded = ?", (login.lower(),)).fetchone())

    def start(self, user, client=None):
        """Press Reconnect on the page behind the mail's link; (client, Procore's first page, login, password)."""
        procore = self.rig.person(user)["procore"]
        client = client or self.rig.client(user)
        page = client.get(self.rig.portal("/Projects/reconnect?account=" + seed.account_id(self.rig, procore["login"])))
        return client, seed.press_reconnect(client, page), procore["login"], procore["password"]

    @staticmethod
    def callback_url(client):
        return next(u for u in reversed(client.trail) if "/oauth/callback?" in u)

    def assertUnchanged(self, before):
        after = self.account(before["login"])
        for key in ("state", "cause", "generation", "procore_user_id"):
            self.assertEqual(after[key], before[key], key)


class _Count(unittest.TextTestResult):
    passed = 0

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1


def main():
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    result = unittest.TextTestRunner(verbosity=2, resultclass=_Count).run(suite)
    bad = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses) + len(result.skipped)
    print(f"{result.passed} passed, {bad} failed", flush=True)
    sys.exit(1 if bad or not result.passed else 0)
