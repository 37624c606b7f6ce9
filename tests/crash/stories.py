"""The stories of a connection's life: for each what stands before it, and what people and the worker do in it."""
import urllib.parse


def signed_in(s, key, *users):
    """Just this project runs, with these people signed in."""
    s.only(key)
    s.sign_in(*users)
    s.settle()


# ---- reconnect

def rfi(s, key, user):
    """The contractor asks this person something."""
    made = s.rig.control("procore", "create_rfi", {
        "project": s.projects[key]["procore"]["id"], "subject": "Louvres on the north side", "question": "Which finish?",
        "assignees": [s.login(user)[0]]})
    s.made[made["id"]] = "the new RFI"
    s.move()


def cascade_lost(s):
    """The person revokes the app at Procore, and an RFI comes."""
    signed_in(s, "cascade", "rdasgupta")
    s.rig.control("procore", "revoke", {"person": s.login("rdasgupta")[0]})
    rfi(s, "cascade", "rdasgupta")


def reconnect(p):
    """The loss is found and told; the person signs in; what waited comes in, and all is well again."""
    p.work("the loss")
    p.s.settle()
    p.reconnect("rdasgupta")
    p.work("after the sign-in")


def lost_code_answer(p):
    """Procore takes the code, and its answer is lost on the way: the page says so, and the next try does it."""
    p.s.settle()
    p.s.rig.control("procore", "lost_answer", {"what": "token"})
    p.reconnect("rdasgupta")
    p.work("after the sign-in")
    p.s.rig.control("procore", "clear_faults")


def wrong_account(p):
    """Somebody else's session at Procore: refused, naming both; then signed out there, and the right one."""
    p.s.settle()
    client, other = p.s.rig.client("rdasgupta"), p.s.login("skjaer")[0]
    end = p.sign_in(client, p.link("rdasgupta"), "skjaer", lambda r: "Sign out of Procore" in r.text)
    text = end.page().text
    assert other in text and p.s.login("rdasgupta")[0] in text, text[:400]
    client.get(end.page().link("Sign out of Procore"))
    p.reconnect("rdasgupta", client)
    p.work("after the sign-in")


# ---- ball in court

def linden_without(s):
    """One BIC user is out of the project again, before the first sign-in."""
    signed_in(s, "linden", "lnakamura")
    client, project = s.rig.client("kwhitlock"), s.connection("linden")["id"]
    seat = s.one("SELECT id FROM bic WHERE connection_id = ? AND account_id = ?", project, s.account("cbeaumont")["id"])
    page = client.get(s.rig.portal(f"/Projects/bic?project={project}")).page()
    client.post(s.rig.portal("/Projects/bic/remove"), {
        "csrf": dict(page.form_with(button="Check").fields)["csrf"], "project": str(project), "bic": str(seat["id"])})
    s.settle()


def add_bic(p):
    """The login is checked, the link is mailed, and the person signs in for the first time."""
    admin, project = p.s.rig.client("kwhitlock"), p.s.connection("linden")["id"]
    page = admin.get(p.s.rig.portal(f"/Projects/bic?project={project}")).page()
    asked = p.submit(admin, page, page.form_with(button="Check"), {"login": p.s.login("cbeaumont")[0]})
    p.work("the check")
    page = admin.get(asked.page().link("Refresh")).page()
    p.submit(admin, page, page.form_with(button="E-mail a link"), {"then": "mail"})
    p.work("the link")
    p.reconnect("cbeaumont")
    p.work("after the sign-in")


# ---- hand-over

def cascade(s):
    signed_in(s, "cascade", "rdasgupta")
    rfi(s, "cascade", "jibanez")


def harborview(s):
    signed_in(s, "harborview")


def approve_and_sign_in(p, key, heir, **more):
    """An admin approves another account for the seat, and signs in as it at once."""
    client = p.s.rig.client("mhalloran")
    edit = p.s.rig.portal(f"/Projects/edit?project={p.s.connection(key)['id']}")
    page = client.get(edit).page()
    p.submit(client, page, page.form_with("login", button="Approve"), {"login": p.s.login(heir)[0], **more})
    p.sign_in(client, edit, heir, lambda r: not r.page().form_with(button="Sign in as"))
    p.work("after the sign-in")


