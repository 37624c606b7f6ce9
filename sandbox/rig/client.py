"""A small HTTP client that behaves like one browser: TLS with the rig's CA, Basic sign-in per host,
cookies, forms. Names under .localhost are this machine, as in browsers."""
import base64
import html.parser
import http.client
import json
import socket
import ssl
import urllib.parse


class Response:
    def __init__(self, status, headers, body, url):
        self.status = status
        self.headers = headers  # http.client.HTTPMessage: case-insensitive
        self.body = body
        self.url = url

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def json(self):
        return json.loads(self.body)

    def page(self):
        return Page(self.text, self.url)

    def __repr__(self):
        return f"<{self.status} {self.url} {len(self.body)} bytes>"


class _Connection(http.client.HTTPSConnection):
    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.port), self.timeout)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # head and body go separately: no waiting for an ACK
        self.sock = self._context.wrap_socket(plain, server_hostname=self.host)


class Client:
    """One browser profile. `sign_in` maps host -> (name, password); it is sent to that host only."""

    def __init__(self, ca_file, sign_in=None, timeout=30):
        self.context = ssl.create_default_context(cafile=ca_file)
        self.sign_in = dict(sign_in or {})
        self.timeout = timeout
        self.cookies = {}  # host -> {name: value}
        self.trail = []    # every address asked for, in order

    def request(self, method, url, data=None, headers=None):
        """One exchange, no redirect followed. data: bytes, or a dict sent as a form, or a list (JSON)."""
        self.trail.append(url)
        u = urllib.parse.urlsplit(url)
        send = {"Host": u.netloc, "Accept": "*/*", "User-Agent": "connectorweb-rig"}
        body = data
        if isinstance(data, dict):
            body = urllib.parse.urlencode(data, doseq=True).encode()
            send["Content-Type"] = "application/x-www-form-urlencoded"
        if u.hostname in self.sign_in:
            pair = ":".join(self.sign_in[u.hostname]).encode()
            send["Authorization"] = "Basic " + base64.b64encode(pair).decode()
        jar = self.cookies.setdefault(u.hostname, {})
        if jar:
            send["Cookie"] = "; ".join(f"{k}={v}" for k, v in jar.items())
        send.update(headers or {})
        conn = _Connection(u.hostname, u.port or 443, timeout=self.timeout, context=self.context)
        try:
            target = (u.path or "/") + ("?" + u.query if u.query else "")
            conn.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in send.items():
                if value is not None:
                    conn.putheader(name, value)
            if body is not None or method in ("POST", "PUT", "PATCH"):
                conn.putheader("Content-Length", str(len(body or b"")))
            conn.endheaders(body)
            r = conn.getresponse()
            got = Response(r.status, r.headers, r.read(), url)
        finally:
            conn.close()
        self._keep_cookies(jar, got.headers.get_all("Set-Cookie") or [])
        return got

    @staticmethod
    def _keep_cookies(jar, lines):
        for line in lines:
            first, *rest = [p.strip() for p in line.split(";")]
            name, _, value = first.partition("=")
            gone = any(p.lower() in ("max-age=0", "max-age=-1") or
                       p.lower().startswith("expires=thu, 01 jan 1970") for p in rest)
            if gone:
                jar.pop(name, None)
            else:
                jar[name] = value

    def get(self, url, headers=None, follow=True):
        return self._follow(self.request("GET", url, headers=headers), follow)

    def post(self, url, data=None, headers=None, follow=True):
        return self._follow(self.request("POST", url, data if data is not None else {}, headers), follow)

    def json(self, method, url, value=None):
        data = None if value is None else json.dumps(value).encode()
        r = self.request(method, url, data, {"Content-Type": "application/json"})
        if r.status >= 300:
            raise RuntimeError(f"{method} {url}: {r.status} {r.text[:500]}")
        return r.json() if r.body.strip() else {}

    def _follow(self, r, follow):
        for _ in range(10):
            if not follow or r.status not in (301, 302, 303, 307, 308):
                return r
            r = self.request("GET", urllib.parse.urljoin(r.url, r.headers["Location"]))
        raise RuntimeError(f"{r.url}: more than ten redirects")

    def submit(self, page, form, values=None, follow=True):
        """Send a form of a Page as a browser would."""
        fields = [(k, v) for k, v in form.fields if k not in (values or {})]
        fields += list((values or {}).items())
        target = urllib.parse.urljoin(page.url, form.action)
        data = urllib.parse.urlencode(fields).encode()
        u = urllib.parse.urlsplit(page.url)
        if form.method == "get":
            return self.get(target.split("?")[0] + "?" + data.decode(), follow=follow)
        head = {"Content-Type": "application/x-www-form-urlencoded",
                "Origin": f"{u.scheme}://{u.netloc}",
                "Sec-Fetch-Site": "same-origin" if u.netloc == urllib.parse.urlsplit(target).netloc
                else "cross-site"}
        return self._follow(self.request("POST", target, data, head), follow)


