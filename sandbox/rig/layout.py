"""The folder a rig lives in: directories, certificate, passwords, secrets, configuration, nginx.conf.

Everything is made by the person who runs it, is readable by nobody else, and is thrown away with the folder.
"""
import glob
import os
import secrets
import socket
import subprocess
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HOSTS = ("portal", "procore", "idp", "files", "npc", "mail")
SOCKET_PATH_MAX = 100  # unix(7): 107 bytes; the longest name below run/ included


def free_port():
    """A free TCP port on loopback, outside the range that outgoing connections take theirs from."""
    while True:
        port = 20000 + secrets.randbelow(12000)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def write(path, text, mode=0o600):
    """Write a small file whole: nobody ever reads half of it."""
    data = text if isinstance(text, bytes) else text.encode()
    fd, tmp = tempfile.mkstemp(dir=os.path.dirname(path))
    with os.fdopen(fd, "wb") as f:
        f.write(data)
    os.chmod(tmp, mode)
    os.replace(tmp, path)


class Layout:
    """Paths below one directory."""

    def __init__(self, top):
        self.top = os.path.abspath(top)
        for name in ("", "conf", "keys", "tls", "log", "state", "state/spool", "state/backup", "procore",
                     "procore/files", "npc", "npc/files", "mail", "nginx", "run"):
            os.makedirs(os.path.join(self.top, name), mode=0o700, exist_ok=True)
        self.run = os.path.join(self.top, "run")
        self.short_run = None
        if len(os.path.join(self.run, "projects.sock")) > SOCKET_PATH_MAX:
            self.run = self.short_run = tempfile.mkdtemp(prefix="connectorweb-")
        self.log = os.path.join(self.top, "log")
        self.config = os.path.join(self.top, "conf", "connectorweb.conf")
        self.database = os.path.join(self.top, "state", "connectorweb.db")
        self.clock = os.path.join(self.top, "conf", "clock")
        self.ca = os.path.join(self.top, "tls", "ca.pem")
        self.passwords = os.path.join(self.top, "conf", "passwords")

    def path(self, *parts):
        return os.path.join(self.top, *parts)

    def socket(self, name):
        return os.path.join(self.run, name + ".sock")

    def secret(self, key, value):
        """A one-line secret file under keys/, made or replaced."""
        path = self.path("keys", key)
        write(path, value + "\n")
        return path

    def remove_short_run(self):
        if self.short_run:
            for path in glob.glob(os.path.join(self.short_run, "*")):
                os.unlink(path)
            os.rmdir(self.short_run)


def openssl(*args, data=None):
    r = subprocess.run(["openssl", *args], input=data, capture_output=True)
    if r.returncode != 0:
        raise RuntimeError(f"openssl {args[0]}: {r.stderr.decode()}")
    return r.stdout


def make_certificate(lay):
    """A throw-away authority that can vouch for loopback names only, and one certificate for all hosts. Its
    key is deleted at once, so that nobody can make further certificates with it."""
    cert, key = lay.path("tls", "server.pem"), lay.path("tls", "server.key")
    if os.path.exists(cert) and subprocess.run(
            ["openssl", "x509", "-in", cert, "-noout", "-checkend", "604800"], capture_output=True).returncode == 0:
        return
    ca_key, request = lay.path("tls", "ca.key"), lay.path("tls", "server.csr")
    ec = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    try:
        openssl("req", "-x509", *ec, "-days", "397", "-keyout", ca_key, "-out", lay.ca,
                "-subj", "/O=connectorweb demo/CN=connectorweb demo authority",
                "-addext", "basicConstraints=critical,CA:TRUE,pathlen:0",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign",
                "-addext", "nameConstraints=critical,permitted;DNS:localhost,permitted;IP:127.0.0.0/255.0.0.0")
        openssl("req", *ec, "-new", "-keyout", key, "-out", request, "-subj", "/CN=portal.localhost")
        names = ",".join([f"DNS:{h}.localhost" for h in HOSTS] + ["DNS:localhost", "IP:127.0.0.1"])
        ext = ("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
               f"extendedKeyUsage=serverAuth\nsubjectAltName={names}\n")
        write(lay.path("tls", "server.ext"), ext)
        openssl("x509", "-req", "-in", request, "-CA", lay.ca, "-CAkey", ca_key, "-CAcreateserial", "-days", "396",
                "-extfile", lay.path("tls", "server.ext"), "-out", cert)
    finally:
        for name in ("ca.key", "server.csr", "server.ext", "ca.srl"):
            if os.path.exists(lay.path("tls", name)):
                os.unlink(lay.path("tls", name))


def crypt_hashes(passwords):
    """SHA-512 crypt(3) hashes, one for each password, each with a salt of its own."""
    out = openssl("passwd", "-6", "-stdin", data="\n".join(passwords).encode() + b"\n")
    return out.decode().split()


def fill(template, values):
    """Replace @name@ in a conf template the way the build does; an unknown name is an error."""
    with open(os.path.join(TOP, template), encoding="utf-8") as f:
        text = f.read()
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    start = text.find("@")
    if start != -1:
        raise ValueError(f"{template}: no value for {text[start:start + 24]!r}")
    return text


def ipv6_loopback():
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
        return True
    except OSError:
        return False


def nginx_version():
    r = subprocess.run(["nginx", "-v"], capture_output=True, text=True)
    return tuple(int(n) for n in r.stderr.strip().rsplit("/", 1)[1].split(" ")[0].split("."))


def write_nginx(lay, port, metrics_port, static_dir):
    """nginx.conf around the very files that real installs include."""
    values = {
        "public_host": f"portal.localhost:{port}", "rundir": lay.run, "logdir": lay.log,
        "metrics_port": metrics_port, "staticdir": static_dir,
        "frontdir": os.path.join(TOP, "conf", "front"),
    }
    write(lay.path("nginx", "connectorweb.conf"), fill("conf/nginx/connectorweb.conf.in", values))
    write(lay.path("nginx", "snippet.conf"), fill("conf/nginx/snippets-connectorweb.conf.in", values))
    hosts = "127.0.0.1", *(("[::1]",) if ipv6_loopback() else ())
    values.update({
        "user": "user root;" if os.geteuid() == 0 else "",
        "nginx": lay.path("nginx"), "top": lay.top, "port": port,
        "listen": " ".join(f"listen {h}:{port} ssl http2;" for h in hosts),
        "listen_default": " ".join(f"listen {h}:{port} ssl http2 default_server;" for h in hosts),
    })
    write(lay.path("nginx", "nginx.conf"), fill("sandbox/rig/nginx.conf.in", values))


def write_config(lay, keys):
    """connectorweb.conf; keys with the value None are left out."""
    lines = ["# Written at each start of the demo or test; changes made here are lost."]
    lines += [f"{k} = {v}" for k, v in keys.items() if v is not None]
    write(lay.config, "\n".join(lines) + "\n")
