"""The demo's own part: one background process that holds the rig, and what ./demo prints.

  demo.py --data DIR --build DIR start [--port N] [--config FILE]
  demo.py --data DIR --build DIR stop | status
"""
import argparse
import glob
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import seed
from rig import DATA, PARTS, TOP, Rig, load

START_S = 180
STOP_S = 15
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Demo:
    def __init__(self, data, build):
        self.data = os.path.abspath(data)
        self.build = os.path.abspath(build)
        self.pid_file = os.path.join(self.data, "demo.pid")
        self.state_file = os.path.join(self.data, "demo.state")
        self.access_file = os.path.join(self.data, "access.json")
        self.log_file = os.path.join(self.data, "demo.log")
        self.steps = []  # of this start, for who waits for it

    def pid(self):
        """The background process, when it is really ours; None when it is gone."""
        try:
            with open(self.pid_file, encoding="utf-8") as f:
                pid = int(f.read())
        except (FileNotFoundError, ValueError):
            return None
        return pid if self.lives(pid) else None

    def lives(self, pid):
        """Is this process there, and ours?"""
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                words = f.read().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            return False
        return os.fsencode(self.data) in words and b"serve" in words

    def state(self):
        try:
            with open(self.state_file, encoding="utf-8") as f:
                return json.load(f)
        except (FileNotFoundError, ValueError):
            return {}

    def facts(self):
        with open(self.access_file, encoding="utf-8") as f:
            return json.load(f)

    # ---- start

    def start(self, port, config):
        if self.pid():
            facts = self.facts()
            if port and f":{port}/" not in facts["portal"]:
                sys.exit(f"The demo runs at {facts['portal']} already; ./demo stop ends it.")
            if not self._built_since():
                show(facts)
                return
            print("Programs were built anew: starting them again ...", flush=True)
            self.stop()
        self._remember(port)
        for path in (self.state_file, self.access_file):
            if os.path.exists(path):
                os.unlink(path)
        argv = [sys.executable, __file__, "--data", self.data, "--build", self.build, "serve",
                "--port", str(self._port())]
        if config:
            argv += ["--config", os.path.abspath(config)]
        with open(self.log_file, "ab") as log:
            child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                     start_new_session=True, cwd="/")
        with open(self.pid_file, "w", encoding="utf-8") as f:
            f.write(f"{child.pid}\n")
        self._await(child)

    def _built_since(self):
        """Is a program, a template or a text younger than what runs?"""
        started = os.path.getmtime(self.access_file)
        made = (os.path.join(self.build, *part) for part in (("cgi-bin", "*"), ("worker", "*"), ("sandbox", "*"),
                                                             ("share", "*", "*"), ("share", "*", "*", "*")))
        return any(os.path.getmtime(f) > started for pattern in made for f in glob.glob(pattern) if os.path.isfile(f))

    def _port_file(self):
        return os.path.join(self.data, "port")

    def _remember(self, port):
        if port:
            with open(self._port_file(), "w", encoding="utf-8") as f:
                f.write(f"{port}\n")

    def _port(self):
        try:
            with open(self._port_file(), encoding="utf-8") as f:
                return int(f.read())
        except FileNotFoundError:
            return 8443

    def _await(self, child):
        """Show what the background process reports until it is ready. It goes on without us."""
        said = 0
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            state = self.state()
            steps = state["steps"][said:] if state.get("pid") == child.pid else []
            for step in steps:
                if step == "ready":
                    show(self.facts())
                    return
                print(step, flush=True)
            said += len(steps)
            if child.poll() is not None:
                break
            time.sleep(0.05)
        if child.poll() is None:
            child.terminate()
            child.wait()
        with open(self.log_file, encoding="utf-8", errors="replace") as f:
            tail = "".join(f.readlines()[-25:])
        sys.exit(f"The demo did not start. The end of {self.log_file}:\n{tail}")

    # ---- the background process

    def serve(self, port, config):
        for sig in ENDING:
            signal.signal(sig, on_signal)
        real = real_procore(config) if config else None
        parts = [p for p in PARTS if not (real and p in ("procore", "sender"))]
        overrides = {"webhook_public_url": None, "webhook_secret_file": None} if real else {}
        # Data of its own: the stand-in's projects are not Procore's.
        folder = os.path.join(self.data, "rig-real" if real else "rig")
        seeded = os.path.join(folder, "seeded")
        version = data_version()
        if not real and os.path.exists(seeded) and read(seeded) != version:
            self._step("The data is of another version of the demo: starting from nothing ...")
            self._forget(folder)
        rig = Rig(folder, port, parts=parts, build=self.build, config=overrides, real_procore=real, say=log)
        try:
            self._step("Starting the programs ...")
            fresh = not os.path.exists(rig.lay.database)
            rig.start()
            self._write_access(rig, real)
            if fresh or not os.path.exists(seeded):
                self._step("Importing people and projects, signing people in at Procore ...")
                seed.run(rig, real is None, log)
                with open(seeded, "w", encoding="utf-8") as f:
                    f.write(version)
            self._step("ready")
            while True:
                signal.pause()
        except Ended:
            log("stopping")
        finally:
            rig.stop()
            for path in (self.pid_file, self.state_file):
                if os.path.exists(path):
                    os.unlink(path)

    @staticmethod
    def _forget(folder):
        """All but the certificates: people may have told their browsers of them."""
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            if os.path.isdir(path) and name != "tls":
                shutil.rmtree(path)
            elif name != "tls":
                os.unlink(path)

    def _step(self, text):
        log(text)
        self.steps.append(text)
        tmp = self.state_file + ".tmp"
        with open(tmp, "w", encoding="utf-8") as f:
            json.dump({"pid": os.getpid(), "steps": self.steps}, f)
        os.rename(tmp, self.state_file)

    def _write_access(self, rig, real):
        with open(self.access_file, "w", encoding="utf-8") as f:
            json.dump(access(rig, real), f, indent=1, ensure_ascii=False)
            f.write("\n")

    # ---- stop, status

    def stop(self):
        pid = self.pid()
        if pid is None:
            print("The demo is not running.")
            return
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_S
        while self.lives(pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        if self.lives(pid):
            os.kill(pid, signal.SIGKILL)  # its programs end with it
            print("The demo had to be killed.")
        else:
            print("The demo is stopped.")

    def status(self):
        if self.pid() is None:
            print("The demo is not running.")
            sys.exit(3)
        step = self.state().get("steps", [""])[-1]
        if step != "ready":
            print(f"The demo is starting: {step}")
            return
        show(self.facts())
        with open(self.log_file, encoding="utf-8", errors="replace") as f:
            ended = [line.rstrip() for line in f if "starting it again" in line]
        print("\nNo program had to be started again." if not ended else "\nStarted again:\n" + "\n".join(ended[-10:]))


class Ended(Exception):
    pass


def on_signal(*_):
    for sig in ENDING:
        signal.signal(sig, signal.SIG_IGN)  # once is enough; stopping is under way
    raise Ended


def data_version():
    """What the demo's databases depend on: their schemas and the seed data. Before the first release a schema may
    change under the same number."""
    digest = hashlib.sha256()
    for pattern in ("sql/schema.sql", "sandbox/*-schema.sql", "sandbox/data/*.json"):
        for path in sorted(glob.glob(os.path.join(TOP, pattern))):
            with open(path, "rb") as f:
                digest.update(f.read())
    return digest.hexdigest() + "\n"


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def log(text):
    print(time.strftime("%Y-%m-%d %H:%M:%S"), text, flush=True)


def role(person, projects):
    """In words, from the seed data."""
    if person["role"] == "global_admin":
        return "Global Admin"
    joined = [p["connection"] for p in projects if p["connection"]]
    roles = []
    if any(person["user"] in c["admins"] for c in joined):
        roles.append("Project Admin")
    if any(person["user"] in c["bics"] for c in joined):
        roles.append("BIC user")
    return ", ".join(roles) or "no role"


def real_procore(path):
    """What a connectorweb.conf that names an app says about Procore and the way there; None when it names none."""
    keys = {}
    with open(path, encoding="utf-8") as f:
        for line in f:
            key, equals, value = line.partition("=")
            key = key.strip()
            if equals and (key.startswith("procore_") or key == "https_proxy"):
                keys[key] = value.strip()
    return keys if keys.get("procore_client_id") else None


def access(rig, real=None):
    """Addresses and sign-ins, for people, scripts and tests: demo-data/access.json."""
    projects = load("projects.json")["projects"]
    people = []
    for p in load("people.json")["people"]:
        procore = {} if real else p["procore"] or {}
        people.append({"name": p["user"], "full_name": p["name"], "password": p["password"],
                       "role": role(p, projects), "mail": p["mail"], "procore_login": procore.get("login", ""),
                       "procore_password": procore.get("password", "")})
    control = {"npc": rig.url("npc", "/_control")}
    if not real:
        control["procore"] = rig.url("procore", "/_control")
    return {"portal": rig.portal(), "redirect_uri": rig.portal("/oauth/callback"),
            "procore": (real or {}).get("procore_login_url", rig.url("procore")),
            "npc": rig.url("npc"), "mail": rig.url("mail"), "people": people, "ca_file": rig.lay.ca,
            "control": control}


def show(facts):
    story = seed.story(facts)
    print(f"\nconnectorweb  {facts['portal']}\nProcore       {facts['procore']}\n"
          f"Project Ctr.  {facts['npc']}\nInbox         {facts['mail']}")
    for name, url in facts["control"].items():
        print(f"Switches      {url}  ({'Procore' if name == 'procore' else 'Project Center'}: revoke, faults, clock)")
    print("\nYour browser will warn about the certificate: accept it, or import\n"
          f"{facts['ca_file']} (it can vouch for *.localhost only).\n")
    rows = [("Sign in as", "Password", "Role", "Procore login", "Procore password")]
    rows += [(p["name"], p["password"], p["role"], p["procore_login"] or "-", p["procore_password"] or "-")
             for p in facts["people"]]
    widths = [max(len(r[i]) for r in rows) for i in range(5)]
    for r in rows:
        print("  ".join(text.ljust(w) for text, w in zip(r, widths)).rstrip())
    if not story:
        print(f"\nProcore is the real one. Its app must know this redirect URI: {facts['redirect_uri']}")
    else:
        print("\nA story to follow:")
        for n, line in enumerate(story, 1):
            print(f"{n}. {line}")
    print("\n./demo stop ends it, ./demo reset starts afresh; the same facts are in demo-data/access.json.")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--build", required=True)
    parser.add_argument("command", choices=("start", "serve", "stop", "status"))
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--config")
    args = parser.parse_args()
    os.umask(0o077)
    demo = Demo(args.data, args.build)
    if args.command == "start":
        demo.start(args.port, args.config)
    elif args.command == "serve":
        demo.serve(args.port, args.config)
    else:
        getattr(demo, args.command)()


if __name__ == "__main__":
    assert os.path.isdir(DATA), "seed data is missing"
    main()
