#!/usr/bin/python3
"""Files both ways: cut, killed, changed, too large, no room, hostile names. What storage handed out is read from the
log of the front of the stand-ins; bytes are compared by hash with what the other side holds."""
import hashlib
import json
import os
import re
import resource
import signal
import sqlite3
import subprocess
import time
import unittest

import harness
from test_sync import RIVERSIDE, SyncCase

MB = 1024 * 1024
WHO = "lnakamura"
WAIT_S = 60
LINE = re.compile(r'^\S+ (?P<host>\S+) "(?P<method>[A-Z]+) (?P<path>\S*)" (?P<status>\d+) (?P<bytes>\d+) ')


class FileCase(SyncCase):
    moved = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        try:
            cls.sign_in(WHO)
            cls.step("choices", cls.connection(RIVERSIDE))
            cls.step("sync", cls.connection(RIVERSIDE))  # what the seed data holds
        except BaseException:
            cls.rig.stop()
            raise

    def setUp(self):
        self.contractor("calm", {})
        self.contractor("rate", {"hour": 1000000, "spike": 100000})
        self.sql("DELETE FROM budget")
        self.architect("clear_faults", {})
        self.mark = len(self.front())

    # ---- the sides

    def front(self, name="procore"):
        """What a stand-in's front has answered so far."""
        with open(os.path.join(self.rig.lay.log, f"{name}-access.log"), encoding="utf-8") as f:
            return [m.groupdict() for m in map(LINE.match, f) if m]

    def storage(self, method="GET", prefix="/o/"):
        """Statuses of what storage answered since the test began."""
        return [int(r["status"]) for r in self.front()[self.mark:]
                if r["host"] == "files.localhost" and r["method"] == method and r["path"].startswith(prefix)]

    def cut(self, times, at):
        self.contractor("cut_body", {"what": "GET /o/", "times": times, "at": at})

    def later(self, seconds=400):
        FileCase.moved += seconds  # never back
        self.rig.move_clock(FileCase.moved)

    def procore_db(self, text, *args):
        db = sqlite3.connect(self.rig.lay.path("procore", "procore.db"), timeout=10)
        try:
            with db:
                return db.execute(text, args).fetchall()
        finally:
            db.close()

    def carried(self, rfi_id):
        """Names and hashes in Project Center of an RFI's files."""
        item = self.item(RIVERSIDE, rfi_id)["npc_id"]
        return {f["name"]: f["sha256"] for f in self.npc_rows(
            "file", f"id IN (SELECT file_id FROM item_file WHERE item_id = '{item}' AND response_id IS NULL) AND "
                    "state = 'received'")}

    def hash_there(self, rfi_id):
        """Hashes in Procore, by name."""
        return {a["name"]: self.procore_db("SELECT sha256 FROM file WHERE uuid = ?",
                                           a["url"].split("?")[0].rsplit("/", 1)[1])[0][0]
                for q in self.rfi(RIVERSIDE, rfi_id)["questions"] for a in q["attachments"]}

    def answers(self, rfi_id):
        """Files of the replies in Procore: names and hashes."""
        return {a["name"]: self.procore_db("SELECT sha256 FROM file WHERE uuid = ?",
                                           a["url"].split("?")[0].rsplit("/", 1)[1])[0][0]
                for q in self.rfi(RIVERSIDE, rfi_id)["questions"] for r in q["answers"] for a in r["attachments"]}

    def respond(self, rfi_id, **more):
        self.architect("respond", {"project": self.projects[RIVERSIDE]["npc"]["id"],
                                   "item": self.item(RIVERSIDE, rfi_id)["npc_id"], "person": self.people[WHO]["mail"],
                                   "action": "Answered", "text": "See the file.", **more})

    def spool(self):
        return sorted(os.listdir(self.rig.lay.path("state", "spool")))

    def issues(self, rfi_id):
        return self.sql("SELECT i.* FROM issue i JOIN item t ON t.id = i.item_id WHERE t.procore_id = ? ORDER BY i.id",
                        rfi_id)

    def files(self, *sizes):
        self.seed = getattr(self, "seed", 100) + 1
        return [{"name": f"set {n}.pdf", "type": "application/pdf", "size": s, "seed": self.seed * 100 + n}
                for n, s in enumerate(sizes, 1)]

    def engine(self, what, ref, data=None, env=None, limits=None):
        argv = [os.path.join(self.rig.build, "tests", "crash", "sync_step"), self.rig.lay.config, what, str(ref)]
        return subprocess.Popen(argv, stdin=data or subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, env={**os.environ, **(env or {})},
                                preexec_fn=limits)

    def kill_when(self, child, what, condition):
        """Dead as by a power cut as soon as condition() holds."""
        deadline = time.monotonic() + WAIT_S
        while not condition():
            if child.poll() is not None:
                raise AssertionError(f"it ended before {what}: {child.communicate()}")
            if time.monotonic() > deadline:
                raise AssertionError(f"waited in vain for {what}")
            time.sleep(0.001)
        child.send_signal(signal.SIGKILL)
        child.communicate()

    def state_of(self, ending):
        """The notes beside the only part in the spool; {} none."""
        for name in self.spool():
            if name.endswith(ending):
                try:
                    with open(self.rig.lay.path("state", "spool", name), encoding="utf-8") as f:
                        return json.load(f)
                except (FileNotFoundError, ValueError):
                    pass
        return {}


