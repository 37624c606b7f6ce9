#!/usr/bin/python3
"""Benchmark of sizes: what a large firm costs. 2,000 projects, 500 accounts and 200,000 linked items beside a hundredth.

Two installations are filled by one generator (scale.sql); the same programs answer the same questions in both, and each
line gives the time in the small one, in the large one and the ratio. Pages are asked over their FastCGI socket, without
a front; their time is what the program computed (CPU), which a busy machine does not change. --quick fills small sizes only, and checks that everything answers."""
import argparse
import os
import re
import resource
import socket
import sqlite3
import statistics
import struct
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SMALL, LARGE = (20, 5, 2000), (2000, 500, 200000)


# ---- FastCGI


def record(kind, data):
    return struct.pack(">BBHHBx", 1, kind, 1, len(data), 0) + data


def pair(name, value):
    name, value = name.encode(), value.encode()
    return struct.pack(">II", len(name) | 1 << 31, len(value) | 1 << 31) + name + value


def ask(path, user, uri):
    """One GET; status and bytes."""
    params = {"REQUEST_METHOD": "GET", "REQUEST_URI": "/connectorweb" + uri, "QUERY_STRING": uri.partition("?")[2],
              "REMOTE_USER": user, "HTTP_HOST": "portal.example.com", "HTTPS": "on", "SERVER_PROTOCOL": "HTTP/1.1",
              "REMOTE_ADDR": "127.0.0.1", "CONTENT_LENGTH": "", "CONTENT_TYPE": "", "HTTP_COOKIE": "__Host-cw=" + "A" * 43}
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(120)
        s.connect(path)
        s.sendall(record(1, b"\0\1\0\0\0\0\0\0") + record(4, b"".join(pair(k, v) for k, v in params.items())) +
                  record(4, b"") + record(5, b""))
        data = b""
        while part := s.recv(65536):
            data += part
    out = b""
    while len(data) >= 8:
        kind, length, pad = data[1], data[4] << 8 | data[5], data[6]
        out += data[8:8 + length] if kind == 6 else b""
        data = data[8 + length + pad:]
    found = re.search(rb"Status: (\d+)", out)
    return int(found.group(1)) if found else 200, len(out)


def computed(pid):
    """Seconds of CPU that a process has used."""
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as f:
        return int(f.read().split()[0]) / 1e9


# ---- an installation


class Firm:
    def __init__(self, folder, build, size):
        import site_small

        self.projects, self.accounts, self.items = size
        self.build = build
        os.mkdir(folder)
        self.site = site_small.Site(os.path.join(folder, "s"), "http://127.0.0.1:1", poll_interval_minutes="10",
                                    worker_processes="1", log_level="error")
        self.site.init()
        self.programs = []
        begun = time.monotonic()
        self.fill()
        self.filled = time.monotonic() - begun
        self.bytes = os.path.getsize(self.site.path("x.db"))

    def fill(self):
        with open(os.path.join(TOP, "tests", "bench", "scale.sql"), encoding="utf-8") as f:
            parts = re.split(r"^--= .*$", f.read(), flags=re.M)[1:]
        values = {"projects": self.projects, "accounts": self.accounts, "items": self.items, "now": int(time.time())}
        db = sqlite3.connect(self.site.path("x.db"), isolation_level=None)
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("BEGIN IMMEDIATE")
        for part in parts:
            for one in filter(str.strip, part.split(";\n")):
                db.execute(one, {k: v for k, v in values.items() if ":" + k in one})
        db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()

    # ---- pages

    def serve(self, program):
        path = self.site.path(program + ".sock")
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(path)
            s.listen(16)
            self.programs.append(subprocess.Popen(
                [os.path.join(self.build, "cgi-bin", program), "-c", self.site.config], stdin=s, cwd=self.site.dir))
        return path, self.programs[-1].pid

    def stop(self):
        for p in self.programs:
            p.terminate()
            p.wait(30)

    def page(self, path, pid, user, uri, times):
        v = []
        for _ in range(times + 1):
            begun = computed(pid)
            status, n = ask(path, user, uri)
            v.append(computed(pid) - begun)
            if status != 200 or n < 1000:
                raise SystemExit(f"{uri} as {user}: {status}, {n} bytes")
        return statistics.median(v[1:])

    # ---- the worker

    def once(self):
        """Everything that is due: seconds, and the most memory in bytes."""
        begun = time.monotonic()
        p = subprocess.Popen([os.path.join(self.build, "worker", "connectord"), "-c", self.site.config, "--once"])
        _, status, usage = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
        if p.returncode != 0:
            raise SystemExit(f"connectord --once ended with {p.returncode}")
        return time.monotonic() - begun, usage.ru_maxrss * resource.getpagesize() // 4096 * 1024

    def rounds(self):
        """One in which nothing is due, and one in which each project has a pass whose lists rest."""
        self.once()  # the first one does what a day has left
        idle = statistics.median([self.once()[0] for _ in range(5)])
        now = int(time.time())
        self.site.change("UPDATE connection SET next_sync_at = ?, idle_passes = 500 WHERE state = 'active'", now - 1)
        self.site.change("UPDATE mark SET pass_at = ?", now)
        self.site.change("UPDATE job SET due_at = ? WHERE kind = 'sync'", now - 1)
        took, memory = self.once()
        return {"idle": idle, "passes": took - idle, "memory": memory}

    def first_work(self):
        """From the start of the service to the end of the first pass that was due."""
        now = int(time.time())
        self.site.change("UPDATE job SET due_at = ? WHERE kind = 'sync' AND ref = 1", now - 1)
        db = sqlite3.connect(f"file:{self.site.path('x.db')}?mode=ro", uri=True, timeout=10)
        begun = time.monotonic()
        p = subprocess.Popen([os.path.join(self.build, "worker", "connectord"), "-c", self.site.config])
        try:
            while db.execute("SELECT due_at < ? OR owner <> '' FROM job WHERE kind = 'sync' AND ref = 1",
                             (now,)).fetchone()[0]:
                if time.monotonic() > begun + 120:
                    raise SystemExit("the worker does not begin")
                time.sleep(0.001)
            return time.monotonic() - begun
        finally:
            db.close()
            p.terminate()
            p.wait(60)


