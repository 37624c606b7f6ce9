"""A stage for the life of a connection: the portal behind nginx, both stand-ins, a mail server; people with browsers.

`edit` and `callback` are started here, one of each, so that they may be told at which commit to die; the worker runs
until nothing is due and ends. A story's beginning is kept as copies of the three databases, and put back before each
run of it, under the feet of the programs that run on: a copy is one transaction for them."""
import datetime
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, "tests", "integ")]

import harness  # noqa: E402  (the path above comes first)
import seed  # noqa: E402
from rig import Rig, load  # noqa: E402

STOPPED = 99  # DB_STOPPED of lib/io/db.h
MOVED_S = 60
STEP_LIMIT_S = 120
LOST = "account.lost"
ASKS = ("account.link", "account.refused", "account.sign_in", "bic.check", "connection.check",
        "connection.prepare", "hand_over.approve")
MADE_UP = re.compile(r'\bit-[0-9a-f]{24}\b|(?<="hook":")\d+')  # ids that the stand-ins make up: items, webhooks


def renamed(value, names):
    """The value with each number or piece of text that is a key of names put as that name."""
    if isinstance(value, dict):
        return {k: renamed(v, names) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(renamed(v, names) for v in value)
    for old, new in names.items():
        if value == old:
            return new
        if isinstance(value, str):
            value = value.replace(str(old), new)
    return value


class Life:
    """`with Life() as s`. errors: AssertionError at the end when a log holds what it must not."""

    own = ("edit", "callback")
    counts = {"signin": 1, "projects": 1, "edit": 1, "callback": 1, "procore": 2, "npc": 2}

    def __init__(self):
        self.dir = tempfile.TemporaryDirectory(prefix="cw-life-")
        # No digest falls due while stories are played.
        hour = (datetime.datetime.now().hour + 12) % 24
        self.rig = Rig(self.dir.name, parts=("mail", "procore", "npc", "signin", *("projects", "edit", "callback"), "nginx"),
                       counts=self.counts, config={"digest_hour": hour}, say=lambda text: None)
        self.projects = {p["key"]: p for p in load("projects.json")["projects"]}
        self.people = {p["user"]: p for p in load("people.json")["people"]}
        self.companies = load("companies.json")["companies"]
        self.outsiders = {p["key"]: p for c in self.companies for p in c["people"]}
        self.running = {}
        self.kept = {}
        self.made = {}  # id at Procore of what is made in a story: its name there
        self.moved = 0

    def __enter__(self):
        try:
            self.rig.start()
            for name in self.own:
                self.rig.hold(name)
                self.serve(name)
            seed.import_all(self.rig)
            self.rig.control("procore", "rate", {"hour": 1000000, "spike": 100000})
            self.sql("UPDATE connection SET state = 'paused'")
        except BaseException:
            self.close()
            raise
        return self

    def close(self):
        for name in list(self.running):
            self.end(name)
        killed = self.rig.stop()
        found = harness.log_findings(self.rig)
        self.dir.cleanup()
        return killed, found

    def __exit__(self, kind, *exc):
        killed, found = self.close()
        if kind is None and (killed or found):
            raise AssertionError(f"had to be killed: {killed}; in the logs: {found[:10]}")

    # ---- programs

    def serve(self, name, *options):
        """Start one of our own page programs, in place of the one that runs."""
        self.end(name)
        argv = [self.rig._program("cgi-bin", name), "-c", self.rig.lay.config, *options]
        with open(os.path.join(self.rig.lay.log, name + ".log"), "ab", buffering=0) as log:
            self.running[name] = subprocess.Popen(argv, stdin=self.rig.sup.specs[name].sock, stdout=log, stderr=log,
                                                  env=self.rig.env)

    def end(self, name):
        """The exit status of the program, which is ended unless it ended by itself."""
        process = self.running.pop(name, None)
        if process is None:
            return None
        if process.poll() is None:
            process.terminate()
        return process.wait(STEP_LIMIT_S)

    def worker(self, *options):
        """Once, until nothing is due; whether it was ended by its option."""
        argv = [self.rig._program("worker", "connectord"), "-c", self.rig.lay.config, "--once", *options]
        with open(os.path.join(self.rig.lay.log, "connectord.log"), "ab", buffering=0) as log:
            status = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.rig.env,
                                    timeout=STEP_LIMIT_S).returncode
        if status not in (0, STOPPED):
            raise AssertionError(f"connectord ended with {status}:\n{self.rig.log_tail('connectord')}")
        return status == STOPPED

    def move(self, seconds=MOVED_S):
        self.moved += seconds
        self.rig.move_clock(self.moved)

    # ---- databases

    def path(self, name):
        return {"product": self.rig.lay.database, "procore": self.rig.lay.path("procore", "procore.db"),
                "npc": self.rig.lay.path("npc", "npc.db")}[name]

    def query(self, name, text, *args):
        db = sqlite3.connect(self.path(name), timeout=10)
        db.row_factory = sqlite3.Row
        try:
            with db:
                return [dict(r) for r in db.execute(text, args).fetchall()]
        finally:
            db.close()

    def sql(self, text, *args):
        return self.query("product", text, *args)

    def one(self, text, *args):
        found = self.sql(text, *args)
        assert len(found) == 1, f"{text} {args}: {found}"
        return found[0]

    def _copy(self, source, target):
        a, b = sqlite3.connect(source, timeout=10), sqlite3.connect(target, timeout=10)
        try:
            a.backup(b)
        finally:
            a.close()
            b.close()

    def keep(self, what="story"):
        """This is where each run begins."""
        self.kept[what] = self.moved
        for name in ("product", "procore", "npc"):
            self._copy(self.path(name), self.rig.lay.path(f"{name}.{what}"))

    def back(self, what="story"):
        for name in ("product", "procore", "npc"):
            self._copy(self.rig.lay.path(f"{name}.{what}"), self.path(name))
        self.rig.clear_mails()
        self.made = {}
        self.moved = self.kept[what]
        self.move(0)

    # ---- people

    def login(self, user):
        """(login, password) at Procore, of a person of the firm or of a contractor's."""
        person = (self.people.get(user) or self.outsiders[user])["procore"]
        return person["login"], person["password"]

    def account(self, user):
        return self.one("SELECT * FROM account WHERE login_folded = ?", self.login(user)[0].lower())

    def connection(self, key):
        return self.one("SELECT * FROM connection WHERE npc_project_id = ?", self.projects[key]["npc"]["id"])

    def only(self, *keys):
        """Just these connections run; the others are paused."""
        self.sql("UPDATE connection SET state = 'paused' WHERE state = 'active'")
        for key in keys:
            self.sql("UPDATE connection SET state = 'active' WHERE id = ?", self.connection(key)["id"])

    def sign_in(self, *users):
        for user in users:
            login, password = self.login(user)
            end = seed.reconnect(self.rig, self.rig.client(user), login, login, password)
            assert end.status == 200, end.page().text[:300]

    def settle(self, times=3):
        for _ in range(times):
            self.worker()
            self.move()
        self.worker()

    # ---- what stands everywhere, comparable between runs: no ids, no times

    def picture(self):
        """All that must come out the same, whatever was interrupted."""
        return renamed({
            # How often an account that has ended was looked at on the way does not matter.
            "accounts": self.sql("SELECT login, state, cause, cause_text, procore_user_id, iif(state IN ('ok', 'suspect'),"
                                 " generation, 0) AS generation FROM account ORDER BY login"),
            "whose": self.sql("SELECT p.user_name, a.login, j.source FROM person_account AS j JOIN person AS p ON"
                              " p.id = j.person_id JOIN account AS a ON a.id = j.account_id ORDER BY 1, 2, 3"),
            "seats": self.sql("SELECT c.npc_name, a.login, b.position, b.state, b.state_text, b.rfi_level, b.added_by,"
                              " b.npc_contact_id <> '' AS contact, b.removed_at IS NOT NULL AS removed FROM bic AS b"
                              " JOIN connection AS c ON c.id = b.connection_id JOIN account AS a ON a.id = b.account_id"
                              " ORDER BY 1, 2, b.id"),
            "connections": self.sql("SELECT npc_name, procore_project_id, state FROM connection ORDER BY 1, 2, 3"),
            "tokens": self.sql("SELECT a.login, t.generation = a.generation AS current FROM token AS t"
                               " JOIN account AS a ON a.id = t.account_id ORDER BY 1"),
            "approvals": self.sql("SELECT a.login, h.new_login, h.used_at IS NOT NULL AS used FROM hand_over AS h"
                                  " JOIN account AS a ON a.id = h.account_id WHERE h.withdrawn_at IS NULL ORDER BY h.id"),
            "incidents": self.sql("SELECT i.subject, coalesce(a.login, i.subject_id) AS whose, i.cause,"
                                  " i.closed_at IS NOT NULL AS closed FROM incident AS i LEFT JOIN account AS a ON"
                                  " i.subject = 'account' AND a.id = i.subject_id ORDER BY i.id"),
            "mails": self.sql("SELECT kind, to_address, state FROM mail ORDER BY kind, to_address, state"),
            "received": sorted((m["to"], m["subject"]) for m in {m["message_id"]: m for m in self.rig.mails()}.values()),
            "open": self.sql("SELECT kind, state FROM token_journal WHERE state = 'intent'"),
            "leases": self.sql("SELECT account_id FROM token_lease WHERE until_at > ?", int(time.time()) + self.moved),
            "stuck": self.sql("SELECT kind, error FROM job WHERE owner <> '' OR error <> '' ORDER BY kind"),
            "audit": self.audit(),
            "unsealed": self.one("SELECT count(*) AS n FROM audit WHERE mac IS NULL")["n"],
            "items": self.sql("SELECT c.npc_name, i.kind, i.procore_id, i.state, i.reason FROM item AS i"
                              " JOIN connection AS c ON c.id = i.connection_id ORDER BY 1, 2, 3"),
            "in Project Center": self.query("npc", "SELECT external_id, status FROM item ORDER BY external_id"),
            "webhooks": self.query("procore", "SELECT project_id, destination_url, disabled FROM hook ORDER BY 1, 2"),
            "issues": self.sql("SELECT code, state FROM issue ORDER BY code, state"),
        }, self.made)

    def audit(self):
        """The trail, but for how often a person pressed a button that only asks for something: who does not get an answer
        presses again, and is in the trail again. A webhook that was made by a worker that died is found, and put in
        order instead of made. After a renewal that a death cut off, a loss is told with other words: its answer counts as
        lost."""
        found = [(r["actor"], r["action"].replace("webhook.repair", "webhook.create"), r["target"],
                  "why" if r["action"] == LOST else MADE_UP.sub("#", r["detail"]))
                 for r in self.sql("SELECT actor, action, target, detail FROM audit")]
        return sorted([r for r in found if r[1] not in ASKS] + list({r[:2] for r in found if r[1] in ASKS}))

    def grants(self):
        """Living authorizations at Procore: {login: how many}."""
        found = self.query("procore", "SELECT p.login, count(*) AS n FROM token AS t JOIN family AS f ON f.id = t.family_id"
                           " JOIN person AS p ON p.id = f.person_id WHERE f.ended = '' AND t.refresh_used = 0 GROUP BY 1")
        return {r["login"]: r["n"] for r in found}

    def doubles(self):
        """Mails that came more than once: {Message-ID: how often}."""
        seen = [m["message_id"] for m in self.rig.mails()]
        return {i: seen.count(i) for i in seen if seen.count(i) > 1}

    def verify(self):
        """The audit trail is whole; `audit verify` ends with an error when the chain is broken."""
        said = self.rig.ctl("audit", "verify").stdout
        assert "0 not sealed yet" in said, said

    def renewed(self, *users):
        """Each of these people's stored pair is good: Procore is made to refuse the access token, and then the check
        of a seat has to renew the pair and gets its answers with the new one. {user: (renewals, refused calls)}"""
        out = {}
        for user in users:
            last = self.query("procore", "SELECT max(id) AS n FROM call")[0]["n"] or 0
            login = self.login(user)[0]
            self.rig.control("procore", "expire", {"person": login})
            seat = self.sql("SELECT id FROM bic WHERE account_id = ? AND removed_at IS NULL ORDER BY id",
                            self.account(user)["id"])[0]
            subprocess.run([os.path.join(self.rig.build, "tests", "crash", "sync_step"), self.rig.lay.config, "check",
                            str(seat["id"])], check=True, capture_output=True, timeout=STEP_LIMIT_S)
            calls = self.query("procore", "SELECT path, status FROM call WHERE id > ? AND person = ? ORDER BY id", last, login)
            renewals = [c["status"] for c in calls if c["path"] == "/oauth/token"]
            assert [c for c in calls if c["path"].startswith("/rest/") and c["status"] == 200], f"{user}: {calls}"
            out[user] = (renewals, sum(c["status"] == 401 for c in calls))
        return out
