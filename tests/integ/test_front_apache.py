#!/usr/bin/python3
"""The front contract (DESIGN.md 4) of the Apache file, with mod_auth_basic's file provider and echo programs."""
import glob
import os
import shutil
import subprocess

import harness
import layout
from client import Client
from supervise import Spec

MODULES = ("mpm_event", "authn_core", "authz_core", "authz_host", "authz_user", "auth_basic", "authn_file", "alias", "env",
           "headers", "mime", "proxy", "proxy_fcgi", "rewrite", "setenvif", "socache_shmcb", "ssl", "unique_id")
MODULE_DIR = "/usr/lib/apache2/modules"
SECRET_CODE = "planted-authorization-code-51cc"


def write_apache(lay, port, static_dir):
    """A whole httpd configuration around conf/apache/connectorweb.conf; its path."""
    root = lay.path("apache")
    os.makedirs(os.path.join(root, "htdocs"), exist_ok=True)
    shutil.copytree(os.path.join(layout.TOP, "conf", "front"), os.path.join(root, "front"))
    own = layout.fill("conf/apache/connectorweb.conf.in", {
        "public_host": f"portal.localhost:{port}", "rundir": lay.run, "logdir": lay.log,
        "confdir": lay.path("conf"), "frontdir": os.path.join(root, "front"), "staticdir": static_dir})
    layout.write(os.path.join(root, "connectorweb.conf"), own)
    lines = [f"ServerRoot {root}", f"PidFile {root}/httpd.pid", f"DefaultRuntimeDir {root}", f"Mutex file:{root} default",
             *(f"LoadModule {m}_module {MODULE_DIR}/mod_{m}.so" for m in MODULES
               if os.path.exists(f"{MODULE_DIR}/mod_{m}.so")),
             "TypesConfig /etc/mime.types" if os.path.exists("/etc/mime.types") else "AddType text/css .css",
             f"ErrorLog {lay.log}/apache-error.log", "ServerName portal.localhost",
             *(["User nobody", "Group nogroup"] if os.geteuid() == 0 else []),
             f"DocumentRoot {root}/htdocs", "<Directory />", "Require all denied", "AllowOverride None", "</Directory>",
             f"Define CW_PASSWORD_FILE {root}/passwords",
             f"Listen 127.0.0.1:{port}", f"<VirtualHost 127.0.0.1:{port}>", "SSLEngine on",
             f"SSLCertificateFile {lay.path('tls', 'server.pem')}",
             f"SSLCertificateKeyFile {lay.path('tls', 'server.key')}",
             f"Include {root}/connectorweb.conf", "</VirtualHost>"]
    path = os.path.join(root, "httpd.conf")
    layout.write(path, "\n".join(lines) + "\n")
    return path


def open_to_nobody(lay):
    """Apache never serves as root: started by root it works as nobody, who must reach these."""
    for path in (os.path.dirname(lay.top), lay.top, lay.run, lay.path("apache"), *glob.glob(os.path.join(lay.run, "*"))):
        os.chmod(path, 0o777 if path.endswith(".sock") else 0o711)


