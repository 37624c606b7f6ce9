#!/usr/bin/python3
"""Every story played again and again, the worker dead right after commit 1, 2, 3 ... of it and started again, then
dead right before each, when what it would have recorded has been done: both sides and the portal must end as when
nothing had happened, and one pass more must change nothing.

  campaign.py            the short set, as in ./check
  campaign.py --all      all stories
  campaign.py NAME...    these
  campaign.py --list     their names
"""
import argparse
import base64
import difflib
import json
import pprint
import sys
import time

from stage import Stage

WHO = "lnakamura"
SECOND = "zmueller"
LATER_S = 10
SETTLE_S = 200  # beyond the two minutes of an answer that was lost
PASSES = 8


class Play:
    """One run of a story. stop_at: the commit after or before which the worker dies; 0: it does not."""

    def __init__(self, stage, stop_at, before=False):
        self.s = stage
        self.left = stop_at
        self.before = before
        self.died = False
        self.commits = 0
        self.kind = "rfi"
        self.ids = []

    # ---- the worker

    def settled(self):
        for i in self.ids:
            found = self.s.sql("SELECT id FROM item WHERE connection_id = ? AND procore_id = ?", self.s.connection, i)
            if not found:
                return False
            ours = self.s.ours(i)
            if ours["open_effects"] or ours["due"] or ("respond_and_close", "waiting") in ours["responses"]:
                return False
        return True

    def walk(self):
        """Passes until nothing waits. What people did is some time ago: within its second an item is read twice anyway,
        which would hide what is missed."""
        self.s.move(LATER_S)
        for _ in range(PASSES):
            died = self.try_step("sync")
            self.s.move(SETTLE_S)
            if not died and self.settled():
                self.s.architect("clear_faults", {})
                self.s.contractor("clear_faults", {})
                return
        raise AssertionError(f"not settled after {PASSES} passes: {[self.s.ours(i) for i in self.ids]}")

    def try_step(self, what, data=None):
        """One step; True when it died."""
        died, commits = self.s.step(what, self.s.connection, self.left, data=data, before=self.before)
        self.commits += commits
        if died:
            self.died, self.left = True, 0
        elif self.left:
            self.left -= commits
            assert self.left > 0, "went past the commit at which it should have died"
        return died

    def once(self, what="sync", data=None):
        """One step that comes to its end, whatever waits afterwards."""
        self.s.move(LATER_S)
        while self.try_step(what, data):
            self.s.move(SETTLE_S)
        self.s.move(SETTLE_S)

    # ---- people

    def rfi(self, **more):
        made = self.s.contractor("create_rfi", {
            "project": self.s.project["procore"]["id"], "subject": "Anchor bolts at grid C", "due_date": "2030-05-01",
            "question": "3/4\" or 7/8\" & longer?\nPlease confirm.", "assignees": [self.s.login(WHO)], **more})
        self.ids.append(made["id"])
        return made["id"]

    def submittal(self, **more):
        self.kind = "submittal"
        made = self.s.contractor("create_submittal", {
            "project": self.s.project["procore"]["id"], "title": "Roof hatch", "section": "07 72 33",
            "description": "Data sheet & colour", "steps": [[self.s.login(WHO)]], **more})
        self.ids.append(made["id"])
        return made["id"]

    def respond(self, procore_id, action, text, user=WHO, **more):
        self.s.architect("respond", {"item": self.s.item(procore_id)["npc_id"], "person": self.s.people[user]["mail"],
                                     "action": action, "text": text, **more})

    def lose(self, what):
        """The next answer to such a call is lost. what: method and path prefix at Procore, or npc."""
        if what.startswith("npc "):
            _, method, prefix = what.split()
            self.s.architect("lost_answer", {"method": method,
                                             "prefix": f"/v1/projects/{self.s.project['npc']['id']}{prefix}"})
        else:
            self.s.contractor("lost_answer", {"what": what.replace("PROJECT", str(self.s.project["procore"]["id"]))})


