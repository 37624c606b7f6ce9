#!/usr/bin/python3
"""Random days of work with faults and a worker that is killed, against a small model of what must be true in the end.

Contractor, architect and administrators act on the stand-ins and the portal; answers get lost, services fail, tokens
end, permissions, contacts and response values go, webhooks are lost, doubled and late; the worker runs now and then and
often dies right after one of its commits, or right before it. Then all faults are lifted, people sign in again, the
worker settles, and the model says what must stand on both sides: nothing missed, nothing doubled, nothing silent.

  random_model.py                          the short run of ./check, with fixed seeds
  random_model.py --seed N --sequences K   K sequences, seeds N, N + 1, ...; --jobs J of them at a time
  random_model.py --seed N --minutes M     as many as fit

A failure prints its seed and the whole sequence; `--seed THAT --sequences 1` plays it again.
actors.py and trouble.py are what happens, reference.py is what must be true, world.py the stage.
"""
import argparse
import collections
import multiprocessing
import random
import sys
import threading
import time

from actors import Admin, Architect, Contractor
from reference import BICS, Wrong
from trouble import Trouble
from world import World

SHORT = 16
SHORT_SEED = 20260401
ROUNDS = 20
A_WORLD = 25  # sequences that share one stage, one after the other
KINDS = ("rfi", "submittal", "rfi_bin", "submittal_bin")


