#!/usr/bin/python3
"""The benchmark of tokens and mails is itself right: a short run that checks all it measures."""
import os
import subprocess
import sys
import unittest

import harness


class LifeBench(unittest.TestCase):
    def test_short_run(self):
        build = os.environ.get("CW_BUILD", os.path.join(harness.TOP, "build"))
        run = subprocess.run([sys.executable, os.path.join(harness.TOP, "tests", "bench", "life.py"), "--short", "--build",
                              build], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300,
                             check=False)
        self.assertEqual(run.returncode, 0, run.stdout)
        for words in ("token commits:", "ratio", "one account revoked", "revoked at once", "checked: 14 accounts"):
            self.assertIn(words, run.stdout)


if __name__ == "__main__":
    harness.main()
