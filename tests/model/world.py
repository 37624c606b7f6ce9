"""The stage of the model test: the whole worker, `hook`, two BIC users, and the post office between Procore and `hook`."""
import json
import os
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, "tests", "crash")]

from reference import BICS, Wrong  # noqa: E402
from stage import REFERENCE, Stage, sqlite3  # noqa: E402  (the path above comes first)

STOPPED = 99


class World(Stage):
    parts = ("mail", "procore", "npc", "hook", "nginx")

    def __enter__(self):
        super().__enter__()
        self.posted = 0  # deliveries up to this one have been taken from Procore
        self.browser = self.rig.client()
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
        self.company = self.one("SELECT procore_company_id c FROM connection WHERE id = ?", self.connection)["c"]
        self.responses = json.loads(self.procore("SELECT responses FROM company WHERE id = ?",
                                                 self.company)[0]["responses"])
        self.users = {u: p["procore"]["user_id"] for u, p in self.people.items() if p["procore"]}
        self.native = self.npc("SELECT id, number, kind FROM item WHERE external_id IS NULL AND project_id = ? "
                               "ORDER BY id", self.project["npc"]["id"])
        return self

    # ---- the worker

    def worker(self, stop_at=0, before=False):
        """The worker until nothing is due, or until it dies; True when it died."""
        argv = [os.path.join(self.rig.build, "worker", "connectord"), "-c", self.rig.lay.config, "--once"]
        if stop_at:
            argv += ["--stop-before-commit" if before else "--stop-at-commit", str(stop_at)]
        r = subprocess.run(argv, capture_output=True, text=True, timeout=300, env=self.rig.env)
        if r.returncode not in (0, STOPPED):
            raise Wrong(f"the worker ended with {r.returncode}: {r.stderr[-2000:]}")
        if "job_failed" in r.stderr or "runtime error" in r.stderr:
            raise Wrong(f"the worker says: {r.stderr[-2000:]}")
        return r.returncode == STOPPED

    def now(self):
        return int(time.time()) + self.moved

    def writes_since(self, calls):
        """Writing calls that were taken, after those of a fingerprint. (What is refused may be tried again.)"""
        text = "SELECT method, path, status FROM call WHERE id > ? AND method <> 'GET' AND status < 400 AND path LIKE ?"
        last, more = calls["last writing calls"]
        return [tuple(r.values()) for r in self.procore(text, last, "/rest/%") + self.npc(text, more, "%projects%")]

    # ---- webhooks: no sender runs; what Procore would send is taken from its table

    def deliveries(self):
        """What Procore wants to send since the last time."""
        new = self.procore("SELECT d.id, d.payload, h.authorization FROM delivery d JOIN hook h ON h.id = d.hook_id "
                           "WHERE d.id > ? ORDER BY d.id", self.posted)
        self.posted = max([d["id"] for d in new], default=self.posted)
        return new

    def deliver(self, event):
        answer = self.browser.request("POST", self.rig.portal("/hooks/procore"), event["payload"].encode(), {
            "Authorization": event["authorization"], "Content-Type": "application/json"})
        if answer.status != 200:
            raise Wrong(f"hook answered {answer.status} {answer.text[:200]} to {event}")

    # ---- what an admin sets

    def map_action(self, action, response):
        """As Response map on the Edit page does it. response: a row of Procore's list; None: no response."""
        if response is None:
            self.sql("DELETE FROM response_map WHERE connection_id = ? AND npc_action = ?", self.connection, action)
            return
        self.sql("INSERT OR REPLACE INTO response_map VALUES (?, ?, ?, ?, ?, 'mhalloran', ?)", self.connection, action,
                 response["id"], response["name"], response["considered"], self.now())

    def offer(self, responses):
        """The contractor's company changes its list of submittal responses."""
        db = sqlite3.connect(self.rig.lay.path("procore", "procore.db"), timeout=10)
        with db:
            db.execute("UPDATE company SET responses = ? WHERE id = ?", (json.dumps(responses), self.company))
        db.close()

    # ---- what stands where

    def row(self, it):
        found = self.sql("SELECT * FROM item WHERE connection_id = ? AND kind = ? AND procore_id = ?",
                         self.connection, it.kind, it.id)
        return found[0] if found else None

    def there(self, it):
        """In Project Center; None: not there."""
        found = self.npc_items(it.id, it.kind)
        if len(found) > 1:
            raise Wrong("twice in Project Center")
        return found[0] if found else None

    def doc(self, it):
        return json.loads(self.procore("SELECT doc FROM item WHERE id = ?", it.id)[0]["doc"])

    def in_court(self, it):
        """BIC users who may answer now, by Procore's own state."""
        if it.kind == "rfi":
            return [u for u in BICS if u in it.people]
        ids = [p["id"] for p in self.doc(it)["ball_in_court"]]
        return [u for u in BICS if self.users[u] in ids]

    def files_of(self, attachments):
        return [tuple(a) for a in self.attached(attachments)]

    def replies(self, it):
        """(user id, text without our reference, files), in order."""
        return [(a["created_by_id"], self.plain(a["plain_text_body"]), self.files_of(a["attachments"]))
                for q in self.doc(it)["questions"] for a in q["answers"]]

    def approvers(self, it):
        return [(a["user"]["id"], a["response"]["considered"], self.plain(a["comment"] or ""),
                 self.files_of(a["attachments"])) for a in self.doc(it)["approvers"]]

    @staticmethod
    def plain(text):
        """As the architect wrote it: our reference stands on a line of its own."""
        found = REFERENCE.search(text)
        return (text[:found.start()] if found else text).strip()

    def listed(self, row):
        """Does the portal show it under Sync Issues, or did somebody dismiss it there?"""
        return bool(row) and bool(self.sql("SELECT 1 FROM issue WHERE item_id = ? AND state IN ('open', 'dismissed')",
                                           row["id"]))