class Down(FileCase):
    """From Procore into Project Center."""

    def test_a_cut_download_goes_on_within_the_call(self):
        rfi = self.new_rfi(RIVERSIDE, WHO, files=self.files(6 * MB + 7))
        self.cut(2, 2 * MB)
        self.sync(RIVERSIDE)
        self.assertEqual(self.storage(), [200, 206, 206])
        self.assertEqual(self.carried(rfi["id"]), self.hash_there(rfi["id"]))
        self.assertEqual(self.item(RIVERSIDE, rfi["id"])["state"], "linked")
        self.assertEqual(self.spool(), [])

    def test_a_line_that_breaks_all_the_time_goes_on_in_the_next_pass(self):
        rfi = self.new_rfi(RIVERSIDE, WHO, files=self.files(8 * MB))
        self.cut(5, MB)
        self.sync(RIVERSIDE)
        self.assertEqual(self.storage(), [200, 206, 206, 206, 206])
        item = self.item(RIVERSIDE, rfi["id"])
        self.assertEqual((item["reason"], self.carried(rfi["id"])), ("file", {}))
        self.assertIn("is not there yet", item["reason_text"])
        self.assertEqual(self.issues(rfi["id"]), [], "a line that breaks is no fault of the item's")
        self.assertEqual(self.state_of(".state")["bytes"], 5 * MB)
        self.later()
        self.sync(RIVERSIDE)
        last = [r for r in self.front()[self.mark:] if r["path"].startswith("/o/")][-1]
        self.assertEqual((int(last["status"]), int(last["bytes"])), (206, 3 * MB))
        self.assertEqual(self.carried(rfi["id"]), self.hash_there(rfi["id"]))
        self.assertEqual((self.item(RIVERSIDE, rfi["id"])["state"], self.spool()), ("linked", []))

    def test_a_worker_killed_in_a_download_goes_on(self):
        size = 160 * MB
        rfi = self.new_rfi(RIVERSIDE, WHO, files=self.files(size))
        child = self.engine("sync", self.connection(RIVERSIDE))
        self.kill_when(child, "a note", lambda: self.state_of(".state").get("bytes", 0) >= 32 * MB)
        kept = self.state_of(".state")
        self.assertFalse(kept["whole"])
        self.sync(RIVERSIDE)
        last = [r for r in self.front()[self.mark:] if r["path"].startswith("/o/")][-1]
        self.assertEqual((int(last["status"]), int(last["bytes"])), (206, size - kept["bytes"]))
        self.assertEqual(self.carried(rfi["id"]), self.hash_there(rfi["id"]))
        self.assertEqual((self.item(RIVERSIDE, rfi["id"])["state"], self.spool()), ("linked", []))

    def test_a_file_that_changed_is_fetched_from_its_start(self):
        mine = self.files(4 * MB)
        rfi = self.new_rfi(RIVERSIDE, WHO, files=mine)
        other = self.new_rfi(RIVERSIDE, "jibanez", files=self.files(4 * MB + 1))
        self.cut(5, MB // 2)
        self.sync(RIVERSIDE)
        self.assertEqual(self.state_of(".state")["bytes"], 5 * MB // 2)
        changed = list(self.hash_there(other["id"]).values())[0]
        self.procore_db("UPDATE file SET sha256 = ?, bytes = ? WHERE sha256 = ?", changed, 4 * MB + 1,
                        self.hash_there(rfi["id"])[mine[0]["name"]])
        self.later()
        self.sync(RIVERSIDE)
        self.assertEqual(self.storage()[-1], 200)
        self.assertEqual(list(self.carried(rfi["id"]).values()), [changed])
        self.assertEqual(self.spool(), [])

    def test_an_address_that_expired_is_asked_for_anew(self):
        rfi = self.new_rfi(RIVERSIDE, WHO, files=self.files(MB))
        self.contractor("status", {"method": "GET", "prefix": "/o/", "status": 403})
        self.sync(RIVERSIDE)
        self.assertEqual(self.storage(), [403, 200])
        asked = [r for r in self.front()[self.mark:] if r["path"].startswith("/api/v5/files/")]
        self.assertEqual([r["status"] for r in asked], ["302", "302"])
        self.assertEqual(self.carried(rfi["id"]), self.hash_there(rfi["id"]))

    def test_the_token_never_goes_to_storage(self):
        """The stand-in's storage answers 400 to any Authorization."""
        self.new_rfi(RIVERSIDE, WHO, files=self.files(1000))
        self.sync(RIVERSIDE)
        self.assertEqual(self.storage(), [200])
        uuid = [r for r in self.front()[self.mark:] if r["path"].startswith("/o/")][-1]["path"]
        refused = self.rig.client().request("GET", self.rig.url("files", uuid), headers={"Authorization": "Bearer x"})
        self.assertEqual(refused.status, 400)

    def test_project_center_down_keeps_the_bytes(self):
        rfi = self.new_rfi(RIVERSIDE, WHO, files=self.files(40 * MB))
        self.architect("status", {"method": "PUT", "prefix": "/files/", "status": 503, "times": 3})
        self.sync(RIVERSIDE, error="Project Center:")
        self.assertTrue(self.state_of(".state")["whole"])
        self.later()
        self.architect("clear_faults", {})
        self.sync(RIVERSIDE)
        self.assertEqual(self.storage()[:1] + self.storage()[-1:], [200, 304], "what is here is not fetched again")
        self.assertEqual(self.carried(rfi["id"]), self.hash_there(rfi["id"]))
        self.assertEqual(self.spool(), [])

    def test_a_file_that_procore_still_processes_is_fetched_later(self):
        rfi = self.new_rfi(RIVERSIDE, WHO, files=self.files(MB))
        uuid = self.rfi(RIVERSIDE, rfi["id"])["questions"][0]["attachments"][0]["url"].split("?")[0].rsplit("/", 1)[1]
        self.contractor("file_state", {"uuid": uuid, "unavailable": 300})
        self.sync(RIVERSIDE)
        item = self.item(RIVERSIDE, rfi["id"])
        self.assertEqual((item["state"], item["reason"], self.carried(rfi["id"])), ("linked", "file", {}))
        self.assertIn("still processing", item["reason_text"])
        self.assertEqual((self.issues(rfi["id"]), self.storage()), ([], []), "nothing to tell, and nothing asked for")
        self.later()
        self.sync(RIVERSIDE)
        self.assertEqual(self.carried(rfi["id"]), self.hash_there(rfi["id"]))
        self.assertEqual(self.item(RIVERSIDE, rfi["id"])["reason"], "")

    def mark_up(self, rfi_id, at, sha=None):
        """Somebody in Procore draws on the attachment: the same file, another version."""
        if sha:
            self.procore_db("UPDATE file SET sha256 = ? WHERE sha256 = ?", sha, list(self.hash_there(rfi_id).values())[0])
        self.procore_db("UPDATE item SET doc = json_set(doc, '$.questions[0].attachments[0].markup_updated_at', ?), "
                        "updated_at = updated_at + 100 WHERE id = ?", at, rfi_id)

    def test_a_marked_up_file_is_carried_once_more(self):
        rfi = self.new_rfi(RIVERSIDE, WHO, files=self.files(5000))
        other = self.new_rfi(RIVERSIDE, "jibanez", files=self.files(6000))
        self.sync(RIVERSIDE)
        before = self.carried(rfi["id"])
        self.later()
        self.mark_up(rfi["id"], "2030-01-01T10:00:00Z", list(self.hash_there(other["id"]).values())[0])
        self.sync(RIVERSIDE)
        after = self.carried(rfi["id"])
        self.assertEqual(after, {**before, "set 1 (2).pdf": list(self.hash_there(other["id"]).values())[0]})
        self.later()
        self.mark_up(rfi["id"], "2030-01-01T11:00:00Z")  # taken back before anybody saw it: the same bytes
        self.sync(RIVERSIDE)
        self.assertEqual(self.carried(rfi["id"]), after)
        self.assertEqual(self.item(RIVERSIDE, rfi["id"])["reason"], "")

    def test_hostile_names_are_mapped_one_to_one(self):
        names = ["a?.pdf", "a*.pdf", "A_.PDF", "fac\u0327ade.pdf", "fa\u00e7ade.PDF", "con.txt", "in\u202efdp.exe",
                 "end. . ", "x" * 300 + ".dwg", "..\\up.txt"]
        rfi = self.new_rfi(RIVERSIDE, WHO, files=[
            {"name": n, "type": "text/plain", "text": f"file {i}"} for i, n in enumerate(names)])
        self.sync(RIVERSIDE)
        self.assertEqual(sorted(self.carried(rfi["id"])), sorted([
            "a_.pdf", "a_ (2).pdf", "A_ (3).PDF", "fa\u00e7ade.pdf", "fa\u00e7ade (2).PDF", "_con.txt", "in_fdp.exe",
            "end", "x" * 200 + ".dwg", ".._up.txt"]))
        rows = self.sql("SELECT f.name, f.carried_name, f.sha256 FROM item_file f JOIN item t ON t.id = f.item_id "
                        "WHERE t.procore_id = ?", rfi["id"])
        self.assertEqual({r["carried_name"]: r["sha256"] for r in rows}, self.carried(rfi["id"]))
        self.assertEqual(sorted(r["name"] for r in rows), sorted(names), "the way back is the row")
        # marked up and sent back under the name it has there: Procore sees its own name again
        self.respond(rfi["id"], made=[{"name": "a_ (2).pdf", "size": 5000, "seed": 4}, {"name": "new.pdf", "size": 10}])
        self.sync(RIVERSIDE)
        self.assertEqual(sorted(self.answers(rfi["id"])), ["a*.pdf", "new.pdf"])

    def test_the_same_file_twice_is_attached_once(self):
        twin = {"name": "twin.pdf", "type": "application/pdf", "text": "the same"}
        rfi = self.new_rfi(RIVERSIDE, WHO, files=[twin, twin, {**twin, "text": "others"}])
        self.sync(RIVERSIDE)
        self.assertEqual(sorted(self.carried(rfi["id"])), ["twin (2).pdf", "twin.pdf"])
        self.assertEqual(self.issues(rfi["id"]), [])

    def test_no_room_is_an_alarm_and_no_loss(self):
        rfi = self.new_rfi(RIVERSIDE, WHO, files=self.files(24 * MB))

        def small_disk():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (16 * MB, resource.RLIM_INFINITY))

        child = self.engine("sync", self.connection(RIVERSIDE), limits=small_disk)
        out, log = child.communicate(timeout=WAIT_S)
        self.assertEqual(child.returncode, 0, out + log)
        item = self.item(RIVERSIDE, rfi["id"])
        self.assertEqual((item["reason"], item["state"]), ("file", "linked"))
        self.assertIn("could not be kept here", item["reason_text"])
        self.assertEqual(self.issues(rfi["id"]), [], "it is not the item's fault")
        incident = self.one("SELECT detail FROM incident WHERE subject = 'service' AND subject_id = 'disk' AND "
                            "closed_at IS NULL")
        self.assertIn("could not be kept here", incident["detail"])
        self.later()
        self.sync(RIVERSIDE)
        self.assertEqual(self.carried(rfi["id"]), self.hash_there(rfi["id"]))
        self.assertEqual(self.item(RIVERSIDE, rfi["id"])["reason"], "")


class Up(FileCase):
    """From Project Center into Procore."""

    def answered(self, **more):
        rfi = self.new_rfi(RIVERSIDE, WHO)
        self.sync(RIVERSIDE)
        self.respond(rfi["id"], **more)
        return rfi

    def test_a_cut_download_goes_on(self):
        rfi = self.answered(made=[{"name": "sketch.pdf", "size": 6 * MB, "seed": 77}])
        mark = len(self.front("npc"))
        self.architect("cut_body", {"method": "GET", "prefix": "/files/", "times": 2})
        self.sync(RIVERSIDE)
        got = [int(r["status"]) for r in self.front("npc")[mark:]
               if r["method"] == "GET" and r["path"].startswith("/files/")]
        self.assertEqual(got, [200, 206, 206])
        there = self.npc_rows("file", "name = 'sketch.pdf'")[0]
        self.assertEqual(self.answers(rfi["id"]), {"sketch.pdf": there["sha256"]})
        self.assertEqual(self.spool(), [])

    def test_bytes_that_are_not_those_announced_are_not_carried(self):
        rfi = self.answered(made=[{"name": "wrong.pdf", "size": 5000, "seed": 78}])
        there = self.npc_rows("file", "name = 'wrong.pdf'")[0]
        path = self.rig.lay.path("npc", "files", there["id"])
        with open(path, "r+b") as f:
            right = f.read()
            f.seek(0)
            f.write(b"X" + right[1:])
        self.sync(RIVERSIDE)
        self.assertEqual(self.answers(rfi["id"]), {})
        self.assertIn("not those that Project Center announced", self.item(RIVERSIDE, rfi["id"])["reason_text"])
        with open(path, "wb") as f:
            f.write(right)
        self.later()
        self.sync(RIVERSIDE)
        self.assertEqual(self.answers(rfi["id"]), {"wrong.pdf": there["sha256"]})

    # ---- segments: three of 5 MiB and less, so that the test is short

    def segments(self):
        return [r["path"].rsplit("/", 1)[1] for r in self.front()[self.mark:]
                if r["method"] == "PUT" and r["path"].startswith("/segment/") and r["status"] == "200"]

    def upload(self, path):
        project = self.projects[RIVERSIDE]["procore"]
        company = next(c["id"] for c in harness.load("companies.json")["companies"] if c["key"] == project["company"])
        account = self.one("SELECT id FROM account WHERE login_folded = ?", self.login(WHO).lower())["id"]
        with open(path, "rb") as f:
            return self.engine("upload", account, data=f, env={"COMPANY": str(company), "PROJECT": str(project["id"])})

    def large(self):
        path = os.path.join(self.dir.name, "large")
        with open(path, "wb") as f:
            f.write(os.urandom(1000) * (13 * 1000) + self.id().encode())
        return path

    def finish(self, path, status=0):
        child = self.upload(path)
        out, log = child.communicate(timeout=WAIT_S)
        self.assertEqual(child.returncode, status, out + log)
        return out + log

    def expect_there(self, path, out, uploads):
        """The upload named is complete with these very bytes; so many were begun in this test."""
        with open(path, "rb") as f:
            data = f.read()
        uuid = out.split("uuid=")[1].split()[0]
        row = self.procore_db("SELECT status, bytes, sha256 FROM upload WHERE uuid = ?", uuid)[0]
        self.assertEqual(row, ("complete", len(data), hashlib.sha256(data).hexdigest()))
        begun = {r["path"].split("/")[2] for r in self.front()[self.mark:] if r["path"].startswith("/segment/")}
        self.assertEqual(len(begun), uploads)
        self.assertEqual(self.spool(), [])

    def kill_after_first_segment(self, path):
        self.contractor("slow", {"what": "PUT /segment/", "times": 3, "ms": 400})
        self.kill_when(self.upload(path), "an ETag", lambda: "etag_0" in self.state_of(".up"))
        self.contractor("clear_faults", {})

    def test_a_killed_upload_goes_on_with_what_is_missing(self):
        path = self.large()
        self.kill_after_first_segment(path)
        self.assertNotIn("etag_2", self.state_of(".up"))
        had = set(k for k in self.state_of(".up") if k.startswith("etag_"))
        out = self.finish(path)
        self.assertEqual(self.segments().count("0"), 1, "what had arrived was sent again")
        self.assertEqual(len(had), 1)
        self.expect_there(path, out, 1)

    def test_a_segment_that_was_refused_is_sent_again_within_the_same_upload(self):
        path = self.large()
        self.contractor("status", {"method": "PUT", "prefix": "/segment/", "status": 503})
        self.finish(path, status=1)
        self.assertEqual(self.segments(), [])
        out = self.finish(path)
        self.assertEqual(self.segments(), ["0", "1", "2"])
        self.expect_there(path, out, 1)

    def test_an_upload_that_expired_begins_anew(self):
        path = self.large()
        self.kill_after_first_segment(path)
        self.procore_db("UPDATE upload SET created_at = 1000 WHERE uuid = ?", self.state_of(".up")["uuid"])
        out = self.finish(path)
        self.expect_there(path, out, 2)
        self.assertIn(403, self.storage("PUT", "/segment/"))

    def test_an_upload_of_an_hour_ago_is_not_even_tried(self):
        path = self.large()
        self.kill_after_first_segment(path)
        self.later(3600)
        out = self.finish(path)
        self.expect_there(path, out, 2)
        self.assertNotIn(403, self.storage("PUT", "/segment/"))

    def test_the_end_whose_answer_was_lost(self):
        path = self.large()
        self.contractor("lost_answer", {
            "what": f"PATCH /rest/v1.1/projects/{self.projects[RIVERSIDE]['procore']['id']}/uploads"})
        self.finish(path, status=1)
        self.assertEqual(sorted(self.segments()), ["0", "1", "2"])
        out = self.finish(path)
        self.assertEqual(sorted(self.segments()), ["0", "1", "2"])
        self.expect_there(path, out, 1)

    def test_storage_that_lies_about_a_segment_is_found_out(self):
        """The stand-in compares ETags, sizes and hashes at the end: a wrong ETag in the notes is refused, and all is
        sent anew."""
        path = self.large()
        self.kill_after_first_segment(path)
        name = next(n for n in self.spool() if n.endswith(".up"))
        note = self.state_of(".up")
        note["etag_0"] = '"00000000000000000000000000000000"'
        with open(self.rig.lay.path("state", "spool", name), "w", encoding="utf-8") as f:
            json.dump(note, f)
        out = self.finish(path)
        self.expect_there(path, out, 2)


class Limit(FileCase):
    """max_file_mb."""

    config = {"max_file_mb": 2}

    def test_a_file_above_the_limit_is_named_and_holds_nothing_up(self):
        large, small = self.files(3 * MB, 1000)
        rfi = self.new_rfi(RIVERSIDE, WHO, files=[large, small])
        self.sync(RIVERSIDE)
        self.assertEqual(list(self.carried(rfi["id"])), [small["name"]])
        issue = self.issues(rfi["id"])[0]
        self.assertEqual((issue["state"], issue["code"]), ("open", "file_limit"))
        self.assertIn(large["name"], issue["message"])
        self.assertIn("2 MB (max_file_mb)", issue["message"])
        served = sum(int(r["bytes"]) for r in self.front()[self.mark:] if r["path"].startswith("/o/"))
        self.assertLess(served, 3 * MB, "the length was known before its first byte")
        self.respond(rfi["id"])
        self.sync(RIVERSIDE)
        self.assertEqual(len([a for q in self.rfi(RIVERSIDE, rfi["id"])["questions"] for a in q["answers"]]), 1,
                         "the answer waited for a file that cannot come")
        self.assertEqual(self.spool(), [])

    def test_an_answer_with_a_file_above_the_limit_is_an_issue(self):
        rfi = self.new_rfi(RIVERSIDE, WHO)
        self.sync(RIVERSIDE)
        self.respond(rfi["id"], made=[{"name": "large.pdf", "size": 3 * MB}])
        self.sync(RIVERSIDE)
        issue = self.issues(rfi["id"])[0]
        self.assertEqual((issue["direction"], issue["code"]), ("to_procore", "file_limit"))
        self.assertIn("large.pdf", issue["message"])
        self.assertIn("2 MB (max_file_mb)", issue["message"])
        self.assertEqual(self.spool(), [])


if __name__ == "__main__":
    harness.main()
