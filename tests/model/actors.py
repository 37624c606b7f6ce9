"""What contractor, architect and administrators do in a random sequence. Each action picks what it needs, or does nothing."""
import base64
import json

from reference import BICS, OTHER, Answer, Item, content

RFI_ACTION = "Answered"
ACTIONS = ("Approved", "Approved as Noted", "Rejected", "Revise and Resubmit")
UNMAPPED = "No Action Taken"  # stands in no map of the seed data
MEANING = {a: a.lower() for a in ACTIONS}
LIST = "Global UAC Submittal Action List"


class Contractor:
    def file(self):
        name = self.mark("file") + self.rnd.choice([".txt", ".txt", "?.txt", ": new*.txt"])
        return {"name": name, "type": "text/plain", "text": content(name)}

    def add(self, it):
        self.items.append(it)
        it.changed()

    def create_rfi(self):
        people = self.rnd.choice([BICS[:1], BICS[:1], BICS[1:], BICS, (OTHER,)])
        files = [self.file() for _ in range(self.rnd.randrange(4))]
        more = self.rnd.choice([{}, {}, {}, {"draft": True}, {"private": True}])
        made = self.w.contractor("create_rfi", {
            "project": self.w.project["procore"]["id"], "subject": self.mark("RFI"), "question": "What & where?",
            "assignees": [self.w.login(u) for u in people], "files": files, **more})
        it = Item("rfi", made["id"], people, [f["name"] for f in files])
        it.draft, it.private = "draft" in more, "private" in more
        self.add(it)
        self.say("contractor: RFI", it.id, "to", people, "files", it.files, more)

    def submittal(self, steps, **more):
        files = [self.file() for _ in range(self.rnd.randrange(2))]
        made = self.w.contractor("create_submittal", {
            "project": self.w.project["procore"]["id"], "title": self.mark("Submittal"), "section": "07 72 33",
            "steps": [[self.w.login(u) for u in s] for s in steps], "files": files, **more})
        self.say("contractor: submittal", made["id"], "steps", steps, "files", [f["name"] for f in files], more)
        return made["id"], [u for s in steps for u in s], [f["name"] for f in files]

    def create_submittal(self):
        steps = self.rnd.choice([[[BICS[0]]], [[BICS[1]]], [[BICS[0]], [BICS[1]]], [list(BICS)], [[OTHER]]])
        more = self.rnd.choice([{}, {}, {}, {}, {"private": True}])
        it = Item("submittal", *self.submittal(steps, **more))
        it.private = "private" in more
        self.add(it)

    def revise(self):
        """A new revision takes the place of the one before."""
        old = self.pick(lambda i: i.kind == "submittal" and not i.replaced and not i.deleted)
        if old is None:
            return
        row, doc = self.w.row(old), self.w.doc(old)
        made = self.submittal([[self.rnd.choice(BICS)]], number=doc["number"], source_submittal_log_id=old.id,
                              revision=str(int(doc["revision"] or 0) + 1))
        old.replaced = True
        self.add(Item("submittal", *made, previous=old if row and row["npc_id"] else None))

    def edit(self):
        it = self.pick(lambda i: not i.closed and not i.deleted)
        if it is None:
            return
        if self.rnd.random() < 0.6:
            it.fields["due_date"] = f"2031-0{self.rnd.randrange(1, 10)}-1{self.rnd.randrange(10)}"
            self.w.contractor("edit", {it.kind: it.id, "due_date": it.fields["due_date"]})
        else:
            it.fields["subject"] = self.mark("Edited")
            self.w.contractor("edit", {it.kind: it.id, "subject" if it.kind == "rfi" else "title":
                                       it.fields["subject"]})
        self.say("contractor: edits", it.id, it.fields)

    def open_up(self):
        it = self.pick(lambda i: (i.draft or i.private) and not i.deleted)
        if it is None:
            return
        self.w.contractor("edit", {it.kind: it.id, "draft": False, "private": False})
        it.draft = it.private = False
        it.changed()
        self.say("contractor: neither draft nor private:", it.id)

    def hide(self):
        it = self.pick(lambda i: i.open() and not i.private)
        if it is None:
            return
        self.w.contractor("edit", {it.kind: it.id, "private": True})
        it.private = True
        self.say("contractor: makes private", it.id)

    def reassign(self):
        it = self.pick(lambda i: i.kind == "rfi" and i.open())
        if it is None:
            return
        it.people = list(self.rnd.choice([BICS[:1], BICS[1:], BICS, (OTHER,)]))
        self.w.contractor("edit", {"rfi": it.id, "assignees": [self.w.login(u) for u in it.people]})
        it.changed()
        self.say("contractor: assigns", it.id, "to", it.people)

    def add_file(self):
        it = self.pick(lambda i: not i.closed and not i.deleted)
        if it is None:
            return
        f = self.file()
        self.w.contractor("add_file", {it.kind: it.id, "files": [f]})
        it.files.append(f["name"])
        self.say("contractor: file", f["name"], "added to", it.id)

    def close(self):
        it = self.pick(lambda i: i.open())
        if it is None:
            return
        void = it.kind == "submittal" and self.rnd.random() < 0.5
        self.w.contractor("close", {it.kind: it.id, **({"status": "Void"} if void else {})})
        it.closed, it.void = not void, void
        self.say("contractor:", "makes void" if void else "closes", it.id)

    def reopen(self):
        it = self.pick(lambda i: (i.closed or i.void) and not i.deleted)
        if it is None:
            return
        self.w.contractor("reopen", {it.kind: it.id})
        it.closed = it.void = False
        it.changed()
        self.say("contractor: reopens", it.id)

    def delete(self):
        it = self.pick(lambda i: not i.deleted)
        if it is None:
            return
        self.w.contractor("delete", {it.kind: it.id})
        it.deleted = True
        self.say("contractor: deletes", it.id)

    def restore(self):
        it = self.pick(lambda i: i.deleted)
        if it is None:
            return
        self.w.contractor("restore", {it.kind: it.id})
        it.deleted = False
        it.changed()
        self.say("contractor: restores", it.id)

    def by_hand(self):
        """Somebody of the design team answers in Procore itself."""
        it = self.pick(lambda i: i.open() and not i.private and not set(i.people) & self.denied)
        if it is None:
            return
        if it.kind == "rfi":
            user, text = self.rnd.choice(it.people), self.mark("hand")
            self.w.contractor("reply", {"rfi": it.id, "as": self.w.login(user), "body": text})
        else:
            users = self.w.in_court(it)
            if not users or self.offer_changed:
                return
            user, text = self.rnd.choice(users), MEANING[self.rnd.choice(ACTIONS)]
            self.w.contractor("respond", {"submittal": it.id, "as": self.w.login(user), "response": text,
                                          "comment": self.mark("hand")})
        it.by_hand.append((user, text))
        self.say("in Procore:", user, "answers", it.id, text)


