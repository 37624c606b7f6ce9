#!/usr/bin/python3
"""The Project Center stand-in through nginx and TLS, with botocore as an independent signer."""
import base64
import datetime
import hashlib
import json
import os
import re
import sqlite3
import tempfile
import threading
import time
import unittest
import urllib.parse
from unittest import mock

import harness
from botocore.auth import S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from rig import Rig, load

UNRESERVED = "-_.~"
BYTES = {"Content-Type": "application/octet-stream"}


def query_text(pairs):
    """As the contract wants it: sorted, each k=v, RFC 3986."""
    return "&".join(f"{urllib.parse.quote(k, safe=UNRESERVED)}={urllib.parse.quote(str(v), safe=UNRESERVED)}"
                    for k, v in sorted(pairs.items()))


class Gateway:
    """A caller of the contract that signs with botocore."""

    def __init__(self, rig):
        self.rig, self.http, self.cred = rig, rig.client(), None

    def login(self, key=None, secret=None):
        pair = load("firm.json")["npc"]["access_keys"][0]
        body = json.dumps({"accessKey": key or pair["access_key"], "secret": secret or pair["secret"]})
        r = self.http.request("POST", self.rig.url("npc", "/v1/login"), body.encode(),
                              {"Content-Type": "application/json"})
        if r.status == 200:
            v = r.json()
            self.cred = Credentials(v["accessKeyId"], v["secretAccessKey"], v["sessionToken"])
        return r

    def signed(self, method, path, query=None, body=None, region="us-east-1", service="execute-api", headers=None):
        url = self.rig.url("npc", path) + ("?" + query_text(query) if query else "")
        data = json.dumps(body).encode() if body is not None else b""
        req = AWSRequest(method=method, url=url, data=data, headers=dict(headers or {}))
        if body is not None:
            req.headers["Content-Type"] = "application/json"
        SigV4Auth(self.cred, service, region).add_auth(req)
        return url, data, dict(req.headers.items())

    def call(self, method, path, query=None, body=None, **kw):
        url, data, headers = self.signed(method, path, query, body, **kw)
        return self.http.request(method, url, data if body is not None or method != "GET" else None, headers)


