#!/usr/bin/python3
"""docs/npc-gateway.yaml against the stand-in: every exchange of test_npc_sandbox.py again, each request and each
answer checked by a public JSON Schema validator, and at the end every documented operation has been seen."""
import json
import os
import re
import urllib.parse

import harness
import jsonschema
import test_npc_sandbox
import yaml

with open(os.path.join(harness.TOP, "docs", "npc-gateway.yaml"), encoding="utf-8") as text:
    SPEC = yaml.safe_load(text)
METHODS = ("get", "post", "put", "patch", "delete")


def at(ref):
    node = SPEC
    for part in ref.removeprefix("#/").split("/"):
        node = node[part]
    return node


def plain(schema, strict):
    """An OpenAPI 3.0 schema as JSON Schema: references resolved, `nullable` spelled out; strict: no member more."""
    if "$ref" in schema:
        return plain(at(schema["$ref"]), strict)
    out = {k: v for k, v in schema.items() if k not in ("nullable", "description", "default")}
    for key in ("allOf", "oneOf"):
        if key in out:
            out[key] = [plain(s, strict) for s in out[key]]
    if "items" in out:
        out["items"] = plain(out["items"], strict)
    if "properties" in out:
        out["properties"] = {k: plain(v, strict) for k, v in out["properties"].items()}
        if strict:
            out["additionalProperties"] = False
    return {"anyOf": [out, {"type": "null"}]} if schema.get("nullable") else out


def valid(value, schema, strict=False):
    checker = jsonschema.FormatChecker()
    jsonschema.Draft4Validator(plain(schema, strict), format_checker=checker).validate(value)
    stamps(value)


def stamps(value):
    """Times are UTC with milliseconds (the validator alone does not know)."""
    for k, v in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if isinstance(k, str) and k.endswith(("At", "expiration")) and v is not None:
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", v), (k, v)
        stamps(v)


def operation(method, path):
    for pattern, item in SPEC["paths"].items():
        if method.lower() in item and re.fullmatch(re.sub(r"\{\w+\}", "[A-Za-z0-9-]+", pattern), path):
            return item[method.lower()]
    return None


def checked(seen, method, url, data, headers, r):
    u = urllib.parse.urlsplit(url)
    op = operation(method, u.path)
    if not u.path.startswith(("/v1/", "/files/")) or op is None:
        assert op is None or r.status >= 400 or not u.path.startswith("/v1/"), f"{method} {u.path} is not documented"
        return
    answer = op["responses"].get(str(r.status))
    assert answer is not None, f"{op['operationId']} answers {r.status}, which is not documented: {r.text}"
    answer = at(answer["$ref"]) if "$ref" in answer else answer
    content = answer.get("content", {})
    if "application/json" in content:
        assert r.headers["Content-Type"] == "application/json", r.headers["Content-Type"]
        valid(r.json(), content["application/json"]["schema"], strict=True)
    if r.status < 300:
        seen.add((op["operationId"], r.status))
        names = {(at(p["$ref"]) if "$ref" in p else p)["name"] for p in op.get("parameters", [])}
        given = {k for k, _ in urllib.parse.parse_qsl(u.query)}
        assert given <= names, f"{op['operationId']}: {given - names} are not documented"
        body = op.get("requestBody", {}).get("content", {}).get("application/json")
        if body:
            valid(json.loads(data), body["schema"])


class Contract(test_npc_sandbox.NpcSandbox):
    seen = set()

    def setUp(self):
        super().setUp()
        inner = self.gw.http.request

        def request(method, url, data=None, headers=None):
            r = inner(method, url, data, headers)
            checked(self.seen, method, url, data, headers, r)
            return r

        self.gw.http.request = request
        self.assertEqual(self.gw.login().status, 200)

    def test_each_operation_of_both_kinds(self):
        self.ok(200, "GET", self.path + "/keywords")
        for kind in ("rfis", "submittals"):
            item = self.create(kind, externalId=kind, idempotencyKey="create-" + kind)
            where = f"{self.path}/{kind}/{item['id']}"
            self.ok(200, "POST", f"{self.path}/{kind}",
                    body=self.new_item(externalId=kind, idempotencyKey="create-" + kind))
            self.assertEqual(len(self.ok(200, "GET", f"{self.path}/{kind}", {"number": item["number"]})["items"]), 1)
            self.ok(200, "GET", where)
            self.ok(200, "PATCH", where, body={"from": None, "specSection": None, "itemType": None})
            up = self.upload(b"bytes", key="upload-" + kind).json()
            self.assertEqual(self.gw.http.request("PUT", up["url"], b"bytes", test_npc_sandbox.BYTES).status, 200)
            for status in (201, 200):
                self.ok(status, "POST", where + "/files", body={"uploadId": up["id"]})
            url = self.ok(200, "GET", f"{self.path}/files/{up['id']}")["url"]
            self.assertEqual(self.gw.http.request("GET", url).body, b"bytes")
            self.control("respond", {"item": item["id"], "person": "lnakamura", "text": "done",
                                     "action": "Answered" if kind == "rfis" else "No Exceptions"})
            self.assertEqual(len(self.ok(200, "GET", where + "/responses")["items"]), 1)
            self.ok(200, "POST", where + "/reopen", body={"reason": "again"})

    def test_zz_every_operation_was_seen(self):
        documented = {(op["operationId"], int(status)) for item in SPEC["paths"].values()
                      for method, op in item.items() if method in METHODS
                      for status in op["responses"] if status.startswith("2")}
        self.assertEqual(documented - self.seen, set())

    def test_our_own_parts_say_so(self):
        for path, item in SPEC["paths"].items():
            for method, op in item.items():
                if method in METHODS:
                    public = path in ("/v1/login", "/v1/projects") and method in ("get", "post")
                    self.assertEqual((op["x-origin"], op["x-confirmed"]),
                                     ("public", True) if public else ("ours", False), op["operationId"])


if __name__ == "__main__":
    harness.main()
