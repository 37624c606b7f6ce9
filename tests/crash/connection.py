#!/usr/bin/python3
"""Every story of a connection's life played again and again, a program dead at commit 1, 2, 3 ... of it and started
again: `callback`, `edit`, and the worker at each of its turns. Everything must end as when nothing had happened.

A program dies right after a commit, or right before it: then what preceded the commit in the world (Procore took the
code, the mail server took the mail) has happened, and nobody here knows. The person does what people do: reload the
page, or begin again at the link of the mail.

  connection.py               a short set, as in ./check
  connection.py --all         all stories, each commit, both ends, both ways
  connection.py NAME...       these
  connection.py --stride N    of the worker's commits every Nth only, and of the ways the first
  connection.py --list        their names
"""
import argparse
import difflib
import pprint
import sys
import time

from life_stage import STOPPED, Life
from stories import STORIES

import seed

DOWN = "cannot answer right now"
WAYS = ("reload", "link")
ENDS = ("after", "before")
# The short set: of the commits of a worker's turn, every so many; of those of `callback` and `edit` each.
SHORT = ("reconnect", "hand_over", "add_bic")
SHORT_STRIDE = 23
PAGES = ("callback", "edit")


class Play:
    """One run of a story. target: (program or worker's turn, before or after, which commit), or None."""

    def __init__(self, stage, target=None, way="reload"):
        self.s = stage
        self.target = target
        self.way = way
        self.turns = []
        self.died = False
        if target and target[0] in PAGES:
            stage.serve(target[0], *self.options())

    def options(self):
        return (f"--stop-{'at' if self.target[1] == 'after' else 'before'}-commit", str(self.target[2]))

    # ---- the worker

    def work(self, name):
        """One turn of the worker; it is started again at once when it died."""
        self.turns.append(name)
        if self.target and self.target[0] == name and self.s.worker(*self.options()):
            self.died = True
            self.s.worker()
        elif not self.target or self.target[0] != name:
            self.s.worker()

    # ---- browsers

    def fell(self, response):
        """The page says that a program is down: it is the one that was to die, and is started again."""
        if response.status != 503 or DOWN not in response.text:
            return False
        name = self.target[0]
        status = self.s.end(name)
        assert status == STOPPED, f"{name} ended with {status}: {self.s.rig.log_tail(name)}"
        self.died = True
        self.s.serve(name)
        return True

    def get(self, client, url):
        response = client.get(url)
        return client.get(url) if self.fell(response) else response

    def submit(self, client, page, form, values=None):
        """A form; sent once more when the answer did not come, as a browser's reload does."""
        response = client.submit(page, form, values)
        if self.fell(response):
            response = client.submit(page, form, values)
        assert response.status < 500, f"{response.status}: {response.page().text[:300]}"
        return response

    def link(self, user):
        return self.s.rig.portal("/Projects/reconnect?account=" + self.s.account(user)["public_id"])

    def press(self, client, response):
        """The button that leads to Procore."""
        page = response.page()
        buttons = ("Reconnect", "Sign in as", "Try again", "Sign in to Procore", "Sign in")
        form = next(filter(None, (page.form_with(button=b) for b in buttons)), None)
        if form is None and page.link("Back"):  # to where it was begun
            return self.press(client, self.get(client, page.link("Back")))
        assert form, f"{response.status} {response.url}: no button to sign in with: {page.text[:400]}"
        return self.submit(client, page, form)

    def through(self, client, response, user):
        """From `Continue to Procore` to where it leads; what the person sees, having reloaded what did not come."""
        login, password = self.s.login(user)
        address = response.page().link("Continue to Procore")
        assert address, f"{response.status} {response.url}: {response.page().text[:400]}"
        end = seed.procore_sign_in(client, client.get(address), login, password)
        if self.fell(end) and self.way == "reload":
            end = client.get(end.url)
        if "already complete" in end.text:
            end = client.get(end.page().link("Continue"))
        return end

    def sign_in(self, client, start, user, done):
        """Press the button and sign in, until it is done. start: the page with the button; done(response): whether
        there is nothing left to press."""
        end = self.get(client, start)
        for _ in range(4):
            end = self.through(client, self.press(client, end), user)
            if DOWN in end.text:
                end = self.get(client, start)
            if end.status in (200, 409) and done(end):
                return end
        raise AssertionError(f"not signed in after four tries: {end.page().text[:300]}")

    def reconnect(self, user, client=None):
        return self.sign_in(client or self.s.rig.client(user), self.link(user), user,
                            lambda r: "Status Connected" in r.page().text)

# ---- the campaign