class NpcSandbox(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.TemporaryDirectory()
        cls.rig = Rig(cls.dir.name, parts=("npc", "nginx"))
        try:
            cls.rig.start()
        except BaseException:
            cls.rig.stop()
            raise

    @classmethod
    def tearDownClass(cls):
        killed = cls.rig.stop()
        findings = harness.log_findings(cls.rig)
        cls.dir.cleanup()
        assert not killed and not findings, (killed, findings)

    def setUp(self):
        self.control("reset")
        self.gw = Gateway(self.rig)
        self.assertEqual(self.gw.login().status, 200)
        self.projects = {p["npc"]["id"]: p for p in load("projects.json")["projects"]}
        self.pid = next(i for i, p in self.projects.items() if p["key"] == "riverside")
        self.path = f"/v1/projects/{self.pid}"

    def control(self, verb, value=None):
        r = self.rig.client().request("POST", self.rig.url("npc", f"/_control/{verb}"),
                                      json.dumps(value or {}).encode(), {"Content-Type": "application/json"})
        self.assertEqual(r.status, 200, r.text)
        return r

    def ok(self, status, *args, **kw):
        r = self.gw.call(*args, **kw)
        self.assertEqual(r.status, status, r.text)
        return r.json()

    def refused(self, status, code, *args, **kw):
        r = self.gw.call(*args, **kw)
        self.assertEqual((r.status, r.json()["error"]["code"]), (status, code), r.text)

    def contact(self, user="lnakamura"):
        mail = next(p["mail"] for p in load("people.json")["people"] if p["user"] == user)
        got = self.ok(200, "GET", self.path + "/contacts", {"email": mail.upper()})["items"]
        self.assertEqual(len(got), 1)
        return got[0]["id"]

    def new_item(self, n=1, **more):
        return {"idempotencyKey": f"create-{n:08d}", "externalId": f"procore:rfi:81000000000{n}", "senderId": f"00{n}",
                "subject": "Balkenauflager – C-4 / größe", "body": "As built 3/4 in.\n\nSee “SK-3”.",
                "from": {"name": "Nadia Soto", "email": "n.soto@briarwood.test", "company": "Briarwood Constructors"},
                "dueDate": "2026-12-01", "receivedDate": "2026-11-20", "toContactIds": [self.contact()],
                "specSection": {"number": "05 12 00", "description": "Structural Steel Framing"},
                "source": {"system": "Procore", "link": self.rig.url("procore", "/1/project/rfi/show/2")}, **more}

    def create(self, kind="rfis", n=1, **more):
        return self.ok(201, "POST", f"{self.path}/{kind}", body=self.new_item(n, **more))

    def upload(self, data, name="SK 3 – größe.pdf", key="upload-0001", **more):
        body = {"idempotencyKey": key, "name": name, "contentType": "application/pdf", "size": len(data),
                "sha256": hashlib.sha256(data).hexdigest(), **more}
        return self.gw.call("POST", self.path + "/uploads", body=body)

    # ---- sessions and signatures

    def test_login(self):
        r = self.gw.login()
        self.assertEqual(set(r.json()), {"accessKeyId", "secretAccessKey", "sessionToken", "expiration"})
        for key, secret in (("wrong", None), (None, "wrong")):
            r = self.gw.login(key, secret)
            self.assertEqual((r.status, r.json()["error"]["code"]), (401, "login_failed"))

    def test_projects_in_both_wrappers(self):
        got = self.ok(200, "GET", "/v1/projects")["items"]
        self.assertEqual({p["id"] for p in got}, set(self.projects))
        for p in got:
            npc = self.projects[p["id"]]["npc"]
            self.assertEqual((p["name"], p["number"], p["npcServer"]), (npc["name"], npc["number"], npc["server"]))
        self.control("wrapper", {"name": "projects"})
        self.assertEqual(len(self.ok(200, "GET", "/v1/projects")["projects"]), len(got))

    def test_every_part_is_signed(self):
        query = {"updatedSince": "2026-01-01T00:00:00.000Z", "limit": "5", "externalId": "ä/b c+d=e~f"}
        self.ok(200, "GET", self.path + "/rfis", query)
        url, _, headers = self.gw.signed("GET", self.path + "/rfis", query)

        def refused(method=None, at=None, code="signature_mismatch", drop=(), data=None, **change):
            h = {k: v for k, v in {**headers, **change}.items() if k not in drop}
            r = self.gw.http.request(method or "GET", at or url, data, h)
            self.assertEqual((r.status, r.json()["error"]["code"]), (403, code), r.text)

        self.assertEqual(self.gw.http.request("GET", url, None, headers).status, 200)
        refused(at=url.replace("limit=5", "limit=6"))
        refused(at=url.replace(self.pid, "521fca1c-e26c-5af5-93dc-0e3d9dc71961"))
        refused(method="POST", data=b"")
        refused(method="GET", data=b"{}")
        refused(code="signature_missing", drop=("Authorization",))
        refused(code="token_invalid", **{"X-Amz-Security-Token": "0" * 128})
        refused(code="signature_mismatch", **{"x-amz-content-sha256": "0" * 64})
        auth = headers["Authorization"]
        refused(Authorization=auth[:-1] + ("0" if auth[-1] != "0" else "1"))
        refused(Authorization=auth.replace("/us-east-1/", "/eu-west-1/"))
        refused(Authorization=re.sub(r"SignedHeaders=host;", "SignedHeaders=", auth))
        refused(code="token_invalid", Authorization=auth.replace("Credential=", "Credential=0"))
        for kw in ({"region": "eu-west-1"}, {"service": "s3"}):
            self.refused(403, "signature_mismatch", "GET", self.path, **kw)

    def test_clock_and_session_life(self):
        for off in (-3600, 3600):
            self.control("clock", {"offset_s": off})
            self.refused(403, "clock_skew", "GET", "/v1/projects")
        self.control("clock", {"offset_s": 240})
        self.ok(200, "GET", "/v1/projects")
        self.control("clock", {"offset_s": 0})
        self.control("expire_sessions")
        self.refused(403, "token_expired", "GET", "/v1/projects")
        self.control("session_life", {"seconds": 60})
        self.gw.login()
        self.ok(200, "GET", "/v1/projects")
        self.control("clock", {"offset_s": 61})
        self.refused(403, "token_expired", "GET", "/v1/projects")

    def test_paths_and_methods(self):
        self.refused(400, "bad_request", "GET", self.path.replace("-", "%2D", 1))
        self.refused(404, "not_found", "GET", "/v1/nothing")
        self.refused(404, "not_found", "GET", "/v1/projects/no-such/contacts")
        self.refused(405, "method_not_allowed", "DELETE", self.path + "/rfis")
        self.refused(400, "bad_request", "GET", self.path + "/rfis", {"limit": "201"})
        self.refused(400, "bad_request", "GET", self.path + "/rfis", {"updatedSince": "yesterday"})

    # ---- items

    def test_contacts(self):
        self.assertTrue(self.contact("zmueller"))
        self.assertEqual(self.ok(200, "GET", self.path + "/contacts", {"email": "nobody@example.test"})["items"], [])
        all_ids = {c["id"] for c in self.ok(200, "GET", self.path + "/contacts")["items"]}
        paged, nxt = set(), None
        while True:
            page = self.ok(200, "GET", self.path + "/contacts", {"limit": 2, **({"next": nxt} if nxt else {})})
            paged |= {c["id"] for c in page["items"]}
            nxt = page["next"]
            if nxt is None:
                break
        self.assertEqual(paged, all_ids)
        skjaer = next(i for i, p in self.projects.items() if p["key"] == "tidewater")
        got = self.ok(200, "GET", f"/v1/projects/{skjaer}/contacts", {"email": "s.kjaer.pe@example.net"})["items"]
        self.assertEqual(got[0]["name"], "Søren Kjær")
        foundry = next(i for i, p in self.projects.items() if p["key"] == "foundry")
        got = self.ok(200, "GET", f"/v1/projects/{foundry}/contacts", {"email": "s.kjaer.pe@example.net"})["items"]
        self.assertEqual(got, [])

    def test_create_is_idempotent(self):
        item = self.create()
        self.assertEqual((item["number"], item["status"], item["subject"]),
                         ("RFI-0032", "Open", "Balkenauflager – C-4 / größe"))
        self.assertEqual(self.ok(200, "POST", self.path + "/rfis", body=self.new_item())["id"], item["id"])
        self.refused(409, "idempotency_conflict", "POST", self.path + "/rfis", body=self.new_item(subject="other"))
        self.refused(409, "external_id_taken", "POST", self.path + "/rfis",
                     body=self.new_item(idempotencyKey="another-key"))
        found = self.ok(200, "GET", self.path + "/rfis", {"externalId": item["externalId"]})["items"]
        self.assertEqual([i["id"] for i in found], [item["id"]])
        self.assertEqual(self.ok(200, "GET", f"{self.path}/rfis/{item['id']}"), item)
        self.refused(404, "not_found", "GET", f"{self.path}/submittals/{item['id']}")

    def test_create_refuses(self):
        for change, status, code in (
                ({"idempotencyKey": "short"}, 400, "bad_request"), ({"externalId": ""}, 400, "bad_request"),
                ({"subject": None}, 400, "bad_request"), ({"dueDate": "soon"}, 400, "bad_request"),
                ({"toContactIds": []}, 400, "bad_request"), ({"toContactIds": ["ct-0"]}, 409, "unknown_contact"),
                ({"source": None}, 400, "bad_request"), ({"previousId": "it-0"}, 404, "not_found"),
                ({"from": {"email": "x"}}, 400, "bad_request")):
            self.refused(status, code, "POST", self.path + "/rfis", body=self.new_item(9, **change))
        self.assertEqual(self.ok(200, "GET", self.path + "/rfis", {"externalId": "procore:rfi:810000000009"})["items"], [])

    def test_revisions(self):
        first = self.create("submittals", 1, itemType="Shop Drawing")
        second = self.create("submittals", 2, previousId=first["id"])
        self.assertEqual((second["previousId"], second["number"]), (first["id"], "S-0114"))
        self.assertEqual(self.ok(200, "GET", f"{self.path}/submittals/{first['id']}")["nextId"], second["id"])

    def test_change_and_paging(self):
        items = [self.create(n=n) for n in range(1, 6)]
        self.ok(200, "PATCH", f"{self.path}/rfis/{items[0]['id']}",
                body={"dueDate": None, "subject": "New subject", "version": 1})
        got, nxt = [], None
        while True:
            page = self.ok(200, "GET", self.path + "/changes",
                           {"limit": 2, "updatedSince": items[0]["createdAt"], **({"next": nxt} if nxt else {})})
            got += page["items"]
            nxt = page["next"]
            if nxt is None:
                break
        self.assertEqual([g["id"] for g in got], [i["id"] for i in items[1:]] + [items[0]["id"]])
        stamps = [g["updatedAt"] for g in got]
        self.assertEqual(stamps, sorted(stamps))
        now = self.ok(200, "GET", f"{self.path}/rfis/{items[0]['id']}")
        self.assertEqual((now["dueDate"], now["subject"], now["body"], now["version"]),
                         (None, "New subject", items[0]["body"], 2))
        self.refused(409, "version_conflict", "PATCH", f"{self.path}/rfis/{now['id']}", body={"version": 1})

    def test_respond_and_close(self):
        item = self.create("submittals")
        at = f"{self.path}/submittals/{item['id']}"
        self.control("respond", {"item": item["id"], "person": "lnakamura", "action": "Approved as Noted",
                                 "text": "See mark-up.\nGrüße", "file_name": "mark-up.txt",
                                 "file_base64": base64.b64encode(b"1. noted\n").decode()})
        now = self.ok(200, "GET", at)
        self.assertEqual((now["status"], now["closedBy"], now["responseCount"], now["fileCount"]),
                         ("Closed", "respond_and_close", 1, 0))
        r = self.ok(200, "GET", at + "/responses")["items"][0]
        self.assertEqual((r["sequence"], r["action"], r["text"], r["closes"], r["responder"]["name"]),
                         (1, "Approved as Noted", "See mark-up.\nGrüße", True, "Lena Nakamura"))
        got = self.rig.client().request("GET", r["files"][0]["url"])
        self.assertEqual((got.status, got.body), (200, b"1. noted\n"))
        lists = {k["name"]: k["keywords"] for k in self.ok(200, "GET", self.path + "/keywords")["items"]}
        word = next(w for w in lists["Global UAC Submittal Action List"] if w["id"] == r["actionId"])
        self.assertEqual((word["name"], word["type"]), ("Approved as Noted", "Respond and Close"))
        self.refused(409, "item_closed", "PATCH", at, body={"subject": "late"})
        self.ok(200, "PATCH", at, body={"source": {**item["source"], "status": "Closed in Procore"}})
        self.assertEqual(self.ok(200, "POST", at + "/reopen", body={"reason": "reopened in Procore"})["status"], "Open")
        self.control("close", {"item": item["id"]})
        now = self.ok(200, "GET", at)
        self.assertEqual((now["closedBy"], now["responseCount"]), ("close", 1))

    def test_keyword_rename_keeps_old_answers(self):
        item = self.create("submittals")
        self.control("respond", {"item": item["id"], "person": "lnakamura", "action": "Approved", "text": "ok"})
        self.control("keyword_rename", {"from": "Approved", "to": "Reviewed"})
        r = self.ok(200, "GET", f"{self.path}/submittals/{item['id']}/responses")["items"][0]
        self.assertEqual(r["action"], "Approved")
        names = [w["name"] for k in self.ok(200, "GET", self.path + "/keywords")["items"] for w in k["keywords"]]
        self.assertIn("Reviewed", names)
        self.assertNotIn("Approved", names)

    # ---- files

    def test_files(self):
        item = self.create()
        at = f"{self.path}/rfis/{item['id']}/files"
        for n, data in enumerate((b"%PDF-1.4 small", os.urandom(3 * 1024 * 1024 + 17), b"")):
            r = self.upload(data, name=f"file {n}.pdf", key=f"upload-000{n}")
            self.assertEqual(r.status, 201, r.text)
            up = r.json()
            self.refused(409, "upload_incomplete", "POST", at, body={"uploadId": up["id"]})
            put = self.gw.http.request("PUT", up["url"], data, BYTES)
            self.assertEqual(put.status, 200, put.text)
            self.assertEqual(self.upload(data, name=f"file {n}.pdf", key=f"upload-000{n}").json()["state"], "received")
            self.ok(201, "POST", at, body={"uploadId": up["id"]})
            self.ok(200, "POST", at, body={"uploadId": up["id"]})
            meta = self.ok(200, "GET", f"{self.path}/files/{up['id']}")
            self.assertEqual((meta["size"], meta["sha256"]), (len(data), hashlib.sha256(data).hexdigest()))
            got = self.gw.http.request("GET", meta["url"])
            self.assertEqual((got.status, got.body == data), (200, True))
        self.assertEqual(self.ok(200, "GET", f"{self.path}/rfis/{item['id']}")["fileCount"], 3)

    def test_parts_of_a_file(self):
        """Both ways of handing out, from memory's size up and by the front, agree on ETags and ranges."""
        item = self.create()
        for data in (os.urandom(3000), os.urandom(9 * 1024 * 1024)):
            up = self.upload(data, key=f"parts-{len(data)}").json()
            self.assertEqual(self.gw.http.request("PUT", up["url"], data, BYTES).status, 200)
            self.ok(201, "POST", f"{self.path}/rfis/{item['id']}/files", body={"uploadId": up["id"]})
            url = self.ok(200, "GET", f"{self.path}/files/{up['id']}")["url"]

            def get(**headers):
                return self.gw.http.request("GET", url, None, {k.replace("_", "-"): v for k, v in headers.items()})

            whole = get()
            tag = whole.headers["ETag"]
            self.assertTrue(tag.startswith('"') and whole.body == data)
            part = get(Range="bytes=1000-", If_Range=tag)
            self.assertEqual((part.status, part.headers["ETag"], part.headers["Content-Range"], part.body == data[1000:]),
                             (206, tag, f"bytes 1000-{len(data) - 1}/{len(data)}", True))
            part = get(Range="bytes=10-19")
            self.assertEqual((part.status, part.body), (206, data[10:20]))
            other = get(Range="bytes=1000-", If_Range='"another"')
            self.assertEqual((other.status, other.body == data), (200, True))
            beyond = get(Range=f"bytes={len(data)}-", If_Range=tag)
            self.assertEqual((beyond.status, beyond.headers["Content-Range"]), (416, f"bytes */{len(data)}"))
            self.assertEqual(get(If_None_Match=tag).status, 304)

    def test_same_file_is_attached_once(self):
        item = self.create()
        ids = []
        for key in ("upload-0001", "upload-0002"):
            up = self.upload(b"same bytes", key=key).json()
            self.assertEqual(self.gw.http.request("PUT", up["url"], b"same bytes", BYTES).status, 200)
            ids.append(self.gw.call("POST", f"{self.path}/rfis/{item['id']}/files", body={"uploadId": up["id"]}).json()["id"])
        self.assertEqual(ids[0], ids[1])
        self.assertEqual(self.upload(b"same bytes", key="upload-0001").status, 200)

    def test_presigned_addresses(self):
        up = self.upload(b"right").json()

        def put(url, data=b"right", method="PUT", headers=None):
            r = self.gw.http.request(method, url, data, {**(BYTES if data else {}), **(headers or {})})
            return r.status, (r.json()["error"]["code"] if r.status >= 400 else "")

        self.assertEqual(put(up["url"], b"wrong"), (409, "upload_mismatch"))
        self.assertEqual(put(up["url"].replace(up["id"], "fl-0")), (403, "signature_mismatch"))
        self.assertEqual(put(up["url"][:-1] + ("0" if up["url"][-1] != "0" else "1")), (403, "signature_mismatch"))
        self.assertEqual(put(up["url"], None, "GET"), (403, "signature_mismatch"))
        self.assertEqual(put(up["url"].split("?")[0]), (403, "signature_missing"))
        self.assertEqual(put(up["url"], headers={"Authorization": "Bearer x"}), (400, "bad_request"))
        self.control("clock", {"offset_s": 901})
        self.assertEqual(put(up["url"]), (403, "url_expired"))
        self.control("clock", {"offset_s": 0})
        self.assertEqual(put(up["url"]), (200, ""))

    def test_presigned_as_botocore_does(self):
        """The stand-in's presigned address is, byte for byte in its signature, the one that botocore makes."""
        up = self.upload(b"x").json()
        q = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(up["url"]).query))
        db = sqlite3.connect(f"file:{self.rig.lay.path('npc', 'npc.db')}?mode=ro", uri=True)
        (key,) = db.execute("SELECT value FROM setting WHERE name = 'storage_key'").fetchone()
        db.close()
        at = datetime.datetime.strptime(q["X-Amz-Date"], "%Y%m%dT%H%M%SZ")
        cred = Credentials(q["X-Amz-Credential"].split("/")[0], key)
        req = AWSRequest(method="PUT", url=up["url"].split("?")[0])
        with mock.patch("botocore.auth.datetime") as clock:
            clock.datetime.utcnow.return_value = at
            S3SigV4QueryAuth(cred, "s3", "us-east-1", expires=int(q["X-Amz-Expires"])).add_auth(req)
        self.assertEqual(dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(req.url).query)), q)

    # ---- faults

    def test_status_fault(self):
        self.control("status", {"prefix": "/v1/projects", "status": 429, "times": 2, "retry_after": 7})
        for _ in range(2):
            r = self.gw.call("GET", "/v1/projects")
            self.assertEqual((r.status, r.headers["Retry-After"]), (429, "7"))
        self.ok(200, "GET", "/v1/projects")

    def test_lost_answer_does_the_work(self):
        self.control("lost_answer", {"prefix": self.path + "/rfis", "method": "POST"})
        with self.assertRaises(OSError):
            self.gw.call("POST", self.path + "/rfis", body=self.new_item())
        found = self.ok(200, "GET", self.path + "/rfis", {"externalId": self.new_item()["externalId"]})["items"]
        self.assertEqual(len(found), 1)
        self.assertEqual(self.ok(200, "POST", self.path + "/rfis", body=self.new_item())["id"], found[0]["id"])

    def test_cut_body(self):
        self.control("cut_body", {"prefix": "/v1/projects"})
        with self.assertRaises(Exception) as caught:
            self.gw.call("GET", "/v1/projects")
        self.assertEqual(type(caught.exception).__name__, "IncompleteRead")
        self.ok(200, "GET", "/v1/projects")

    def test_slow_blocks_nobody_else(self):
        self.control("slow", {"prefix": "/v1/projects", "ms": 1500})
        took = []

        def slow():
            start = time.monotonic()
            self.gw.call("GET", "/v1/projects")
            took.append(time.monotonic() - start)

        t = threading.Thread(target=slow)
        t.start()
        self.rig.wait_for("the slow call to begin", lambda: not self.state()["faults"], pause=0.02)
        start = time.monotonic()
        self.rig.client().request("GET", self.rig.url("npc", "/"))
        quick = time.monotonic() - start
        t.join()
        self.assertGreater(took[0], 1.4)
        self.assertLess(quick, took[0])

    def state(self, query=""):
        return self.rig.client().request("GET", self.rig.url("npc", "/_control/state") + query).json()

    def test_state_and_calls(self):
        item = self.create()
        state = self.state("?project=riverside")
        self.assertEqual(len(state["projects"]), 1)
        self.assertIn(item["id"], [i["id"] for i in state["projects"][0]["items"]])
        calls = self.rig.client().request("GET", self.rig.url("npc", "/_control/calls")).json()["calls"]
        self.assertEqual((calls[0]["method"], calls[0]["path"], calls[0]["status"]), ("POST", self.path + "/rfis", 201))

    def test_contact_verbs(self):
        me = {"project": "riverside", "email": "lena.nakamura@harlowfinch.example.com"}
        self.control("contact_remove", me)
        self.assertEqual(self.ok(200, "GET", self.path + "/contacts", {"email": me["email"]})["items"], [])
        self.control("contact_add", me)
        self.assertEqual(self.ok(200, "GET", self.path + "/contacts", {"email": me["email"]})["items"][0]["name"],
                         "Lena Nakamura")

    def test_control_refuses_other_sites(self):
        r = self.rig.client().request("POST", self.rig.url("npc", "/_control/reset"), b"{}",
                                      {"Content-Type": "application/json", "Sec-Fetch-Site": "cross-site"})
        self.assertEqual(r.status, 403)

    # ---- pages

    def form(self, path, fields, file=None):
        mark = "----rehearsal"
        body = b""
        for k, v in fields.items():
            body += f'--{mark}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode()
        if file:
            body += (f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{file[0]}"\r\n'
                     f"Content-Type: application/pdf\r\n\r\n").encode() + file[1] + b"\r\n"
        body += f"--{mark}--\r\n".encode()
        return self.rig.client().request("POST", self.rig.url("npc", path), body,
                                         {"Content-Type": f"multipart/form-data; boundary={mark}"})

    def get(self, path):
        r = self.rig.client().request("GET", self.rig.url("npc", path))
        self.assertEqual(r.status, 200, r.text)
        return r

    def test_pages_play_the_architect(self):
        self.assertIn("Riverside Community Health Center", self.get("/").text)
        item = self.create(subject="<b>Größe & \"Lage\"</b>")
        self.assertIn(item["number"], self.get(f"/projects/{self.pid}").text)
        page = self.get(f"/items/{item['id']}").text
        self.assertIn("&lt;b&gt;Größe &amp;", page)
        self.assertNotIn("<b>", page)
        people = re.search(r'<select name="person">(.*?)</select>', page, re.S).group(1)
        self.assertTrue(people.strip().startswith(f'<option value="{self.contact()}"'), people)
        self.assertNotIn("briarwood.test", people)
        action = re.search(r'value="(kw-\d+)"[^>]*>Answered', page).group(1)
        data = os.urandom(200000)
        r = self.form(f"/items/{item['id']}/respond", {"person": self.contact(), "action": action, "text": "Use 1 in."},
                      ("reply ä.pdf", data))
        self.assertEqual((r.status, r.headers["Location"]), (303, f"/items/{item['id']}"), r.text)
        answer = self.ok(200, "GET", f"{self.path}/rfis/{item['id']}/responses")["items"][0]
        self.assertEqual((answer["text"], answer["action"], answer["files"][0]["name"]),
                         ("Use 1 in.", "Answered", "reply ä.pdf"))
        self.assertEqual(self.get(f"/download/{answer['files'][0]['id']}").body, data)
        again = self.form(f"/items/{item['id']}/respond", {"person": self.contact(), "action": action, "text": "x"})
        self.assertEqual(again.status, 400)
        self.assertIn("the item is closed", again.text)
        self.assertEqual(self.form(f"/items/{item['id']}/reopen", {}).status, 303)
        self.assertEqual(self.form(f"/items/{item['id']}/remarks", {"remarks": "check grid"}).status, 303)
        self.assertEqual(self.form(f"/items/{item['id']}/close", {}).status, 303)
        now = self.ok(200, "GET", f"{self.path}/rfis/{item['id']}")
        self.assertEqual((now["status"], now["closedBy"], now["remarks"]), ("Closed", "close", "check grid"))

    def test_pages_for_contacts_and_control(self):
        self.assertEqual(self.form(f"/projects/{self.pid}/contact-add",
                                   {"name": "Ana", "email": "ana@example.test", "company": "X"}).status, 303)
        self.assertIn("ana@example.test", self.get(f"/projects/{self.pid}").text)
        self.assertEqual(self.form(f"/projects/{self.pid}/contact-remove", {"email": "ana@example.test"}).status, 303)
        self.assertNotIn("ana@example.test", self.get(f"/projects/{self.pid}").text)
        self.assertEqual(self.form("/_control/slow", {"ms": "20", "prefix": "/v1/", "times": "1"}).status, 303)
        self.assertIn("delay 20 ms", self.get("/_control").text)
        bad = self.form("/_control/slow", {"ms": "many"})
        self.assertEqual(bad.status, 400)
        self.assertIn("ms must be a whole number", bad.text)
        r = self.rig.client().request("POST", self.rig.url("npc", "/_control/clock"), {"offset_s": "0"})
        self.assertEqual(r.status, 303)
        self.assertEqual(self.rig.client().request("GET", self.rig.url("npc", "/nothing")).status, 404)


if __name__ == "__main__":
    harness.main()
