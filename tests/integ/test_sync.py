#!/usr/bin/python3
"""The sync engine against both stand-ins: in, back, files, and nothing doubled when it is killed at any commit.

The engine runs step by step (tests/crash/sync_step), so that a test says when a pass happens."""
import base64
import hashlib
import json
import os
import sqlite3
import subprocess
import tempfile
import time
import unittest

import harness
import seed
from rig import DATA, Rig, load

STOPPED = 99  # DB_STOPPED
RIVERSIDE = "riverside"


class SyncCase(unittest.TestCase):
    """Stand-ins, nginx and an imported database; no worker."""

    config = {}
    rig_class = Rig

    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.TemporaryDirectory(prefix="cw-sync-")
        cls.rig = cls.rig_class(cls.dir.name, parts=("procore", "npc", "nginx"), config=cls.config)
        cls.projects = {p["key"]: p for p in load("projects.json")["projects"]}
        cls.people = {p["user"]: p for p in load("people.json")["people"]}
        try:
            cls.rig.start()
            cls.rig.ctl("init", "--global-admin", "mhalloran")
            cls.rig.ctl("import", "people", os.path.join(DATA, "import-people.csv"))
            seed.import_projects(cls.rig)
        except BaseException:
            cls.rig.stop()
            raise

    @classmethod
    def tearDownClass(cls):
        killed = cls.rig.stop()
        found = harness.log_findings(cls.rig)
        cls.dir.cleanup()
        assert not killed and not found, (killed, found)

    # ---- the database

    @classmethod
    def sql(cls, text, *args):
        db = sqlite3.connect(cls.rig.lay.database, timeout=10)
        db.row_factory = sqlite3.Row
        try:
            with db:
                return [dict(r) for r in db.execute(text, args).fetchall()]
        finally:
            db.close()

    def one(self, text, *args):
        rows = self.sql(text, *args)
        self.assertEqual(len(rows), 1, f"{text} {args}: {rows}")
        return rows[0]

    @classmethod
    def connection(cls, key):
        return cls.sql("SELECT id FROM connection WHERE npc_project_id = ?", cls.projects[key]["npc"]["id"])[0]["id"]

    # ---- the engine

    @classmethod
    def step(cls, what, ref, stop_at=0, data=None):
        """Run one step; True when it ran to its end, False when it died at the commit asked for."""
        argv = [os.path.join(cls.rig.build, "tests", "crash", "sync_step"), cls.rig.lay.config, what, str(ref)]
        r = subprocess.run(argv + ([str(stop_at)] if stop_at else []), input=data, capture_output=True, text=True,
                           timeout=120)
        if r.returncode not in (0, STOPPED):
            raise AssertionError(f"{what} {ref} ended with {r.returncode}: {r.stderr}{r.stdout}")
        return r.returncode == 0

    @classmethod
    def sign_in(cls, *users):
        for user in users:
            person = cls.people[user]["procore"]
            pair = cls.rig.control("procore", "grant", {"person": person["login"]})
            account = cls.sql("SELECT id FROM account WHERE login_folded = ?", person["login"].lower())[0]["id"]
            cls.step("grant", account, data=json.dumps({**pair, "id": person["user_id"], "login": person["login"]}))

    def sync(self, key, times=1, error=None):
        """Passes to their end; error: a word of what they must complain about, None nothing."""
        for _ in range(times):
            self.assertTrue(self.step("sync", self.connection(key)))
            text = self.one("SELECT sync_error FROM connection WHERE id = ?", self.connection(key))["sync_error"]
            if error:
                self.assertIn(error, text)
            else:
                self.assertEqual(text, "")

    # ---- the people

    def contractor(self, verb, value):
        return self.rig.control("procore", verb, value)

    def architect(self, verb, value):
        return self.rig.control("npc", verb, value)

    def login(self, user):
        return self.people[user]["procore"]["login"]

    def new_rfi(self, key, user, **more):
        return self.contractor("create_rfi", {
            "project": self.projects[key]["procore"]["id"], "subject": "Anchor bolts at grid C",
            "question": "The plan shows 3/4\" bolts.\nIs 7/8\" & longer < 12\" acceptable?",
            "assignees": [self.login(user)], **more})

    def rfi(self, key, rfi_id):
        state = self.rig.client().json("GET", self.rig.url(
            "procore", f"/_control/state?what=rfis&project={self.projects[key]['procore']['id']}"), None)
        return next(r for r in state["rfis"] if r["id"] == rfi_id)

    def npc_rows(self, table="item", where="1"):
        db = sqlite3.connect(f"file:{self.rig.lay.path('npc', 'npc.db')}?mode=ro", uri=True)
        db.row_factory = sqlite3.Row
        try:
            return [dict(r) for r in db.execute(f"SELECT * FROM {table} WHERE {where}").fetchall()]
        finally:
            db.close()

    def item(self, key, procore_id):
        return self.one("SELECT * FROM item WHERE connection_id = ? AND procore_id = ?", self.connection(key), procore_id)


