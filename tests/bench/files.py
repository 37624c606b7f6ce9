#!/usr/bin/python3
"""Files through the worker, both ways: peak memory for a large file against a small one, MB/s and files/s, each
against a bare libcurl loop (tests/bench/bare.c) that moves the same bytes between the same stand-ins.

  files.py                2 GB, and 200 files of 100 KB
  files.py --short        64 MB and 20 files; fails when memory grows by 8 MB or more
  files.py --mb N --files N

The worker is the real daemon with one process; what arrives is compared by hash. The large files are made up by the
stand-ins (zeros take no room on their side); the worker's spool holds one at a time, really."""
import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "integ"))
import harness  # noqa: E402,F401  (finds the rig)
from test_files import FileCase, WHO  # noqa: E402
from test_npc_sandbox import Gateway  # noqa: E402
from test_sync import RIVERSIDE  # noqa: E402

MB = 1000 * 1000
MIB = 1024 * 1024
SEGMENT = 64 * MIB  # as core/procore.h has it
SMALL_MIB = 2
GROWTH_MIB = 8
PIECE = 100 * 1000
WAIT_S = 900


class Worker:
    """connectord, one process, and the memory of it."""

    def __init__(self, rig):
        argv = ["setpriv", "--pdeathsig", "TERM", "--", rig._program("worker", "connectord"), "-c", rig.lay.config]
        with open(os.path.join(rig.lay.log, "bench-worker.log"), "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=log)
        self.wake_path = os.path.join(rig.lay.run, "wake.sock")

    def peak_kib(self):
        """VmHWM of the process that does the work, a child of the daemon."""
        pid = self.process.pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            pids = list(map(int, f.read().split()))
        peaks = []
        for p in pids:
            with open(f"/proc/{p}/status", encoding="ascii") as f:
                peaks += [int(line.split()[1]) for line in f if line.startswith("VmHWM:")]
        return max(peaks)

    def wake(self):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            s.sendto(b"w", self.wake_path)
        except OSError:
            pass  # not there yet: it finds the row by itself
        finally:
            s.close()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(60) != 0:
            raise AssertionError("the worker did not end well")


class Bench(FileCase):
    # Nobody answers mail here: the one process must not wait for it.
    config = {"worker_processes": 1, "poll_interval_minutes": 120, "smtp_url": "smtp://127.0.0.1:9"}

    def runTest(self):
        pass

    # ---- the worker's turn

    def kick(self):
        """A pass, from its beginning: one that is under way ends first."""
        self.until("the end of a pass", lambda: not self.sql("SELECT 1 FROM job WHERE kind = 'sync' AND owner <> ''"))
        self.sql("INSERT INTO job (kind, ref, priority, due_at, created_at) VALUES ('sync', ?, 1, 1, 1) ON CONFLICT "
                 "(kind, ref) DO UPDATE SET due_at = 1", self.connection(RIVERSIDE))
        self.worker.wake()

    def until(self, what, condition):
        deadline = time.monotonic() + WAIT_S
        while not condition():
            if time.monotonic() > deadline or self.worker.process.poll() is not None:
                raise AssertionError(f"waited in vain for {what}")
            time.sleep(0.01)

    def done(self, rfi_id, origin, n):
        rows = self.sql("SELECT f.state FROM item_file f JOIN item t ON t.id = f.item_id WHERE t.procore_id = ? AND "
                        "f.origin = ?", rfi_id, origin)
        return len(rows) == n and all(r["state"] == "done" for r in rows)

    def files_in(self, sizes):
        """Seconds from the wish until all are in Project Center; the RFI."""
        rfi = self.new_rfi(RIVERSIDE, WHO, files=self.files(*sizes))
        self.kick()
        start = time.monotonic()
        self.until("the files in Project Center", lambda: self.done(rfi["id"], "procore", len(sizes)))
        took = time.monotonic() - start
        if self.carried(rfi["id"]) != self.hash_there(rfi["id"]):
            raise AssertionError("other bytes arrived")
        return took, rfi

    def files_out(self, rfi, sizes):
        made = [{"name": f"back {n}.pdf", "size": s, "seed": 7000 + n} for n, s in enumerate(sizes)]
        self.until("the item", lambda: self.item(RIVERSIDE, rfi["id"])["npc_id"])
        self.respond(rfi["id"], made=made)
        self.kick()
        start = time.monotonic()
        self.until("the files in Procore", lambda: self.done(rfi["id"], "npc", len(sizes)))
        took = time.monotonic() - start
        self.until("the answer", lambda: len(self.answers(rfi["id"])) == len(sizes))
        item = self.item(RIVERSIDE, rfi["id"])["npc_id"]
        there = {f["name"]: f["sha256"] for f in self.npc_rows(
            "file", f"id IN (SELECT file_id FROM item_file WHERE item_id = '{item}' AND response_id IS NOT NULL)")}
        if self.answers(rfi["id"]) != there:
            raise AssertionError("other bytes arrived")
        return took

    # ---- the same bytes by libcurl alone

    def bare(self, jobs, token=""):
        run = subprocess.run([os.path.join(self.rig.build, "tests", "bench", "bare"), self.rig.lay.ca],
                             input="".join(" ".join(map(str, j)) + "\n" for j in jobs), text=True, capture_output=True,
                             env={**os.environ, "TOKEN": token}, timeout=WAIT_S, check=False)
        if run.returncode != 0:
            raise AssertionError(run.stderr)
        return float(run.stdout)

    def scratch(self, n):
        return os.path.join(self.dir.name, f"bare-{n}")

    def bare_in(self, rfi, sizes):
        gateway = Gateway(self.rig)
        gateway.login()
        token = self.rig.control("procore", "grant", {"person": self.login(WHO)})["access_token"]
        jobs = []
        attached = [a for q in self.rfi(RIVERSIDE, rfi["id"])["questions"] for a in q["attachments"]]
        hashes = self.hash_there(rfi["id"])
        for n, a in enumerate(attached):
            up = gateway.call("POST", f"/v1/projects/{self.projects[RIVERSIDE]['npc']['id']}/uploads", body={
                "idempotencyKey": f"bare-{rfi['id']}-{n}", "name": a["name"], "size": sizes[n],
                "sha256": hashes[a["name"]]}).json()
            jobs += [("get", a["url"], self.scratch(n)), ("put", up["url"], self.scratch(n), 0, sizes[n])]
        return self.bare(jobs, token)

    def bare_out(self, rfi, sizes):
        """Down from Project Center, and up in segments, which storage takes without a form."""
        gateway = Gateway(self.rig)
        gateway.login()
        token = self.rig.control("procore", "grant", {"person": self.login(WHO)})["access_token"]
        project = self.projects[RIVERSIDE]
        item = self.item(RIVERSIDE, rfi["id"])["npc_id"]
        rows = self.npc_rows("file", f"id IN (SELECT file_id FROM item_file WHERE item_id = '{item}' AND response_id "
                                     "IS NOT NULL) ORDER BY rowid")
        gets, puts = [], []
        for n, row in enumerate(rows):
            url = gateway.call("GET", f"/v1/projects/{project['npc']['id']}/files/{row['id']}").json()["url"]
            gets.append(("get", url, self.scratch(n)))
        # the first time for the segments' hashes, the second on the clock
        self.bare(gets)
        for n in range(len(rows)):
            puts.append(self.segments_of(self.scratch(n), project, token))
        return self.bare([j for g, p in zip(gets, puts) for j in (g, *p)])

    def segments_of(self, path, project, token):
        import hashlib
        parts = []
        with open(path, "rb") as f:
            while True:
                data = f.read(SEGMENT)
                if not data:
                    break
                parts.append({"size": len(data), "sha256": hashlib.sha256(data).hexdigest()})
        company = next(c["id"] for c in harness.load("companies.json")["companies"]
                       if c["key"] == project["procore"]["company"])
        ready = self.rig.client().request(
            "POST", self.rig.url("procore", f"/rest/v1.1/projects/{project['procore']['id']}/uploads"),
            json.dumps({"response_filename": "bare.pdf", "segments": parts}).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {token}", "Procore-Company-Id": str(company)})
        if ready.status != 201:
            raise AssertionError(ready.text)
        jobs, at = [], 0
        for one in ready.json()["segments"]:
            jobs.append(("put", one["url"], path, at, one["size"],
                         f"x-amz-content-sha256: {one['headers']['x-amz-content-sha256']}"))
            at += one["size"]
        return jobs

    def clear(self):
        for name in os.listdir(self.dir.name):
            if name.startswith("bare-"):
                os.unlink(os.path.join(self.dir.name, name))

    # ---- what is printed

    def row(self, what, n, sizes, took, bare):
        total = sum(sizes)
        print(f"{what:34} {took:8.2f} s {n / took:8.1f} files/s {total / took / MB:8.1f} MB/s   bare {bare:7.2f} s "
              f"{total / bare / MB:8.1f} MB/s   ratio {bare / took:5.2f}", flush=True)

    def both_ways(self, name, sizes):
        took, rfi = self.files_in(sizes)
        self.row(f"{name} into Project Center", len(sizes), sizes, took, self.bare_in(rfi, sizes))
        self.clear()
        took = self.files_out(rfi, sizes)
        self.row(f"{name} into Procore", len(sizes), sizes, took, self.bare_out(rfi, sizes))
        self.clear()

    def play(self, mib, n, limit):
        self.setUp()
        self.sql("UPDATE connection SET state = 'paused' WHERE id <> ?", self.connection(RIVERSIDE))
        self.worker = Worker(self.rig)
        try:
            self.both_ways(f"{SMALL_MIB} MiB", [SMALL_MIB * MIB])
            small = self.worker.peak_kib()
            self.both_ways(f"{mib} MiB", [mib * MIB])
            large = self.worker.peak_kib()
            self.both_ways(f"{n} files of {PIECE // 1000} KB", [PIECE] * n)
        finally:
            self.worker.stop()
        print(f"peak memory (VmHWM) of the worker: {small} KiB with {SMALL_MIB} MiB, {large} KiB with {mib} MiB each way: "
              f"ratio {large / small:.2f}, growth {(large - small) / 1024:.1f} MiB", flush=True)
        if limit and large - small >= GROWTH_MIB * 1024:
            raise AssertionError(f"memory grew by {(large - small) / 1024:.1f} MiB; {GROWTH_MIB} are allowed")


def sanitized(rig):
    """A sanitizer keeps freed memory: what it uses says nothing of the program."""
    with open(rig._program("worker", "connectord"), "rb") as f:
        return b"__asan_init" in f.read()


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--short", action="store_true")
    p.add_argument("--mb", type=int)
    p.add_argument("--files", type=int)
    p.add_argument("--build")
    p.add_argument("--dir", help="where the site and its spool are made (default: the system's place)")
    o = p.parse_args()
    if o.build:
        os.environ["CW_BUILD"] = os.path.abspath(o.build)
    if o.dir:
        tempfile.tempdir = o.dir
    Bench.setUpClass()
    try:
        limit = not sanitized(Bench.rig)
        if not limit:
            print("a build with sanitizers: its memory is printed and is not judged")
        Bench().play(o.mb or (64 if o.short else 2048), o.files or (20 if o.short else 200), limit)
    finally:
        Bench.tearDownClass()


if __name__ == "__main__":
    main()
