"""Reads the table of cases (table.txt says how it is written) and plays it: contractor and architect act on the
stand-ins, the worker runs, and both sides and the portal's text are compared with what the table says.

The cases of a group are played side by side on one project: each goes on to its next `worker`, then one run of the
worker serves all of them."""
import html
import json
import os
import re
import shlex
import sqlite3
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, "tests", "crash")]

from stage import Stage  # noqa: E402  (the path above comes first)
import base64  # noqa: E402
import layout  # noqa: E402  (stage.py knows where)
from rig import load  # noqa: E402

GLOBAL_ADMIN = "mhalloran"
ROUND_S = 130   # one round of the worker: beyond Sync now's once a minute and the two minutes of a lost answer
STEP = re.compile(r"^(contractor|architect|people|fault|worker|procore|npc|portal|issues|page|calm)\b\s*(.*)$")


class Wrong(AssertionError):
    """A case did not end as the table says."""


# ---- the table

class Case:
    def __init__(self, name, title, line):
        self.name, self.title, self.line = name, title, line
        self.covers = []
        self.steps = []    # (line number, who, words)
        self.items = {}    # A -> (kind, procore id)


class Group:
    def __init__(self, name, options):
        self.name = name
        self.options = options
        self.cases = []


def read_table(path):
    """(groups, [(what is not a case, why)])"""
    groups, left_out = [], []
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            text = "" if line.startswith("#") else line.strip()
            if not text:
                continue
            word, _, rest = text.partition(" ")
            if word == "group":
                name, *options = rest.split()
                groups.append(Group(name, dict(o.split("=", 1) for o in options)))
            elif word == "case":
                name, _, title = rest.partition(" ")
                groups[-1].cases.append(Case(name, title.strip(), number))
            elif word == "covers":
                groups[-1].cases[-1].covers.append(rest.strip())
            elif word == "left-out":
                left_out.append(tuple(p.strip() for p in rest.split(" - ", 1)))
            elif STEP.match(text):
                who, words = STEP.match(text).groups()
                groups[-1].cases[-1].steps.append((number, who, words))
            else:
                raise Wrong(f"line {number} of the table is not understood: {text}")
    return groups, left_out


def words_of(text):
    """`A due=2030 text="two words"` to (["A"], {"due": ..., "text": ...})."""
    plain, named = [], {}
    for word in shlex.split(text):
        key, eq, value = word.partition("=")
        if eq and re.fullmatch(r"[a-z_]+", key):
            named[key] = value.replace("\\n", "\n")
        else:
            plain.append(word)
    return plain, named


# ---- the stage of a group

