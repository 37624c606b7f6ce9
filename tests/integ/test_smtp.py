#!/usr/bin/python3
"""Mail from the outbox to a real SMTP server (aiosmtpd): STARTTLS, implicit TLS, authentication, refusals, doubt,
outages, and what stands in a mail.

The server listens on 127.0.0.1 and is named 127.1 in smtp_url: the same machine, but none of the spellings that count
as loopback (lib/base/url.h), so that all that holds for a mail server elsewhere holds here."""
import asyncio
import email
import email.policy
import glob
import logging
import os
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
import warnings
from email.header import decode_header, make_header

import harness
import mailcatcher
from aiosmtpd.smtp import SMTP, AuthResult
from layout import write
from site_small import Site

logging.getLogger("mail.log").setLevel(logging.CRITICAL)
warnings.filterwarnings("ignore", module="aiosmtpd")

USER, PASSWORD = "connectorweb", "pass word, with ümlaut"
HOUR, DAY = 3600, 86400


class Handler(mailcatcher.Keep):
    """Keeps mails; answers as told."""

    def __init__(self, store):
        super().__init__(store)
        self.rcpt = {}      # address -> answers, the first one first; then 250
        self.cut = 0        # so many times the line is cut after the text
        self.on_text = None # called when the text has come, before it is answered
        self.commands = []  # MAIL and AUTH, as they came

    async def handle_MAIL(self, server, session, envelope, address, options):
        self.commands.append(("MAIL", session.ssl is not None))
        envelope.mail_from = address
        return "250 2.1.0 fine"

    async def handle_RCPT(self, server, session, envelope, address, options):
        answers = self.rcpt.get(address)
        if answers:
            return answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 fine"

    async def handle_DATA(self, server, session, envelope):
        answer = await super().handle_DATA(server, session, envelope)
        if self.on_text:
            self.on_text()
        if self.cut:
            self.cut -= 1
            server.transport.abort()
        return answer

    def check(self, server, session, envelope, mechanism, data):
        self.commands.append(("AUTH", session.ssl is not None))
        good = data.login == USER.encode() and data.password == PASSWORD.encode()
        return AuthResult(success=good, handled=False, message=None if good else "535 5.7.8 wrong name or password")


class Server:
    """An SMTP server in a thread; tls None: it speaks in clear."""

    def __init__(self, handler, tls=None, implicit=False, auth=True, port=0):
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind(("127.0.0.1", port))
        self.port = self.sock.getsockname()[1]
        self.loop = asyncio.new_event_loop()
        more = {"authenticator": handler.check, "auth_required": True} if auth else {}
        self.make = lambda: SMTP(handler, hostname="mail.firm.example", enable_SMTPUTF8=True, loop=self.loop,
                                 tls_context=None if implicit else tls, require_starttls=bool(tls) and not implicit,
                                 auth_require_tls=bool(tls) and not implicit, **more)
        self.server = self.loop.run_until_complete(self.loop.create_server(
            self.make, sock=self.sock, ssl=tls if implicit else None))
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def stop(self):
        self.loop.call_soon_threadsafe(self.server.close)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()