FILE = {"file_name": "sketch.png", "file_base64": base64.b64encode(b"a sketch").decode()}
FILES = [{"name": "a?b*c.pdf", "type": "application/pdf", "text": "one"},
         {"name": "plan.txt", "type": "text/plain", "text": "two"}]


# ---- the stories

def rfi_in(p):
    p.rfi()
    p.walk()


def rfi_with_files(p):
    p.rfi(files=FILES)
    p.walk()


def rfi_answered_with_file(p):
    rfi = p.rfi()
    p.walk()
    p.respond(rfi, "Answered", "Yes.\nSee <sketch> & note.", **FILE)
    p.walk()


def rfi_edited(p):
    rfi = p.rfi()
    p.walk()
    p.s.contractor("edit", {"rfi": rfi, "due_date": "2030-06-15"})
    p.s.contractor("add_file", {"rfi": rfi, "files": FILES[1:]})
    p.walk()


def submittal_in(p):
    p.submittal(files=FILES)
    p.walk()


def submittal_answered(p):
    sub = p.submittal()
    p.walk()
    p.respond(sub, "Approved as Noted", "Colour RAL 7016.", **FILE)
    p.walk()


def two_approvers_at_once(p):
    """Both answer before the worker looks: each answer goes to its own author's step."""
    sub = p.submittal(steps=[[p.s.login(WHO), p.s.login(SECOND)]])
    p.walk()
    p.respond(sub, "Approved", "Structure is fine.")
    p.s.architect("reopen", {"item": p.s.item(sub)["npc_id"]})
    p.respond(sub, "Rejected", "Fire rating is missing.", user=SECOND)
    p.walk()
    answers = sorted((who, considered) for who, considered, _, _ in p.s.side_procore(sub)["approvers"])
    assert answers == sorted((p.s.people[u]["procore"]["user_id"], considered) for u, considered in (
        (WHO, "approved"), (SECOND, "rejected"))), f"not each under its own author: {answers}"


def reopened_and_answered_again(p):
    rfi = p.rfi()
    p.walk()
    p.respond(rfi, "Answered", "Yes.")
    p.walk()
    p.s.contractor("close", {"rfi": rfi})
    p.walk()
    p.s.contractor("reopen", {"rfi": rfi})
    p.walk()
    p.respond(rfi, "Answered", "Yes, still.")
    p.walk()


def revision(p):
    first = p.submittal()
    p.walk()
    p.respond(first, "Revise and Resubmit", "Other colour.")
    p.walk()
    p.submittal(number=str(first), revision="1", source_submittal_log_id=first)
    p.walk()


def answered_after_close(p):
    rfi = p.rfi()
    p.walk()
    p.s.contractor("close", {"rfi": rfi})
    p.respond(rfi, "Answered", "Late.")
    p.s.contractor("reopen", {"rfi": rfi})
    p.walk()


def submittal_made_void(p):
    sub = p.submittal()
    p.walk()
    p.s.contractor("close", {"submittal": sub, "status": "Void"})
    p.walk()
    p.respond(sub, "Approved", "Too late.")
    p.once()
    assert p.s.ours(sub)["issues"] == ["closed_in_procore"], p.s.ours(sub)
    p.s.contractor("reopen", {"submittal": sub})
    p.walk()


def deleted_and_restored(p):
    rfi = p.rfi()
    p.walk()
    p.s.contractor("delete", {"rfi": rfi})
    p.s.sql("UPDATE mark SET pass_at = 0 WHERE kind = 'rfi_bin'")
    p.walk()
    assert p.s.item(rfi)["reason"] == "deleted", p.s.ours(rfi)
    p.s.contractor("restore", {"rfi": rfi})
    p.walk()
    p.respond(rfi, "Answered", "Still wanted.")
    p.walk()