class World(Stage):
    """The stage with the portal's pages and the whole worker, run when the table says."""

    parts = ("mail", "procore", "npc", "signin", "projects", "edit", "nginx")

    def __init__(self):
        super().__init__()
        self.companies = {c["key"]: c for c in load("companies.json")["companies"]}
        self.projects = {p["key"]: p for p in load("projects.json")["projects"]}
        self.base_config = dict(self.rig.extra_config)

    def __enter__(self):
        super().__enter__()
        self.sql("UPDATE connection SET state = 'paused'")
        self.browser = self.rig.client(GLOBAL_ADMIN)
        return self

    def use(self, group):
        """Make a group's project the one that is played on."""
        self.calm()
        self.project = self.projects[group.options["project"]]
        self.sql("UPDATE connection SET state = 'paused'")
        self.connection = self.one("SELECT id FROM connection WHERE npc_project_id = ?",
                                   self.project["npc"]["id"])["id"]
        self.sql("UPDATE connection SET state = 'active' WHERE id = ?", self.connection)
        keys = {k: v for k, v in group.options.items() if k not in ("project", "people", "round")}
        self.rig.extra_config = {**self.base_config, **keys}
        self.rig._write_files()
        self.seats = self.project["connection"]["bics"]
        self.round_s = int(group.options.get("round", ROUND_S))
        for user in self.seats:
            self.sign_in(user)
        self.run_worker()
        self.move(self.round_s)
        self.run_worker()

    def calm(self):
        self.contractor("calm", {})
        self.contractor("rate", {"hour": 1000000, "spike": 100000})
        self.contractor("settings", {"token_life": 1000000000})
        self.rig.control("npc", "clear_faults", {})

    def run_worker(self):
        argv = [os.path.join(self.rig.build, "worker", "connectord"), "-c", self.rig.lay.config, "--once"]
        r = subprocess.run(argv, capture_output=True, text=True, timeout=300, env=self.rig.env)
        if r.returncode != 0:
            raise Wrong(f"the worker ended with {r.returncode}: {r.stderr[-2000:]}")
        return r.stderr

    def round(self, seconds):
        """People did things a while ago; somebody presses Sync now; the worker runs."""
        self.move(seconds or self.round_s)
        self.press("Sync now", self.rig.portal(f"/Projects/edit?project={self.connection}"))
        self.sql("UPDATE mark SET pass_at = 0 WHERE kind LIKE '%_bin'")  # as if the hour were over
        self.run_worker()

    # ---- names of people

    def user(self, alias):
        """bic1, bic2: the seats in their order; other: on both sides, but no BIC; manager: the contractor's."""
        if alias.startswith("bic"):
            return self.seats[int(alias[3:]) - 1]
        return next(m["person"] for m in self.project["procore"]["members"]
                    if m["person"] in self.people and m["person"] not in self.seats)

    def procore_login(self, alias):
        if alias in ("manager", "admin"):
            number = 0 if alias == "manager" else 1
            key = self.project["procore"]["members"][number]["person"]
            people = [p for c in self.companies.values() for p in c["people"]]
            return next(p["procore"]["login"] for p in people if p["key"] == key)
        return self.login(self.user(alias))

    def alias(self, user_id):
        for n, user in enumerate(self.seats, 1):
            if self.people[user]["procore"]["user_id"] == user_id:
                return f"bic{n}"
        if self.people[self.user("other")]["procore"]["user_id"] == user_id:
            return "other"
        return "contractor"

    def alias_of_mail(self, mail):
        for n, user in enumerate(self.seats, 1):
            if self.people[user]["mail"] == mail or self.login(user) == mail:
                return f"bic{n}"
        return "other" if mail == self.people[self.user("other")]["mail"] else mail

    # ---- pages

    def get(self, path):
        r = self.browser.get(self.rig.portal(path))
        if r.status != 200:
            raise Wrong(f"{path} answers {r.status}")
        return r

    def press(self, button, url, values=None, having=None):
        """Find the form with that button (and that hidden value) on a page and send it."""
        r = self.browser.get(url)
        page = r.page()
        for form in page.forms:
            if any(button.lower() in b[2].lower() for b in form.buttons) and \
                    (having is None or having in form.fields):
                r = self.browser.submit(page, form, values)
                if r.status != 200:
                    raise Wrong(f"{button}: {r.status} {r.page().text[:300]}")
                return r.page()
        raise Wrong(f"{url} has no button {button}: {page.text[:300]}")

    def issues_of(self, item_id):
        """The entries of Sync Issues about an item, as their text."""
        out, number = [], 1
        while True:
            r = self.get(f"/Projects/issues?project={self.connection}&page={number}")
            entries = re.findall(r"<li>(.*?)</li>", r.text, re.S)
            out += [" ".join(html.unescape(re.sub(r"<[^>]+>", " ", x)).split()) for x in entries
                    if f'/Projects/items/{item_id}"' in x]
            if f"page={number + 1}" not in r.text:
                return out
            number += 1


# ---- playing

