"""Apache httpd in front of the programs of a rig, with conf/apache/connectorweb.conf and a password file."""
import glob
import os
import shutil
import subprocess

import harness  # noqa: F401  (finds the rig)
import layout
from client import Client
from supervise import Spec

MODULES = ("mpm_event", "authn_core", "authz_core", "authz_host", "authz_user", "auth_basic", "authn_file", "alias", "env",
           "headers", "mime", "proxy", "proxy_fcgi", "rewrite", "setenvif", "socache_shmcb", "ssl", "unique_id")
MODULE_DIR = "/usr/lib/apache2/modules"


def write_conf(lay, port, static_dir):
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


def start(rig, port, static_dir, passwords):
    """Start it and wait until it answers. passwords: {name: password}."""
    conf = write_conf(rig.lay, port, static_dir)
    hashes = layout.crypt_hashes(list(passwords.values()))
    layout.write(rig.lay.path("apache", "passwords"),
                 "".join(f"{n}:{h}\n" for n, h in zip(passwords, hashes)), 0o644)
    if os.geteuid() == 0:
        open_to_nobody(rig.lay)
    check = subprocess.run(["/usr/sbin/apache2", "-t", "-f", conf], capture_output=True, text=True)
    if check.returncode != 0:
        raise AssertionError(check.stderr)
    rig.sup.add(Spec("apache", ["/usr/sbin/apache2", "-f", conf, "-DFOREGROUND"]))

    def answers():
        try:
            return Client(rig.lay.ca).request("GET", f"https://portal.localhost:{port}/connectorweb/healthz").status == 200
        except OSError:
            return False

    rig.wait_for("Apache", answers)