def said_twice(p):
    """Reopened in Project Center and answered again in the same words, before the worker looks: two replies."""
    rfi = p.rfi()
    p.walk()
    p.respond(rfi, "Answered", "Yes.")
    p.s.architect("reopen", {"item": p.s.item(rfi)["npc_id"]})
    p.respond(rfi, "Answered", "Yes.", **FILE)
    p.walk()
    assert len(p.s.side_procore(rfi)["replies"]) == 2, p.s.side_procore(rfi)


def same_response_other_words(p):
    sub = p.submittal()
    p.walk()
    p.respond(sub, "Approved", "As drawn.")
    p.walk()
    p.s.architect("reopen", {"item": p.s.item(sub)["npc_id"]})
    p.respond(sub, "Approved", "But see the sketch.", **FILE)
    p.walk()
    assert "sketch" in p.s.side_procore(sub)["approvers"][0][2], p.s.side_procore(sub)


def mapped_while_it_waits(p):
    kept = p.s.one("SELECT * FROM response_map WHERE connection_id = ? AND npc_action = 'Rejected'", p.s.connection)
    sub = p.submittal()
    p.walk()
    p.s.sql("DELETE FROM response_map WHERE connection_id = ? AND npc_action = 'Rejected'", p.s.connection)
    try:
        p.respond(sub, "Rejected", "No.")
        p.once()
        assert p.s.ours(sub)["issues"] == ["unmapped"], p.s.ours(sub)
    finally:
        kept["set_at"] = p.s.item(sub)["changed_at"] + 1
        p.s.sql(f"INSERT INTO response_map VALUES ({', '.join('?' * len(kept))})", *kept.values())
    p.walk()


def pulled_by_number(p):
    """Older than the connection: left out, until somebody asks for it."""
    at = p.s.one("SELECT sync_from_at at FROM connection WHERE id = ?", p.s.connection)["at"]
    p.s.sql("UPDATE connection SET sync_from_at = ? WHERE id = ?", at + 3650 * 86400, p.s.connection)
    try:
        rfi = p.rfi()
        p.once()
        assert p.s.item(rfi)["reason"] == "before_connection", p.s.ours(rfi)
        p.once("pull", json.dumps({"kind": "rfi", "number": p.s.item(rfi)["number"], "by": "mhalloran"}))
        p.walk()
        assert p.s.item(rfi)["state"] == "linked", p.s.ours(rfi)
    finally:
        p.s.sql("UPDATE connection SET sync_from_at = ? WHERE id = ?", at, p.s.connection)


def woken_by_a_webhook(p):
    rfi = p.rfi()
    p.s.sql("INSERT INTO hook_event (dedupe, received_at, procore_company_id, procore_project_id, resource, resource_id, "
            "event) VALUES (?, 1, 1, ?, 'RFIs', ?, 'create')", f"story-{rfi}", p.s.project["procore"]["id"], rfi)
    p.walk()
    assert not p.s.sql("SELECT 1 FROM hook_event WHERE handled_at IS NULL"), "the event is not covered"


def lost_create(p):
    p.rfi(files=FILES[:1])
    p.lose("npc POST /rfis")
    p.walk()


def lost_announced_file(p):
    p.rfi(files=FILES[:1])
    p.lose("npc POST /files")
    p.walk()


def lost_reply(p):
    rfi = p.rfi()
    p.walk()
    p.respond(rfi, "Answered", "Once.", **FILE)
    p.lose("POST /rest/v1.0/projects/PROJECT/rfis")
    p.walk()


def lost_approval(p):
    sub = p.submittal()
    p.walk()
    p.respond(sub, "Approved", "Once.")
    p.lose("PATCH /rest/v1.0/projects/PROJECT/submittals")
    p.walk()


def lost_upload(p):
    rfi = p.rfi()
    p.walk()
    p.respond(rfi, "Answered", "With a file.", **FILE)
    p.lose("POST /rest/v1.1/projects/PROJECT/uploads")
    p.walk()


