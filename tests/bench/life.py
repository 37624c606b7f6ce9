#!/usr/bin/python3
"""Benchmark of the life of a connection: token commits a second, and from a revocation to the accepted mail.

The worker is the real one, with its own processes; Procore's token endpoint and the mail server are scripted, on
loopback. A revocation is Procore refusing the account's next refresh; the clock starts when that call falls due (in
life a project in use calls at least once in poll_interval_minutes) and stops when the mail server says 250.

Every run also checks what it measures: one mail for each lost account and for nobody else, one call each.
"""
import argparse
import http.server
import os
import socket
import socketserver
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CONF = """public_url = https://portal.example.com/connectorweb
database = {dir}/db/cw.db
spool_dir = {dir}/spool
backup_dir = {dir}/backup
wake_socket = {dir}/wake.sock
procore_login_url = http://127.0.0.1:{procore}
procore_api_url = http://127.0.0.1:{procore}
procore_client_id = bench
procore_client_secret_file = {dir}/keys/client
session_key_file = {dir}/keys/session
seal_public_key_file = {dir}/keys/seal.pub
seal_private_key_file = {dir}/keys/seal.key
seal_writer_key_file = {dir}/keys/writer.key
audit_key_file = {dir}/keys/audit
smtp_url = smtp://127.0.0.1:{smtp}
mail_from = connectorweb@example.com
template_dir = {build}/share/html
log_level = warn
"""


