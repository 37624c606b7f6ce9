"""One project between both stand-ins, for benchmarks: people act, the real worker runs, calls are counted.

A stage (tests/crash) whose worker is `connectord --once`: it does everything that is due and ends."""
import json
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, "tests", "crash")]

from stage import Stage, load  # noqa: E402  (the path above comes first)

USER = "lnakamura"
ACTION = {"rfi": "Answered", "submittal": "Approved"}
# Sign-in has no such limit, and files' bytes go to and from storage on another host.
NOT_API = re.compile(r"/(oauth/|o/|upload$)")


def shape(method, path):
    """A call without its ids: GET /rest/v1.0/projects/ID/rfis/ID."""
    parts = [p if re.fullmatch(r"[a-z_.]*|v\d[\d.]*", p) else "ID" for p in path.split("/")]
    if parts[1:3] == ["api", "v5"]:
        return f"{method} /api/v5/files/ID"
    return f"{method} {'/'.join(parts)}"


class Site(Stage):
    """Riverside with one BIC user, read every ten minutes; all other projects are paused."""

    parts = ("mail", "procore", "npc", "nginx")

    def __init__(self, config=None):
        super().__init__({"poll_interval_minutes": 10, **(config or {})})
        self.seen = {"procore": 0, "npc": 0}

    def __enter__(self):
        super().__enter__()
        self.sql("UPDATE connection SET state = 'paused', next_sync_at = NULL WHERE id <> ?", self.connection)
        self.sign_in(USER)
        return self

    def token(self):
        return self.contractor("grant", {"person": self.login(USER)})["access_token"]

    # ---- the worker

    def worker(self):
        """Everything that is due."""
        r = subprocess.run([os.path.join(self.rig.build, "worker", "connectord"), "-c", self.rig.lay.config, "--once"],
                           capture_output=True, text=True, timeout=600)
        if r.returncode != 0:
            raise AssertionError(f"connectord --once ended with {r.returncode}: {r.stderr}")

    def pass_now(self):
        """A pass as somebody's Sync now asks for it, after the second in which things changed."""
        self.move(30)
        self.sql("UPDATE connection SET sync_requested_at = last_sync_at + 1 WHERE id = ?", self.connection)
        self.sql("UPDATE job SET due_at = 0 WHERE kind = 'sync' AND ref = ?", self.connection)
        self.worker()
        error = self.one("SELECT sync_error FROM connection WHERE id = ?", self.connection)["sync_error"]
        assert error == "", error

    def pass_planned(self):
        """The next pass at the time that the worker has planned for it; the moved seconds."""
        now = int(self.one("SELECT unixepoch() n")["n"]) + self.moved
        due = self.one("SELECT next_sync_at FROM connection WHERE id = ?", self.connection)["next_sync_at"]
        wait = max(due - now, 0) + 1
        self.move(wait)
        self.worker()
        return wait

    # ---- calls

    def calls(self, service="procore"):
        """Calls since the last look, without the files' bytes, which go to storage and not to the API."""
        table = self.procore if service == "procore" else self.npc
        new = table("SELECT id, method, path, status FROM call WHERE id > ? ORDER BY id", self.seen[service])
        if new:
            self.seen[service] = new[-1]["id"]
        return [(shape(c["method"], c["path"]), c["status"]) for c in new]

    def api_calls(self):
        """Of Procore: those that count against the limit, with their number."""
        found = {}
        for name, _ in self.calls():
            if not NOT_API.match(name.split(" ")[1]):
                found[name] = found.get(name, 0) + 1
        return found

    # ---- people

    def create(self, kind, n, size, project=None):
        """n items for our BIC user, with one file each; as Procore shows them."""
        files = [{"name": f"sheet-{n}.pdf", "type": "application/pdf", "text": "%PDF-1.4\n" + "x" * (size - 9)}]
        common = {"project": (project or self.project)["procore"]["id"], "files": files}
        out = []
        for i in range(n):
            files[0]["text"] = f"%PDF-1.4\n{i:08}" + "x" * (size - 17)
            out.append(self.contractor("create_rfi", {
                **common, "subject": f"Anchor bolts at grid line {i}", "question": "Is 7/8\" acceptable?",
                "assignees": [self.login(USER)]}) if kind == "rfi" else self.contractor("create_submittal", {
                    **common, "title": f"Shop drawings, level {i}", "steps": [[self.login(USER)]]}))
        return out

    def respond(self, kind, npc_id, project=None):
        self.rig.control("npc", "respond", {
            "project": (project or self.project)["npc"]["id"], "item": npc_id, "person": self.people[USER]["mail"],
            "action": ACTION[kind], "text": "Yes, that is acceptable. See the revised detail on sheet S-201."})

    def request_of(self, kind, procore_id, what):
        """What the worker sent for an item: the text of its effect."""
        return json.loads(self.one("SELECT e.request FROM effect e JOIN item t ON t.id = e.item_id "
                                   "WHERE t.connection_id = ? AND t.kind = ? AND t.procore_id = ? AND e.kind = ?",
                                   self.connection, kind, procore_id, what)["request"])


def project_of(key):
    return next(p for p in load("projects.json")["projects"] if p["key"] == key)