def end_state(stage, users):
    """The picture once all is quiet, and proof that the sign-ins are good."""
    stage.settle()
    stage.verify()
    out = {**stage.picture(), "grants": stage.grants(), "doubles": stage.doubles()}
    out["renewed"] = stage.renewed(*users)
    return out


def run(stage, name, target=None, way="reload"):
    _, story, users = STORIES[name]
    stage.back()
    play = Play(stage, target, way)
    story(play)
    if target and target[0] in PAGES and not play.died:
        stage.serve(target[0])
    return play, end_state(stage, users)


def compare(whole, now, what):
    if whole == now:
        return
    a, b = (pprint.pformat(x, width=110).splitlines() for x in (whole, now))
    raise AssertionError("\n".join([what, *difflib.unified_diff(a, b, "expected", "found", lineterm="", n=1)]))


def remainder(whole, now, target):
    """What no program can mend, by its name, taken out of the picture; how much of it there is.

    A pair that Procore gave to a `callback` that died before it was stored: it lives on at Procore, and nobody has it.
    A mail that the server took from a worker that died before it wrote that down: it comes twice, under one number."""
    grants = sum(now["grants"].values()) - sum(whole["grants"].values())
    twice = sum(n - 1 for n in now["doubles"].values())
    if grants == 1 and target[0] == "callback":
        now["grants"] = whole["grants"]
    if twice == 1 and target[0] not in PAGES and target[1] == "before":
        now["doubles"] = {}
    return grants + twice


class Campaign:
    """One story; counts the deaths."""

    def __init__(self, stage, name, stride, ways):
        self.stage, self.name, self.stride, self.ways = stage, name, stride, ways
        self.steps = self.left = 0
        self.failures = []

    def one(self, whole, target, way):
        """Whether the program died, that is whether there is such a commit."""
        what = f"{self.name}: {target[0]} dead {target[1]} commit {target[2]}, the person: {way}"
        try:
            play, now = run(self.stage, self.name, target, way)
            if play.died:
                self.steps += 1
                self.left += remainder(whole, now, target)
            compare(whole, now, what)
        except Exception as e:  # an answer that nobody expected counts as a finding, like a difference
            self.failures.append(f"{what}\n{type(e).__name__}: {e}")
            for page in PAGES:
                self.stage.serve(page)
            return len(self.failures) < 5
        return play.died

    def play(self):
        before, _, _ = STORIES[self.name]
        before(self.stage)
        self.stage.keep()
        first, whole = run(self.stage, self.name)
        _, again = run(self.stage, self.name)
        compare(whole, again, f"{self.name}: two uninterrupted runs differ")
        for part in [*PAGES, *first.turns]:
            page = part in PAGES
            for end in ENDS:
                for way in self.ways if page else WAYS[:1]:
                    n = 1 if page else (self.stride + 1) // 2
                    while self.one(whole, (part, end, n), way):
                        n += 1 if page else self.stride


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("names", nargs="*", metavar="NAME")
    ap.add_argument("--all", action="store_true")
    ap.add_argument("--list", action="store_true")
    ap.add_argument("--stride", type=int, default=0, metavar="N")
    ap.add_argument("--once", action="store_true", help="only what is uninterrupted, and what came of it")
    o = ap.parse_args()
    if o.list:
        print("\n".join(STORIES))
        return
    names = o.names or (list(STORIES) if o.all else SHORT)
    unknown = [n for n in names if n not in STORIES]
    if unknown:
        ap.error(f"there is no story {unknown[0]}")
    stride = o.stride or (1 if o.all or o.names else SHORT_STRIDE)
    passed = failed = steps = left = 0
    with Life() as stage:
        stage.keep("all")
        for name in names:
            begin = time.monotonic()
            stage.back("all")
            if o.once:
                STORIES[name][0](stage)
                stage.keep()
                play, end = run(stage, name)
                pprint.pprint((play.turns, end), width=150)
                continue
            c = Campaign(stage, name, stride, WAYS if stride == 1 else WAYS[:1])
            try:
                c.play()
            except AssertionError as e:
                c.failures.append(str(e))
            for text in c.failures:
                print(f"FAIL: {text}", flush=True)
            failed += bool(c.failures)
            passed += not c.failures
            steps += c.steps
            left += c.left
            print(f"{name:24} {c.steps:4} steps  {time.monotonic() - begin:6.1f} s", flush=True)
    print(f"{steps} steps: a program was ended at each of these commits and started again; {left} left a grant at Procore "
          "that nobody has, or sent one mail twice under its number")
    print(f"{passed} passed, {failed} failed", flush=True)
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
