#!/usr/bin/python3
"""The benchmark of webhooks is itself right: a short run that checks all it measures. Times are not judged here."""
import os
import subprocess
import unittest

import harness


class HookBench(unittest.TestCase):
    def test_short_run(self):
        build = os.environ.get("CW_BUILD", os.path.join(harness.TOP, "build"))
        run = subprocess.run(["/usr/bin/python3", os.path.join(harness.TOP, "tests", "bench", "hook.py"), "--short", "--build",
                              build], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)
        self.assertEqual(run.returncode, 0, run.stdout)
        for words in ("new  , 1 at once", "known, 8 at once", "99 %", "times a trivial FastCGI answer", "transactions of another"):
            self.assertIn(words, run.stdout)


if __name__ == "__main__":
    harness.main()