class Procore(http.server.BaseHTTPRequestHandler):
    """Refuses every refresh token: whoever comes here was revoked."""

    def do_POST(self):
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.calls.append(int(form["refresh_token"][0].split("-")[1]))
        body = b'{"error":"invalid_grant","error_description":"The authorization grant is revoked."}'
        self.send_response(401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Smtp(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as one client needs; notes when it accepted a mail, and for whom."""

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        to = ""
        self.say("220 bench")
        while line := self.rfile.readline().decode().strip():
            word = line.split(":")[0].upper()
            if word == "RCPT TO":
                to = line.split("<")[1].split(">")[0]
            if word == "DATA":
                self.say("354 go on")
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
                self.server.accepted.append((time.monotonic(), to))
            self.say("221 bye" if word == "QUIT" else "250 ok")
            if word == "QUIT":
                return


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64


def serve(handler):
    server = Server(("127.0.0.1", 0), handler)
    server.calls, server.accepted = [], []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class Bench:
    def __init__(self, args, folder):
        self.args, self.folder = args, folder
        self.procore, self.smtp = serve(Procore), serve(Smtp)
        self.conf = os.path.join(folder, "cw.conf")
        self.lost = []
        os.mkdir(os.path.join(folder, "keys"))
        self.write("keys/client", "bench\n")
        self.write("cw.conf", CONF.format(dir=folder, build=args.build, procore=self.procore.server_address[1],
                                          smtp=self.smtp.server_address[1]))

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="ascii",
                  opener=lambda path, flags: os.open(path, flags, 0o600)) as f:
            f.write(text)

    def run(self, program, *argv):
        return subprocess.run([os.path.join(self.args.build, program), *argv], check=True, text=True,
                              stdout=subprocess.PIPE).stdout

    def fill(self):
        self.run("worker/connectorctl", "-c", self.conf, "init", "--global-admin", "boss")
        self.run("tests/bench/life", "fill", self.conf, str(self.args.accounts))

    def commits(self):
        out = self.run("tests/bench/life", "commits", self.conf, str(self.args.commits), str(self.args.rounds))
        v = {line.split()[0]: [float(x) for x in line.split()[1:]] for line in out.splitlines()}
        print(f"token commits: {v['product'][0]:.0f}/s ({v['product'][1]:.0f} to {v['product'][2]:.0f}), bare SQLite "
              f"{v['bare'][0]:.0f}/s ({v['bare'][1]:.0f} to {v['bare'][2]:.0f}), ratio {v['ratio'][0]:.2f} "
              f"({v['ratio'][1]:.2f} to {v['ratio'][2]:.2f}); medians of {self.args.rounds} rounds of "
              f"{self.args.commits}, {v['bytes'][0]:.0f} and {v['bytes'][1]:.0f} bytes written a commit")

    def start(self):
        self.worker = subprocess.Popen([os.path.join(self.args.build, "worker/connectord"), "-c", self.conf],
                                       stderr=open(os.path.join(self.folder, "worker.log"), "wb"))
        deadline = time.monotonic() + 60
        while not os.path.exists(os.path.join(self.folder, "wake.sock")):
            if self.worker.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("the worker did not start:\n" + self.log())
            time.sleep(0.02)

    def settle(self):
        """The first round of house-keeping is not what is measured."""
        db = sqlite3.connect(os.path.join(self.folder, "db", "cw.db"), timeout=30)
        deadline = time.monotonic() + 60
        while db.execute("SELECT count(*) FROM job WHERE owner <> '' OR due_at <= unixepoch()").fetchone()[0] > 0:
            if time.monotonic() > deadline:
                raise SystemExit("the worker does not come to rest:\n" + self.log())
            time.sleep(0.02)

    def log(self):
        with open(os.path.join(self.folder, "worker.log"), encoding="utf-8", errors="replace") as f:
            return f.read()[-2000:]

    def stop(self):
        self.worker.terminate()
        self.worker.wait(60)

    def revoke(self, ids):
        """Their next call falls due now; seconds until each one's mail was accepted, in order of arrival."""
        before = len(self.smtp.accepted)
        db = sqlite3.connect(os.path.join(self.folder, "db", "cw.db"), timeout=30, isolation_level=None)
        db.execute("PRAGMA wal_autocheckpoint = 0")
        marks = ",".join(map(str, ids))
        start = time.monotonic()
        db.execute("BEGIN IMMEDIATE")
        db.execute(f"UPDATE account SET refresh_due_at = unixepoch() WHERE id IN ({marks})")
        db.execute(f"UPDATE job SET due_at = unixepoch() WHERE kind = 'refresh' AND ref IN ({marks})")
        db.execute("COMMIT")
        self.wake()
        deadline = start + self.args.patience
        while len(self.smtp.accepted) < before + len(ids):
            if time.monotonic() > deadline:
                raise SystemExit(f"{len(self.smtp.accepted) - before} of {len(ids)} mails after "
                                 f"{self.args.patience} s\n{self.log()}")
            time.sleep(0.002)
        self.lost += ids
        return [t - start for t, _ in self.smtp.accepted[before:]]

    def wake(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.connect(os.path.join(self.folder, "wake.sock"))
            s.send(b"x")

    def check(self):
        """What was measured is what the product promises: exactly one call and one mail for each, for nobody else."""
        want = sorted(self.lost)
        if sorted(self.procore.calls) != want:
            raise SystemExit("token calls were not exactly one for each revoked account")
        if sorted(int(to.split("@")[0][3:]) for _, to in self.smtp.accepted) != want:
            raise SystemExit("mails were not exactly one for each revoked account")
        db = sqlite3.connect(os.path.join(self.folder, "db", "cw.db"))
        if [r[0] for r in db.execute("SELECT id FROM account WHERE state = 'lost' ORDER BY id")] != want:
            raise SystemExit("other accounts than the revoked ones are lost")
        print(f"checked: {len(want)} accounts revoked, {len(want)} token calls, {len(want)} mails, nobody else's")


def spread(v):
    return f"median {statistics.median(v):.2f} s ({min(v):.2f} to {max(v):.2f})"


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--build", default=os.environ.get("CW_BUILD", os.path.join(TOP, "build")), help="build directory")
    p.add_argument("--accounts", type=int, default=10000)
    p.add_argument("--commits", type=int, default=500, help="in a round")
    p.add_argument("--rounds", type=int, default=9)
    p.add_argument("--singles", type=int, default=9, help="accounts revoked one by one")
    p.add_argument("--burst", type=int, default=500, help="accounts revoked at once")
    p.add_argument("--patience", type=float, default=300, help="longest wait for the mails: the promise")
    p.add_argument("--short", action="store_true", help="small numbers: is the benchmark itself right?")
    args = p.parse_args()
    args.build = os.path.abspath(args.build)
    if args.short:
        args.accounts, args.commits, args.rounds, args.singles, args.burst = 60, 10, 3, 2, 12
    with tempfile.TemporaryDirectory(prefix="cw-bench-") as folder:
        bench = Bench(args, folder)
        bench.fill()
        print(f"{args.accounts} accounts")
        bench.commits()
        bench.start()
        try:
            bench.settle()
            ones = [t for i in range(args.singles) for t in bench.revoke([1 + i])]
            print(f"one account revoked: mail accepted after {spread(ones)}, {args.singles} times")
            burst = bench.revoke(list(range(args.singles + 1, args.singles + args.burst + 1)))
            print(f"{args.burst} accounts revoked at once: mail accepted after {spread(burst)}")
        finally:
            bench.stop()
        bench.check()


if __name__ == "__main__":
    sys.exit(main())
