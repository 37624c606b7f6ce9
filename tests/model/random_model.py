#!/usr/bin/python3
"""Random days of work with faults and a worker that is killed, against a small model of what must be true in the end.

Contractor and architect act on the stand-ins, answers get lost, services fail, tokens end, permissions go; the worker
runs now and then and often dies right after one of its commits. Then all faults are lifted, people sign in again, the
worker settles, and the model says what must stand on both sides: nothing missed, nothing doubled, nothing silent.

  random_model.py                          the short run of ./check, with a fixed seed
  random_model.py --seed N --sequences K   K sequences, seeds N, N + 1, ...
  random_model.py --seed N --minutes M     as many as fit

A failure prints its seed and the whole sequence; `--seed THAT --sequences 1` plays it again.
"""
import argparse
import base64
import json
import os
import random
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, "tests", "crash")]

from stage import KEY, Stage  # noqa: E402  (the path above comes first)

BICS = ("lnakamura", "zmueller")
OTHER = "jibanez"  # in the project on both sides, but no BIC of the connection
ACTIONS = {"rfi": ("Answered",), "submittal": ("Approved", "Rejected", "Revise and Resubmit")}
CONSIDERED = {"Approved": "approved", "Rejected": "rejected", "Revise and Resubmit": "revise and resubmit"}
OPEN = {"rfi": "open", "submittal": "Open"}
SHORT_SEED = 20260401
STOPPED = 99
ROUNDS = 14


class Wrong(AssertionError):
    """The end is not what the model says."""


class Item:
    """What the model knows of one RFI or submittal."""

    def __init__(self, kind, procore_id, people, files):
        self.kind = kind
        self.id = procore_id
        self.people = people      # users named as assignee or approver
        self.files = list(files)  # names in Procore; all different
        self.closed = self.draft = self.private = False
        self.answers = []         # (user, action, mark, file or None), in order; all by Respond and Close

    def eligible(self):
        return not self.closed and not self.draft and not self.private and any(u in BICS for u in self.people)


class World(Stage):
    """The stage with the whole worker, for two BIC users."""

    parts = ("mail", "procore", "npc", "nginx")

    def __enter__(self):
        super().__enter__()
        try:
            self.sql("UPDATE connection SET state = 'paused' WHERE id <> ?", self.connection)
            for user in BICS:
                self.sign_in(user)
            for _ in range(2):
                self.worker()
                self.move(700)
        except BaseException:
            self.__exit__(AssertionError)
            raise
        self.native = self.npc("SELECT id, number, kind FROM item WHERE external_id IS NULL AND project_id = ? "
                               "ORDER BY id", self.project["npc"]["id"])
        return self

    def worker(self, stop_at=0):
        """The worker until nothing is due, or until it dies; True when it died."""
        argv = [os.path.join(self.rig.build, "worker", "connectord"), "-c", self.rig.lay.config, "--once"]
        if stop_at:
            argv += ["--stop-at-commit", str(stop_at)]
        r = subprocess.run(argv, capture_output=True, text=True, timeout=300, env=self.rig.env)
        if r.returncode not in (0, STOPPED):
            raise Wrong(f"the worker ended with {r.returncode}: {r.stderr[-2000:]}")
        return r.returncode == STOPPED