class Sequence(Contractor, Architect, Admin, Trouble):
    """One random sequence: plays, lifts, settles, checks."""

    weights = {"create_rfi": 4, "create_submittal": 4, "edit": 3, "open_up": 2, "hide": 1, "add_file": 3, "close": 3,
               "reopen": 4, "delete": 2, "restore": 3, "reassign": 1, "revise": 1, "by_hand": 1, "answer": 20,
               "answer_again": 5, "plain_close": 1, "npc_reopen": 2, "native_answer": 1, "contact": 1, "rename": 1,
               "change_map": 1, "change_offer": 1, "pull": 1, "dismiss": 1, "retry": 1, "pause": 1, "post": 4,
               "fault_procore": 4, "fault_npc": 2, "token": 2, "sign_in": 2, "app": 1, "permission": 1, "work": 22}

    def __init__(self, world, seed, length):
        self.w = world
        self.seed = seed
        self.rnd = random.Random(seed)
        self.length = length
        self.items = []
        self.log = []
        self.bag = []        # webhooks that have not arrived
        self.denied = set()  # without permission in Procore
        self.strangers = set()  # no contacts in Project Center
        self.renamed = {}    # action: what it is called now
        self.map = {r["npc_action"]: r["considered"] for r in world.sql(
            "SELECT npc_action, considered FROM response_map WHERE connection_id = ?", world.connection)}
        self.disconnected = self.offer_changed = self.paused = False
        self.killed = self.runs = self.count = self.acts = 0

    def say(self, *words):
        self.log.append(" ".join(str(x) for x in words))

    def mark(self, what):
        self.count += 1
        return f"{what}-{self.seed}-{self.count}"

    def pick(self, *tests):
        found = [i for i in self.items if all(t(i) for t in tests)]
        return self.rnd.choice(found) if found else None

    def play(self):
        self.real_time(self.rnd.random() < 0.5)
        for act in self.rnd.choices([self.create_rfi, self.create_submittal], k=3):
            act()
        self.work()
        for act in self.rnd.choices(list(self.weights), list(self.weights.values()), k=self.length):
            said = len(self.log)
            getattr(self, act)()
            self.acts += len(self.log) > said

    # ---- the end: all faults lifted, people do what they are asked to do

    def lift(self):
        self.say("all faults are lifted")
        self.w.contractor("clear_faults", {})
        self.w.architect("clear_faults", {})
        if self.disconnected:
            self.app()
        if self.paused:
            self.pause()
        if self.offer_changed:
            self.change_offer()
        for user in sorted(self.denied):
            self.allow(user)
        for user in sorted(self.strangers):
            self.w.architect("contact_add", {"name": self.w.people[user]["name"], "email": self.w.people[user]["mail"]})
        for plain in sorted(self.renamed):
            self.w.architect("keyword_rename", {"from": self.renamed[plain], "to": plain})
        self.mend_map()
        self.strangers, self.renamed = set(), {}

    def settle(self):
        """The worker by itself; whoever is asked to signs in; whoever sees a parked item retries it."""
        lifted, least, retried = self.w.now(), 3, 0
        for n in range(ROUNDS):
            self.w.move(4000 if n % 3 else 700)
            _, *before = self.w.fingerprint()
            self.w.worker()
            _, *after = self.w.fingerprint()
            for user in BICS:
                if self.w.account(user)["state"] == "lost":
                    self.reconnect(user)
            if n >= 2 and retried < 2 and self.retry():
                retried, least = retried + 1, n + 3
            if n >= least and before == after and not self.waiting(lifted):
                break
        else:
            raise Wrong(f"not settled: {self.waiting(lifted)}")
        self.say("settled after", n + 1, "runs of the worker")

    def waiting(self, lifted):
        """What still is on its way: by the product's own word."""
        rows = [r for r in map(self.w.row, self.items) if r]
        out = [f"{r['procore_id']} {r['state']} {r['reason_text']}" for r in rows
               if r["state"] == "waiting" and not self.w.listed(r)]
        out += [f"{r['procore_id']} is looked at again" for r in rows if r["next_try_at"] and not r["tries"]]
        out += [str(r) for r in self.w.sql(
            "SELECT e.* FROM effect e WHERE e.connection_id = ? AND e.state IN ('intent', 'unknown')",
            self.w.connection) if not self.put_off(r)]
        read = {m["kind"]: m["at"] for m in self.w.sql(
            "SELECT kind, max(pass_at) at FROM mark WHERE connection_id = ? AND side = 'procore' GROUP BY kind",
            self.w.connection)}
        return out + [f"the list {k} has not been read" for k in KINDS if read.get(k, 0) < lifted]

    def put_off(self, effect):
        """What cannot go on now: a file on its way to an item that is closed in Project Center; an answer that may have
        arrived, to an item that is deleted since: that is listed."""
        row = self.w.one("SELECT id, npc_status, state FROM item WHERE id = ?", effect["item_id"])
        if effect["kind"] == "npc.file":
            return row["npc_status"] == "Closed" or row["state"] == "closed"
        return effect["kind"].startswith("procore.") and self.w.listed(row)

    # ---- what must be true

    def check(self):
        for it in self.items:
            try:
                self.check_item(it)
            except Wrong as e:
                row = self.w.row(it)
                events = self.w.sql("SELECT at, actor, text FROM item_event WHERE item_id = ? ORDER BY id",
                                    row["id"] if row else 0)
                raise Wrong(f"{it.kind} {it.id}: {e}\n  row: {row}\n  " + "\n  ".join(str(x) for x in events))
        self.check_native()
        self.check_tokens()

    def check_item(self, it):
        there, row = self.w.there(it), self.w.row(it)
        if there is None:
            if it.eligible() and not self.explained(it, row):
                raise Wrong("missing in Project Center")
            # what is private or a draft is not shown to everybody, what is deleted may never have been seen
            if not (it.draft or it.private or it.deleted) and not (row and row["reason_text"]):
                raise Wrong("not in Project Center, and no reason is listed")
            return
        if not it.was_eligible:
            raise Wrong("came in although it never was eligible")
        self.check_fields(it, there)
        it.check_files(self.w.npc_files(there["id"]), there["status"] == "Open")
        listed = self.w.listed(row)
        if it.kind == "rfi":
            excused = it.check_replies(self.w.replies(it), self.w.users, listed)
        else:
            excused = it.check_approvals(self.w.approvers(it), self.w.users, listed)
        if listed and not excused and it.open() and self.w.sql(
                "SELECT 1 FROM issue WHERE item_id = ? AND state = 'open'", row["id"]):
            raise Wrong("an issue is open although nothing is missing")

    def check_fields(self, it, there):
        for field, value in it.fields.items():
            if it.eligible() and there["status"] == "Open" and there[field] != value:
                raise Wrong(f"{field} is {there[field]} in Project Center, {value} in Procore")
        if it.previous:
            before = self.w.there(it.previous)
            if before and there["previous_id"] != before["id"]:
                raise Wrong(f"the revision before is {before['id']}, not {there['previous_id']}")

    def explained(self, it, row):
        """Reasons of the product that may keep an eligible item out."""
        return it.kind == "submittal" and row and row["reason"] in ("step_not_reached", "answered_in_procore") and \
            not self.w.in_court(it)

    def check_native(self):
        w = self.w
        for n in w.native:
            if w.sql("SELECT 1 FROM item WHERE npc_id = ?", n["id"]):
                raise Wrong(f"{n['number']} of Project Center is linked to something")
        if w.procore("SELECT 1 FROM item WHERE doc LIKE ?", f"%native-{self.seed}-%"):
            raise Wrong("an answer of an item of Project Center's own is in Procore")
        count = w.npc("SELECT count(*) n FROM item WHERE project_id = ? AND external_id IS NULL",
                      w.project["npc"]["id"])[0]["n"]
        if count != len(w.native):
            raise Wrong(f"{count} items without a source in Project Center, {len(w.native)} before")

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
        still = self.w.sql("SELECT j.* FROM token_journal j JOIN account a ON a.id = j.account_id WHERE j.state = 'intent' "
                           "AND j.generation = a.generation")  # older ones are tidied up in time
        if still:
            raise Wrong(f"a call for tokens is still open in the journal: {still}; accounts: "
                        f"{[self.w.account(u) for u in BICS]}")

    def run(self):
        self.play()
        self.lift()
        self.settle()
        self.check()
        calls, *before = self.w.fingerprint()
        self.w.move(700)
        self.w.worker()
        _, *after = self.w.fingerprint()
        changed = [x for a, b in zip(before, after) for x in b if x not in a]
        if before != after or self.w.writes_since(calls):
            raise Wrong(f"one run more changed something: {changed}; calls: {self.w.writes_since(calls)}")