class Architect:
    def at_npc(self, status):
        return self.pick(lambda i: (self.w.there(i) or {"status": ""})["status"] == status)

    def answer(self):
        it = self.at_npc("Open")
        if it is None:
            return
        users = [u for u in self.w.in_court(it) if u not in self.strangers]
        if not users or self.rnd.random() < 0.25:  # who is not asked, or has answered already
            users = [u for u in BICS if u not in self.strangers]
        if self.rnd.random() < 0.07:
            users = [OTHER]
        if not users:
            return
        user, action, meaning = self.rnd.choice(users), RFI_ACTION, None
        if it.kind == "submittal":
            plain = self.rnd.choice(ACTIONS + (UNMAPPED,)) if self.rnd.random() < 0.2 else self.rnd.choice(ACTIONS)
            action, meaning = self.renamed.get(plain, plain), self.map.get(self.renamed.get(plain, plain))
        text, more, name = f"{self.mark('answer')} <&> end", {}, None
        if it.answers and it.answers[-1].user == user and self.rnd.random() < 0.1:
            text = it.answers[-1].text  # the same words once more
        if self.rnd.random() < 0.4:
            name = self.mark("sketch") + ".png"
            more = {"file_name": name, "file_base64": base64.b64encode(content(name).encode()).decode()}
        self.w.architect("respond", {"item": self.w.there(it)["id"], "person": self.w.people[user]["mail"],
                                     "action": action, "text": text, **more})
        it.answers.append(Answer(user, action, text, name, meaning))
        self.say("architect:", it.answers[-1], "to", it.id)

    def plain_close(self):
        it = self.at_npc("Open")
        if it is None:
            return
        self.w.architect("close", {"item": self.w.there(it)["id"]})
        self.say("architect: closes", it.id, "without a response")

    def npc_reopen(self):
        it = self.at_npc("Closed")
        if it is None:
            return
        self.w.architect("reopen", {"item": self.w.there(it)["id"]})
        self.say("architect: reopens", it.id)

    def answer_again(self):
        """Reopened and answered in one go: the worker may see both answers at once."""
        self.npc_reopen()
        self.answer()

    def native_answer(self):
        opened = [n for n in self.w.native if self.w.npc("SELECT status FROM item WHERE id = ?", n["id"])[0]["status"]
                  == "Open"]
        users = [u for u in BICS if u not in self.strangers]
        if not opened or not users:
            return
        it = self.rnd.choice(opened)
        action = RFI_ACTION if it["kind"] == "rfi" else self.renamed.get(ACTIONS[0], ACTIONS[0])
        self.w.architect("respond", {"item": it["id"], "person": self.w.people[users[0]]["mail"],
                                     "action": action, "text": self.mark("native")})
        self.say("architect: responds to", it["number"], "which never was in Procore")

    def contact(self):
        """A BIC user is no contact in Project Center any more, or one again."""
        user = self.rnd.choice(BICS)
        mail = self.w.people[user]["mail"]
        if user in self.strangers:
            self.w.architect("contact_add", {"name": self.w.people[user]["name"], "email": mail})
            self.strangers.remove(user)
        else:
            self.w.architect("contact_remove", {"email": mail})
            self.strangers.add(user)
        self.say("in Project Center: contact", user, user not in self.strangers)

    def rename(self):
        """An administrator of Project Center edits the words that architects choose from."""
        plain = self.rnd.choice(ACTIONS)
        if plain in self.renamed:
            new, old = plain, self.renamed.pop(plain)
        else:
            new, old = self.mark(plain), plain
            self.renamed[plain] = new
        self.w.architect("keyword_rename", {"list": LIST, "from": old, "to": new})
        self.say("in Project Center:", old, "is now called", new)