PAGES = (("projects", "boss", "/Projects", "Projects, Global Admin"),
         ("projects", "boss", "/Projects?page=2", "Projects, page 2"),
         ("projects", "p1", "/Projects", "Projects, Project Admin"),
         ("projects", "p4", "/Projects", "Projects, BIC user"),
         ("edit", "boss", "/Projects/edit?project=7", "one project"),
         ("projects", "boss", "/Projects/items/8", "an item's history"),
         ("projects", "boss", "/Projects/issues", "Sync Issues"),
         ("projects", "boss", "/Projects/accounts", "Accounts, Global Admin"),
         ("projects", "p1", "/Projects/accounts", "Accounts, Project Admin"),
         ("projects", "boss", "/Projects/activity", "Activity, Global Admin"),
         ("projects", "p1", "/Projects/activity", "Activity, Project Admin"),
         ("projects", "boss", "/Projects/people", "People"),
         ("projects", "boss", "/Projects/health", "Health"))


def measure(firm, times):
    out = {}
    paths = {p: firm.serve(p) for p in ("projects", "edit")}
    try:
        for program, user, uri, name in PAGES:
            out[name] = firm.page(*paths[program], user, uri, times)
    finally:
        firm.stop()
    more = firm.rounds()
    out["worker: a round with nothing due"] = more["idle"]
    out["worker: a pass of a project whose lists rest"] = more["passes"] / (firm.projects * 39 // 40)
    out["worker: from its start to the first pass done"] = firm.first_work()
    return out, more["memory"]


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--build", default=os.environ.get("CW_BUILD", os.path.join(TOP, "build")), help="build directory")
    p.add_argument("--times", type=int, default=15, help="each page")
    p.add_argument("--quick", action="store_true", help="small sizes: does everything answer?")
    args = p.parse_args()
    os.environ["CW_BUILD"] = args.build = os.path.abspath(args.build)
    sys.path[:0] = [os.path.join(TOP, "sandbox", "rig"), os.path.join(TOP, "tests", "tools")]
    sizes = ((20, 5, 200), (60, 15, 600)) if args.quick else (SMALL, LARGE)
    with tempfile.TemporaryDirectory(prefix="cw-scale-") as folder:
        found, memory = [], []
        for i, size in enumerate(sizes):
            firm = Firm(os.path.join(folder, str(i)), args.build, size)
            print(f"{size[0]} projects, {size[1]} accounts, {size[2]} linked items: {firm.bytes / 1e6:.0f} MB, filled in "
                  f"{firm.filled:.1f} s", flush=True)
            times, most = measure(firm, 2 if args.quick else args.times)
            found.append(times)
            memory.append(most)
        print(f"{'median, ms':<48} {'small':>9} {'large':>9} {'ratio':>7}")
        for name in found[0]:
            a, b = found[0][name] * 1000, found[1][name] * 1000
            print(f"{name:<48} {a:9.2f} {b:9.2f} {b / a:7.1f}")
        print(f"worker memory, one process, most: {memory[0] / 1e6:.1f} MB and {memory[1] / 1e6:.1f} MB, ratio "
              f"{memory[1] / memory[0]:.2f}")


if __name__ == "__main__":
    sys.exit(main())
