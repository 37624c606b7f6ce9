"""The steps of ./check: run them in order, keep their output in build-check/logs/, count the test cases.

A step that cannot run is a failure; nothing is skipped. Counts are real cases: cmocka's and the scripts' own
(tests/tools/counts.py); a script that does not count is one case.
"""
import glob
import os
import shlex
import signal
import subprocess
import sys
import time

import counts

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LOGS = os.path.join(TOP, "build-check", "logs")
JOBS = f"-j{os.cpu_count() or 1}"
ASAN = {"CW_BUILD": os.path.join(TOP, "build-asan"), "UBSAN_OPTIONS": "print_stacktrace=1"}
LIMIT_S = 600  # for one command


class Run:
    """What came of one step."""

    def __init__(self, name):
        self.name = name
        self.passed = 0
        self.failed = 0
        self.notes = []

    def add(self, passed, failed, note=""):
        self.passed += passed
        self.failed += failed
        if failed and note:
            self.notes.append(note)


def call(run, label, argv, cwd=TOP, env=None):
    """Run one command; (exit status, its output). Everything it said is in logs/STEP-LABEL.log."""
    path = os.path.join(LOGS, f"{run.name}-{label}.log")
    with open(path, "w+", encoding="utf-8", errors="replace") as log:
        log.write("$ " + shlex.join(argv) + "\n")
        log.flush()
        child = subprocess.Popen(argv, cwd=cwd, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL,
                                 stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            status = child.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            log.write(f"\nended after {LIMIT_S} s\n")
            status = 124
        try:
            os.killpg(child.pid, signal.SIGKILL)  # whatever it left behind
        except ProcessLookupError:
            pass
        child.wait()
        log.seek(0)
        return status, log.read()


def must(run, label, argv, cwd=TOP, env=None):
    """One command that is one case."""
    status, text = call(run, label, argv, cwd, env)
    if status == 0:
        run.add(1, 0)
        return True
    tail = "\n".join(text.splitlines()[-15:])
    run.add(0, 1, f"{label}: {shlex.join(argv)} ended with {status}\n{tail}")
    return False


def build(run, folder, *options, env=None):
    """Configure and make in a folder of its own; False when that failed."""
    path = os.path.join(TOP, folder)
    os.makedirs(path, exist_ok=True)
    if not os.path.exists(os.path.join(TOP, "configure")) or newer("configure.ac", "configure") or \
            newer("Makefile.am", "Makefile.in"):
        if not must(run, "autoreconf", ["autoreconf", "-i"]):
            return False
    if not os.path.exists(os.path.join(path, "Makefile")):
        argv = ["../configure", "-q", "--enable-werror", *options]
        if not must(run, "configure", argv, path, env):
            return False
    return must(run, "make", ["make", "-k", JOBS, "all"], path)


def newer(a, b):
    return os.path.getmtime(os.path.join(TOP, a)) > os.path.getmtime(os.path.join(TOP, b))


def make_check(run, folder):
    """make check, counted from the logs of the single tests."""
    path = os.path.join(TOP, folder)
    for old in glob.glob(os.path.join(path, "**", "*.trs"), recursive=True):
        os.unlink(old)
    status, text = call(run, "make-check", ["make", "-k", JOBS, "check"], path)
    results = counts.automake(path)
    for name, passed, failed, note in results:
        run.add(passed, failed, f"{name}\n{note}")
    if not results or (status != 0 and run.failed == 0):
        tail = "\n".join(text.splitlines()[-15:])
        run.add(0, 1, f"make check ended with {status}\n{tail}")


def scripts(run, pattern, command, env=None):
    """Every test file that matches, one after the other."""
    found = sorted(glob.glob(os.path.join(TOP, pattern)))
    if not found:
        run.add(0, 1, f"no test matches {pattern}")
    for path in found:
        name = os.path.basename(path)
        status, text = call(run, name, [*command, path], env=env)
        passed, failed = counts.script(text, status)
        run.add(passed, failed, f"{name} (status {status})\n" + counts.interesting(text))


def some(run, path, args, env):
    """A part of a long test."""
    name = os.path.basename(path)
    status, text = call(run, name, ["/usr/bin/python3", os.path.join(TOP, path), *args], env=env)
    passed, failed = counts.script(text, status)
    run.add(passed, failed, f"{name} (status {status})\n" + counts.interesting(text))


# ---- steps

def step_gcc(run):
    if build(run, "build-check"):
        make_check(run, "build-check")


def step_integ(run):
    for pattern in ("tests/integ/test_*.py", "tests/crash/test_*.py"):
        scripts(run, pattern, ["/usr/bin/python3"], {"CW_BUILD": os.path.join(TOP, "build-check")})


def step_cases(run):
    """The table of cases: what contractor and architect do, and what must be seen on all three sides."""
    scripts(run, "tests/cases/test_*.py", ["/usr/bin/python3"], {"CW_BUILD": os.path.join(TOP, "build-check")})


def step_model(run):
    """The worker dead at every commit, and random days of work: the short sets."""
    for path in ("tests/crash/campaign.py", "tests/crash/connection.py", "tests/model/random_model.py"):
        scripts(run, path, ["/usr/bin/python3"], {"CW_BUILD": os.path.join(TOP, "build-check")})


def step_clang(run):
    build(run, "build-clang", "CC=clang")


def step_asan(run):
    if build(run, "build-asan", "--enable-sanitize"):
        make_check(run, "build-asan")
        for pattern in ("tests/integ/test_*.py", "tests/crash/test_*.py"):
            scripts(run, pattern, ["/usr/bin/python3"], ASAN)
        some(run, "tests/crash/campaign.py", ["lost_create"], ASAN)
        some(run, "tests/model/random_model.py", ["--sequences", "4"], ASAN)


def step_e2e(run):
    e2e = os.path.join(TOP, "tests", "e2e")
    with open(os.path.join(e2e, "package-lock.json"), encoding="utf-8") as f:
        if '"resolved"' in f.read():
            run.add(0, 1, "tests/e2e/package-lock.json names a registry; .npmrc should keep that out")
    if not os.path.exists(os.path.join(e2e, "node_modules", ".package-lock.json")) or \
            newer("tests/e2e/package-lock.json", "tests/e2e/node_modules/.package-lock.json"):
        if not must(run, "npm-ci", ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], e2e):
            return
    scripts(run, "tests/e2e/test_*.py", ["/usr/bin/python3"], {"CW_BUILD": os.path.join(TOP, "build-check")})


STEPS = {"gcc": step_gcc, "clang": step_clang, "integ": step_integ, "cases": step_cases,
         "model": step_model, "asan": step_asan, "e2e": step_e2e}


def main():
    if sys.argv[1:] == ["--list"]:
        print("\n".join(STEPS))
        return
    names = sys.argv[1:] or list(STEPS)
    unknown = [n for n in names if n not in STEPS]
    if unknown:
        sys.exit(f"unknown step {unknown[0]}; there are: {', '.join(STEPS)}")
    os.makedirs(LOGS, exist_ok=True)
    runs = []
    for name in names:
        start = time.monotonic()
        run = Run(name)
        try:
            STEPS[name](run)
        except Exception as e:  # a broken step must not hide the others
            run.add(0, 1, f"{type(e).__name__}: {e}")
        runs.append(run)
        print(f"{name:6} {run.passed:5} passed {run.failed:4} failed  {time.monotonic() - start:6.1f} s", flush=True)
        for note in run.notes:
            print("    " + note.replace("\n", "\n    "), flush=True)
    passed, failed = sum(r.passed for r in runs), sum(r.failed for r in runs)
    if failed:
        print(f"Logs: {LOGS}")
    print(f"{passed} passed, {failed} failed", flush=True)
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