# ---- many of them

def play_some(first, n, length, verbose=False, deadline=None):
    """n sequences on one stage, until one fails; counts, and what there is to say."""
    total, text = collections.Counter(), []
    begun = first
    try:
        with World() as world:
            for seed in range(first, first + n):
                if deadline and time.monotonic() > deadline:
                    break
                begun = seed
                s = Sequence(world, seed, length)
                total["sequences"] += 1
                try:
                    s.run()
                    total["passed"] += 1
                    if verbose:
                        text.append("\n  ".join([f"seed {seed}:", *s.log]))
                except (AssertionError, RuntimeError) as e:
                    total["failed"] += 1
                    text.append("\n  ".join([f"FAIL: seed {seed} (the stage began with {first}): {e}\nThe whole sequence:",
                                             *s.log]))
                total.update(actions=s.acts, items=len(s.items), answers=sum(len(i.answers) for i in s.items),
                             runs=s.runs, killed=s.killed)
                if total["failed"]:
                    break
    except (AssertionError, RuntimeError) as e:  # the stage itself: logs, programs that do not end
        total["failed"] += 1
        text.append(f"FAIL: the stage of seeds {first} to {begun}: {e}")
    return total, text


def play_chunk(args):
    return play_some(*args)


def chunks(o, deadline, slots):
    """(first seed, how many, ...) for each stage; without an end when only the time is limited."""
    first, left = o.seed, o.sequences or (None if o.minutes else SHORT)
    size = A_WORLD if left is None else max(1, min(A_WORLD, -(-left // o.jobs)))
    while left is None or left > 0:
        n = size if left is None else min(size, left)
        slots.acquire()  # given out when it is wanted, so that the clock has its say
        if deadline and time.monotonic() > deadline:
            return
        yield first, n, o.actions, o.verbose, deadline
        first, left = first + n, None if left is None else left - n


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--seed", type=int, default=SHORT_SEED)
    ap.add_argument("--sequences", type=int)
    ap.add_argument("--minutes", type=float)
    ap.add_argument("--actions", type=int, default=50, help="length of a sequence")
    ap.add_argument("--jobs", type=int, default=2, help="stages at a time")
    ap.add_argument("--verbose", action="store_true", help="print every sequence")
    o = ap.parse_args()
    start = time.monotonic()
    deadline = start + 60 * o.minutes if o.minutes else None
    total = collections.Counter()
    print(f"seed {o.seed}", flush=True)
    slots = threading.Semaphore(o.jobs)
    # each stage in a process of its own: what it starts ends with it
    with multiprocessing.get_context("spawn").Pool(o.jobs, maxtasksperchild=1) as pool:
        for counts, text in pool.imap_unordered(play_chunk, chunks(o, deadline, slots)):
            slots.release()
            total.update(counts)
            for t in text:
                print(t, flush=True)
    minutes = (time.monotonic() - start) / 60
    print(f"{total['sequences']} sequences with {total['actions']} actions, {total['items']} items and "
          f"{total['answers']} answers; {total['runs']} runs of the worker, {total['killed']} of them killed; seeds "
          f"{o.seed} to {o.seed + total['sequences'] - 1}; {minutes:.1f} minutes")
    print(f"{total['passed']} passed, {total['failed']} failed", flush=True)
    sys.exit(1 if total["failed"] or not total["passed"] else 0)


if __name__ == "__main__":
    main()