def hand_over(p):
    """To a successor: the seat moves, and the grant of who had it ends."""
    approve_and_sign_in(p, "cascade", "jibanez")


def hand_over_account(p):
    """The same person under a login that is new here: the account goes on under it."""
    approve_and_sign_in(p, "harborview", "bw-nsoto", all="1")


def both(s):
    signed_in(s, "tidewater", "skjaer", "zmueller")


def leaver(p):
    """A person is removed: the seats go, the grant ends."""
    client = p.s.rig.client("mhalloran")
    page = client.get(p.s.rig.portal("/Projects/people")).page()
    asked = p.submit(client, page, next(f for f in page.forms if ("person", "skjaer") in f.fields)).page()
    p.submit(client, asked, asked.form_with("person", button="Remove"))
    p.work("the end")


# ---- connecting a project

def nobody(s):
    s.only()
    s.settle()


class Connecting:
    """An admin before the pages that lead to a connection; each list is read by a turn of the worker."""

    def __init__(self, play, key):
        self.p = play
        self.client = play.s.rig.client("mhalloran")
        self.project = play.s.projects[key]

    def fetched(self, url, turn):
        """A page whose list the worker has read."""
        response = self.p.get(self.client, url)
        if "being fetched" in response.text or "Being checked" in response.text:
            self.p.work(turn)
            response = self.p.get(self.client, url)
        for _ in range(3):  # a turn that died left the rest for later
            if "being fetched" not in response.text and "Being checked" not in response.text:
                break
            self.p.s.settle(1)
            response = self.p.get(self.client, url)
        assert response.status == 200, response.text[:300]
        return response

    def search(self, response, text):
        page = response.page()
        return self.p.submit(self.client, page, page.form_with("q", button="Search"), {"q": text}).page()

    def choose_npc(self):
        start = self.fetched(self.p.s.rig.portal("/Projects/connect"), "the list of projects")
        return self.search(start, self.project["npc"]["name"]).link("Choose")

    def sign_in(self, user):
        """Ends with the address of the list of companies that this person sees."""
        start = self.choose_npc()
        end = self.p.sign_in(self.client, start, user, lambda r: self.account(r, user))
        return self.account(end, user)

    def account(self, response, user):
        """Where the choice of this person's companies is: here, or behind the account's name."""
        if "account=" in response.url:
            return response.url
        page = response.page()
        if not page.form_with("q", button="Search"):
            return None
        href = self.search(response, self.p.s.login(user)[0]).link("Choose")
        return href if href and "account=" in urllib.parse.urlsplit(href).query else None


def connect(p):
    """A new project: its first BIC user signs in, companies and projects are read, checked, saved, and it runs."""
    c = Connecting(p, "wharf")
    companies = c.fetched(c.sign_in("zmueller"), "the list of companies")
    company = next(k for k in p.s.companies if k["key"] == c.project["procore"]["company"])
    projects = c.fetched(c.search(companies, company["name"]).link("Choose"), "the list of Procore projects")
    page = c.search(projects, c.project["procore"]["name"])
    draft = p.submit(c.client, page, page.form_with("project", button="Choose"))
    page = c.fetched(draft.url, "the check").page()
    saved = p.submit(c.client, page, page.form_with("draft", button="Save"))
    assert saved.status == 200, saved.text[:300]
    rfi(p.s, "wharf", "zmueller")
    p.work("after saving")


# name: (what comes before, what is played, whose sign-in must be good at the end)
STORIES = {
    "reconnect": (cascade_lost, reconnect, ("rdasgupta",)),
    "lost_code_answer": (cascade_lost, lost_code_answer, ("rdasgupta",)),
    "wrong_account": (cascade_lost, wrong_account, ("rdasgupta",)),
    "add_bic": (linden_without, add_bic, ("cbeaumont",)),
    "hand_over": (cascade, hand_over, ("jibanez",)),
    "hand_over_account": (harborview, hand_over_account, ("bw-nsoto",)),
    "leaver": (both, leaver, ("zmueller",)),
    "connect": (nobody, connect, ("zmueller",)),
}
