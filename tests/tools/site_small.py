"""A small installation for tests of the worker alone: one folder, no web server, no stand-ins.

  site = Site(folder, "http://127.0.0.1:1234")   # where Procore would be
  site.init(); site.ctl("status"); site.worker("--once")
"""
import json
import os
import shutil
import sqlite3
import subprocess

from layout import write  # sandbox/rig, put into the path by tests/integ/harness.py

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("CW_BUILD") or os.path.join(TOP, "build"))
PATHS = ("database", "spool_dir", "backup_dir", "wake_socket", "test_clock_file")


class Site:
    def __init__(self, folder, procore_url, **more):
        self.dir = folder
        self.offset = 0
        os.makedirs(self.path("spool"))
        self.config = self.path("connectorweb.conf")
        self.keys = {
            "public_url": "https://portal.example.com/connectorweb", "database": "x.db", "spool_dir": "spool",
            "backup_dir": "backup", "wake_socket": "wake.sock", "procore_login_url": procore_url,
            "procore_api_url": procore_url, "procore_client_id": "x", "procore_client_secret_file": "client_secret",
            "session_key_file": "keys/session", "seal_public_key_file": "keys/public",
            "seal_private_key_file": "keys/private", "seal_writer_key_file": "keys/writer",
            "audit_key_file": "keys/audit", "npc_access_key_file": "client_secret", "npc_secret_file": "client_secret",
            "test_clock_file": "clock", "template_dir": os.path.join(BUILD, "share", "html"), **more}
        self.write_config()
        write(self.path("client_secret"), "secret\n")
        self.move_clock(0)

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def write_config(self, **changes):
        """Keys with the value None are left out."""
        self.keys.update(changes)
        lines = [f"{k} = {self.path(v) if k in PATHS or k.endswith('_file') else v}"
                 for k, v in self.keys.items() if v is not None]
        write(self.config, "\n".join(lines) + "\n")

    def move_clock(self, by_s):
        self.offset += by_s
        write(self.path("clock"), f"{self.offset}\n")

    def init(self):
        self.ctl("init", "--global-admin", "boss", "--mail", "boss@firm.example")

    def sign_in(self, login, pair):
        """A person with this Procore login, signed in with this pair."""
        people = self.path("people.csv")
        write(people, f"user,name,mail,role,procore_login\nsam,Sam,sam@firm.example,member,{login}\n")
        self.ctl("import", "people", people)
        subprocess.run([os.path.join(BUILD, "tests", "crash", "sync_step"), self.config, "grant", "1"],
                       input=json.dumps({**pair, "login": login, "id": 77}), text=True, check=True,
                       capture_output=True)

    def copy_to(self, folder):
        shutil.copytree(self.dir, folder)

    def copy_from(self, folder, offset):
        shutil.rmtree(self.dir)
        shutil.copytree(folder, self.dir)
        self.offset = offset

    def argv(self, name, *args):
        return [os.path.join(BUILD, "worker", name), "-c", self.config, *args]

    def run(self, name, *args, status=0):
        """Run to its end; status None: any."""
        r = subprocess.run(self.argv(name, *args), capture_output=True, text=True, timeout=120)
        if status is not None and r.returncode != status:
            raise AssertionError(f"{name} {args} ended with {r.returncode}, not {status}: {r.stderr}{r.stdout}")
        return r

    def ctl(self, *args, status=0):
        return self.run("connectorctl", *args, status=status)

    def worker(self, *args, status=0):
        return self.run("connectord", *args, status=status)

    def rows(self, sql, *args):
        db = sqlite3.connect(f"file:{self.path('x.db')}?mode=ro", uri=True)
        try:
            return db.execute(sql, args).fetchall()
        finally:
            db.close()

    def change(self, sql, *args):
        db = sqlite3.connect(self.path("x.db"), timeout=10)
        try:
            with db:
                return db.execute(sql, args).rowcount
        finally:
            db.close()
