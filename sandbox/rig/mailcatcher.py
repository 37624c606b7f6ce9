"""A mail server that keeps every mail, and an inbox to read them in.

SMTP comes in on standard input (a listening TCP socket on loopback), the inbox is HTTP on a unix socket
behind nginx. Mails are files: DIR/NNNNNN.eml, with the envelope in NNNNNN.json beside it.

  mailcatcher.py --dir DIR --http SOCKET [--cert PEM --key PEM]
"""
import argparse
import asyncio
import email
import email.policy
import html
import http.server
import json
import os
import re
import signal
import socket
import socketserver
import ssl
import string
import threading
import time

PAGES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pages")
URL = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]]")
HEADERS = ("From", "To", "Subject", "Date", "Message-ID", "Content-Type", "Auto-Submitted", "List-Unsubscribe")


class Store:
    def __init__(self, folder):
        self.folder = folder
        self.lock = threading.Lock()

    def _numbers(self):
        return sorted(int(f[:-4]) for f in os.listdir(self.folder) if re.fullmatch(r"\d{6}\.eml", f))

    def add(self, sender, recipients, data):
        with self.lock:
            number = max(self._numbers(), default=0) + 1
            path = os.path.join(self.folder, f"{number:06d}")
            with open(path + ".json", "w", encoding="utf-8") as f:
                json.dump({"from": sender, "to": recipients, "received_at": int(time.time())}, f)
            with open(path + ".tmp", "wb") as f:
                f.write(data)
            os.rename(path + ".tmp", path + ".eml")  # complete, or not there
        return number

    def clear(self):
        with self.lock:
            for number in self._numbers():
                for end in (".eml", ".json"):
                    os.unlink(os.path.join(self.folder, f"{number:06d}{end}"))

    def get(self, number):
        """One mail as a dict, or None."""
        path = os.path.join(self.folder, f"{number:06d}")
        try:
            with open(path + ".eml", "rb") as f:
                message = email.message_from_binary_file(f, policy=email.policy.default)
            with open(path + ".json", encoding="utf-8") as f:
                envelope = json.load(f)
        except FileNotFoundError:
            return None
        text = message.get_body(("plain",))
        rich = message.get_body(("html",))
        body = text.get_content() if text else ""
        return {
            "id": number, "envelope_from": envelope["from"], "to": envelope["to"],
            "received_at": envelope["received_at"], "from": str(message["From"] or ""),
            "subject": str(message["Subject"] or ""), "message_id": str(message["Message-ID"] or ""),
            "headers": {h: str(message[h]) for h in HEADERS if message[h]},
            "text": body, "html": rich.get_content() if rich else "", "links": URL.findall(body),
        }

    def all(self):
        """Every mail, the newest last."""
        return [m for m in map(self.get, self._numbers()) if m]


def page(template, /, **values):
    """Fill a page of pages/; values are escaped here, except those already made by page() or linked()."""
    with open(os.path.join(PAGES, template), encoding="utf-8") as f:
        text = string.Template(f.read())
    return Markup(text.substitute({
        k: v if isinstance(v, Markup) else html.escape(str(v)) for k, v in values.items()}))


class Markup(str):
    """Text that is markup already."""


def linked(text):
    """Escaped text with its addresses made clickable."""
    out, at = [], 0
    for m in URL.finditer(text):
        out.append(html.escape(text[at:m.start()]))
        out.append(page("link.html", url=m.group()).rstrip("\n"))
        at = m.end()
    out.append(html.escape(text[at:]))
    return Markup("".join(out))


