"""Shared by the integration tests: finds the rig, runs a file's test cases, prints `N passed, N failed`.

A test file defines unittest cases and ends with `harness.main()`. CW_BUILD names the build directory.
"""
import os
import sys
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "sandbox", "rig"))

from rig import Rig  # noqa: E402  (the path above comes first)

ECHO = os.path.join(TOP, "tests", "tools", "fcgi_echo.py")


def make_static(folder):
    """Static files of our own, so that a front's test does not depend on what the pages use today."""
    path = os.path.join(folder, "static")
    os.makedirs(path, exist_ok=True)
    for name in ("style-0123456789abcdef.css", "plain.css"):
        with open(os.path.join(path, name), "w", encoding="utf-8") as f:
            f.write("body { color: black }\n")
    return path


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
        cls.folder.cleanup()
        if killed:
            raise AssertionError("had to be killed at the end: " + ", ".join(killed))


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