class Form:
    def __init__(self, action, method, id_):
        self.action = action
        self.method = method
        self.id = id_
        self.fields = []   # (name, value) that are sent without a click
        self.kinds = {}    # name -> type of input
        self.buttons = []  # (name, value, text)


class Page(html.parser.HTMLParser):
    """Forms, links and visible text of a page."""

    def __init__(self, text, url):
        super().__init__()
        self.url = url
        self.forms = []
        self.links = []  # (href, text)
        self.refresh = None
        self.words = []
        self._form = None
        self._href = None
        self._text = None
        self._button = None
        self._select = None
        self._area = None
        self.feed(text)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        if tag == "form":
            self._form = Form(a.get("action") or self.url, (a.get("method") or "get").lower(), a.get("id"))
            self.forms.append(self._form)
        elif tag == "a" and "href" in a:
            self._href, self._text = a["href"], []
        elif tag == "meta" and (a.get("http-equiv") or "").lower() == "refresh":
            self.refresh = a.get("content", "").partition("url=")[2]
        if self._form is not None:
            self._field(tag, a)

    def _field(self, tag, a):
        kind = (a.get("type") or "text").lower()
        if tag == "input" and kind == "submit":
            self._form.buttons.append((a.get("name"), a.get("value", ""), a.get("value", "")))
        elif tag == "button":
            self._button, self._text = (a.get("name"), a.get("value", "")), []
        elif tag == "input" and "name" in a and "disabled" not in a:
            self._form.kinds[a["name"]] = kind
            if kind not in ("checkbox", "radio") or "checked" in a:
                self._form.fields.append((a["name"], a.get("value", "on" if kind == "checkbox" else "")))
        elif tag == "select" and "name" in a:
            self._select = [a["name"], None]
        elif tag == "option" and self._select:
            if self._select[1] is None or "selected" in a:
                self._select[1] = a.get("value", "")
        elif tag == "textarea" and "name" in a:
            self._area = [a["name"], ""]

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None
        elif tag == "a" and self._href is not None:
            self.links.append((self._href, " ".join("".join(self._text).split())))
            self._href = self._text = None
        elif tag == "button" and self._button and self._form is not None:
            self._form.buttons.append((*self._button, " ".join("".join(self._text).split())))
            self._button = self._text = None
        elif tag == "select" and self._select and self._form is not None:
            self._form.fields.append((self._select[0], self._select[1] or ""))
            self._select = None
        elif tag == "textarea" and self._area and self._form is not None:
            self._form.fields.append(tuple(self._area))
            self._area = None

    def handle_data(self, data):
        self.words.append(data)
        if self._text is not None:
            self._text.append(data)
        if self._area is not None:
            self._area[1] += data

    def form_with(self, *names, button=None):
        """The form that has all these fields, and a button with that text when given; None if there is none."""
        for form in self.forms:
            have = {k for k, _ in form.fields}
            if not set(names) <= have:
                continue
            if button is None or any(button.lower() in b[2].lower() for b in form.buttons):
                return form
        return None

    def link(self, text):
        for href, words in self.links:
            if text.lower() in words.lower():
                return urllib.parse.urljoin(self.url, href)
        return None
