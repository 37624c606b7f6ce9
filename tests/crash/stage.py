"""A stage for stories: both stand-ins, an imported database, people who act on both sides, and the worker's steps.

Used by the campaign of this folder and by the model test. One project (Riverside) is played on; the clock only goes
forward, by moving it instead of waiting."""
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, "tests", "integ")]

import harness  # noqa: E402  (the path above comes first)
import seed  # noqa: E402
from rig import DATA, Rig, load  # noqa: E402

KEY = "riverside"
SHM = "/dev/shm"
REFERENCE = re.compile(r"\[Newforma [^/\]]+/")
UUID = re.compile(r"\b[0-9A-Z]{26}\b")
DIED = 99  # DB_STOPPED
UPLOAD = re.compile(r"/uploads\b")


def rows(path, text, *args):
    """What a query of a database that is only read answers."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
    db.row_factory = sqlite3.Row
    try:
        return [dict(r) for r in db.execute(text, args).fetchall()]
    finally:
        db.close()


class Stage:
    """Starts everything; `with Stage() as s`. errors: AssertionError at the end when a log holds what it must not."""

    parts = ("procore", "npc", "nginx")
    users = ("lnakamura",)

    def __init__(self, config=None):
        # in memory where there is such a place: what is tested is the order of commits, not the disk
        memory = SHM if os.access(SHM, os.W_OK) else None
        self.dir = tempfile.TemporaryDirectory(prefix="cw-stage-", dir=memory)
        self.rig = Rig(self.dir.name, parts=self.parts, config=config or {})
        self.project = next(p for p in load("projects.json")["projects"] if p["key"] == KEY)
        self.people = {p["user"]: p for p in load("people.json")["people"]}
        self.moved = 0
        self.connection = 0

    def __enter__(self):
        try:
            self.rig.start()
            if not os.path.exists(self.rig.lay.database):
                self.rig.ctl("init", "--global-admin", "mhalloran")
            self.rig.ctl("import", "people", os.path.join(DATA, "import-people.csv"))
            seed.import_projects(self.rig)
            self.connection = self.one("SELECT id FROM connection WHERE npc_project_id = ?",
                                       self.project["npc"]["id"])["id"]
            self.contractor("rate", {"hour": 1000000, "spike": 100000})
        except BaseException:
            self.rig.stop()
            self.dir.cleanup()
            raise
        return self

    def __exit__(self, kind, *exc):
        killed = self.rig.stop()
        found = harness.log_findings(self.rig)
        self.dir.cleanup()
        if kind is None and (killed or found):
            raise AssertionError(f"had to be killed: {killed}; in the logs: {found[:10]}")

    # ---- databases

    def sql(self, text, *args):
        """The product's database; the test may write."""
        db = sqlite3.connect(self.rig.lay.database, timeout=10)
        db.row_factory = sqlite3.Row
        try:
            with db:
                return [dict(r) for r in db.execute(text, args).fetchall()]
        finally:
            db.close()

    def one(self, text, *args):
        found = self.sql(text, *args)
        assert len(found) == 1, f"{text} {args}: {found}"
        return found[0]

    def procore(self, text, *args):
        return rows(self.rig.lay.path("procore", "procore.db"), text, *args)

    def npc(self, text, *args):
        return rows(self.rig.lay.path("npc", "npc.db"), text, *args)

    # ---- the worker

    def step(self, what, ref, stop_at=0, data=None, before=False):
        """One step of the engine; (died right after, or before, the commit asked for, commits made)."""
        argv = [os.path.join(self.rig.build, "tests", "crash", "sync_step"), self.rig.lay.config, what, str(ref)]
        stop = [("before:" if before else "") + str(stop_at)] if stop_at else []
        r = subprocess.run(argv + stop, input=data, capture_output=True, text=True, timeout=120)
        if r.returncode not in (0, DIED):
            raise AssertionError(f"{what} {ref} ended with {r.returncode}: {r.stderr}{r.stdout}")
        if r.returncode == DIED:
            return True, stop_at
        return False, int(re.search(r"commits=(\d+)", r.stdout).group(1))

    def move(self, seconds):
        self.moved += seconds
        self.rig.move_clock(self.moved)

    def login(self, user):
        return self.people[user]["procore"]["login"]

    def account(self, user):
        return self.one("SELECT * FROM account WHERE login_folded = ?", self.login(user).lower())

    def sign_in(self, user):
        person = self.people[user]["procore"]
        pair = self.contractor("grant", {"person": person["login"]})
        self.step("grant", self.account(user)["id"],
                  data=json.dumps({**pair, "id": person["user_id"], "login": person["login"]}))

    # ---- people

    def contractor(self, verb, value):
        return self.rig.control("procore", verb, value)

    def architect(self, verb, value):
        return self.rig.control("npc", verb, {"project": self.project["npc"]["id"], **value})

    def item(self, procore_id):
        return self.one("SELECT * FROM item WHERE connection_id = ? AND procore_id = ?", self.connection, procore_id)

    # ---- what stands on both sides, comparable between runs: no ids, no times, no running numbers

    def attached(self, attachments):
        out = []
        for a in attachments or []:
            found = UUID.search(a.get("url") or a.get("_file") or "")
            sha = self.procore("SELECT sha256 FROM file WHERE uuid = ?", found.group(0)) if found else []
            out.append((a.get("name") or a.get("filename"), sha[0]["sha256"] if sha else ""))
        return sorted(out)

    def side_procore(self, procore_id):
        row = self.procore("SELECT * FROM item WHERE id = ?", procore_id)[0]
        doc = json.loads(row["doc"])
        out = {"status": doc["status"]["name"] if isinstance(doc["status"], dict) else doc["status"],
               "deleted": row["deleted_at"] is not None,
               "court": sorted(p["id"] for p in doc.get("ball_in_courts") or doc.get("ball_in_court") or [])}
        if row["kind"] == "rfi":
            out["replies"] = [(a["created_by_id"], REFERENCE.sub("[Newforma #/", a["plain_text_body"]),
                               self.attached(a["attachments"])) for q in doc["questions"] for a in q["answers"]]
        else:
            out["approvers"] = [(a["user"]["id"], a["response"]["considered"],
                                 REFERENCE.sub("[Newforma #/", a["comment"] or ""), self.attached(a["attachments"]))
                                for a in doc["approvers"]]
        return out

    def npc_items(self, procore_id, kind):
        return self.npc("SELECT * FROM item WHERE external_id = ?", f"procore-{kind}-{procore_id}")

    def npc_files(self, item_id, response_id=None):
        return sorted((f["name"], f["sha256"], f["size"]) for f in self.npc(
            "SELECT f.* FROM item_file i JOIN file f ON f.id = i.file_id WHERE i.item_id = ? AND "
            "i.response_id IS ?", item_id, response_id))

    def side_npc(self, procore_id, kind):
        out = []
        for it in self.npc_items(procore_id, kind):
            source = json.loads(it["source_json"])
            out.append({**{k: it[k] for k in ("subject", "body", "remarks", "status", "closed_by", "due_date",
                                              "spec_json", "item_type", "from_json")},
                        "source": source.get("status"), "previous": it["previous_id"] is not None,
                        "to": [r["email"] for r in self.npc(
                            "SELECT c.email FROM item_to t JOIN contact c ON c.id = t.contact_id WHERE t.item_id = ? "
                            "ORDER BY t.position", it["id"])],
                        "files": self.npc_files(it["id"]),
                        "responses": [(r["action"], r["text"], self.npc_files(it["id"], r["id"])) for r in self.npc(
                            "SELECT * FROM response WHERE item_id = ? ORDER BY sequence", it["id"])]})
        return out

    def ours(self, procore_id):
        """What the portal shows of it."""
        it = self.item(procore_id)
        return {"state": it["state"], "reason": it["reason"], "answers": it["answers"],
                "due": it["next_try_at"] is not None and it["next_try_at"] != 0,
                "issues": [i["code"] for i in self.sql(
                    "SELECT code FROM issue WHERE item_id = ? AND state = 'open' ORDER BY code", it["id"])],
                "files": [(f["name"], f["state"]) for f in self.sql(
                    "SELECT name, state FROM item_file WHERE item_id = ? ORDER BY name, origin", it["id"])],
                "responses": [(r["close_kind"], r["state"]) for r in self.sql(
                    "SELECT close_kind, state FROM response WHERE item_id = ? ORDER BY id", it["id"])],
                "open_effects": self.one("SELECT count(*) n FROM effect WHERE item_id = ? AND state IN "
                                         "('intent', 'unknown')", it["id"])["n"]}

    def picture(self, procore_id, kind):
        return {"procore": self.side_procore(procore_id), "npc": self.side_npc(procore_id, kind),
                "ours": self.ours(procore_id)}

    def fingerprint(self):
        """Everything that both sides hold, and the last writing call: unchanged when nothing was done. (The
        logs of calls drop their oldest rows, so that counts would not do.)"""
        writes = self.procore("SELECT max(id) n FROM call WHERE method <> 'GET' AND path NOT LIKE '/oauth/%'")[0]["n"]
        more = self.npc("SELECT max(id) n FROM call WHERE method <> 'GET' AND path LIKE '%projects%'")[0]["n"]
        return ({"last writing calls": (writes, more)}, self.procore("SELECT id, updated_at, doc FROM item ORDER BY id"),
                self.npc("SELECT id, version FROM item ORDER BY id"),
                self.npc("SELECT item_id, file_id FROM item_file ORDER BY item_id, file_id"))