class Inbox(http.server.BaseHTTPRequestHandler):
    store = None
    protocol_version = "HTTP/1.1"

    def address_string(self):
        return "inbox"

    def log_request(self, code="-", size="-"):
        pass  # nginx and the tests see it; a page view is no event

    def send(self, status, kind, body, csp="default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; "
             "form-action 'self'"):
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind + "; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Content-Security-Policy", csp)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def not_found(self):
        self.send(404, "text/html", page("gone.html"))

    def do_GET(self):
        path = self.path.partition("?")[0]
        if path == "/":
            return self.list()
        if path == "/api/mails":
            return self.send(200, "application/json", json.dumps(self.store.all(), indent=1))
        m = re.fullmatch(r"/mail/(\d{1,6})(/html|/source)?", path)
        mail = self.store.get(int(m.group(1))) if m else None
        if mail is None:
            return self.not_found()
        if m.group(2) == "/html":
            # The mail's own markup: no script, no pictures from elsewhere; links open beside the inbox.
            return self.send(200, "text/html", page("part.html", body=Markup(mail["html"])),
                             "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
                             "sandbox allow-popups allow-popups-to-escape-sandbox")
        if m.group(2) == "/source":
            with open(os.path.join(self.store.folder, f"{mail['id']:06d}.eml"), "rb") as f:
                return self.send(200, "text/plain", f.read().decode("utf-8", "replace"))
        return self.one(mail)

    do_HEAD = do_GET

    def list(self):
        rows = [page("row.html", id=m["id"], subject=m["subject"] or "(no subject)", to=", ".join(m["to"]),
                     sender=m["from"], at=time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(m["received_at"])))
                for m in reversed(self.store.all())]
        body = page("list.html", count=len(rows), rows=Markup("".join(rows) or page("none.html")))
        self.send(200, "text/html", body)

    def one(self, mail):
        rows = "".join(page("header.html", name=k, value=v) for k, v in mail["headers"].items())
        rich = page("frame.html", id=mail["id"]) if mail["html"] else Markup("")
        self.send(200, "text/html", page(
            "mail.html", subject=mail["subject"] or "(no subject)", to=", ".join(mail["to"]), id=mail["id"],
            headers=Markup(rows), text=linked(mail["text"]), rich=rich))

    def do_DELETE(self):
        if self.path != "/api/mails":
            return self.not_found()
        self.store.clear()
        return self.send(200, "application/json", "{}")

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(min(length, 4096))
        if self.path != "/clear":
            return self.not_found()
        self.store.clear()
        self.send_response(303)
        self.send_header("Location", "/")
        self.send_header("Content-Length", "0")
        self.end_headers()
        return None


class UnixServer(socketserver.ThreadingMixIn, http.server.HTTPServer):
    address_family = socket.AF_UNIX
    daemon_threads = True

    def server_bind(self):  # HTTPServer would look up a host name
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "mail.localhost", 0

    def get_request(self):
        sock, _ = self.socket.accept()
        return sock, ("inbox", 0)


class Keep:
    """aiosmtpd's handler."""

    def __init__(self, store):
        self.store = store

    async def handle_DATA(self, server, session, envelope):
        number = self.store.add(envelope.mail_from, envelope.rcpt_tos, envelope.original_content)
        return f"250 2.0.0 kept as {number:06d}"


async def serve_smtp(store, sock, tls):
    from aiosmtpd.smtp import SMTP

    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for sig in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sig, stop.set)
    server = await loop.create_server(
        lambda: SMTP(Keep(store), hostname="mail.localhost", enable_SMTPUTF8=True, tls_context=tls), sock=sock)
    await stop.wait()
    server.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dir", required=True)
    parser.add_argument("--http", required=True)
    parser.add_argument("--cert")
    parser.add_argument("--key")
    args = parser.parse_args()
    Inbox.store = Store(args.dir)
    if os.path.exists(args.http):
        os.unlink(args.http)
    inbox = UnixServer(args.http, Inbox)
    os.chmod(args.http, 0o600)
    threading.Thread(target=inbox.serve_forever, daemon=True).start()
    tls = None
    if args.cert:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(args.cert, args.key)
    sock = socket.socket(fileno=os.dup(0))
    sock.setblocking(False)
    asyncio.run(serve_smtp(Inbox.store, sock, tls))


if __name__ == "__main__":
    main()