class Story(SyncCase):
    """Both kinds, both ways."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sign_in("lnakamura", "zmueller", "jibanez", "skjaer")
        cls.step("choices", cls.connection(RIVERSIDE))

    def setUp(self):
        self.contractor("calm", {})
        self.contractor("rate", {"hour": 1000000, "spike": 100000})
        self.sql("DELETE FROM budget")
        self.architect("clear_faults", {})

    def respond(self, key, procore_id, user, action, text, **more):
        self.architect("respond", {"project": self.projects[key]["npc"]["id"],
                                   "item": self.item(key, procore_id)["npc_id"], "person": self.people[user]["mail"],
                                   "action": action, "text": text, **more})

    def submittal(self, submittal_id):
        state = self.rig.client().json("GET", self.rig.url(
            "procore", f"/_control/state?what=submittals&project={self.projects[RIVERSIDE]['procore']['id']}"), None)
        return next(s for s in state["submittals"] if s["id"] == submittal_id)

    def approver(self, submittal_id, user):
        return next(a for a in self.submittal(submittal_id)["approvers"]
                    if a["user"]["id"] == self.people[user]["procore"]["user_id"])

    def replies(self, rfi_id):
        return [a for q in self.rfi(RIVERSIDE, rfi_id)["questions"] for a in q["answers"]]

    def npc_item(self, procore_id, kind="rfi"):
        rows = self.npc_rows("item", f"external_id = 'procore-{kind}-{procore_id}'")
        self.assertEqual(len(rows), 1)
        return rows[0]

    def issues(self, procore_id):
        return self.sql("SELECT i.* FROM issue i JOIN item t ON t.id = i.item_id WHERE t.procore_id = ? ORDER BY i.id",
                        procore_id)

    def events(self, procore_id):
        return [r["text"] for r in self.sql(
            "SELECT e.text FROM item_event e JOIN item t ON t.id = e.item_id WHERE t.procore_id = ? ORDER BY e.id",
            procore_id)]

    def test_rfi_there_and_back(self):
        rfi = self.new_rfi(RIVERSIDE, "lnakamura", due_date="2030-05-01", section="05 12 00", files=[
            {"name": "a?b*c.pdf", "type": "application/pdf", "text": "one"},
            {"name": "twin.txt", "type": "text/plain", "text": "two"}])
        self.sync(RIVERSIDE)
        there = self.npc_item(rfi["id"])
        self.assertEqual(there["subject"], "Anchor bolts at grid C")
        self.assertEqual(there["body"], 'The plan shows 3/4" bolts.\nIs 7/8" & longer < 12" acceptable?')
        names = {f["name"] for f in self.npc_rows(
            "file", f"id IN (SELECT file_id FROM item_file WHERE item_id = '{there['id']}')")}
        self.assertEqual(names, {"a_b_c.pdf", "twin.txt"})
        self.respond(RIVERSIDE, rfi["id"], "lnakamura", "Answered", "Yes, 7/8\" is fine.\nSee <sketch> & note.",
                     file_name="sketch.png", file_base64=base64.b64encode(b"png").decode())
        self.sync(RIVERSIDE)
        item, replies = self.item(RIVERSIDE, rfi["id"]), self.replies(rfi["id"])
        self.assertEqual(len(replies), 1, self.events(rfi["id"]))
        self.assertEqual(replies[0]["created_by_id"], self.people["lnakamura"]["procore"]["user_id"])
        self.assertIn("Yes, 7/8\" is fine.", replies[0]["plain_text_body"])
        self.assertIn("See <sketch> & note.", replies[0]["plain_text_body"])
        self.assertIn(f"[Newforma {item['npc_number']}/1]", replies[0]["plain_text_body"])
        self.assertEqual([a["name"] for a in replies[0]["attachments"]], ["sketch.png"])
        # whose sign-in each step was made with
        account = self.one("SELECT id FROM account WHERE login_folded = ?", self.login("lnakamura").lower())["id"]
        steps = self.sql("SELECT actor, account_id, text FROM item_event WHERE item_id = ? ORDER BY id", item["id"])
        self.assertEqual({(s["actor"], s["account_id"]) for s in steps if "taken over" in s["text"].lower()},
                         {("connectorweb", account)})
        self.assertEqual([s["actor"] for s in steps if "Answer sent" in s["text"]], [self.login("lnakamura").lower()])
        self.assertEqual(item["state"], "answered")
        self.assertNotIn(self.people["lnakamura"]["procore"]["user_id"],
                         [p["id"] for p in self.rfi(RIVERSIDE, rfi["id"])["ball_in_courts"]])
        self.sync(RIVERSIDE, times=2)
        self.assertEqual(len(self.replies(rfi["id"])), 1)
        self.assertEqual(self.issues(rfi["id"]), [])
        self.assertEqual(self.item(RIVERSIDE, rfi["id"])["state"], "answered")

    def test_costs_are_measured(self):
        """What a catch-up is estimated by: calls of items taken over and of answers sent, not of looks in vain."""
        def costs():
            rows = self.sql("SELECT * FROM item_cost WHERE kind = 'rfi'")
            return {r["way"]: (r["items"], r["calls"]) for r in rows}

        def gained(way, before):
            return [b - a for a, b in zip(before.get(way, (0, 0)), costs().get(way, (0, 0)))]

        self.sync(RIVERSIDE)
        before = costs()
        rfi = self.new_rfi(RIVERSIDE, "lnakamura", files=[
            {"name": n, "type": "text/plain", "text": n} for n in ("one.txt", "two.txt", "three.txt")])
        self.sync(RIVERSIDE)
        last = self.one("SELECT * FROM pass WHERE connection_id = ? ORDER BY id DESC LIMIT 1", self.connection(RIVERSIDE))
        items, calls = gained("in", before)
        self.assertEqual(items, 1)
        self.assertGreaterEqual(calls, 4)  # itself and three files
        self.assertLess(calls, last["calls"])  # the lists are not its own
        self.sync(RIVERSIDE)
        self.assertEqual(gained("in", before), [items, calls])
        self.assertEqual(gained("out", before), [0, 0])
        self.respond(RIVERSIDE, rfi["id"], "lnakamura", "Answered", "Measured.")
        self.sync(RIVERSIDE)
        self.assertEqual(gained("in", before), [items, calls])
        items, calls = gained("out", before)
        self.assertEqual(items, 1)
        self.assertGreaterEqual(calls, 2)  # a look and the answer

    def test_ball_is_advanced_where_procore_leaves_it(self):
        self.contractor("settings", {"bic_auto": 0})
        rfi = self.new_rfi(RIVERSIDE, "lnakamura")
        self.sync(RIVERSIDE)
        self.respond(RIVERSIDE, rfi["id"], "lnakamura", "Answered", "As drawn.")
        self.sync(RIVERSIDE)
        self.assertNotIn(self.people["lnakamura"]["procore"]["user_id"],
                         [p["id"] for p in self.rfi(RIVERSIDE, rfi["id"])["ball_in_courts"]])

    def test_submittal_there_and_back(self):
        sub = self.contractor("create_submittal", {
            "project": self.projects[RIVERSIDE]["procore"]["id"], "title": "Roof hatch", "section": "07 54 19",
            "description": "Data sheet & colour", "steps": [[self.login("lnakamura")]],
            "files": [{"name": "hatch.pdf", "type": "application/pdf", "text": "pdf"}]})
        self.sync(RIVERSIDE)
        there = self.npc_item(sub["id"], "submittal")
        self.assertEqual((there["subject"], there["body"]), ("Roof hatch", "Data sheet & colour"))
        self.respond(RIVERSIDE, sub["id"], "lnakamura", "Approved as Noted", "Colour RAL 7016.",
                     file_name="stamp.pdf", file_base64=base64.b64encode(b"stamp").decode())
        self.sync(RIVERSIDE)
        answer = self.approver(sub["id"], "lnakamura")
        self.assertEqual(answer["response"]["considered"], "approved as noted", self.events(sub["id"]))
        self.assertIn("Colour RAL 7016.", answer["comment"])
        self.assertIn(f"[Newforma {there['number']}/1]", answer["comment"])
        self.sync(RIVERSIDE, times=2)
        self.assertEqual(self.item(RIVERSIDE, sub["id"])["state"], "answered")
        self.assertEqual(self.issues(sub["id"]), [])

    def test_second_step_waits_for_the_first(self):
        sub = self.contractor("create_submittal", {
            "project": self.projects[RIVERSIDE]["procore"]["id"], "title": "Two steps",
            "steps": [[self.login("zmueller")], [self.login("lnakamura")]]})
        self.sync(RIVERSIDE)
        item = self.item(RIVERSIDE, sub["id"])
        self.assertEqual(self.one("SELECT login_folded FROM account WHERE id = ?", item["account_id"])["login_folded"],
                         self.login("zmueller").lower())
        self.respond(RIVERSIDE, sub["id"], "zmueller", "Approved", "Fine.")
        self.sync(RIVERSIDE, times=2)
        item = self.item(RIVERSIDE, sub["id"])
        self.assertEqual(item["answers"], 1)

    def test_what_is_not_eligible_is_listed_with_the_reason(self):
        draft = self.new_rfi(RIVERSIDE, "lnakamura", draft=True)  # not to be seen at all by its assignee
        private = self.new_rfi(RIVERSIDE, "lnakamura", private=True)
        foreign = self.new_rfi(RIVERSIDE, "jibanez")
        self.sync(RIVERSIDE)
        self.assertEqual(self.item(RIVERSIDE, private["id"])["reason"], "private")
        self.assertEqual(self.item(RIVERSIDE, foreign["id"])["reason"], "no_bic")
        self.contractor("edit", {"rfi": private["id"], "private": False})
        self.contractor("edit", {"rfi": draft["id"], "draft": False})
        self.contractor("edit", {"rfi": foreign["id"], "assignees": [self.login("lnakamura")]})
        self.sync(RIVERSIDE)
        for rfi in (draft, private, foreign):
            self.assertEqual(self.item(RIVERSIDE, rfi["id"])["state"], "linked")

    def test_older_items_are_listed_and_can_be_pulled(self):
        before = self.one("SELECT sync_from_at FROM connection WHERE id = ?", self.connection("eastwick"))["sync_from_at"]
        self.sql("UPDATE connection SET sync_from_at = sync_from_at + 90 * 86400 WHERE id = ?", self.connection("eastwick"))
        rfi = self.new_rfi("eastwick", "lnakamura")
        self.sync("eastwick")
        item = self.item("eastwick", rfi["id"])
        self.assertEqual((item["state"], item["reason"]), ("skipped", "before_connection"))
        self.sql("UPDATE item SET next_try_at = 1, tries = 0, reason = 'pulled', procore_hash = '' WHERE id = ?", item["id"])
        self.sync("eastwick")
        self.assertEqual(self.item("eastwick", rfi["id"])["state"], "linked")
        self.sql("UPDATE connection SET sync_from_at = ? WHERE id = ?", before, self.connection("eastwick"))

    def test_edits_are_carried_while_open(self):
        rfi = self.new_rfi(RIVERSIDE, "lnakamura", due_date="2030-05-01")
        self.sync(RIVERSIDE)
        self.contractor("edit", {"rfi": rfi["id"], "due_date": "2030-06-15"})
        self.contractor("add_file", {"rfi": rfi["id"], "files": [
            {"name": "late.pdf", "type": "application/pdf", "text": "late"}]})
        self.sync(RIVERSIDE)
        there = self.npc_item(rfi["id"])
        self.assertIn("2030-06-15", json.dumps(there))
        self.assertEqual(len(self.npc_rows("item_file", f"item_id = '{there['id']}'")), 1)
        self.assertIn("Changed in Procore: Due date", self.events(rfi["id"]))

    def test_f41_what_changed_just_before_the_mark_is_seen_and_once(self):
        self.sync(RIVERSIDE)
        rfi = self.new_rfi(RIVERSIDE, "lnakamura")
        mark = self.one("SELECT max(until_at) until_at FROM mark WHERE connection_id = ? AND side = 'procore' AND "
                        "kind = 'rfi'", self.connection(RIVERSIDE))["until_at"]
        db = sqlite3.connect(self.rig.lay.path("procore", "procore.db"), timeout=10)
        with db:
            db.execute("UPDATE item SET updated_at = ? WHERE id = ?", (mark - 100, rfi["id"]))
        db.close()
        self.sync(RIVERSIDE, times=3)
        self.npc_item(rfi["id"])
        self.assertEqual(self.item(RIVERSIDE, rfi["id"])["state"], "linked")

    def test_f44_nothing_is_missed_without_a_webhook(self):
        rfi = self.new_rfi(RIVERSIDE, "lnakamura")
        self.assertEqual(self.sql("SELECT count(*) n FROM hook_event"), [{"n": 0}])
        self.sync(RIVERSIDE)
        self.assertEqual(self.item(RIVERSIDE, rfi["id"])["state"], "linked")
        self.assertEqual(self.sql("SELECT count(*) n FROM hook_event"), [{"n": 0}])

    def test_f45_answer_after_close_is_an_issue_until_reopened(self):
        rfi = self.new_rfi(RIVERSIDE, "lnakamura")
        self.sync(RIVERSIDE)
        self.contractor("close", {"rfi": rfi["id"]})
        self.respond(RIVERSIDE, rfi["id"], "lnakamura", "Answered", "Late answer.")
        self.sync(RIVERSIDE)
        self.assertEqual([(i["code"], i["state"]) for i in self.issues(rfi["id"])], [("closed_in_procore", "open")])
        self.assertEqual(self.replies(rfi["id"]), [])
        self.contractor("reopen", {"rfi": rfi["id"]})
        self.sync(RIVERSIDE)
        self.assertEqual(len(self.replies(rfi["id"])), 1)
        self.assertEqual([i["state"] for i in self.issues(rfi["id"])], ["cleared"])

    def test_f45_answer_typed_in_by_hand_clears_the_issue(self):
        rfi = self.new_rfi(RIVERSIDE, "lnakamura")
        self.sync(RIVERSIDE)
        self.contractor("reply", {"rfi": rfi["id"], "as": self.login("lnakamura"), "body": "By hand."})
        self.contractor("close", {"rfi": rfi["id"]})
        self.respond(RIVERSIDE, rfi["id"], "lnakamura", "Answered", "By hand.")
        self.sync(RIVERSIDE)
        self.assertEqual(len(self.replies(rfi["id"])), 1)
        self.assertEqual(self.issues(rfi["id"]), [])
        self.assertEqual(self.one("SELECT state FROM response WHERE item_id = ?",
                                  self.item(RIVERSIDE, rfi["id"])["id"])["state"], "sent")

    def test_f45_reopened_rfi_is_answered_again(self):
        rfi = self.new_rfi(RIVERSIDE, "lnakamura")
        self.sync(RIVERSIDE)
        self.respond(RIVERSIDE, rfi["id"], "lnakamura", "Answered", "Yes.")
        self.sync(RIVERSIDE)
        self.contractor("close", {"rfi": rfi["id"]})
        self.sync(RIVERSIDE)
        self.assertEqual(self.item(RIVERSIDE, rfi["id"])["state"], "closed")
        self.contractor("reopen", {"rfi": rfi["id"]})
        self.sync(RIVERSIDE)
        self.assertEqual(self.npc_item(rfi["id"])["status"], "Open")
        self.assertEqual(self.item(RIVERSIDE, rfi["id"])["state"], "linked")
        self.respond(RIVERSIDE, rfi["id"], "lnakamura", "Answered", "Yes.")
        self.sync(RIVERSIDE, times=2)
        texts = [r["plain_text_body"] for r in self.replies(rfi["id"])]
        self.assertEqual([t[-2:] for t in texts], ["1]", "2]"])

    def test_unmapped_value_is_never_guessed(self):
        sub = self.contractor("create_submittal", {
            "project": self.projects[RIVERSIDE]["procore"]["id"], "title": "Unmapped",
            "steps": [[self.login("lnakamura")]]})
        self.sync(RIVERSIDE)
        kept = self.one("SELECT * FROM response_map WHERE connection_id = ? AND npc_action = 'Rejected'",
                        self.connection(RIVERSIDE))
        self.sql("DELETE FROM response_map WHERE connection_id = ? AND npc_action = 'Rejected'", self.connection(RIVERSIDE))
        self.respond(RIVERSIDE, sub["id"], "lnakamura", "Rejected", "No.")
        self.sync(RIVERSIDE)
        self.assertEqual([(i["code"], i["state"]) for i in self.issues(sub["id"])], [("unmapped", "open")])
        self.assertEqual(self.approver(sub["id"], "lnakamura")["response"]["considered"], "pending")
        kept["set_at"] = int(time.time()) + 1
        self.sql(f"INSERT INTO response_map VALUES ({', '.join('?' * len(kept))})", *kept.values())
        self.sync(RIVERSIDE)
        self.assertEqual(self.approver(sub["id"], "lnakamura")["response"]["considered"], "rejected")
        self.assertEqual([i["state"] for i in self.issues(sub["id"])], ["cleared"])

    def test_somebody_who_is_no_bic_answers(self):
        rfi = self.new_rfi(RIVERSIDE, "lnakamura")
        self.sync(RIVERSIDE)
        npc = self.projects[RIVERSIDE]["npc"]
        other = next(u for u in npc["contacts"] if u not in self.projects[RIVERSIDE]["connection"]["bics"])
        self.architect("respond", {"project": npc["id"], "item": self.item(RIVERSIDE, rfi["id"])["npc_id"],
                                   "person": self.people[other]["mail"], "action": "Answered", "text": "Me."})
        self.sync(RIVERSIDE)
        self.assertEqual([(i["code"], i["state"]) for i in self.issues(rfi["id"])], [("not_bic", "open")])
        self.architect("reopen", {"project": npc["id"], "item": self.item(RIVERSIDE, rfi["id"])["npc_id"]})
        self.respond(RIVERSIDE, rfi["id"], "lnakamura", "Answered", "I say so.")
        self.sync(RIVERSIDE)
        self.assertEqual(len(self.replies(rfi["id"])), 1)
        self.assertEqual([i["state"] for i in self.issues(rfi["id"])], ["cleared"])

    def test_plain_close_sends_nothing(self):
        rfi = self.new_rfi(RIVERSIDE, "lnakamura")
        self.sync(RIVERSIDE)
        self.architect("close", {"project": self.projects[RIVERSIDE]["npc"]["id"],
                                 "item": self.item(RIVERSIDE, rfi["id"])["npc_id"]})
        self.sync(RIVERSIDE, times=2)
        item = self.item(RIVERSIDE, rfi["id"])
        self.assertEqual((item["state"], item["reason"]), ("closed", "plain_close"))
        self.assertEqual(self.replies(rfi["id"]), [])

    def test_deleted_in_procore(self):
        rfi = self.new_rfi(RIVERSIDE, "lnakamura")
        self.sync(RIVERSIDE)
        self.contractor("delete", {"rfi": rfi["id"]})
        self.sql("UPDATE mark SET pass_at = 0 WHERE kind LIKE '%_bin'")
        self.sync(RIVERSIDE)
        item = self.item(RIVERSIDE, rfi["id"])
        self.assertEqual((item["state"], item["reason"]), ("closed", "deleted"), self.events(rfi["id"]))
        self.assertEqual(self.npc_item(rfi["id"])["status"], "Open")

    def test_no_contact(self):
        rfi = self.new_rfi("foundry", "skjaer")
        self.sync("foundry")
        item = self.item("foundry", rfi["id"])
        self.assertEqual(item["reason_text"],
                         f"No NPC contact information found for given login {self.login('skjaer')}")
        self.assertEqual([i["message"] for i in self.issues(rfi["id"])], [item["reason_text"]])
        self.architect("contact_add", {"project": self.projects["foundry"]["npc"]["id"], "name": "S. Kjaer",
                                       "email": self.login("skjaer"), "company": "Firm"})
        seat = self.one("SELECT id FROM bic WHERE connection_id = ? AND account_id = ?", self.connection("foundry"),
                        item["account_id"])["id"]
        self.step("check", seat)
        self.assertEqual(self.one("SELECT state FROM bic WHERE id = ?", seat)["state"], "ok")
        self.sync("foundry")
        self.assertEqual(self.item("foundry", rfi["id"])["state"], "linked")
        self.assertEqual([i["state"] for i in self.issues(rfi["id"])], ["cleared"])

    def test_permission_is_named(self):
        seat = self.one("SELECT id FROM bic WHERE connection_id = ?", self.connection("alder"))["id"]
        self.step("check", seat)
        row = self.one("SELECT * FROM bic WHERE id = ?", seat)
        self.assertEqual(row["state"], "permission_lost")
        self.assertIn("Read Only on Submittals", row["state_text"])
        rfi = self.new_rfi("alder", "jibanez")
        self.sync("alder", error="Submittals: no BIC user")  # RFIs go on
        self.assertEqual(self.item("alder", rfi["id"])["state"], "linked")

    def test_f42_lost_reply_is_found_not_repeated(self):
        rfi = self.new_rfi(RIVERSIDE, "lnakamura")
        self.sync(RIVERSIDE)
        self.respond(RIVERSIDE, rfi["id"], "lnakamura", "Answered", "Once.")
        self.contractor("lost_answer", {
            "what": f"POST /rest/v1.0/projects/{self.projects[RIVERSIDE]['procore']['id']}/rfis"})
        self.sync(RIVERSIDE, error="Procore:")
        self.assertEqual(len(self.replies(rfi["id"])), 1)
        self.assertEqual(self.one("SELECT state FROM effect WHERE kind = 'procore.reply' AND item_id = ?",
                                  self.item(RIVERSIDE, rfi["id"])["id"])["state"], "unknown")
        self.rig.move_clock(130)
        self.sync(RIVERSIDE, times=2)
        self.assertEqual(len(self.replies(rfi["id"])), 1)
        self.assertEqual(self.item(RIVERSIDE, rfi["id"])["state"], "answered")
        self.assertEqual(self.one("SELECT state FROM effect WHERE kind = 'procore.reply' AND item_id = ?",
                                  self.item(RIVERSIDE, rfi["id"])["id"])["state"], "done")

    def test_f42_lost_create_is_found_not_repeated(self):
        rfi = self.new_rfi(RIVERSIDE, "lnakamura")
        # twice: the first time libcurl itself repeats it over a fresh connection, for it carries its key
        self.architect("lost_answer", {"times": 2, "method": "POST", "prefix":
                                       f"/v1/projects/{self.projects[RIVERSIDE]['npc']['id']}/rfis"})
        self.sync(RIVERSIDE, error="Project Center:")
        self.sync(RIVERSIDE)
        self.npc_item(rfi["id"])
        self.assertEqual(self.item(RIVERSIDE, rfi["id"])["state"], "linked")

    def test_f42_lost_create_is_found_though_closed_meanwhile(self):
        """It is there, nobody could say so, and now it is not to come in any more: it must not stand there unknown."""
        rfi, gone = (self.new_rfi(RIVERSIDE, "lnakamura") for _ in range(2))
        self.architect("lost_answer", {"times": 2, "method": "POST", "prefix":
                                       f"/v1/projects/{self.projects[RIVERSIDE]['npc']['id']}/rfis"})
        self.sync(RIVERSIDE, error="Project Center:")
        for it in (rfi, gone):
            self.contractor("close", {"rfi": it["id"]})
        self.sync(RIVERSIDE)
        if not self.npc_rows("item", f"external_id = 'procore-rfi-{rfi['id']}'"):
            rfi, gone = gone, rfi  # the other one was first
        self.npc_item(rfi["id"])
        self.assertEqual(self.item(RIVERSIDE, rfi["id"])["state"], "closed")
        self.assertEqual((self.item(RIVERSIDE, gone["id"])["state"], self.item(RIVERSIDE, gone["id"])["reason"]),
                         ("skipped", "closed"))
        self.assertEqual(self.sql("SELECT key FROM effect WHERE state IN ('intent', 'unknown') AND item_id IN (?, ?)",
                                  self.item(RIVERSIDE, rfi["id"])["id"], self.item(RIVERSIDE, gone["id"])["id"]), [])

    def test_f42_lost_create_was_answered_and_edited_meanwhile(self):
        rfi = self.new_rfi(RIVERSIDE, "lnakamura", due_date="2030-05-01")
        self.architect("lost_answer", {"times": 2, "method": "POST", "prefix":
                                       f"/v1/projects/{self.projects[RIVERSIDE]['npc']['id']}/rfis"})
        self.sync(RIVERSIDE, error="Project Center:")
        there = self.npc_item(rfi["id"])
        self.architect("respond", {"project": self.projects[RIVERSIDE]["npc"]["id"], "item": there["id"],
                                   "person": self.people["lnakamura"]["mail"], "action": "Answered", "text": "Early."})
        self.sync(RIVERSIDE)
        self.assertEqual([r["plain_text_body"][:6] for r in self.replies(rfi["id"])], ["Early."])
        self.assertEqual(self.item(RIVERSIDE, rfi["id"])["state"], "answered")
        rfi = self.new_rfi(RIVERSIDE, "lnakamura", due_date="2030-05-01")
        self.architect("lost_answer", {"times": 2, "method": "POST", "prefix":
                                       f"/v1/projects/{self.projects[RIVERSIDE]['npc']['id']}/rfis"})
        self.sync(RIVERSIDE, error="Project Center:")
        self.contractor("edit", {"rfi": rfi["id"], "due_date": "2030-06-15"})
        self.sync(RIVERSIDE)
        self.assertEqual(self.npc_item(rfi["id"])["due_date"], "2030-06-15")

    def test_expired_token_is_renewed_within_the_call(self):
        self.contractor("expire", {"person": self.login("lnakamura")})
        rfi = self.new_rfi(RIVERSIDE, "lnakamura")
        self.sync(RIVERSIDE)
        self.assertEqual(self.item(RIVERSIDE, rfi["id"])["state"], "linked")

    def test_a_renewal_elsewhere_is_no_outage(self):
        """Another process renews the sign-in just now: the pass comes back, Procore is not called out of order."""
        account = self.one("SELECT id, generation FROM account WHERE login_folded = ?", self.login("lnakamura").lower())
        self.contractor("expire", {"person": self.login("lnakamura")})
        self.sql("INSERT INTO token_lease (account_id, owner, generation, until_at) VALUES (?, 'another', ?, unixepoch() + 3600)",
                 account["id"], account["generation"])
        try:
            self.sync(RIVERSIDE, error="the sign-in is being renewed")
            self.assertEqual(self.sql("SELECT * FROM incident WHERE subject = 'service' AND closed_at IS NULL"), [])
        finally:
            self.sql("DELETE FROM token_lease WHERE owner = 'another'")
        self.sync(RIVERSIDE)

    def test_large_file_goes_up_in_segments(self):
        project = self.projects[RIVERSIDE]["procore"]
        company = next(c["id"] for c in load("companies.json")["companies"] if c["key"] == project["company"])
        account = self.one("SELECT id FROM account WHERE login_folded = ?", self.login("lnakamura").lower())["id"]
        data = os.urandom(1024) * (13 * 1024)
        path = os.path.join(self.dir.name, "large")
        with open(path, "wb") as f:
            f.write(data)
        with open(path, "rb") as f:
            r = subprocess.run([os.path.join(self.rig.build, "tests", "crash", "sync_step"), self.rig.lay.config,
                                "upload", str(account)], stdin=f, capture_output=True, text=True, timeout=120,
                               env={**os.environ, "COMPANY": str(company), "PROJECT": str(project["id"])})
        self.assertEqual(r.returncode, 0, r.stderr)
        uuid = r.stdout.split("uuid=")[1].split()[0]
        db = sqlite3.connect(f"file:{self.rig.lay.path('procore', 'procore.db')}?mode=ro", uri=True)
        row = db.execute("SELECT status, bytes, sha256, segments FROM upload WHERE uuid = ?", (uuid,)).fetchone()
        db.close()
        self.assertEqual(row[:3], ("complete", len(data), hashlib.sha256(data).hexdigest()))
        self.assertEqual(len(json.loads(row[3])), 3)

    def test_limit_is_obeyed(self):
        self.contractor("status", {"prefix": "/rest/", "status": 429})
        rfi = self.new_rfi(RIVERSIDE, "lnakamura")
        self.sync(RIVERSIDE, error="Procore:")
        before = len(self.calls())
        self.sync(RIVERSIDE, error="limit")
        self.assertEqual(len(self.calls()), before, "a call was made although the limit was known")
        self.sql("DELETE FROM budget")
        self.sync(RIVERSIDE)
        self.assertEqual(self.item(RIVERSIDE, rfi["id"])["state"], "linked")

    def calls(self):
        return self.rig.client().json("GET", self.rig.url("procore", "/_control/state?what=calls"), None)["calls"]

    def test_zz_every_effect_is_in_the_trail(self):
        """Promise 7: what the stories above did on either side, one row each; and what was found out about seats."""
        done = self.one("SELECT count(*) AS n FROM effect WHERE state = 'done'")["n"]
        told = self.one("SELECT count(*) AS n FROM audit WHERE actor = 'worker' AND action IN ('item.create',"
                        " 'item.update', 'item.reopen', 'item.file', 'item.answer')")["n"]
        self.assertGreater(done, 10)
        self.assertEqual(told, done)
        for action in ("item.create", "item.answer"):
            self.assertTrue(self.sql("SELECT 1 FROM audit WHERE action = ?", action), action)


class Sign(SyncCase):
    """Sign-ins that are not there."""

    def test_answers_wait_and_the_next_reader_reads(self):
        self.sign_in("lnakamura", "zmueller")
        self.sync(RIVERSIDE)
        rfi = self.new_rfi(RIVERSIDE, "lnakamura")
        self.sync(RIVERSIDE)
        item = self.item(RIVERSIDE, rfi["id"])
        self.architect("respond", {"project": self.projects[RIVERSIDE]["npc"]["id"], "item": item["npc_id"],
                                   "person": self.people["lnakamura"]["mail"], "action": "Answered", "text": "Yes."})
        self.contractor("revoke", {"person": self.login("lnakamura")})
        self.sync(RIVERSIDE)
        self.assertEqual(self.item(RIVERSIDE, rfi["id"])["reason"], "sign_in")
        account = self.one("SELECT * FROM account WHERE login_folded = ?", self.login("lnakamura").lower())
        self.assertEqual((account["state"], account["cause"]), ("lost", "sign_in_lost"))
        other = self.new_rfi(RIVERSIDE, "zmueller")
        self.sync(RIVERSIDE)
        self.assertEqual(self.item(RIVERSIDE, other["id"])["state"], "linked")
        self.assertEqual(self.item(RIVERSIDE, rfi["id"])["reason"], "sign_in")
        self.sign_in("lnakamura")
        self.step("resume", account["id"])
        self.sync(RIVERSIDE)
        self.assertEqual(self.item(RIVERSIDE, rfi["id"])["state"], "answered")

    def test_hidden_from_one_is_not_deleted(self):
        """It was private and given to somebody else: the reader of before does not see it, the other BIC user does."""
        self.sign_in("lnakamura", "zmueller")
        rfi = self.new_rfi(RIVERSIDE, "lnakamura")
        self.sync(RIVERSIDE)
        self.contractor("edit", {"rfi": rfi["id"], "private": True, "assignees": [self.login("zmueller")]})
        self.sql("UPDATE item SET next_try_at = 1, procore_hash = '' WHERE procore_id = ?", rfi["id"])
        self.sync(RIVERSIDE)
        self.assertEqual(self.item(RIVERSIDE, rfi["id"])["state"], "linked")
        self.contractor("delete", {"rfi": rfi["id"]})
        self.sql("UPDATE item SET next_try_at = 1, procore_hash = '' WHERE procore_id = ?", rfi["id"])
        self.sync(RIVERSIDE)
        self.assertEqual(self.item(RIVERSIDE, rfi["id"])["reason"], "deleted")

    def test_f37_answer_goes_out_though_nobody_was_told_of_the_sign_in(self):
        """A suspect sign-in that proves well, or one while the project is paused: no job says resume."""
        rfi = self.new_rfi(RIVERSIDE, "lnakamura")
        self.sync(RIVERSIDE)
        self.architect("respond", {"project": self.projects[RIVERSIDE]["npc"]["id"],
                                   "item": self.item(RIVERSIDE, rfi["id"])["npc_id"],
                                   "person": self.people["lnakamura"]["mail"], "action": "Answered", "text": "Waits."})
        login = self.login("lnakamura").lower()
        self.sql("UPDATE account SET state = 'lost' WHERE login_folded = ?", login)
        self.sign_in("zmueller")
        try:
            self.sync(RIVERSIDE, times=2)
            self.assertEqual(self.item(RIVERSIDE, rfi["id"])["reason"], "sign_in")
        finally:
            self.sql("UPDATE account SET state = 'ok' WHERE login_folded = ?", login)
        self.sync(RIVERSIDE)
        self.assertEqual(self.item(RIVERSIDE, rfi["id"])["state"], "answered")

    def test_f37_nobody_signed_in(self):
        self.sync("harborview", error="No BIC user")
        row = self.one("SELECT sync_error, last_sync_at FROM connection WHERE id = ?", self.connection("harborview"))
        self.assertIn("No BIC user", row["sync_error"])
        self.assertIsNone(row["last_sync_at"])

    def test_app_disconnected(self):
        self.sign_in("skjaer")
        self.sync("summit", error="not connected")
        company = self.projects["summit"]
        row = self.one("SELECT c.* FROM company c JOIN connection n ON n.procore_company_id = c.procore_company_id "
                       "WHERE n.id = ?", self.connection("summit"))
        self.assertEqual(row["app_state"], "not_connected", company["state"])
        self.assertGreater(row["next_try_at"], time.time())
        self.assertEqual(self.one("SELECT count(*) n FROM incident WHERE subject = 'company' AND closed_at IS NULL")["n"], 1)
        account = self.one("SELECT state FROM account WHERE login_folded = ?", self.login("skjaer").lower())
        self.assertEqual(account["state"], "ok", "nobody's sign-in is at fault")


class Killed(Story):
    """Dead after any commit, started again: nothing doubled, nothing missed."""

    moved = 0

    def finish(self):
        """Passes until the journal is settled; the clock moves past the two minutes of an unknown answer."""
        self.sync(RIVERSIDE)
        Killed.moved += 200  # never back: a server's clock does not, and marks rely on it
        self.rig.move_clock(Killed.moved)
        self.sync(RIVERSIDE, times=2)

    def steps(self, make, check):
        n = 0
        while True:
            n += 1
            rfi = make()
            whole = self.step("sync", self.connection(RIVERSIDE), stop_at=n)
            if not whole:
                self.finish()
            check(rfi, n)
            if whole:
                break
        self.assertGreater(n, 4)
        print(f"({n - 1} commits)", end=" ", flush=True)

    def test_in(self):
        def make():
            return self.new_rfi(RIVERSIDE, "lnakamura", files=[
                {"name": "k.pdf", "type": "application/pdf", "text": "kill"}])

        def check(rfi, n):
            there = self.npc_item(rfi["id"])
            self.assertEqual(len(self.npc_rows("item_file", f"item_id = '{there['id']}'")), 1, f"commit {n}")
            self.assertEqual(self.item(RIVERSIDE, rfi["id"])["state"], "linked", f"commit {n}")

        self.steps(make, check)

    def test_back(self):
        def make():
            rfi = self.new_rfi(RIVERSIDE, "lnakamura")
            self.sync(RIVERSIDE)
            self.respond(RIVERSIDE, rfi["id"], "lnakamura", "Answered", "Yes.", file_name="s.png",
                         file_base64=base64.b64encode(b"png").decode())
            return rfi

        def check(rfi, n):
            replies = self.replies(rfi["id"])
            self.assertEqual(len(replies), 1, f"commit {n}: {self.events(rfi['id'])}")
            self.assertEqual(len(replies[0]["attachments"]), 1, f"commit {n}")
            self.assertEqual(self.item(RIVERSIDE, rfi["id"])["state"], "answered", f"commit {n}")

        self.steps(make, check)

    def test_submittal_back(self):
        def make():
            sub = self.contractor("create_submittal", {
                "project": self.projects[RIVERSIDE]["procore"]["id"], "title": "Kill",
                "steps": [[self.login("lnakamura")]]})
            self.sync(RIVERSIDE)
            self.respond(RIVERSIDE, sub["id"], "lnakamura", "Approved", "Fine.")
            return sub

        def check(sub, n):
            self.assertEqual(self.approver(sub["id"], "lnakamura")["response"]["considered"], "approved", f"commit {n}")
            patches = [e for e in self.events(sub["id"]) if "sent to Procore" in e or "holds this answer" in e]
            self.assertEqual(len(patches), 1, f"commit {n}: {self.events(sub['id'])}")

        self.steps(make, check)


for _name in [n for n in dir(Story) if n.startswith("test_")]:
    if _name not in Killed.__dict__:
        setattr(Killed, _name, None)  # the stories themselves run once, in their own class


if __name__ == "__main__":
    harness.main()
