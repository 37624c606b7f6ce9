"""The reference: what people did to an item, and what must stand on both sides in the end. No product code, no I/O."""
import hashlib

BICS = ("lnakamura", "zmueller")
OTHER = "jibanez"  # in the project on both sides, but no BIC of the connection
REFUSED = str.maketrans(dict.fromkeys('#%*:<>?/\\|~"', "_"))  # in names, by Windows and Project Center


class Wrong(AssertionError):
    """The end is not what the model says."""


def carried(name):
    """A file's name in Project Center."""
    return name.translate(REFUSED)


def digest(name):
    """Every file holds a sentence with its own name."""
    return hashlib.sha256(content(name).encode()).hexdigest()


def content(name):
    return f"bytes of {name}"


class Answer:
    """One Respond and Close in Project Center."""

    def __init__(self, user, action, text, name, considered):
        self.user = user
        self.action = action
        self.text = text
        self.file = name
        self.considered = {considered} - {None}  # Procore's meanings that the map gave the action since

    def __repr__(self):
        return f"{self.user}: {self.action} {self.text!r} {self.file or ''}".rstrip()


class Item:
    """What the model knows of one RFI or submittal."""

    def __init__(self, kind, procore_id, people, files, previous=None):
        self.kind = kind
        self.id = procore_id
        self.people = list(people)  # users named as assignee or approver
        self.files = list(files)    # names in Procore; all different
        self.previous = previous    # the revision before, when both have to be linked
        self.closed = self.void = self.deleted = self.draft = self.private = self.replaced = False
        self.fields = {}            # of those that are edited: field in Project Center, value
        self.answers = []           # Answer, in order
        self.by_hand = []           # given in Procore itself: (user, text or meaning)
        self.was_eligible = False

    def open(self):
        return not (self.closed or self.void or self.deleted or self.draft)

    def eligible(self):
        return self.open() and not self.private and not self.replaced and any(u in BICS for u in self.people)

    def changed(self):
        """After every change: remember whether it might have come in."""
        self.was_eligible = self.was_eligible or self.eligible()

    def takes(self, answer):
        """Can Procore take this answer, as things stand?"""
        return self.open() and answer.user in self.people

    # ---- what must be true; each says whether something was excused because the portal lists it

    def check_files(self, files, is_open):
        """files: (name, sha256, bytes) in Project Center."""
        names = [f[0] for f in files]
        wanted = {carried(n): digest(n) for n in self.files}
        if len(set(names)) != len(names):
            raise Wrong(f"a file twice in Project Center: {names}")
        if set(names) - set(wanted):
            raise Wrong(f"strange files in Project Center: {names}")
        if [f for f in files if wanted[f[0]] != f[1]]:
            raise Wrong(f"a file with other bytes: {files}")
        if self.eligible() and is_open and set(names) != set(wanted):
            raise Wrong(f"files missing in Project Center: {sorted(set(wanted) - set(names))}")

    def check_replies(self, replies, users, listed):
        """replies: (user id, text, [(name, sha256)]) in Procore, in order. users: ids by user."""
        hand = [(users[u], text) for u, text in self.by_hand]
        sent = [r for r in replies if (r[0], r[1]) not in hand]
        if len(replies) - len(sent) != len(hand):
            raise Wrong(f"replies given by hand are gone: {hand}; there are {replies}")
        strange, missing = [r for r in sent if r[0] not in [users[u] for u in BICS]], []
        for user in BICS:  # what one person says stays in its order
            found = [r for r in sent if r[0] == users[user]]
            for a in self.answers:
                wanted = (users[user], a.text, [(a.file, digest(a.file))] if a.file else [])
                if a.user == user and found and found[0] == wanted:
                    found.pop(0)
                elif a.user == user:
                    missing.append(a)
            strange += found
        if strange:
            raise Wrong(f"replies that nobody gave, or doubled, or out of order: {strange}; given were {self.answers}")
        if missing and not (listed and any(not self.takes(a) for a in missing)):
            raise Wrong(f"answers are missing in Procore: {missing}; listed: {listed}; there are {replies}")
        return self.check_stranger(listed) or bool(missing)

    def check_approvals(self, approvers, users, listed):
        """approvers: (user id, considered, comment, [(name, sha256)])."""
        excused = self.check_stranger(listed)
        for who, considered, comment, files in approvers:
            answers = [a for a in self.answers if users[a.user] == who and a.user in BICS]
            hand = [meaning for u, meaning in self.by_hand if users[u] == who]
            if considered == "pending":
                if answers and not listed:
                    raise Wrong(f"answers are missing in Procore: {answers}")
                excused = excused or bool(answers)
                continue
            stands = [a for a in answers if considered in a.considered and comment == a.text]
            if not stands and considered not in hand:
                raise Wrong(f"{who} answered {considered} {comment!r} without having said so; given: {answers}")
            # (the same words may have been said twice, and the second time is listed)
            if stands and not listed and stands[-1].file and (stands[-1].file, digest(stands[-1].file)) not in files:
                raise Wrong(f"the answer {stands[-1]} is without its file: {files}")
            if len(files) != len(set(files)):
                raise Wrong(f"a file twice at an answer: {files}")
            if answers and answers[-1] not in stands:
                if considered in hand and considered in answers[-1].considered and not answers[-1].file:
                    excused = excused or listed  # or the map says otherwise by now
                    continue  # said by hand as well: both sides agree
                if not listed:
                    raise Wrong(f"the answer {answers[-1]} is missing: {considered} {comment!r}")
                excused = True
        for a in self.answers:
            if a.user in BICS and users[a.user] not in [p[0] for p in approvers]:
                if not listed and a is self.answers[-1]:
                    raise Wrong(f"{a} is no approver's answer, and that is not listed")
                excused = True
        return excused

    def check_stranger(self, listed):
        """The last word is of somebody who is no BIC user: that has to be listed."""
        if not self.answers or self.answers[-1].user in BICS:
            return False
        if not listed:
            raise Wrong(f"{self.answers[-1]} went nowhere, and that is not listed")
        return True
