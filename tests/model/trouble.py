"""What goes wrong in a random sequence, who mends it, and the worker that dies."""
from reference import BICS


class Trouble:
    def fault_procore(self):
        verb, what = self.rnd.choice([
            ("lost_answer", "POST /rest/v1.0/projects"), ("lost_answer", "PATCH /rest/v1.0/projects"),
            ("lost_answer", "POST /rest/v1.1/projects"), ("lost_answer", "GET /rest/"), ("lost_answer", "refresh"),
            ("cut_body", "GET /rest/"), ("cut_body", "GET /o/"), ("cut_body", "GET /o/"), ("lost_answer", "GET /o/"),
            ("lost_answer", "POST /upload"), ("lost_answer", "POST /rest/v2.0"), ("cut_body", "refresh"),
            ("garble", "GET /rest/"), ("garble", "POST /rest/v1.0/projects"), ("garble", "refresh"),
            ("status", 429), ("status", 503), ("status", 500), ("storage", 503), ("storage", 403)])
        times = self.rnd.randrange(1, 4)
        if verb == "status":
            body = {"prefix": "/rest/", "status": what, "times": times, "after": self.rnd.random() < 0.3}
        elif verb == "storage":
            verb, body = "status", {"prefix": self.rnd.choice(["/o/", "/upload", "/segment/"]), "status": what,
                                    "times": times}
        else:
            body = {"what": what, "times": times}
        self.w.contractor(verb, body)
        self.say("fault: Procore", verb, body)

    def fault_npc(self):
        verb = self.rnd.choice(["lost_answer", "cut_body", "status", "status", "expire_sessions"])
        body = {"prefix": self.rnd.choice(["/v1/", "/v1/", "/files/"]),
                "method": self.rnd.choice(["POST", "GET", "PATCH", "PUT"]), "times": self.rnd.randrange(1, 4)}
        if verb == "status":
            body = {"prefix": "/", "status": self.rnd.choice([500, 503, 429]), "times": self.rnd.choice([1, 2, 500])}
        self.w.architect(verb, body)
        self.say("fault: Project Center", verb, body)

    def token(self):
        user, verb = self.rnd.choice(BICS), self.rnd.choice(["expire", "expire", "revoke"])
        self.w.contractor(verb, {"person": self.w.login(user)})
        self.say("fault:", verb, user)

    def sign_in(self):
        user = self.rnd.choice(BICS)
        if self.w.account(user)["state"] != "ok":
            self.reconnect(user)

    def reconnect(self, user):
        self.w.sign_in(user)
        self.w.step("resume", self.w.account(user)["id"])
        self.say("people:", user, "signs in again")

    def app(self):
        self.disconnected = not self.disconnected
        self.w.contractor("app_disconnected", {"company": self.w.company, "on": self.disconnected})
        self.say("fault: app at the company disconnected:", self.disconnected)

    def permission(self):
        user = self.rnd.choice(BICS)
        self.allow(user, "Standard" if user in self.denied else self.rnd.choice(["None", "Read Only", "removed"]))

    def allow(self, user, level="Standard"):
        self.w.contractor("permission", {"person": self.w.login(user), "level": level,
                                         "project": self.w.project["procore"]["id"]})
        self.denied = (self.denied - {user}) | ({user} if level != "Standard" else set())
        self.say("permission of", user, "is", level)

    # ---- webhooks

    def real_time(self, on):
        self.w.sql("UPDATE connection SET webhooks = ? WHERE id = ?", int(on), self.w.connection)
        self.say("real-time sync:", on)

    def post(self):
        """Events arrive: some of them late, out of order, twice, or not at all."""
        self.bag += self.w.deliveries()
        if self.rnd.random() < 0.5:
            self.rnd.shuffle(self.bag)
        n = self.rnd.randrange(len(self.bag) + 1)
        now, self.bag = self.bag[:n], self.bag[n:]
        for event in now:
            times = self.rnd.choice([0, 1, 1, 1, 2])
            for _ in range(times):
                self.w.deliver(event)
            self.say("webhook", event["id"], ("is lost", "arrives", "arrives twice")[times])

    # ---- mending, and work

    def mend(self):
        """Somebody has seen to it: sign-ins, the app, permissions, contacts, the map, Project Center."""
        for user in BICS:
            if self.w.account(user)["state"] == "lost":
                self.reconnect(user)
        if self.disconnected:
            self.app()
        for user in sorted(self.denied):
            self.allow(user)
        self.w.architect("clear_faults", {})
        self.say("people: mended what was out of order")

    def work(self):
        if self.rnd.random() < 0.4:
            self.mend()
        if self.rnd.random() < 0.1:
            self.mend_map()
        self.w.move(self.rnd.choice([5, 40, 130, 130, 700, 700, 700, 4000, 4000, 90000]))
        stop_at = self.rnd.choice([0, 0, self.rnd.randrange(1, 12), self.rnd.randrange(1, 60)])
        before = self.rnd.random() < 0.5
        died = self.w.worker(stop_at, before)
        self.runs += 1
        self.killed += died
        self.say("worker:", f"dead {'before' if before else 'after'} commit {stop_at}" if died else "done",
                 f"(clock +{self.w.moved})")