class Apache(harness.RigCase):
    own_static = True
    options = {
        "parts": ("projects", "edit", "callback", "hook"),
        "argv": {n: [harness.ECHO, n] for n in ("projects", "edit", "callback", "hook")},
    }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        try:
            cls._start_apache()
        except BaseException:
            cls.tearDownClass()
            raise

    @classmethod
    def _start_apache(cls):
        rig = cls.rig
        conf = write_apache(rig.lay, rig.port, rig.static_dir)
        hashes = layout.crypt_hashes(["right"])
        layout.write(rig.lay.path("apache", "passwords"), f"sam:{hashes[0]}\n", 0o644)
        if os.geteuid() == 0:
            open_to_nobody(rig.lay)
        check = subprocess.run(["/usr/sbin/apache2", "-t", "-f", conf], capture_output=True, text=True)
        if check.returncode != 0:
            raise AssertionError(check.stderr)
        rig.sup.add(Spec("apache", ["/usr/sbin/apache2", "-f", conf, "-DFOREGROUND"]))
        rig.wait_for("Apache", cls._answers)

    @classmethod
    def _answers(cls):
        try:
            return Client(cls.rig.lay.ca).request("GET", cls.rig.portal("/healthz")).status == 200
        except OSError:
            return False

    def setUp(self):
        self.sam = Client(self.rig.lay.ca, {"portal.localhost": ("sam", "right")})
        self.nobody = Client(self.rig.lay.ca)

    def ask(self, path, method="GET", client=None, headers=None, data=None):
        r = (client or self.sam).request(method, self.rig.portal(path), data, headers)
        self.assertEqual(r.status, 200, f"{method} {path}: {r.text[:300]}")
        got = r.json()
        got["p"] = dict(got["params"])
        return got

    def test_routes(self):
        for method, path, program in (
                ("GET", "", "projects"), ("GET", "/Projects?x=1", "projects"), ("GET", "/projects/ISSUES", "projects"),
                ("GET", "/Projects/edit?project=1", "edit"), ("GET", "/Projects/reconnect?account=0", "edit"),
                ("POST", "/Projects", "edit"), ("GET", "/oauth/callback?code=1", "callback")):
            got = self.ask(path, method)
            self.assertEqual((got["program"], got["p"]["REQUEST_URI"]), (program, "/connectorweb" + path))
            self.assertEqual((got["p"]["REMOTE_USER"], got["p"].get("HTTP_AUTHORIZATION")), ("sam", None))
            self.assertTrue(got["p"]["REQUEST_ID"])

    def test_body_arrives(self):
        self.assertEqual(self.ask("/Projects", "POST", data={"a": "b c"})["body"], "a=b+c")

    def test_wrong_password(self):
        evil = Client(self.rig.lay.ca, {"portal.localhost": ("sam", "wrong")})
        for client in (evil, self.nobody):
            for path in ("/Projects", "/oauth/callback", "/Projects/edit", "/CONNECT"):
                r = client.request("GET", self.rig.portal(path))
                self.assertEqual(r.status, 401)
                self.assertIn("Please sign in", r.text)

    def test_hook_and_health_have_no_person(self):
        evil = Client(self.rig.lay.ca, {"portal.localhost": ("sam", "right")})
        got = self.ask("/hooks/procore", "POST", evil, {"Authorization": "Bearer s3"}, {"a": "b"})
        self.assertEqual((got["program"], got["p"]["HTTP_AUTHORIZATION"], got["body"]), ("hook", "Bearer s3", "a=b"))
        self.assertFalse(got["p"].get("REMOTE_USER"))
        got = self.ask("/healthz", client=evil)
        self.assertEqual((got["p"].get("REMOTE_USER"), got["p"].get("HTTP_AUTHORIZATION")), (None, None))

    def test_other_host_names(self):
        r = self.nobody.request("GET", self.rig.portal("/Projects?q=1"), headers={"Host": "npcserver"})
        self.assertEqual((r.status, r.headers["Location"]), (308, self.rig.portal("/Projects?q=1")))
        r = self.nobody.request("POST", self.rig.portal(), {"a": "b"}, {"Host": "npcserver"})
        self.assertEqual(r.status, 421)
        self.assertIn(f'href="{self.rig.portal()}"', r.text)

    def test_static(self):
        r = self.nobody.request("GET", self.rig.portal("/static/0123456789abcdef/style.css"))
        self.assertEqual((r.status, r.headers["Cache-Control"]), (200, "public, max-age=31536000, immutable"))
        self.assertEqual(r.headers["X-Content-Type-Options"], "nosniff")

    def test_program_down_and_logs(self):
        self.ask(f"/oauth/callback?code={SECRET_CODE}")
        self.ask(f"/Projects?q={SECRET_CODE}")
        for part, path in (("callback", f"/oauth/callback?code={SECRET_CODE}"), ("projects", "/Projects")):
            self.rig.unplug(part)
            r = self.sam.request("GET", self.rig.portal(path))
            self.assertEqual(r.status, 503)
            self.assertIn("cannot answer right now", r.text)
            self.rig.plug(part)
        text = ""
        for path in glob.glob(os.path.join(self.rig.lay.log, "*.log")):
            with open(path, encoding="utf-8", errors="replace") as f:
                text += f.read()
        self.assertNotIn(SECRET_CODE, text)
        self.assertIn('"GET /connectorweb/Projects HTTP', text)


if __name__ == "__main__":
    harness.main()
