#!/usr/bin/python3
"""docs/npc-gateway.yaml before public validators from npm: the file itself, every exchange of the client (the sync
engine, through a recording relay) and every exchange of the stand-in (called by botocore), every operation from
both sides, and messages made wrong on purpose."""
import base64
import json
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "integ"))

import harness  # noqa: E402
import test_npc_contract  # noqa: E402
import test_npc_sandbox  # noqa: E402
import test_sync  # noqa: E402
from botocore.auth import SigV4Auth  # noqa: E402
from botocore.awsrequest import AWSRequest  # noqa: E402
from botocore.credentials import Credentials  # noqa: E402
from recorder import Recorder, exchange  # noqa: E402

PROJECT = test_sync.RIVERSIDE
SPEC = os.path.join(harness.TOP, "docs", "npc-gateway.yaml")
SEEN = {}  # side -> exchanges


class RelayedRig(harness.Rig):
    """Project Center's address is the relay's, for the client and in the stand-in's presigned addresses."""

    def __init__(self, folder, **more):
        super().__init__(folder, **more)
        self.relay = Recorder("npc.localhost", self.port, self.lay.ca)
        self.extra_config.update(npc_login_url=self.relay.url, npc_api_url=self.relay.url)

    def start(self, wait=True):
        self.relay.start()
        super().start(wait)

    def stop(self):
        killed = super().stop()
        self.relay.stop()
        return killed

    def _argv(self, part):
        argv = super()._argv(part)
        if part == "npc":
            argv[argv.index("--url") + 1] = self.relay.url
        return argv


class Client(test_sync.SyncCase):
    """What the engine sends, and what it is answered: a story that needs every call it can make."""

    rig_class = RelayedRig

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sign_in("lnakamura")
        SEEN["client"] = cls.rig.relay.exchanges

    def new(self, kind, title):
        files = [{"name": "sketch.pdf", "type": "application/pdf", "text": title}]
        if kind == "rfi":
            return self.new_rfi(PROJECT, "lnakamura", subject=title, files=files, due_date="2030-05-01")["id"]
        return self.contractor("create_submittal", {
            "project": self.projects[PROJECT]["procore"]["id"], "title": title, "section": "07 54 19",
            "description": "Data sheet", "steps": [[self.login("lnakamura")]], "files": files})["id"]

    def respond(self, kind, item_id):
        self.architect("respond", {
            "project": self.projects[PROJECT]["npc"]["id"], "item": self.item(PROJECT, item_id)["npc_id"],
            "person": self.people["lnakamura"]["mail"], "action": "Answered" if kind == "rfi" else "Approved",
            "text": "As drawn.", "file_name": "stamp.pdf", "file_base64": base64.b64encode(b"stamp").decode()})

    def test_lists(self):
        self.sql("INSERT INTO browse_list (account_id, kind, parent_id, wanted_at) VALUES (0, 'npc_project', 0, 1)")
        self.step("browse", 1)
        self.assertEqual(len(self.sql("SELECT 1 FROM browse_row")), len(self.projects))
        self.step("choices", self.connection(PROJECT))

    def test_there_and_back(self):
        for kind in ("rfi", "submittal"):
            one = self.new(kind, "Roof hatch")
            self.sync(PROJECT)
            self.contractor("edit", {kind: one, "subject" if kind == "rfi" else "title": "Roof hatch, north"})
            self.sync(PROJECT)
            self.respond(kind, one)
            self.sync(PROJECT)
            self.assertEqual(self.item(PROJECT, one)["state"], "answered")
            for verb in ("close", "reopen", "court"):
                self.contractor(verb, {kind: one, "people": [self.login("lnakamura")]})
                self.sync(PROJECT)
            self.assertEqual(self.item(PROJECT, one)["state"], "linked")

    def test_name_is_taken(self):
        """Somebody's item carries our name of it already: found and linked, not made again."""
        gateway = test_npc_sandbox.Gateway(self.rig)
        self.assertEqual(gateway.login().status, 200)
        npc = self.projects[PROJECT]["npc"]["id"]
        contact = gateway.call("GET", f"/v1/projects/{npc}/contacts", {"email": self.people["lnakamura"]["mail"]})
        for kind in ("rfi", "submittal"):
            one = self.new(kind, "Known there")
            there = gateway.call("POST", f"/v1/projects/{npc}/{kind}s", body={
                "idempotencyKey": "an earlier life " + kind, "externalId": f"procore-{kind}-{one}", "senderId": "1",
                "subject": "Known there", "body": "As before.", "receivedDate": "2026-11-20",
                "source": {"system": "Procore", "link": self.rig.url("procore", "/1")},
                "toContactIds": [contact.json()["items"][0]["id"]]})
            self.assertEqual(there.status, 201, there.text)
            self.sync(PROJECT)
            self.assertEqual(self.item(PROJECT, one)["npc_id"], there.json()["id"])


class StandIn(test_npc_contract.Contract):
    """The stand-in, called by botocore: every test of it again."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        SEEN["stand-in"] = []

    def setUp(self):
        super().setUp()
        inner = self.gw.http.request

        def request(method, url, data=None, headers=None):
            r = inner(method, url, data, headers)
            SEEN["stand-in"].append(exchange(method, url, headers or {}, data, r.status, dict(r.headers.items()), r.body))
            return r

        self.gw.http.request = request
        self.assertEqual(self.gw.login().status, 200)


class Validators(unittest.TestCase):
    """Runs last: what was recorded, before the validators."""

    def test_client_signs_like_botocore(self):
        secrets = {}  # of the sessions that were handed out
        signed = 0
        for x in SEEN["client"]:
            if x["url"].endswith("/v1/login"):
                v = json.loads(x["body"])
                secrets[v["accessKeyId"]] = Credentials(v["accessKeyId"], v["secretAccessKey"], v["sessionToken"])
                continue
            given = x["request_headers"].get("authorization")
            if given is None:
                self.assertIn("X-Amz-Signature=", x["url"])
                continue
            parts = dict(p.split("=", 1) for p in given.removeprefix("AWS4-HMAC-SHA256 ").replace(" ", "").split(","))
            key, _, region, service, _ = parts["Credential"].split("/")
            names = parts["SignedHeaders"].split(";")
            self.assertLessEqual({"host", "x-amz-date", "x-amz-security-token"}, set(names))
            req = AWSRequest(method=x["method"], url=x["url"], data=x["request_body"].encode(),
                             headers={n: x["request_headers"][n] for n in names})
            req.context["timestamp"] = x["request_headers"]["x-amz-date"]
            auth = SigV4Auth(secrets[key], service, region)
            signature = auth.signature(auth.string_to_sign(req, auth.canonical_request(req)), req)
            self.assertEqual(parts["Signature"], signature, x["url"])
            signed += 1
        print(f"{signed} signatures of the client are the ones that botocore makes", flush=True)
        self.assertGreater(signed, 50)

    def test_exchanges(self):
        with tempfile.TemporaryDirectory(prefix="cw-contract-") as folder:
            files = []
            for side in ("client", "stand-in"):
                files.append(os.path.join(folder, side + ".json"))
                with open(files[-1], "w", encoding="utf-8") as f:
                    json.dump({"side": side, "exchanges": SEEN[side]}, f)
            r = subprocess.run(["node", os.path.join(HERE, "contract.mjs"), SPEC, *files], cwd=HERE, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
        print(r.stdout, flush=True)
        self.assertEqual(r.returncode, 0, r.stdout)


if __name__ == "__main__":
    harness.main()