STORIES = {f.__name__: f for f in (
    rfi_in, rfi_with_files, rfi_answered_with_file, rfi_edited, submittal_in, submittal_answered,
    two_approvers_at_once, reopened_and_answered_again, revision, answered_after_close, submittal_made_void,
    deleted_and_restored, said_twice, same_response_other_words, mapped_while_it_waits, pulled_by_number,
    woken_by_a_webhook, lost_create,
    lost_announced_file, lost_reply, lost_approval, lost_upload)}
SHORT = ("rfi_with_files", "submittal_answered", "lost_create")


# ---- the campaign

def prepare(stage):
    """What would come now and then by the clock comes in no run, so that commit n is the same one in each."""
    stage.contractor("clear_faults", {})
    stage.architect("clear_faults", {})
    stage.sql("UPDATE mark SET pass_at = 100000000000 WHERE kind LIKE '%_bin' OR account_id = ?",
              stage.account(SECOND)["id"])
    stage.move(SETTLE_S)


def run(stage, story, stop_at, before=False):
    """One run; (play, pictures of its items)."""
    prepare(stage)
    play = Play(stage, stop_at, before)
    story(play)
    return play, [stage.picture(i, play.kind) for i in play.ids]


def compare(whole, now, what):
    if whole == now:
        return
    a, b = (pprint.pformat(x, width=110).splitlines() for x in (whole, now))
    raise AssertionError("\n".join([what, *difflib.unified_diff(a, b, "expected", "found", lineterm="", n=1)]))


def campaign(stage, name):
    """A story's whole campaign; how often the worker died."""
    story = STORIES[name]
    commits = -1
    while True:  # until it takes as many commits as the time before
        first, whole = run(stage, story, 0)
        if first.commits == commits:
            break
        commits = first.commits
    return sum(dead_at_each(stage, name, whole, commits, before) for before in (False, True))


def dead_at_each(stage, name, whole, commits, before):
    """The story once for each of its commits, the worker dead after it, or before it; how often it died."""
    story = STORIES[name]
    n = died = 0
    while True:
        n += 1
        play, now = run(stage, story, n, before)
        what = f"{name}, dead {'before' if before else 'after'} commit {n}"
        compare(whole, now, f"{what}, not as in the uninterrupted run")
        then = stage.fingerprint()
        stage.step("sync", stage.connection)
        compare(then, stage.fingerprint(), f"{what}, one pass more changed something")
        died += play.died
        if not play.died and n > commits:
            return died


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("names", nargs="*", metavar="NAME")
    ap.add_argument("--all", action="store_true")
    ap.add_argument("--list", action="store_true")
    o = ap.parse_args()
    if o.list:
        print("\n".join(STORIES))
        return
    names = o.names or (list(STORIES) if o.all else SHORT)
    unknown = [n for n in names if n not in STORIES]
    if unknown:
        ap.error(f"there is no story {unknown[0]}")
    passed, failed, steps = 0, 0, 0
    with Stage() as stage:
        stage.contractor("settings", {"token_life": 1000000000})
        for user in (WHO, SECOND):
            stage.sign_in(user)
        stage.step("choices", stage.connection)
        for seat in stage.sql("SELECT id FROM bic WHERE connection_id = ?", stage.connection):
            stage.step("check", seat["id"])
        run(stage, submittal_in, 0)  # what only a first pass does is done
        run(stage, rfi_in, 0)
        for name in names:
            begin = time.monotonic()
            try:
                n = campaign(stage, name)
            except AssertionError as e:
                failed += 1
                print(f"FAIL: {name}: {e}", flush=True)
                continue
            passed += 1
            steps += n
            print(f"{name:30} {n:4} steps  {time.monotonic() - begin:6.1f} s", flush=True)
    print(f"{steps} steps: the worker was ended at each of these commits, after it or before it, and started again")
    print(f"{passed} passed, {failed} failed", flush=True)
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
