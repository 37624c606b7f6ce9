#!/usr/bin/python3
"""Benchmark of webhooks: how long `hook` takes to answer, beside a FastCGI program that says ok and keeps nothing.

The program is the real one, one instance as installed, on a database with its commits on the disk; a second process
writes to the same database all the while, as the worker does. Every run also checks what it measures: each delivery
answered 200, stored once, one wish for the project.
"""
import argparse
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, "sandbox", "rig"), os.path.join(TOP, "tests", "tools")]
PROMISE_MS = 50  # issue 4: an answer within that
COMPANY, PROJECT, SECRET = 562949953420000, 562949953421000, "secret-of-the-benchmark-0123456789"


class Program:
    """A FastCGI program on a socket of its own."""

    def __init__(self, folder, name, argv):
        from supervise import listen_unix
        self.path = os.path.join(folder, name + ".sock")
        sock = listen_unix(self.path)
        self.child = subprocess.Popen(argv, stdin=sock, stderr=subprocess.PIPE, text=True)
        sock.close()

    def end(self):
        self.child.send_signal(signal.SIGTERM)
        said = self.child.communicate(timeout=30)[1]
        assert self.child.returncode == 0, said


class Writer(threading.Thread):
    """The worker's part: short transactions, one after the other."""

    def __init__(self, database):
        super().__init__()
        self.database, self.over, self.commits = database, threading.Event(), 0

    def run(self):
        db = sqlite3.connect(self.database, timeout=10, isolation_level=None)
        db.executescript("PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = FULL")
        while not self.over.wait(0.005):
            db.execute("BEGIN IMMEDIATE")
            for _ in range(5):
                db.execute("UPDATE connection SET idle_passes = idle_passes + 1")
            db.execute("COMMIT")
            self.commits += 1
        db.close()


def fill(site):
    db = sqlite3.connect(site.path("x.db"), isolation_level=None)
    db.execute("PRAGMA wal_autocheckpoint = 0")
    db.execute("INSERT INTO company (procore_company_id, name, since_at) VALUES (?, 'Contractor', 1)", (COMPANY,))
    db.execute("INSERT INTO connection (npc_project_id, npc_name, procore_company_id, procore_project_id, procore_name, "
               "webhooks, sync_from_at, created_by, created_at, changed_at) VALUES ('n', 'N', ?, ?, 'P', 1, 1, 'boss', 1, 1)",
               (COMPANY, PROJECT))
    db.close()


def load(bench, to, count, parallel, name):
    """Latencies in ms, sorted."""
    out = subprocess.run([bench, "load", to.path, SECRET, str(COMPANY), str(PROJECT), str(count), str(parallel), name],
                         check=True, text=True, stdout=subprocess.PIPE).stdout.split()
    assert len(out) == count and "-1" not in out, f"{out.count('-1')} of {len(out)} deliveries were not answered 200"
    return sorted(int(us) / 1000 for us in out)


def stored(site):
    db = sqlite3.connect(f"file:{site.path('x.db')}?mode=ro", uri=True)
    found = db.execute("SELECT (SELECT count(*) FROM hook_event), (SELECT count(*) FROM job WHERE kind = 'sync')").fetchone()
    db.close()
    return found


def measure(bench, site, hook, trivial, count):
    expected = 0
    for parallel in (1, 8):
        base = load(bench, trivial, count, parallel, "x")
        for what, name in (("new", f"a{parallel}"), ("known", f"a{parallel}")):
            ms = load(bench, hook, count, parallel, name)
            expected += count if what == "new" else 0
            assert stored(site) == (expected, 1), f"{stored(site)} events and wishes instead of {expected} and 1"
            mid, high = ms[len(ms) // 2], ms[len(ms) * 99 // 100]
            print(f"webhook, {what:5}, {parallel} at once: median {mid:6.2f} ms, 99 % {high:6.2f} ms, longest {ms[-1]:6.2f} ms"
                  f"; {mid / base[len(base) // 2]:5.1f} times a trivial FastCGI answer ({base[len(base) // 2]:.2f} ms); "
                  f"{'within' if high < PROMISE_MS else 'NOT within'} the {PROMISE_MS} ms promised")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=os.path.join(TOP, "build"))
    parser.add_argument("--short", action="store_true", help="only enough to see that it is right")
    args = parser.parse_args()
    build = os.path.abspath(args.build)
    os.environ["CW_BUILD"] = build
    from layout import write
    from site_small import Site
    bench = os.path.join(build, "tests", "bench", "hook")
    with tempfile.TemporaryDirectory(prefix="cw-hook-") as folder:
        site = Site(os.path.join(folder, "site"), "http://127.0.0.1:9", log_level="warn",
                    webhook_public_url="https://portal.example.com/connectorweb/hooks/procore", webhook_secret_file="hook_secret")
        write(site.path("hook_secret"), SECRET + "\n")
        site.init()
        fill(site)
        hook = Program(folder, "hook", [os.path.join(build, "cgi-bin", "hook"), "-c", site.config])
        trivial = Program(folder, "trivial", [bench, "trivial"])
        writer = Writer(site.path("x.db"))
        writer.start()
        try:
            measure(bench, site, hook, trivial, 50 if args.short else 2000)
        finally:
            writer.over.set()
            writer.join()
            hook.end()
            trivial.end()
        print(f"meanwhile {writer.commits} transactions of another process")
        assert writer.commits > 0, "the writer did not write"


if __name__ == "__main__":
    main()
