#!/usr/bin/python3
"""The demo's mail catcher: keeps what it is sent, shows it without running it."""
import email.message
import smtplib
import ssl

import harness


class Catcher(harness.RigCase):
    options = {"parts": ("mail", "nginx")}

    def setUp(self):
        self.rig.clear_mails()
        self.client = self.rig.client()

    def send(self, subject, text, html=None, tls=False):
        m = email.message.EmailMessage()
        m["From"], m["To"], m["Subject"] = "connectorweb@example.com", "zoe@example.com", subject
        m["Message-ID"] = f"<{subject.encode().hex()}@example.com>"
        m.set_content(text)
        if html:
            m.add_alternative(html, subtype="html")
        with smtplib.SMTP(*self.rig.smtp.getsockname(), timeout=10) as s:
            if tls:
                s._host = "localhost"
                s.starttls(context=ssl.create_default_context(cafile=self.rig.lay.ca))
            s.send_message(m)

    def test_keeps_and_lists(self):
        self.send("First", "one\n")
        self.send("Zweite – für Zoë", "See https://portal.localhost/x?a=1&b=2.\n", "<p>Hello</p>", tls=True)
        mails = self.rig.mails()
        self.assertEqual([m["subject"] for m in mails], ["First", "Zweite – für Zoë"])
        self.assertEqual((mails[1]["to"], mails[1]["links"]), (["zoe@example.com"], ["https://portal.localhost/x?a=1&b=2"]))
        self.assertEqual(self.client.json("GET", self.rig.url("mail", "/api/mails")), mails)

    def test_pages(self):
        self.send("<b>Bold</b>", "Open https://portal.localhost/a?b=<c> now\n", "<script>alert(1)</script><p>Rich</p>")
        number = self.rig.mails()[0]["id"]
        inbox = self.client.get(self.rig.url("mail", "/")).page()
        self.assertIn("<b>Bold</b>", inbox.text)
        one = self.client.get(inbox.link("<b>Bold</b>"))
        self.assertIn('<a href="https://portal.localhost/a?b=">', one.text)
        self.assertIn('sandbox="allow-popups', one.text)
        self.assertNotIn("<script>", one.text)
        part = self.client.get(self.rig.url("mail", f"/mail/{number}/html"))
        self.assertIn("<p>Rich</p>", part.text)
        self.assertIn("default-src 'none'", part.headers["Content-Security-Policy"])
        self.assertNotIn("allow-scripts", part.headers["Content-Security-Policy"])
        self.assertIn("Message-ID:", self.client.get(self.rig.url("mail", f"/mail/{number}/source")).text)
        self.assertEqual(self.client.get(self.rig.url("mail", "/mail/999")).status, 404)

    def test_delete_all(self):
        self.send("Gone", "x\n")
        page = self.client.get(self.rig.url("mail", "/")).page()
        self.client.submit(page, page.form_with(button="Delete all"))
        self.assertEqual(self.rig.mails(), [])


if __name__ == "__main__":
    harness.main()
