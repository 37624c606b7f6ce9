"""The whole of connectorweb and its stand-ins as ordinary processes on loopback: for ./demo and for tests.

  with Rig(folder) as rig:
      rig.start()
      page = rig.client("lnakamura").get(rig.url("portal", "/connectorweb/Projects"))

Programs come from the build directory (CW_BUILD, default: build/ beside the sources). Parts may be left
out (`parts`), replaced (`argv`) and counted otherwise (`counts`); configuration keys are added or changed
by `config` (None leaves a key out).
"""
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time

import layout
import mailcatcher
from client import Client
from supervise import Spec, Supervisor, listen_tcp, listen_unix

TOP = layout.TOP
DATA = os.path.join(TOP, "sandbox", "data")

# FastCGI programs and how many of each share a socket.
COUNTS = {"signin": 4, "projects": 2, "edit": 2, "callback": 8, "hook": 1, "procore": 8, "npc": 4}
PAGES = ("signin", "projects", "edit", "callback", "hook")
PARTS = ("mail", "procore", "npc", *PAGES, "connectord", "sender", "nginx")


def load(name):
    """One file of the seed data; its README.md says what is in it."""
    with open(os.path.join(DATA, name), encoding="utf-8") as f:
        return json.load(f)


class Rig:
    def __init__(self, folder, port=0, parts=PARTS, argv=None, counts=None, config=None, build=None,
                 say=None, real_procore=None, env=None, static_dir=None,
                 portal_port=0):
        self.lay = layout.Layout(folder)
        self.parts = tuple(parts)
        self.argv = dict(argv or {})
        self.counts = {**COUNTS, **(counts or {})}
        self.extra_config = dict(config or {})
        self.build = os.path.abspath(build or os.environ.get("CW_BUILD") or os.path.join(TOP, "build"))
        self.static_dir = static_dir or os.path.join(self.build, "share", "static")
        self.real_procore = real_procore  # keys of a connectorweb.conf that names a real Procore app
        # signin's instances count failures together in the directory that systemd would give them
        self.env = {**os.environ, "RUNTIME_DIRECTORY": self.lay.run, **(env or {})}
        self.say = say or (lambda text: print(f"rig: {text}", file=sys.stderr, flush=True))
        self.port = port or layout.free_port()
        self.portal_port = portal_port or self.port  # another one: a front of the test's own stands before the programs
        self.metrics_port = layout.free_port()
        self.smtp = None
        self.sup = None

    # ---- addresses

    def url(self, host, path="/"):
        port = self.portal_port if host == "portal" else self.port
        return f"https://{host}.localhost:{port}{path}"

    def portal(self, path="/Projects"):
        return self.url("portal", "/connectorweb" + path)

    # ---- life

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop()

    def start(self, wait=True):
        """Make what is missing, start everything, return when it answers."""
        layout.make_certificate(self.lay)
        self.smtp = listen_tcp()
        self._write_files()
        self.sup = Supervisor(self.lay.log, self.say)
        self._init_database()
        for part in PARTS:
            if part in self.parts:
                self.sup.add(self._spec(part))
        if wait:
            self.wait_ready()
            if "procore" in self.parts and "nginx" in self.parts:  # the port may be another one than last time
                self.control("procore", "redirect_uris", {"redirect_uris": [self.portal("/oauth/callback")]})

    def stop(self):
        if self.sup is not None:
            killed = self.sup.stop(first=("connectord", "sender"))
            self.sup = None
            if killed:
                self.say("had to be killed: " + ", ".join(killed))
            if self.smtp is not None:
                self.smtp.close()
            self.lay.remove_short_run()
            return killed
        return []

    def _program(self, folder, name):
        """Where the build put a program."""
        for path in (os.path.join(self.build, folder, name), os.path.join(self.build, name)):
            if os.access(path, os.X_OK):
                return path
        raise FileNotFoundError(f"{name} is not built in {self.build} (make first, or set CW_BUILD)")

    def _spec(self, part):
        lay = self.lay
        sock = None
        if part in self.counts:
            sock = listen_unix(lay.socket(part))
        elif part == "mail":
            sock = self.smtp
        return Spec(part, self.argv.get(part) or self._argv(part), self.counts.get(part, 1), sock, self.env)

    def _argv(self, part):
        lay = self.lay
        if part in PAGES:
            return [self._program("cgi-bin", part), "-c", lay.config]
        if part == "connectord":
            return [self._program("worker", "connectord"), "-c", lay.config]
        if part in ("procore", "sender"):
            argv = [self._program("sandbox", "procore-sandbox"), "--db", lay.path("procore", "procore.db"),
                    "--seed", DATA, "--files", lay.path("procore", "files"),
                    "--login-url", self.url("procore", ""), "--api-url", self.url("procore", ""),
                    "--files-url", self.url("files", ""), "--idp-url", self.url("idp", ""),
                    "--clock", lay.clock]
            return argv + (["--sender", "--ca", lay.ca] if part == "sender" else [])
        if part == "npc":
            return [self._program("sandbox", "npc-sandbox"), "--db", lay.path("npc", "npc.db"), "--seed", DATA,
                    "--files", lay.path("npc", "files"), "--url", self.url("npc", ""), "--clock", lay.clock]
        if part == "mail":
            return ["/usr/bin/python3", mailcatcher.__file__, "--dir", lay.path("mail"),
                    "--http", lay.socket("mail"),
                    "--cert", lay.path("tls", "server.pem"), "--key", lay.path("tls", "server.key")]
        if part == "nginx":
            return ["nginx", "-p", lay.path("nginx"), "-e", os.path.join(lay.log, "nginx-error.log"),
                    "-c", lay.path("nginx", "nginx.conf")]
        raise KeyError(part)

    # ---- files

    def _write_files(self):
        lay = self.lay
        if not os.path.exists(lay.clock):
            layout.write(lay.clock, "0\n")
        layout.write_nginx(lay, self.port, self.metrics_port, self.static_dir)
        firm = load("firm.json")
        people = load("people.json")["people"]
        self._write_passwords(people)
        layout.write_config(lay, {**self._config(firm), **self.extra_config})

    def _config(self, firm):
        lay = self.lay
        key, app = firm["npc"]["access_keys"][0], firm["procore_app"]
        procore = self.real_procore or {
            "procore_login_url": self.url("procore", ""), "procore_api_url": self.url("procore", ""),
            "procore_client_id": app["client_id"],
            "procore_client_secret_file": lay.secret("procore_client_secret", app["client_secret"]),
            "procore_app_version_key": app["app_version_key"],
            "procore_file_hosts": "files.localhost procore.localhost",
            "test_clock_file": lay.clock,
        }
        return {
            "public_url": self.url("portal", "/connectorweb"),
            "database": lay.database,
            "spool_dir": lay.path("state", "spool"),
            "backup_dir": lay.path("state", "backup"),
            "wake_socket": os.path.join(lay.run, "wake.sock"),
            **procore,
            "npc_adapter": "gateway",
            "npc_login_url": self.url("npc", ""),
            "npc_api_url": self.url("npc", ""),
            "npc_region": firm["npc"]["region"],
            "npc_access_key_file": lay.secret("npc_access_key", key["access_key"]),
            "npc_secret_file": lay.secret("npc_secret", key["secret"]),
            "ca_file": self._trust(),
            "remote_user_domains": f"{firm['firm']['domain']} {firm['firm']['mail_domain']}",
            "signin_backend": "file",
            "signin_password_file": lay.passwords,
            "session_key_file": lay.path("keys", "session_key"),
            "seal_public_key_file": lay.path("keys", "seal_public_key"),
            "seal_private_key_file": lay.path("keys", "seal_private_key"),
            "seal_writer_key_file": lay.path("keys", "seal_writer_key"),
            "audit_key_file": lay.path("keys", "audit_key"),
            "poll_interval_minutes": 1,
            "smtp_url": f"smtp://127.0.0.1:{self.smtp.getsockname()[1]}",
            "mail_from": f"connectorweb@{firm['firm']['mail_domain']}",
            "support_email": firm["firm"]["support"],
            "webhook_public_url": self.portal("/hooks/procore"),
            "webhook_secret_file": lay.secret("webhook_secret", "demo-secret-of-the-webhook-0123456789"),
            "log_level": "info",
            "template_dir": os.path.join(self.build, "share", "html"),
        }

    def _trust(self):
        """The rig's own authority; with a real Procore the system's authorities beside it."""
        if not self.real_procore:
            return self.lay.ca
        bundle = self.lay.path("tls", "bundle.pem")
        with open(self.lay.ca, encoding="utf-8") as own, \
                open("/etc/ssl/certs/ca-certificates.crt", encoding="utf-8") as system:
            layout.write(bundle, own.read() + system.read())
        return bundle

    def _write_passwords(self, people):
        """name:hash:mail:full name, one person a line; made once, because each hash takes a while."""
        source = os.path.join(DATA, "people.json")
        if os.path.exists(self.lay.passwords) and \
                os.path.getmtime(self.lay.passwords) > os.path.getmtime(source):
            return
        hashes = layout.crypt_hashes([p["password"] for p in people])
        lines = [f"{p['user']}:{h}:{p['mail']}:{p['name']}" for p, h in zip(people, hashes)]
        layout.write(self.lay.passwords, "\n".join(lines) + "\n")

    def ctl(self, *args, check=True, data=None):
        """connectorctl -c CONFIG ARGS..."""
        r = subprocess.run([self._program("worker", "connectorctl"), "-c", self.lay.config, *args],
                           input=data, capture_output=True, text=True, env=self.env)
        if check and r.returncode != 0:
            raise RuntimeError(f"connectorctl {' '.join(args)} ended with {r.returncode}: {r.stderr}{r.stdout}")
        return r

    def _init_database(self):
        """Keys and an empty database, once."""
        if not {"connectord", "projects", "hook"} & set(self.parts) or "projects" in self.argv:
            return
        if os.path.exists(self.lay.database):
            return
        admin = next(p["user"] for p in load("people.json")["people"] if p["role"] == "global_admin")
        self.ctl("init", "--global-admin", admin)

    # ---- readiness

    def _probes(self):
        probes = {"mail": self.url("mail", "/api/mails"), "procore": self.url("procore", "/_control"),
                  "npc": self.url("npc", "/_control"), "projects": self.portal("/healthz")}
        if self.portal_port != self.port:
            del probes["projects"]
        return {p: u for p, u in probes.items() if p in self.parts and "nginx" in self.parts}

    def wait_ready(self, timeout=30):
        """Until every part answers. errors: RuntimeError that names the part and its log's last lines."""
        left = self._probes()
        client = self.client()
        deadline = time.monotonic() + timeout
        why = ""
        while left and time.monotonic() < deadline:
            for part, url in list(left.items()):
                try:
                    status = client.request("GET", url).status
                    if status == 200:
                        del left[part]
                    else:
                        why = f"{url} answers {status}"
                except OSError as e:
                    why = f"{url}: {e}"
            if left:
                time.sleep(0.05)
        if left:
            part = next(iter(left))
            raise RuntimeError(f"{part} does not answer ({why})\n{self.log_tail(part)}")

    def log_tail(self, part, lines=15):
        try:
            with open(self.sup.log_path(part), encoding="utf-8", errors="replace") as f:
                return "".join(f.readlines()[-lines:])
        except FileNotFoundError:
            return ""

    def wait_for(self, what, condition, timeout=30, pause=0.1):
        """Call condition() until it gives something true; its value. errors: AssertionError names `what`."""
        deadline = time.monotonic() + timeout
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {timeout} s in vain for: {what}")
            time.sleep(pause)

    # ---- what tests do

    def kill(self, name, index=0, sig=signal.SIGKILL):
        return self.sup.kill(name, index, sig)

    def hold(self, name):
        return self.sup.hold(name)

    def release(self, name):
        self.sup.release(name)

    def unplug(self, part):
        """Let a FastCGI program's socket vanish: the front cannot reach it. plug() brings it back."""
        os.rename(self.lay.socket(part), self.lay.socket(part) + ".off")

    def plug(self, part):
        os.rename(self.lay.socket(part) + ".off", self.lay.socket(part))

    def client(self, user=None, password=None):
        """A browser with no history; with a user of the seed data it signs in to the portal."""
        sign_in = {}
        if user:
            sign_in["portal.localhost"] = (user, password or self.person(user)["password"])
        return Client(self.lay.ca, sign_in)

    def person(self, user):
        return next(p for p in load("people.json")["people"] if p["user"] == user)

    def control(self, service, verb, value=None):
        """A verb of a stand-in's control API."""
        return self.client().json("POST", self.url(service, f"/_control/{verb}"), value or {})

    def db(self):
        """The product's database, read only; rows by name."""
        db = sqlite3.connect(f"file:{self.lay.database}?mode=ro", uri=True)
        db.row_factory = sqlite3.Row
        return db

    def mails(self):
        return mailcatcher.Store(self.lay.path("mail")).all()

    def clear_mails(self):
        mailcatcher.Store(self.lay.path("mail")).clear()

    def move_clock(self, seconds):
        """Set the wall clock of the product and the stand-ins this far from the real one."""
        layout.write(self.lay.clock, f"{int(seconds)}\n")