class Player:
    """Plays one case against the world."""

    def __init__(self, world, case):
        self.w = world
        self.c = case
        self.at = 0

    # ---- small things

    def kind(self, name):
        return self.c.items[name][0]

    def id(self, name):
        if name not in self.c.items:
            raise Wrong(f"there is no item {name}")
        return self.c.items[name][1]

    def npc_id(self, name):
        found = self.w.npc_items(self.id(name), self.kind(name))
        if len(found) != 1:
            raise Wrong(f"{name} is {len(found)} times in Project Center")
        return found[0]["id"]

    def row(self, name):
        found = self.w.sql("SELECT * FROM item WHERE connection_id = ? AND kind = ? AND procore_id = ?",
                           self.w.connection, self.kind(name), self.id(name))
        if len(found) != 1:
            raise Wrong(f"the portal knows {name} {len(found)} times")
        return found[0]

    @staticmethod
    def files(names):
        return [{"name": n, "type": "text/plain", "text": f"bytes of {n}"} for n in names.split(",")] if names else []

    def logins(self, aliases):
        return [self.w.procore_login(a) for a in aliases.split(",")] if aliases else []

    def steps(self, text):
        return [self.logins(s) for s in text.split(";")]

    # ---- the contractor

    def contractor(self, text):
        (verb, *args), more = words_of(text)
        getattr(self, "contractor_" + verb.replace("-", "_"))(*args, **more)

    def act(self, verb, name, **more):
        return self.w.contractor(verb, {self.kind(name): self.id(name), **more})

    def contractor_rfi(self, name, to="", files="", question="What is right?", required="", due="2030-05-01",
                       private=None, draft=None, title=None, **more):
        value = {"project": self.w.project["procore"]["id"], "subject": title or f"{self.c.name} {name}",
                 "question": question, "assignees": self.logins(to), "required": self.logins(required),
                 "due_date": due, "files": self.files(files), **more}
        if private:
            value["private"] = True
        if draft:
            value["draft"] = True
        self.c.items[name] = ("rfi", self.w.contractor("create_rfi", value)["id"])

    def contractor_submittal(self, name, steps="", files="", optional="", revision_of="", private=None, title=None, **more):
        value = {"project": self.w.project["procore"]["id"], "title": title or f"{self.c.name} {name}",
                 "section": "07 54 19", "description": "Data sheet", "steps": self.steps(steps),
                 "optional": self.logins(optional), "files": self.files(files), **more}
        if private:
            value["private"] = True
        if revision_of:
            doc = json.loads(self.w.procore("SELECT doc FROM item WHERE id = ?", self.id(revision_of))[0]["doc"])
            value.update(number=doc["number"], source_submittal_log_id=self.id(revision_of))
        self.c.items[name] = ("submittal", self.w.contractor("create_submittal", value)["id"])

    def contractor_edit(self, name, to=None, steps=None, private=None, draft=None, due=None, **more):
        if to is not None:
            more["assignees"] = self.logins(to)
        if steps is not None:
            more["steps"] = self.steps(steps)
        if due is not None:
            more["due_date"] = due
        for key, value in (("private", private), ("draft", draft)):
            if value is not None:
                more[key] = value == "yes"
        self.act("edit", name, **more)

    def contractor_close(self, name, **more):
        self.act("close", name, **more)

    def contractor_reopen(self, name, **more):
        self.act("reopen", name, **more)

    def contractor_delete(self, name):
        self.act("delete", name)

    def contractor_restore(self, name):
        self.act("restore", name)

    def contractor_files(self, name, names):
        self.act("add_file", name, files=self.files(names))

    def contractor_court(self, name, to):
        self.act("court", name, people=self.logins(to))

    def contractor_reply(self, name, by, text):
        self.act("reply", name, body=text, **{"as": self.w.procore_login(by)})

    def contractor_respond(self, name, by, value, text="", for_=None, **more):
        """by its own sign-in; with `for`, somebody with the right to does it on behalf."""
        on_behalf = more.pop("behalf", None)
        if on_behalf:
            more["approver"] = self.approver(name, on_behalf)["id"]
        self.act("respond", name, response=value, comment=text, **{"as": self.w.procore_login(by)}, **more)

    def contractor_response(self, name, to="", considered=""):
        """A submittal response of the company is renamed, added (considered), or without either deleted."""
        self.w.contractor("response_edit", {"project": self.w.project["procore"]["id"], "name": name, "to": to,
                                            "considered": considered})

    def approver(self, name, alias):
        doc = json.loads(self.w.procore("SELECT doc FROM item WHERE id = ?", self.id(name))[0]["doc"])
        return next(a for a in doc["approvers"] if self.w.alias(a["user"]["id"]) == alias)

    def rest(self, by, method, path, value=None):
        """A call of Procore's API as that person."""
        token = self.w.contractor("grant", {"person": self.w.procore_login(by)})["access_token"]
        company = self.w.companies[self.w.project["procore"]["company"]]["id"]
        r = self.w.rig.client().request(
            method, self.w.rig.url("procore", path), None if value is None else json.dumps(value).encode(),
            {"Authorization": "Bearer " + token, "Procore-Company-Id": str(company), "Content-Type": "application/json"})
        if r.status >= 300:
            raise Wrong(f"{method} {path}: {r.status} {r.text[:300]}")
        return r

    def contractor_forward(self, name, by, to):
        """Forward for review, as that person does in Procore."""
        project = self.w.project["procore"]["id"]
        who = next(p["procore"]["user_id"] for p in self.w.people.values()
                   if p["procore"] and p["procore"]["login"] == self.w.procore_login(to))
        if self.kind(name) == "rfi":
            self.rest(by, "PATCH", f"/rest/v1.1/projects/{project}/rfis/{self.id(name)}/forward_for_review",
                      {"rfi": {"forwardee_ids": [who]}})
            return
        company = self.w.companies[self.w.project["procore"]["company"]]["id"]
        answer = next(r["id"] for r in json.loads(self.w.procore("SELECT responses FROM company WHERE id = ?", company)[0]
                                                  ["responses"]) if r["considered"] == "forwarded for review")
        self.rest(by, "PATCH", f"/rest/v1.0/submittal_approvers/{self.approver(name, by)['id']}?project_id={project}"
                  f"&submittal_id={self.id(name)}", {"submittal_approver": {
                      "submittal_response_id": answer, "comment": "Please look.", "forward_to": {"user_id": who}}})

    def contractor_unreply(self, name, text):
        """A reply that holds this text is deleted in Procore."""
        project = self.w.project["procore"]["id"]
        doc = json.loads(self.w.procore("SELECT doc FROM item WHERE id = ?", self.id(name))[0]["doc"])
        reply = next(a["id"] for q in doc["questions"] for a in q["answers"] if text in a["plain_text_body"])
        self.rest("manager", "DELETE", f"/rest/v1.0/projects/{project}/rfis/{self.id(name)}/replies/{reply}")

    # ---- the architect

    def architect(self, text):
        (verb, *args), more = words_of(text)
        getattr(self, "architect_" + verb.replace("-", "_"))(*args, **more)

    def npc_act(self, verb, name, **more):
        self.w.architect(verb, {"item": self.npc_id(name), **more})

    def architect_respond(self, name, by="bic1", action=None, text="", file=None, closes=True):
        more = {}
        if file:
            more = {"file_name": file, "file_base64": base64.b64encode(f"bytes of {file}".encode()).decode()}
        self.npc_act("respond", name, person=self.w.people[self.w.user(by)]["mail"], text=text, closes=closes,
                     action=action or ("Answered" if self.kind(name) == "rfi" else "Approved"), **more)

    def architect_record(self, name, **more):
        self.architect_respond(name, closes=False, **more)

    def architect_close(self, name):
        self.npc_act("close", name)

    def architect_send_and_close(self, name):
        self.npc_act("send_and_close", name)

    def architect_reopen(self, name):
        self.npc_act("reopen", name)

    def architect_withdraw(self, name):
        self.npc_act("withdraw", name)

    def architect_edit(self, name, due=None, **more):
        self.npc_act("edit", name, **({"due_date": due} if due else {}), **more)

    def architect_remarks(self, name, text):
        self.npc_act("remarks", name, text=text)

    def architect_contact(self, what, who):
        """add WHO, remove WHO: as a contact of the project, by the Procore login."""
        login = self.w.login(self.w.user(who))
        self.w.architect("contact_" + what, {"email": login, "name": who, "company": "Firm"})

    def architect_value(self, what, name, to=None):
        """add, drop, rename a value that closes submittals with a response. add and drop: in this project only."""
        if what == "rename":
            self.w.rig.control("npc", "keyword_rename", {"from": name, "to": to})
        else:
            self.w.architect("keyword_" + what, {"name": name})

    # ---- people at the portal

    def people_(self, text):
        (verb, *args), more = words_of(text)
        getattr(self, "people_" + verb.replace("-", "_"))(*args, **more)

    def edit_page(self):
        return self.w.rig.portal(f"/Projects/edit?project={self.w.connection}")

    def issue_id(self, name):
        found = self.w.sql("SELECT id FROM issue WHERE item_id = ? AND state = 'open'", self.row(name)["id"])
        if len(found) != 1:
            raise Wrong(f"{name} has {len(found)} open issues")
        return str(found[0]["id"])

    def people_retry(self, name):
        self.w.press("Retry", self.w.rig.portal(f"/Projects/issues?project={self.w.connection}"),
                     having=("issue", self.issue_id(name)))

    def people_retry_all(self):
        self.w.press("Retry all", self.w.rig.portal(f"/Projects/issues?project={self.w.connection}"))

    def people_dismiss(self, name, reason):
        self.w.press("Dismiss the issue", self.w.rig.portal(f"/Projects/issues?project={self.w.connection}"),
                     {"reason": reason}, having=("issue", self.issue_id(name)))

    def people_pull_again(self, name):
        self.w.press("Pull this item again", self.w.rig.portal(f"/Projects/items/{self.row(name)['id']}"))

    def people_pull(self, name):
        """By its number, on the project's page."""
        doc = json.loads(self.w.procore("SELECT doc FROM item WHERE id = ?", self.id(name))[0]["doc"])
        self.w.press("Pull", self.edit_page(), {"kind": self.kind(name), "number": str(doc["number"])})

    def people_map(self, action, to=""):
        """Choose a Procore response for an action on the Edit page; without `to`: none."""
        r = self.w.browser.get(self.edit_page())
        page = r.page()
        form = next(f for f in page.forms if f.action.endswith("/response-map"))
        choice, now = None, []
        for key, value in form.fields:
            if key == "choice" and choice == action:
                value = self.choice(r.text, action, to) if to else ""
            if key == "action":
                choice = value
            now.append((key, value))
        if action not in [v for k, v in form.fields if k == "action"]:
            raise Wrong(f"the map does not offer {action}: {[v for k, v in form.fields if k == 'action']}")
        form.fields = now
        r = self.w.browser.submit(page, form)
        if r.status != 200:
            raise Wrong(f"saving the map: {r.status} {r.page().text[:300]}")

    @staticmethod
    def choice(text, action, to):
        """The value of the option with that name in the action's row."""
        part = text[text.index(f'name="action" value="{html.escape(action)}"'):]
        found = re.search(r'<option value="(\d+)"[^>]*>' + re.escape(html.escape(to)) + "</option>",
                          part[:part.index("</select>")])
        if not found:
            raise Wrong(f"no choice {to} for {action}")
        return found.group(1)

    def people_sign_in(self, who):
        user = self.w.user(who)
        self.w.sign_in(user)
        self.w.step("resume", self.w.account(user)["id"])

    # ---- faults

    def fault(self, text):
        (verb, *args), more = words_of(text)
        getattr(self, "fault_" + verb.replace("-", "_"))(*args, **more)

    def fault_revoke(self, who):
        self.w.contractor("revoke", {"person": self.w.procore_login(who)})

    def fault_permission(self, who, tool, level):
        self.w.contractor("permission", {"person": self.w.procore_login(who), "tool": tool, "level": level,
                                         "project": self.w.project["procore"]["id"]})

    def fault_refuse(self, what, status, times="1", text="", after=None):
        """The next calls of that kind are refused. what: METHOD and path prefix at Procore; PROJECT stands for it."""
        method, prefix = what.replace("PROJECT", str(self.w.project["procore"]["id"])).split()
        self.w.contractor("status", {"method": method, "prefix": prefix, "status": int(status), "times": int(times),
                                     "body": {"errors": text}, **({"after": True} if after else {})})

    def fault_refuse_item(self, name, method, status, times="1", text=""):
        """The same for calls about one RFI."""
        project = self.w.project["procore"]["id"]
        self.fault_refuse(f"{method} /rest/v1.0/projects/{project}/rfis/{self.id(name)}", status, times, text)

    def fault_mend_item(self, name):
        """What fault refuse-item began has an end."""
        db = sqlite3.connect(self.w.rig.lay.path("procore", "procore.db"), timeout=10)
        with db:
            n = db.execute("DELETE FROM fault WHERE prefix LIKE ?", (f"%/rfis/{self.id(name)}",)).rowcount
        db.close()
        if n == 0:
            raise Wrong("there was nothing to mend")

    def fault_connected_later(self):
        """The two projects were connected only after the items that there are."""
        self.w.sql("UPDATE connection SET sync_from_at = sync_from_at + 86400 * 3650 WHERE id = ?", self.w.connection)

    def fault_connected_as_before(self):
        self.w.sql("UPDATE connection SET sync_from_at = sync_from_at - 86400 * 3650 WHERE id = ?", self.w.connection)

    def fault_lost(self, what):
        self.w.contractor("lost_answer", {"what": what.replace("PROJECT", str(self.w.project["procore"]["id"]))})

    def fault_npc_loses(self, method, path):
        """The answer to the next such call is lost in Project Center."""
        self.w.architect("lost_answer", {"method": method, "prefix": f"/v1/projects/{self.w.project['npc']['id']}{path}"})

    def fault_npc_refuses(self, method, path, status, times="1"):
        self.w.architect("status", {"method": method, "status": int(status), "times": int(times),
                                    "prefix": f"/v1/projects/{self.w.project['npc']['id']}{path}"})

    def fault_settings(self, **more):
        self.w.contractor("settings", {k: int(v) for k, v in more.items()})

    def calm(self, _):
        self.w.calm()

    # ---- what is seen

    def seen_procore(self, name):
        row = self.w.procore("SELECT * FROM item WHERE id = ?", self.id(name))[0]
        doc = json.loads(row["doc"])
        status = doc["status"]["name"] if isinstance(doc["status"], dict) else doc["status"]
        out = ["deleted" if row["deleted_at"] is not None else status.lower()]
        out += [f"court: {self.w.alias(p['id'])}" for p in doc.get("ball_in_courts") or doc.get("ball_in_court") or []
                if row["kind"] == "rfi" or isinstance(p, dict)]
        for q in doc.get("questions") or []:
            for a in q["answers"]:
                out.append(f"reply: {self.w.alias(a['created_by_id'])}: {self.numbered(a['plain_text_body'])}"
                           + "".join(f" +{n}" for n, _ in self.w.attached(a["attachments"])))
        for a in doc.get("approvers") or []:
            out.append(f"approver: {self.w.alias(a['user']['id'])}: {a['response']['considered']}"
                       + (f": {self.numbered(a['comment'])}" if a["comment"] else "")
                       + "".join(f" +{n}" for n, _ in self.w.attached(a["attachments"])))
        return out

    def numbered(self, text):
        """Running numbers differ from run to run."""
        return " ".join(re.sub(r"\[Newforma [^/\]]+/", "[#/", text).split())

    def seen_npc(self, name):
        found = self.w.npc_items(self.id(name), self.kind(name))
        if not found:
            return ["not there"]
        out = [] if len(found) == 1 else [f"{len(found)} times there"]
        it = found[0]
        source = json.loads(it["source_json"])
        to = self.w.npc("SELECT c.email, c.user FROM item_to t JOIN contact c ON c.id = t.contact_id WHERE t.item_id = ? "
                        "ORDER BY t.position", it["id"])
        out += [it["status"] + (f" by {it['closed_by'].replace('_', ' ')}" if it["closed_by"] else ""),
                f"subject: {it['subject']}", f"body: {' '.join(it['body'].split())}", f"due: {it['due_date']}",
                f"from: {json.loads(it['from_json'] or '{}').get('name')}", f"source: {source.get('status')}",
                f"link: {'yes' if source.get('link') else 'no'}",
                f"number: {'same' if self.row(name)['number'] in it['sender_id'] else it['sender_id']}",
                f"spec: {json.loads(it['spec_json'] or '{}').get('number')}",
                "received: " + ("yes" if it["received_date"] else "no"),
                "to: " + ", ".join(self.w.alias_of_mail(r["email"]) for r in to)]
        out += [f"previous: {n}" for n, (kind, pid) in self.c.items.items()
                if any(x["id"] == it["previous_id"] for x in self.w.npc_items(pid, kind))]
        out += [f"file: {f}" for f, _, _ in self.w.npc_files(it["id"])]
        return out

    def check_lines(self, seen, expected, what):
        """Each wanted line is there; `no X`: none begins so; `N x X`: so many do."""
        for want in (x.strip() for x in expected.split("|")):
            times = re.fullmatch(r"(\d+) x (.*)", want)
            if want.startswith("no "):
                good = not any(s == want[3:] or s.startswith(want[3:] + ":") for s in seen)
            elif times:
                good = sum(s == times[2] or s.startswith(times[2] + ":") for s in seen) == int(times[1])
            else:
                good = want in seen
            if not good:
                raise Wrong(f"{what}: expected `{want}`, found: {' | '.join(seen)}")

    def procore(self, text):
        name, _, expected = text.partition(" ")
        self.check_lines(self.seen_procore(name), expected.lstrip("| "), f"{name} in Procore")

    def npc(self, text):
        name, _, expected = text.partition(" ")
        self.check_lines(self.seen_npc(name), expected.lstrip("| "), f"{name} in Project Center")

    def check_text(self, seen, expected, what):
        for want in (x.strip() for x in expected.split("|")):
            for alias in ("bic1", "bic2", "other"):
                want = want.replace(f"<{alias}>", self.w.procore_login(alias)) if f"<{alias}>" in want else want
            if want.startswith("not "):
                good = want[4:] not in seen
            else:
                good = want in seen
            if not good:
                raise Wrong(f"{what}: expected `{want}`, it reads: {seen}")

    def portal(self, text):
        """The item's page."""
        name, _, expected = text.partition(" ")
        if expected.lstrip("| ") == "not listed":
            if self.w.sql("SELECT 1 FROM item WHERE connection_id = ? AND procore_id = ?", self.w.connection, self.id(name)):
                raise Wrong(f"{name} is listed")
            return
        page = self.w.get(f"/Projects/items/{self.row(name)['id']}").page().text
        page = page[page.index("Status"):] if "Status" in page else page
        self.check_text(page, expected.lstrip("| "), f"the page of {name}")

    def page(self, text):
        """The project's Edit page."""
        self.check_text(self.w.get(f"/Projects/edit?project={self.w.connection}").page().text, text.lstrip("| "),
                        "the Edit page")

    def issues(self, text):
        """Sync Issues: `none`, or what the one entry about the item says."""
        name, _, expected = text.partition(" ")
        expected = expected.lstrip("| ")
        found = self.w.issues_of(self.row(name)["id"])
        if expected == "none":
            if found:
                raise Wrong(f"{name} has issues: {found}")
            return
        if len(found) != 1:
            raise Wrong(f"{name} should have one issue: {found}")
        self.check_text(found[0], expected, f"the issue of {name}")

    # ---- the script

    def go(self):
        """Up to and without the next run of the worker; its length, or None when the script is over."""
        while self.at < len(self.c.steps):
            line, who, text = self.c.steps[self.at]
            self.at += 1
            if who == "worker":
                return self.seconds(text)
            try:
                getattr(self, "people_" if who == "people" else who)(text)
            except (Wrong, RuntimeError, KeyError, StopIteration, IndexError) as e:
                raise Wrong(f"line {line}: {who} {text}\n      {type(e).__name__}: {e}") from e
        return None

    @staticmethod
    def seconds(text):
        found = re.fullmatch(r"(?:after (\d+) (min|h|days))?", text)
        if not found:
            raise Wrong(f"worker {text}?")
        return int(found[1]) * {"min": 60, "h": 3600, "days": 86400}[found[2]] if found[1] else 0


def play(world, group, say):
    """Play a group; {case name: what was wrong, or None}."""
    world.use(group)
    going, ended = [Player(world, c) for c in group.cases], {}
    while going:
        wait, still = 0, []
        for p in going:
            try:
                seconds = p.go()
            except Wrong as e:
                ended[p.c.name] = str(e)
                continue
            if seconds is None:
                ended[p.c.name] = None
            else:
                wait = max(wait, seconds)
                still.append(p)
        going = still
        if going:
            world.round(wait)
    settle(world)
    return ended


def settle(world):
    """Nothing is left to do: two rounds more change neither side."""
    world.round(0)
    before = world.fingerprint()
    world.round(0)
    if world.fingerprint() != before:
        raise Wrong("the worker still writes although nobody does anything")