class Admin:
    """People at the portal, and the contractor's company admin who edits the list of responses."""

    def map_to(self, action, meaning):
        response = next((r for r in self.w.responses if r["considered"] == meaning), None)
        self.w.map_action(action, response)
        self.map[action] = meaning
        for it in self.items:
            for a in it.answers:
                if a.action == action and meaning:
                    a.considered.add(meaning)
        self.say("portal: response map:", action, "->", meaning)

    def change_map(self):
        action = self.rnd.choice(ACTIONS)
        self.map_to(self.renamed.get(action, action), self.rnd.choice([None, MEANING[self.rnd.choice(ACTIONS)]]))

    def mend_map(self):
        """Every action that is in use, or was used, has its response."""
        used = {a.action for it in self.items if it.kind == "submittal" for a in it.answers}
        for action in sorted(used | set(ACTIONS) | set(self.renamed.values())):
            plain = action if action in MEANING else action.split("-")[0]
            if plain in MEANING and self.map.get(action) is None:
                self.map_to(action, MEANING[plain])

    def change_offer(self):
        """A response is renamed or removed in Procore; the next time the list is as it was."""
        if self.offer_changed:
            self.w.offer(self.w.responses)
        else:
            gone = MEANING[self.rnd.choice(ACTIONS)]
            name = self.rnd.choice([None, self.mark("Renamed")])
            self.w.offer([{**r, "name": name} if r["considered"] == gone else r for r in self.w.responses
                          if name or r["considered"] != gone])
            self.say("in Procore: the response", gone, "is", name or "gone")
        self.offer_changed = not self.offer_changed

    def pull(self):
        it = self.pick(lambda i: not i.deleted)
        if it is None:
            return
        number = str(self.w.doc(it)["number"])
        self.w.step("pull", self.w.connection, data=json.dumps({"kind": it.kind, "number": number, "by": "mhalloran"}))
        self.say("portal: pull", it.kind, number, f"({it.id})")

    def dismiss(self):
        found = self.w.sql("SELECT i.id FROM issue i JOIN item t ON t.id = i.item_id WHERE i.state = 'open' AND "
                           f"t.procore_id IN ({', '.join(str(i.id) for i in self.items)})")
        if not found:
            return
        issue = self.rnd.choice(found)["id"]
        self.w.sql("UPDATE issue SET state = 'dismissed', ended_at = ?, ended_by = 'mhalloran', ended_reason = 'x' "
                   "WHERE id = ?", self.w.now(), issue)
        self.say("portal: issue", issue, "is dismissed")

    def retry(self):
        """Retry all, as the portal does it. True when there was something parked."""
        parked = [r for r in map(self.w.row, self.items) if r and r["state"] == "parked"]
        for r in parked:
            self.say("portal: retry", r["procore_id"], "which is parked:", r["reason_text"])
            self.w.sql("UPDATE item SET next_try_at = 1, tries = 0 WHERE id = ?", r["id"])
        return bool(parked)

    def pause(self):
        self.paused = not self.paused
        self.w.sql("UPDATE connection SET state = ?, changed_at = ? WHERE id = ?",
                   "paused" if self.paused else "active", self.w.now(), self.w.connection)
        self.say("portal: paused:", self.paused)