class Sequence:
    """One random sequence: plays, lifts, settles, checks."""

    def __init__(self, world, seed, length):
        self.w = world
        self.seed = seed
        self.rnd = random.Random(seed)
        self.length = length
        self.items = []
        self.log = []
        self.killed = self.runs = self.count = 0
        self.disconnected = False
        self.denied = set()

    def say(self, *words):
        self.log.append(" ".join(str(x) for x in words))

    def mark(self, what):
        self.count += 1
        return f"{what}-{self.seed}-{self.count}"

    def file(self):
        name = self.mark("file") + ".txt"
        return {"name": name, "type": "text/plain", "text": f"bytes of {name}"}

    # ---- the contractor

    def create_rfi(self):
        people = self.rnd.choice([BICS[:1], BICS[:1], BICS[1:], BICS, (OTHER,)])
        files = [self.file() for _ in range(self.rnd.randrange(4))]
        more = self.rnd.choice([{}, {}, {}, {"draft": True}, {"private": True}])
        made = self.w.contractor("create_rfi", {
            "project": self.w.project["procore"]["id"], "subject": self.mark("RFI"), "question": "What & where?",
            "assignees": [self.w.login(u) for u in people], "files": files, **more})
        it = Item("rfi", made["id"], people, [f["name"] for f in files])
        it.draft, it.private = "draft" in more, "private" in more
        self.items.append(it)
        self.say("contractor: RFI", it.id, "to", people, "files", it.files, more)

    def create_submittal(self):
        steps = self.rnd.choice([[[BICS[0]]], [[BICS[1]]], [[BICS[0]], [BICS[1]]], [list(BICS)], [[OTHER]]])
        files = [self.file() for _ in range(self.rnd.randrange(2))]
        made = self.w.contractor("create_submittal", {
            "project": self.w.project["procore"]["id"], "title": self.mark("Submittal"), "section": "07 72 33",
            "steps": [[self.w.login(u) for u in s] for s in steps], "files": files})
        it = Item("submittal", made["id"], [u for s in steps for u in s], [f["name"] for f in files])
        self.items.append(it)
        self.say("contractor: submittal", it.id, "steps", steps, "files", it.files)

    def pick(self, *tests):
        found = [i for i in self.items if all(t(i) for t in tests)]
        return self.rnd.choice(found) if found else None

    def edit(self):
        it = self.pick(lambda i: not i.closed)
        if it is None:
            return
        day = f"2031-0{self.rnd.randrange(1, 10)}-1{self.rnd.randrange(10)}"
        self.w.contractor("edit", {it.kind: it.id, "due_date": day})
        self.say("contractor: due date of", it.id, "is", day)

    def open_up(self):
        it = self.pick(lambda i: i.draft or i.private)
        if it is None:
            return
        self.w.contractor("edit", {it.kind: it.id, "draft": False, "private": False})
        it.draft = it.private = False
        self.say("contractor: neither draft nor private:", it.id)

    def add_file(self):
        it = self.pick(lambda i: not i.closed)
        if it is None:
            return
        f = self.file()
        self.w.contractor("add_file", {it.kind: it.id, "files": [f]})
        it.files.append(f["name"])
        self.say("contractor: file", f["name"], "added to", it.id)

    def close(self):
        it = self.pick(lambda i: not i.closed and not i.draft and i.kind == "rfi")
        if it is None:
            return
        self.w.contractor("close", {it.kind: it.id})
        it.closed = True
        self.say("contractor: closes", it.id)

    def reopen(self):
        it = self.pick(lambda i: i.closed)
        if it is None:
            return
        self.w.contractor("reopen", {it.kind: it.id})
        it.closed = False
        self.say("contractor: reopens", it.id)

    # ---- the architect

    def there(self, it):
        found = self.w.npc_items(it.id, it.kind)
        return found[0] if found else None

    def in_court(self, it):
        """Who may answer now, by Procore's own state."""
        doc = json.loads(self.w.procore("SELECT doc FROM item WHERE id = ?", it.id)[0]["doc"])
        if it.kind == "rfi":
            return [u for u in BICS if u in it.people]
        ids = [p["id"] for p in doc["ball_in_court"]]
        return [u for u in BICS if self.w.people[u]["procore"]["user_id"] in ids]

    def answer(self):
        it = self.pick(lambda i: (self.there(i) or {"status": ""})["status"] == "Open", self.in_court)
        if it is None:
            return
        user, action = self.rnd.choice(self.in_court(it)), self.rnd.choice(ACTIONS[it.kind])
        mark, more, name = self.mark("answer"), {}, None
        if self.rnd.random() < 0.4:
            name = self.mark("sketch") + ".png"
            more = {"file_name": name, "file_base64": base64.b64encode(name.encode()).decode()}
        self.w.architect("respond", {"item": self.there(it)["id"], "person": self.w.people[user]["mail"],
                                     "action": action, "text": f"{mark} <&> end", **more})
        it.answers.append((user, action, mark, name))
        self.say("architect:", user, "responds to", it.id, action, mark, name or "")

    def plain_close(self):
        it = self.pick(lambda i: (self.there(i) or {"status": ""})["status"] == "Open")
        if it is None:
            return
        self.w.architect("close", {"item": self.there(it)["id"]})
        self.say("architect: closes", it.id, "without a response")

    def npc_reopen(self):
        it = self.pick(lambda i: (self.there(i) or {"status": ""})["status"] == "Closed")
        if it is None:
            return
        self.w.architect("reopen", {"item": self.there(it)["id"]})
        self.say("architect: reopens", it.id)

    def native_answer(self):
        opened = [n for n in self.w.native if self.w.npc("SELECT status FROM item WHERE id = ?", n["id"])[0]["status"]
                  == "Open"]
        if not opened:
            return
        it = self.rnd.choice(opened)
        self.w.architect("respond", {"item": it["id"], "person": self.w.people[BICS[0]]["mail"],
                                     "action": ACTIONS[it["kind"]][0], "text": self.mark("native")})
        self.say("architect: responds to", it["number"], "which never was in Procore")

    # ---- faults

    def fault_procore(self):
        verb, what = self.rnd.choice([
            ("lost_answer", "POST /rest/v1.0/projects"), ("lost_answer", "PATCH /rest/v1.0/projects"),
            ("lost_answer", "POST /rest/v1.1/projects"), ("lost_answer", "GET /rest/"), ("lost_answer", "refresh"),
            ("cut_body", "GET /rest/"), ("garble", "GET /rest/"), ("garble", "POST /rest/v1.0/projects"),
            ("status", 429), ("status", 503), ("status", 500)])
        times = self.rnd.randrange(1, 4)
        if verb == "status":
            body = {"prefix": "/rest/", "status": what, "times": times, "after": self.rnd.random() < 0.3}
        else:
            body = {"what": what, "times": times}
        self.w.contractor(verb, body)
        self.say("fault: Procore", verb, body)

    def fault_npc(self):
        verb = self.rnd.choice(["lost_answer", "cut_body", "status", "status", "expire_sessions"])
        body = {"prefix": "/v1/", "method": self.rnd.choice(["POST", "GET", "PATCH", "PUT"]),
                "times": self.rnd.randrange(1, 4)}
        if verb == "status":
            body = {"prefix": "/", "status": self.rnd.choice([500, 503, 429]), "times": self.rnd.choice([1, 2, 500])}
        self.w.architect(verb, body)
        self.say("fault: Project Center", verb, body)

    def token(self):
        user, verb = self.rnd.choice(BICS), self.rnd.choice(["expire", "expire", "revoke"])
        self.w.contractor(verb, {"person": self.w.login(user)})
        self.say("fault:", verb, user)

    def sign_in(self):
        user = self.rnd.choice(BICS)
        if self.w.account(user)["state"] == "ok":
            return
        self.reconnect(user)

    def reconnect(self, user):
        self.w.sign_in(user)
        self.w.step("resume", self.w.account(user)["id"])
        self.say("people:", user, "signs in again")

    def app(self):
        self.disconnected = not self.disconnected
        self.w.contractor("app_disconnected", {"company": self.company(), "on": self.disconnected})
        self.say("fault: app at the company disconnected:", self.disconnected)

    def company(self):
        return self.w.one("SELECT procore_company_id c FROM connection WHERE id = ?", self.w.connection)["c"]

    def permission(self):
        user = self.rnd.choice(BICS)
        self.allow(user, "Standard" if user in self.denied else self.rnd.choice(["None", "Read Only"]))

    # ---- the worker

    def mend(self):
        """Somebody has seen to it: sign-ins, the app, permissions, Project Center."""
        for user in BICS:
            if self.w.account(user)["state"] == "lost":
                self.reconnect(user)
        if self.disconnected:
            self.app()
        for user in sorted(self.denied):
            self.allow(user)
        self.w.architect("clear_faults", {})
        self.say("people: mended what was out of order")

    def allow(self, user, level="Standard"):
        self.w.contractor("permission", {"person": self.w.login(user), "level": level,
                                         "project": self.w.project["procore"]["id"]})
        self.denied = (self.denied - {user}) | ({user} if level != "Standard" else set())
        self.say("permission of", user, "is", level)

    def work(self):
        if self.rnd.random() < 0.3:
            self.mend()
        self.w.move(self.rnd.choice([5, 40, 130, 700, 700, 4000]))
        stop_at = self.rnd.choice([0, 0, self.rnd.randrange(1, 12), self.rnd.randrange(1, 60)])
        died = self.w.worker(stop_at)
        self.runs += 1
        self.killed += died
        self.say("worker:", f"dead after commit {stop_at}" if died else "done", f"(clock +{self.w.moved})")

    def play(self):
        weights = {self.create_rfi: 5, self.create_submittal: 4, self.edit: 2, self.open_up: 1, self.add_file: 2,
                   self.close: 2, self.reopen: 2, self.answer: 14, self.plain_close: 1, self.npc_reopen: 2,
                   self.native_answer: 1, self.fault_procore: 3, self.fault_npc: 3, self.token: 2, self.sign_in: 2,
                   self.app: 1, self.permission: 1, self.work: 16}
        self.create_rfi()
        for act in self.rnd.choices(list(weights), list(weights.values()), k=self.length):
            act()

    # ---- the end: all faults lifted, people do what they are asked to do

    def lift(self):
        self.say("all faults are lifted")
        w = self.w
        w.contractor("clear_faults", {})
        w.architect("clear_faults", {})
        if self.disconnected:
            self.app()
        for user in sorted(self.denied):
            self.allow(user)

    def settle(self):
        """The worker by itself; whoever is asked to signs in; whoever sees a parked item retries it."""
        w = self.w
        for n in range(ROUNDS):
            w.move(700 if n % 3 else 4000)
            w.worker()
            for user in BICS:
                if w.account(user)["state"] == "lost":
                    self.reconnect(user)
            if n >= 4 and self.retry():
                continue
            if n >= 5 and not self.waiting():
                break
        else:
            raise Wrong(f"not settled: {self.waiting()}")
        self.say("settled after", n + 1, "runs of the worker")

    def mine(self):
        return [r for r in (self.row(i) for i in self.items) if r]

    def row(self, it):
        found = self.w.sql("SELECT * FROM item WHERE connection_id = ? AND kind = ? AND procore_id = ?",
                           self.w.connection, it.kind, it.id)
        return found[0] if found else None

    def retry(self):
        """Retry all, as the portal does it. True when there was something parked."""
        parked = [r for r in self.mine() if r["state"] == "parked"]
        for r in parked:
            self.say("people: retry", r["procore_id"], "which is parked:", r["reason_text"])
            self.w.sql("UPDATE item SET next_try_at = 1, tries = 0 WHERE id = ?", r["id"])
        return bool(parked)

    def waiting(self):
        """What still is on its way: by the product's own word."""
        out = [f"{r['procore_id']} {r['state']} {r['reason_text']}" for r in self.mine()
               if r["state"] == "waiting" and not self.listed(r)]
        out += [str(r) for r in self.w.sql(
            "SELECT e.* FROM effect e WHERE e.connection_id = ? AND e.state IN ('intent', 'unknown')",
            self.w.connection) if not self.overtaken(r)]
        return out

    def listed(self, row):
        return self.w.sql("SELECT 1 FROM issue WHERE item_id = ? AND state = 'open'", row["id"])

    def overtaken(self, effect):
        """A write to Project Center that died with the worker and is no longer wanted, or not while it is closed there."""
        closed = self.w.one("SELECT npc_status FROM item WHERE id = ?", effect["item_id"])["npc_status"] == "Closed"
        return effect["kind"] in ("npc.update", "npc.reopen") or (effect["kind"] == "npc.file" and closed)

    # ---- what must be true

    def check(self):
        for it in self.items:
            try:
                self.check_item(it)
            except Wrong as e:
                row = self.row(it)
                events = self.w.sql("SELECT at, actor, text FROM item_event WHERE item_id = ? ORDER BY id",
                                    row["id"] if row else 0)
                raise Wrong(f"{it.kind} {it.id}: {e}\n  row: {row}\n  " + "\n  ".join(str(x) for x in events))
        self.check_native()
        self.check_tokens()

    def check_item(self, it):
        there = self.w.npc_items(it.id, it.kind)
        row = self.row(it)
        if len(there) > 1:
            raise Wrong("twice in Project Center")
        if it.eligible() and not there and not self.explained(it, row):
            raise Wrong("missing in Project Center")
        if not there:
            # a draft, and a private one of other people, is not shown to us at all
            if not (it.draft or it.private) and not (row and row["reason_text"]):
                raise Wrong("not in Project Center, and no reason is listed")
            return
        names = [f[0] for f in self.w.npc_files(there[0]["id"])]
        if len(set(names)) != len(names):
            raise Wrong(f"a file twice in Project Center: {names}")
        if set(names) - set(it.files):
            raise Wrong(f"strange files in Project Center: {names}")
        if it.eligible() and there[0]["status"] == "Open" and set(names) != set(it.files):
            raise Wrong(f"files missing in Project Center: {sorted(set(it.files) - set(names))}")
        if it.kind == "rfi":
            self.check_replies(it, row)
        else:
            self.check_approvals(it, row)

    def explained(self, it, row):
        """Reasons of the product that may keep an eligible item out."""
        return it.kind == "submittal" and row and row["reason"] in ("step_not_reached", "answered_in_procore") and \
            not self.in_court(it)

    def check_replies(self, it, row):
        replies = self.w.side_procore(it.id)["replies"]
        for user, _, mark, name in it.answers:
            found = [r for r in replies if f"{mark} <&> end" in r[1]]
            if len(found) > 1:
                raise Wrong(f"answer {mark} stands {len(found)} times in Procore")
            if not found:
                if it.closed and self.listed(row):
                    continue
                raise Wrong(f"answer {mark} of {user} is missing in Procore; replies: {replies}")
            self.check_answer(user, name, found[0][0], found[0][2], mark)
        if len(replies) != len([a for a in it.answers if any(f"{a[2]} <" in r[1] for r in replies)]):
            raise Wrong(f"replies in Procore that nobody gave: {replies}")

    def check_answer(self, user, name, who, attached, mark):
        if who != self.w.people[user]["procore"]["user_id"]:
            raise Wrong(f"answer {mark} of {user} stands under {who}")
        if [a[0] for a in attached] != ([name] if name else []):
            raise Wrong(f"answer {mark} should carry {name}: {attached}")

    def check_approvals(self, it, row):
        for who, considered, comment, attached in self.w.side_procore(it.id)["approvers"]:
            given = [a for a in it.answers if self.w.people[a[0]]["procore"]["user_id"] == who]
            if not given:
                if considered != "pending":
                    raise Wrong(f"{who} answered {considered} without having answered in Project Center")
                continue
            user, action, mark, name = given[-1]
            if considered == CONSIDERED[action] and f"{mark} <" in comment:
                self.check_answer(user, name, who, attached[-1:] if name else [], mark)
            elif not self.listed(row):
                raise Wrong(f"answer {mark} of {user} ({action}) is missing: {considered} {comment!r}")

    def check_native(self):
        for n in self.w.native:
            if self.w.sql("SELECT 1 FROM item WHERE npc_id = ?", n["id"]):
                raise Wrong(f"{n['number']} of Project Center is linked to something")
        if self.w.procore("SELECT 1 FROM item WHERE doc LIKE ?", f"%native-{self.seed}-%"):
            raise Wrong("an answer of an item of Project Center's own is in Procore")
        count = self.w.npc("SELECT count(*) n FROM item WHERE project_id = ? AND external_id IS NULL",
                           self.w.project["npc"]["id"])[0]["n"]
        if count != len(self.w.native):
            raise Wrong(f"{count} items without a source in Project Center, {len(self.w.native)} before")

    def check_tokens(self):
        calls = self.w.procore("SELECT count(*) n FROM call WHERE path = '/oauth/token'")[0]["n"]
        rows = self.w.sql("SELECT * FROM token_journal WHERE kind = 'refresh'")
        if calls > len(rows):
            raise Wrong(f"{calls} calls for tokens, {len(rows)} in the journal")
        if calls < sum(1 for r in rows if r["http_status"]):
            raise Wrong("the journal knows answers to calls that were not made")
        done = [(r["account_id"], r["generation"]) for r in rows if r["state"] == "done"]
        if len(done) != len(set(done)):
            raise Wrong(f"a pair was renewed twice: {sorted(done)}")
        if self.w.sql("SELECT 1 FROM token_journal WHERE state = 'intent'"):
            raise Wrong("a call for tokens is still open in the journal")

    def run(self):
        self.play()
        self.lift()
        self.settle()
        self.check()
        before = self.w.fingerprint()
        self.w.move(700)
        self.w.worker()
        if self.w.fingerprint() != before:
            raise Wrong("one run more changed something")


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--seed", type=int, default=SHORT_SEED)
    ap.add_argument("--sequences", type=int)
    ap.add_argument("--minutes", type=float)
    ap.add_argument("--actions", type=int, default=50, help="length of a sequence")
    ap.add_argument("--verbose", action="store_true", help="print every sequence")
    o = ap.parse_args()
    limit = o.sequences or (0 if o.minutes else 8)
    end = time.monotonic() + 60 * o.minutes if o.minutes else None
    passed, failed, n, killed, runs, items, answers = 0, 0, 0, 0, 0, 0, 0
    print(f"seed {o.seed}, project {KEY}", flush=True)
    with World() as world:
        while (not limit or n < limit) and (end is None or time.monotonic() < end) and not failed:
            s = Sequence(world, o.seed + n, o.actions)
            n += 1
            try:
                s.run()
                passed += 1
            except AssertionError as e:
                failed += 1
                print(f"FAIL: seed {s.seed}: {e}\nThe whole sequence:\n  " + "\n  ".join(s.log), flush=True)
            else:
                if o.verbose:
                    print(f"seed {s.seed}:\n  " + "\n  ".join(s.log), flush=True)
            killed, runs = killed + s.killed, runs + s.runs
            items, answers = items + len(s.items), answers + sum(len(i.answers) for i in s.items)
    print(f"{n} sequences, {items} items, {answers} answers, {runs} runs of the worker, {killed} of them killed")
    print(f"{passed} passed, {failed} failed", flush=True)
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