def certificate(folder, name, san):
    """A certificate that vouches for itself; its files."""
    cert, key = os.path.join(folder, name + ".pem"), os.path.join(folder, name + ".key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                    "30", "-subj", "/CN=" + name, "-addext", "subjectAltName=" + san, "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certs = tempfile.TemporaryDirectory(prefix="cw-smtp-")
        cls.good_ca, cls.good = certificate(cls.certs.name, "good", "IP:127.0.0.1")
        cls.other_ca, cls.other = certificate(cls.certs.name, "other", "DNS:mail.example.com")

    @classmethod
    def tearDownClass(cls):
        cls.certs.cleanup()

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory(prefix="cw-smtp-")
        self.server = None
        self.mail_dir = os.path.join(self.scratch.name, "mail")
        os.mkdir(self.mail_dir)
        self.handler = Handler(mailcatcher.Store(self.mail_dir))
        self.site = Site(os.path.join(self.scratch.name, "site"), "http://127.0.0.1:9", smtp_user=USER,
                         smtp_password_file="smtp_password", mail_from="connectorweb@firm.example",
                         smtp_url="smtp://127.1:1", ca_file=self.good_ca)
        self.password(PASSWORD)
        self.site.init()

    def tearDown(self):
        self.down()
        for path in glob.glob(os.path.join(self.site.dir, "**"), recursive=True):
            if os.path.isfile(path) and "smtp_password" not in path:
                with open(path, "rb") as f:
                    self.assertNotIn(PASSWORD.encode(), f.read(), path)
        self.scratch.cleanup()

    # ---- doing

    def password(self, text):
        write(self.site.path("smtp_password"), text + "\n")

    def up(self, **options):
        scheme = options.pop("scheme", "smtp")
        self.down()
        self.server = Server(self.handler, **options)
        self.site.write_config(smtp_url=f"{scheme}://127.1:{self.server.port}")

    def down(self):
        if self.server:
            self.server.stop()
            self.server = None

    def lose(self, *users):
        """Accounts that must sign in, one a user; the users' addresses are theirs."""
        people, projects = self.site.path("people.csv"), self.site.path("projects.csv")
        with open(people, "w", encoding="utf-8") as f:
            f.write("user,name,mail,role,procore_login\n")
            f.writelines(f"{u},{u.title()},{u}@firm.example,member,{u}@procore.example\n" for u in users)
        with open(projects, "w", encoding="utf-8") as f:
            f.write("npc_project_id,npc_number,npc_name,npc_server,procore_company_id,procore_company_name,"
                    "procore_project_id,procore_project_name,bic_logins,project_admins,sync_from\n")
            logins = ";".join(f"{u}@procore.example" for u in users)
            f.writelines(f"p-{i},2026-{i},Riverside {i},EAST,8000000000,Briarwood,{9000000000 + i},River,{logins},boss,\n"
                         for i in (1, 2))
        self.site.ctl("import", "people", people)
        self.site.ctl("import", "projects", projects)

    def run_worker(self):
        return self.site.worker("--once").stderr

    def mails(self, to=None):
        return [m for m in self.handler.store.all() if to is None or to in m["to"]]

    def smtp(self):
        rows = self.site.rows("SELECT state, detail FROM service WHERE name = 'smtp'")
        return rows[0] if rows else (None, "")

    def states(self):
        return [r[0] for r in self.site.rows("SELECT state FROM mail ORDER BY id")]

    def refused(self, *words):
        """Nothing went out, nothing is lost, and the cause with the key to look at is shown wherever one looks."""
        log = self.run_worker()
        self.assertEqual(self.mails(), [])
        self.assertEqual(set(self.states()), {"queued"})
        state, detail = self.smtp()
        self.assertEqual(state, "down")
        doctor = self.site.ctl("doctor", status=None).stdout
        listed = self.site.ctl("mail", "list").stdout
        for word in words:
            self.assertIn(word, detail)
            self.assertIn(word, log)
            self.assertIn(word, doctor)
            self.assertIn(word, listed)
        self.assertEqual(self.site.rows("SELECT count(*) FROM incident WHERE subject = 'service' AND subject_id = 'smtp' "
                                        "AND closed_at IS NULL"), [(1,)])

    def sent_once(self, *to):
        """One mail each, whatever runs after that."""
        self.run_worker()
        self.site.move_clock(2 * HOUR)
        self.run_worker()
        self.assertEqual(sorted(m["to"][0] for m in self.mails()), sorted(to))
        self.assertEqual(self.smtp()[0], "ok")
        self.assertEqual(set(self.states()), {"sent"})


class Transport(Case):
    def test_starttls_and_authentication(self):
        self.up(tls=self.good)
        self.lose("sam", "kim")
        self.sent_once("sam@firm.example", "kim@firm.example")
        # Nothing was said in clear.
        self.assertEqual(set(self.handler.commands), {("AUTH", True), ("MAIL", True)})

    def test_implicit_tls(self):
        self.up(tls=self.good, implicit=True, scheme="smtps")
        self.lose("sam")
        self.sent_once("sam@firm.example")

    def test_wrong_password(self):
        self.up(tls=self.good)
        self.lose("sam", "kim")
        self.password("another one")
        self.refused("535 5.7.8", "check smtp_user and smtp_password_file")
        # One try for all that wait: wrong passwords lock accounts.
        self.assertEqual(self.handler.commands, [("AUTH", True)])
        self.password(PASSWORD)
        self.sent_once("sam@firm.example", "kim@firm.example")

    def test_no_starttls_on_offer(self):
        self.up()
        self.lose("sam")
        self.refused("it offers no encryption (STARTTLS), so nothing was sent", "smtp_url")
        self.assertEqual(self.handler.commands, [])
        self.up(tls=self.good)
        self.sent_once("sam@firm.example")

    def test_certificates(self):
        self.lose("sam")
        self.up(tls=self.other)
        self.refused("certificate", "check ca_file and the host name in smtp_url")
        self.site.write_config(ca_file=self.other_ca)  # trusted now, but of another host
        self.refused("127.0.0.1", "check ca_file and the host name in smtp_url")
        self.assertEqual(self.handler.commands, [])
        self.site.write_config(ca_file=self.good_ca)
        self.up(tls=self.good)
        self.sent_once("sam@firm.example")

    def test_sign_in_wanted(self):
        self.up(tls=self.good)
        self.lose("sam")
        self.site.write_config(smtp_user=None, smtp_password_file=None)
        self.refused("530 5.7.0", "check smtp_user and smtp_password_file")
        self.site.write_config(smtp_user=USER, smtp_password_file="smtp_password")
        self.sent_once("sam@firm.example")


class Refusals(Case):
    def test_one_is_put_off(self):
        """Greylisting: the others go on, this one comes later."""
        self.handler.rcpt = {"sam@firm.example": ["451 4.7.1 greylisted"]}
        self.up(tls=self.good)
        self.lose("sam", "kim")
        self.run_worker()
        self.assertEqual([m["to"] for m in self.mails()], [["kim@firm.example"]])
        self.assertEqual(self.smtp()[0], "ok")
        self.assertIn("451 4.7.1 greylisted", self.site.ctl("mail", "list").stdout)
        self.sent_once("kim@firm.example", "sam@firm.example")

    def test_one_is_refused(self):
        """Parked, shown, told to an admin; the others go on. The admin may send it again."""
        self.handler.rcpt = {"sam@firm.example": ["550 5.1.1 no such user"]}
        self.up(tls=self.good)
        self.lose("sam", "kim")
        self.run_worker()
        self.assertEqual({m["to"][0] for m in self.mails()}, {"kim@firm.example", "boss@firm.example"})
        told = self.mails("boss@firm.example")[0]
        self.assertEqual(told["subject"], "Our mail to sam@firm.example was refused")
        self.assertIn("550 5.1.1 no such user", told["text"])
        self.assertIn("refused for good", self.site.ctl("mail", "list").stdout)
        self.site.move_clock(HOUR)
        self.run_worker()
        self.assertEqual(len(self.mails()), 2)
        self.site.ctl("mail", "again")
        self.sent_once("kim@firm.example", "boss@firm.example", "sam@firm.example")

    def test_cut_after_the_text(self):
        """Whether it was taken nobody can tell: once more, under the same Message-ID, and no third time."""
        self.handler.cut = 5
        self.up(tls=self.good)
        self.lose("sam")
        self.run_worker()
        self.assertEqual(self.smtp()[0], "down")
        for _ in range(3):
            self.site.move_clock(HOUR)
            self.run_worker()
        mails = self.mails("sam@firm.example")
        self.assertEqual(len(mails), 2)
        self.assertEqual(len({m["message_id"] for m in mails}), 1)
        self.assertEqual(self.states()[0], "sent")
        self.assertIn("taken for delivered", self.site.rows("SELECT answer FROM mail")[0][0])

    def test_down_for_hours(self):
        """Restarts in between; then one mail a notice."""
        self.lose("sam", "kim")
        for _ in range(6):
            self.run_worker()
            self.site.move_clock(2 * HOUR)
        self.assertEqual(self.smtp()[0], "down")
        self.assertEqual(set(self.states()), {"queued"})
        self.up(tls=self.good)
        self.run_worker()
        self.assertEqual(sorted(m["to"][0] for m in self.mails() if "sign-in needed" in m["subject"]),
                         ["kim@firm.example", "sam@firm.example"])
        self.assertEqual(len(self.mails()), len(self.states()) - self.states().count("dropped"))

    def test_killed_at_every_commit(self):
        """One mail a notice, wherever the worker stops and starts again."""
        self.up(tls=self.good)
        self.lose("sam")
        start = os.path.join(self.scratch.name, "start")
        self.site.copy_to(start)
        n = 0
        while True:
            n += 1
            self.handler.store.clear()
            self.site.copy_from(start, 0)
            ended = self.site.worker("--stop-at-commit", str(n), status=None).returncode
            self.run_worker()
            self.assertEqual([m["to"][0] for m in self.mails()], ["sam@firm.example"], n)
            if ended == 0:
                break
        print(f"stopped at {n - 1} commits: one mail each")
        self.assertGreater(n, 8)

    def test_killed_between_the_250_and_the_commit(self):
        """The one duplicate that cannot be helped has the same Message-ID."""
        self.up(tls=self.good)
        self.lose("sam")
        worker = subprocess.Popen(self.site.argv("connectord", "--once"), stderr=subprocess.DEVNULL)
        self.handler.on_text = worker.kill
        self.assertEqual(worker.wait(60), -signal.SIGKILL)
        self.handler.on_text = None
        self.assertEqual(self.states(), ["queued"])
        self.run_worker()
        self.site.move_clock(HOUR)
        self.run_worker()
        self.assertEqual([m["to"][0] for m in self.mails()], ["sam@firm.example"] * 2)
        self.assertEqual(len({m["message_id"] for m in self.mails()}), 1)
        self.assertEqual(self.states(), ["sent"])


class Contents(Case):
    def parse(self, number):
        with open(os.path.join(self.mail_dir, f"{number:06d}.eml"), "rb") as f:
            raw = f.read()
        return raw, email.message_from_bytes(raw, policy=email.policy.default)

    def test_headers_and_parts(self):
        self.up(tls=self.good)
        self.lose("sam")
        # Names as directories have them; the line end is what an injection would use.
        self.site.change("UPDATE person SET name = 'Zoë “Zo” Müller-Østergård, 山田' WHERE user_name = 'sam'")
        self.site.change("UPDATE account SET login = 'sam' || char(13, 10) || 'Bcc: eve@evil.example', "
                         "login_folded = 'sam@x.example'")
        self.run_worker()
        raw, mail = self.parse(self.mails()[0]["id"])
        head = raw.split(b"\r\n\r\n")[0].decode("ascii")  # nothing but ASCII in the header
        self.assertEqual(re.findall(rb"(?<!\r)\n|\r(?!\n)", raw), [])
        self.assertLessEqual(max(map(len, raw.split(b"\r\n"))), 78)
        to = str(make_header(decode_header(email.message_from_bytes(raw)["To"])))
        self.assertEqual(to.partition("<")[0].strip(), "Zoë “Zo” Müller-Østergård, 山田")
        self.assertEqual(mail["To"].addresses[0].addr_spec, "sam@firm.example")
        self.assertEqual(mail["From"].addresses[0].addr_spec, "connectorweb@firm.example")
        for name in ("Bcc", "List-Unsubscribe", "Sender"):
            self.assertIsNone(mail[name])
        self.assertEqual(self.mails("eve@evil.example"), [])
        self.assertEqual(mail["Auto-Submitted"], "auto-generated")
        self.assertRegex(str(mail["Message-ID"]), r"^<[0-9a-f]{32}@portal\.example\.com>$")
        self.assertIsNotNone(mail["Date"].datetime)
        self.assertEqual(mail.get_content_type(), "multipart/alternative")
        self.assertEqual([p.get_content_type() for p in mail.iter_parts()], ["text/plain", "text/html"])
        text, rich = (p.get_content() for p in mail.iter_parts())
        link = re.search(r"https://\S+", text).group()
        self.assertRegex(link, r"^https://portal\.example\.com/connectorweb/Projects/reconnect\?account=[0-9a-f]{32}$")
        self.assertIn(link, rich)
        for part in (text, rich):
            self.assertIn("Riverside 1", part)
            self.assertIn("Riverside 2", part)
            self.assertIn("Opening the link changes nothing", part)
        self.assertEqual(len(head.split("\r\nDate: ")), 1 if head.startswith("Date: ") else 2)

    def test_addresses_beyond_ascii(self):
        self.up(tls=self.good)
        self.lose("sam")
        self.site.change("UPDATE person SET mail = 'zoë@firm.example' WHERE user_name = 'sam'")
        self.run_worker()
        self.assertEqual([m["to"] for m in self.mails()], [["zoë@firm.example"]])

    def test_digest(self):
        """Daily, to admins; it leads to a page to end it: no token in the link, no other firm's address."""
        self.up(tls=self.good)
        self.lose("sam")
        self.run_worker()
        self.site.change("INSERT INTO issue (connection_id, direction, code, message, remedy, first_at, last_at) WITH n (i) AS "
                         "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) SELECT 1, 'none', 'c' || i, "
                         "'Trouble ' || i || '.', 'Mend it.', i, i FROM n")
        self.site.move_clock(self.until_seven())
        self.run_worker()
        self.run_worker()
        digests = [m for m in self.mails("boss@firm.example") if m["subject"].startswith("Sync issues of")]
        self.assertEqual(len(digests), 1)
        self.assertEqual(self.mails("sam@firm.example")[1:], [m for m in self.mails("sam@firm.example")[1:]
                                                              if "Reminder" in m["subject"]])
        stop = "https://portal.example.com/connectorweb/Projects/digest"
        self.assertEqual(digests[0]["headers"]["List-Unsubscribe"], f"<{stop}>")
        self.assertIn(stop + "\r\n", digests[0]["text"])
        self.assertEqual(digests[0]["text"].count("Trouble"), 50)
        self.assertIn("and more; the list is on the portal", digests[0]["text"])
        self.assertLess(len(digests[0]["text"]), 10000)
        self.site.change("UPDATE person SET wants_digest = 0")
        self.site.move_clock(DAY)
        self.run_worker()
        self.assertEqual(len([m for m in self.mails() if m["subject"].startswith("Sync issues of")]), 1)

    def until_seven(self):
        """Seconds to the next digest_hour, local time of the worker's clock."""
        now = time.localtime(time.time() + self.site.offset)
        return (7 * HOUR - (now.tm_hour * HOUR + now.tm_min * 60 + now.tm_sec)) % DAY + 60


if __name__ == "__main__":
    harness.main()
