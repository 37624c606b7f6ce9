#!/usr/bin/python3
"""Files through the real worker, both ways, in little: what arrives is right, memory stays flat (less than 8 MB more
for 64 MB than for 2 MB), and the benchmark prints what it promises."""
import os
import re
import subprocess
import sys
import unittest

import harness

ROW = re.compile(r"^(?P<what>.+?) +[\d.]+ s +[\d.]+ files/s +(?P<mbs>[\d.]+) MB/s +bare +[\d.]+ s +[\d.]+ MB/s +ratio +[\d.]+$",
                 re.M)


def sanitized(build):
    with open(os.path.join(build, "worker", "connectord"), "rb") as f:
        return b"__asan_init" in f.read()


class FilesBench(unittest.TestCase):
    def test_short_run(self):
        build = os.environ.get("CW_BUILD", os.path.join(harness.TOP, "build"))
        plain = not sanitized(build)
        sizes = ["--short"] if plain else ["--mb", "16", "--files", "5"]
        run = subprocess.run([sys.executable, os.path.join(harness.TOP, "tests", "bench", "files.py"), "--build", build,
                              *sizes], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300,
                             check=False)
        self.assertEqual(run.returncode, 0, run.stdout)
        rows = {m["what"]: float(m["mbs"]) for m in ROW.finditer(run.stdout)}
        self.assertEqual(len(rows), 6, run.stdout)
        self.assertTrue(all(v > 0 for v in rows.values()), run.stdout)
        self.assertRegex(run.stdout, r"peak memory \(VmHWM\) of the worker: \d+ KiB .* ratio \d\.\d\d, growth")
        self.assertEqual("not judged" in run.stdout, not plain)


if __name__ == "__main__":
    harness.main()
