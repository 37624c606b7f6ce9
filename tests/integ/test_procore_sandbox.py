#!/usr/bin/python3
"""The Procore stand-in behaves as Procore is documented and was seen to behave (sandbox/README.md)."""
import base64
import hashlib
import http.client
import http.server
import json
import os
import ssl
import threading
import time
import urllib.parse

import harness
from rig import load

COMPANIES = {c["key"]: c for c in load("companies.json")["companies"]}
PROJECTS = {p["key"]: p for p in load("projects.json")["projects"]}
PEOPLE = {p["user"]: p["procore"] for p in load("people.json")["people"] if p["procore"]}
for _c in COMPANIES.values():
    PEOPLE.update({p["key"]: p["procore"] for p in _c["people"]})
APP = load("firm.json")["procore_app"]


def project_id(key):
    return PROJECTS[key]["procore"]["id"]


def company_id(key):
    return COMPANIES[PROJECTS[key]["procore"]["company"]]["id"]


class Tools(harness.RigCase):
    """What all cases share."""

    def setUp(self):
        self.control("reset")
        self.browser = self.rig.client()

    # ---- tools

    def control(self, verb, **value):
        return self.rig.control("procore", verb, value)

    def state(self, what, **query):
        q = urllib.parse.urlencode({"what": what, **query})
        return self.browser.get(self.rig.url("procore", f"/_control/state?{q}")).json()[what]

    def grant(self, user):
        return self.control("grant", person=PEOPLE[user]["login"])

    def api(self, who, method, path, value=None, project="riverside", headers=None, data=None, company=True):
        """A REST call with someone's token; who is a user or a token."""
        token = self.grant(who)["access_token"] if who in PEOPLE else who
        head = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
        if company:
            head["Procore-Company-Id"] = str(company_id(project))
        head.update(headers or {})
        if value is not None:
            data = json.dumps(value).encode()
        return self.browser.request(method, self.rig.url("procore", path), data, head)

    def rfis(self, key, rest=""):
        return f"/rest/v1.0/projects/{project_id(key)}/rfis{rest}"

    def subs(self, key, rest=""):
        return f"/rest/v1.1/projects/{project_id(key)}/submittals{rest}"

    def token(self, kind="json", **fields):
        fields = {"client_id": APP["client_id"], "client_secret": APP["client_secret"], **fields}
        url = self.rig.url("procore", "/oauth/token")
        if kind == "json":
            return self.browser.request("POST", url, json.dumps(fields).encode(), {"Content-Type": "application/json"})
        if kind == "form":
            return self.browser.request("POST", url, urllib.parse.urlencode(fields).encode(),
                                        {"Content-Type": "application/x-www-form-urlencoded"})
        body, ctype = multipart(list(fields.items()))
        return self.browser.request("POST", url, body, {"Content-Type": ctype})

    def refresh(self, token, kind="form"):
        return self.token(kind, grant_type="refresh_token", refresh_token=token)

    def redirect_uri(self):
        return self.rig.url("portal", APP["redirect_path"])

    def authorize_url(self, **more):
        query = {"response_type": "code", "client_id": APP["client_id"], "redirect_uri": self.redirect_uri(),
                 "state": "abc123", **more}
        return self.rig.url("procore", "/oauth/authorize?" + urllib.parse.urlencode(query))

    def sign_in(self, client, user, response):
        page = response.page()
        form = page.form_with("login", "password")
        self.assertIsNotNone(form, page.text[:300])
        return client.submit(page, form, {"login": PEOPLE[user]["login"], "password": PEOPLE[user]["password"]})

    def decide(self, client, response, decision="allow"):
        page = response.page()
        form = page.form_with("redirect_uri")
        self.assertIsNotNone(form, page.text[:300])
        return client.submit(page, form, {"decision": decision}, follow=False)

    def code(self, user, client=None, **more):
        client = client or self.rig.client()
        r = client.get(self.authorize_url(**more))
        if "login" in r.url.split("?")[0]:
            r = self.sign_in(client, user, r)
        r = self.decide(client, r)
        self.assertEqual(r.status, 302)
        self.assertTrue(r.headers["Location"].startswith(self.redirect_uri() + "?"))
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(r.headers["Location"]).query))


class Procore(Tools):
    options = {"parts": ("procore", "nginx"), "counts": {"procore": 3}}

    # ---- OAuth

    def test_code_flow_with_pkce_and_state(self):
        verifier = "v" * 43
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        got = self.code("lnakamura", code_challenge=challenge, code_challenge_method="S256")
        self.assertEqual(got["state"], "abc123")
        wrong = self.token(grant_type="authorization_code", code=got["code"], redirect_uri=self.redirect_uri(),
                           code_verifier="x" * 43)
        self.assertEqual((wrong.status, wrong.json()["error"]), (401, "invalid_grant"))
        got = self.code("lnakamura", code_challenge=challenge, code_challenge_method="S256")
        r = self.token("multipart", grant_type="authorization_code", code=got["code"],
                       redirect_uri=self.redirect_uri(), code_verifier=verifier)
        self.assertEqual(r.status, 200, r.text)
        pair = r.json()
        self.assertEqual(pair["expires_in"], 5400)
        self.assertEqual(len(pair["refresh_token"]), 64)
        self.assertTrue(700 < len(pair["access_token"]) < 2048)
        me = self.api(pair["access_token"], "GET", "/rest/v1.0/me", company=False).json()
        self.assertEqual(me, {"id": PEOPLE["lnakamura"]["user_id"], "login": PEOPLE["lnakamura"]["login"], "name": None})
        again = self.token(grant_type="authorization_code", code=got["code"], redirect_uri=self.redirect_uri(),
                           code_verifier=verifier)
        self.assertEqual(again.json()["error"], "invalid_grant", "codes work once")
        info = self.api(pair["access_token"], "GET", "/oauth/token/info", company=False).json()
        self.assertEqual(info["resource_owner_id"], PEOPLE["lnakamura"]["user_id"])
        self.assertEqual(info["application"]["uid"], APP["client_id"])

    def test_code_lives_ten_minutes(self):
        got = self.code("lnakamura")
        try:
            self.rig.move_clock(601)
            r = self.token(grant_type="authorization_code", code=got["code"], redirect_uri=self.redirect_uri())
        finally:
            self.rig.move_clock(0)
        self.assertEqual(r.json()["error"], "invalid_grant")

    def test_wrong_redirect_and_unknown_client_stay_on_the_page(self):
        for more in ({"redirect_uri": self.redirect_uri() + "/"}, {"client_id": "nobody"}):
            r = self.browser.get(self.authorize_url(**more), follow=False)
            self.assertEqual(r.status, 401)
            self.assertNotIn("Location", r.headers)
        got = self.code("lnakamura")
        r = self.token(grant_type="authorization_code", code=got["code"], redirect_uri="https://elsewhere.test/")
        self.assertEqual(r.json()["error"], "invalid_grant")

    def test_session_remembers_and_sign_out_forgets(self):
        client = self.rig.client()
        self.code("lnakamura", client)
        r = client.get(self.authorize_url())
        self.assertIn(PEOPLE["lnakamura"]["login"], r.page().text, "the wrong-account trap: no sign-in page")
        client.get(self.rig.url("procore", "/sign_out"))
        self.assertIsNotNone(client.get(self.authorize_url()).page().form_with("login", "password"))

    def test_wrong_password_and_denial(self):
        client = self.rig.client()
        r = client.get(self.authorize_url())
        page = r.page()
        form = page.form_with("login", "password")
        r = client.submit(page, form, {"login": PEOPLE["zmueller"]["login"], "password": "wrong"})
        self.assertEqual(r.status, 401)
        r = self.decide(client, self.sign_in(client, "zmueller", r), "deny")
        self.assertEqual(dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(r.headers["Location"]).query)),
                         {"error": "access_denied", "state": "abc123"})

    def test_identity_provider_hop(self):
        self.control("idp", person=PEOPLE["zmueller"]["login"], on=True)
        client = self.rig.client()
        r = self.sign_in(client, "zmueller", client.get(self.authorize_url()))
        self.assertTrue(r.url.startswith(self.rig.url("idp", "/login")), r.url)
        page = r.page()
        r = client.submit(page, page.forms[-1])
        self.assertTrue(r.url.startswith(self.rig.url("procore", "/oauth/authorize")), r.url)
        self.assertEqual(self.decide(client, r).status, 302)
        forged = self.rig.url("procore", "/sso/ticket?login=x&at=1&sig=00&return_to=/")
        self.assertEqual(client.get(forged).status, 403)

    def test_return_address_stays_on_the_host(self):
        client = self.rig.client()
        r = client.get(self.rig.url("procore", "/login?return_to=%2F%2Fevil.test%2F"))
        page = r.page()
        form = page.form_with("login", "password")
        r = client.submit(page, form, {"login": PEOPLE["zmueller"]["login"],
                                       "password": PEOPLE["zmueller"]["password"]}, follow=False)
        self.assertEqual(r.headers["Location"], "/")

    def test_refresh_rotates_and_works_once(self):
        first = self.grant("lnakamura")
        second = self.refresh(first["refresh_token"])
        self.assertEqual(second.status, 200)
        self.assertNotEqual(second.json()["refresh_token"], first["refresh_token"])
        r = self.refresh(first["refresh_token"])
        self.assertEqual((r.status, r.json()["error"]), (401, "invalid_grant"))
        self.control("invalid_grant_status", status=400)
        self.assertEqual(self.refresh(first["refresh_token"]).status, 400)
        self.assertEqual(self.api(second.json()["access_token"], "GET", "/rest/v1.0/me").status, 200)
        self.assertEqual(self.refresh(second.json()["refresh_token"]).status, 200)

    def test_strict_reuse_kills_the_live_pair(self):
        self.control("strict_reuse", on=True)
        first = self.grant("lnakamura")
        second = self.refresh(first["refresh_token"]).json()
        self.assertEqual(self.refresh(first["refresh_token"]).json()["error"], "invalid_grant")
        self.assertEqual(self.api(second["access_token"], "GET", "/rest/v1.0/me").status, 401)
        self.assertEqual(self.refresh(second["refresh_token"]).json()["error"], "invalid_grant")

    def test_lost_refresh_answer_spends_the_token(self):
        pair = self.grant("lnakamura")
        self.control("lost_answer", what="refresh", times=1)
        with self.assertRaises((http.client.RemoteDisconnected, ConnectionError, OSError)):
            self.refresh(pair["refresh_token"])
        self.assertEqual(self.refresh(pair["refresh_token"]).json()["error"], "invalid_grant")
        self.assertEqual(self.api(pair["access_token"], "GET", "/rest/v1.0/me").status, 200)
        self.assertEqual(self.state("calls", prefix="/oauth/token")[-2]["note"], "lost_answer refresh_token")

    def test_fault_for_one_person_only(self):
        a, b = self.grant("lnakamura"), self.grant("zmueller")
        self.control("status", what="refresh", status=503, times=1, person=PEOPLE["lnakamura"]["login"])
        self.assertEqual(self.refresh(b["refresh_token"]).status, 200)
        r = self.refresh(a["refresh_token"])
        self.assertEqual((r.status, r.headers["Retry-After"]), (503, "5"))
        self.assertEqual(self.refresh(a["refresh_token"]).status, 200, "answered instead of working: not spent")
        c = self.grant("lnakamura")
        self.control("status", what="refresh", status=500, body="<h1>Oops</h1>", after=True)
        self.assertEqual(self.refresh(c["refresh_token"]).status, 500)
        self.assertEqual(self.refresh(c["refresh_token"]).json()["error"], "invalid_grant", "spent by a 500")

    def test_revoke_expire_and_secret(self):
        pair = self.grant("lnakamura")
        self.control("expire", person=PEOPLE["lnakamura"]["login"])
        r = self.api(pair["access_token"], "GET", "/rest/v1.0/me")
        self.assertEqual(r.status, 401)
        self.assertIn("expired", r.headers["WWW-Authenticate"])
        pair = self.refresh(pair["refresh_token"]).json()
        body = {"token": pair["access_token"], "client_id": APP["client_id"], "client_secret": APP["client_secret"]}
        r = self.browser.json("POST", self.rig.url("procore", "/oauth/revoke"), body)
        self.assertEqual(r, {})
        self.assertEqual(self.api(pair["access_token"], "GET", "/rest/v1.0/me").status, 401)
        self.assertEqual(self.refresh(pair["refresh_token"]).json()["error"], "invalid_grant")
        self.assertEqual(self.browser.json("POST", self.rig.url("procore", "/oauth/revoke"), {**body, "token": "?"}), {})
        pair = self.grant("lnakamura")
        self.control("secret_reset")
        r = self.refresh(pair["refresh_token"])
        self.assertEqual((r.status, r.json()["error"]), (401, "invalid_client"))

    def test_person_revokes_on_the_page(self):
        pair = self.grant("lnakamura")
        client = self.rig.client()
        self.sign_in(client, "lnakamura", client.get(self.rig.url("procore", "/connected_apps")))
        page = client.get(self.rig.url("procore", "/connected_apps")).page()
        r = client.submit(page, page.form_with("client_id", button="Revoke"))
        self.assertIn("None.", r.page().text)
        self.assertEqual(self.refresh(pair["refresh_token"]).json()["error"], "invalid_grant")

    def test_company_admin_disconnects_the_app(self):
        token = self.grant("lnakamura")["access_token"]
        client = self.rig.client()
        url = self.rig.url("procore", f"/app_management?company={company_id('riverside')}")
        self.sign_in(client, "bw-ovance", client.get(url))
        page = client.get(url).page()
        client.submit(page, page.form_with("client_id", button="Disconnect"), {"do": "disconnect"})
        r = self.api(token, "GET", self.rfis("riverside"))
        self.assertEqual((r.status, r.json()), (403, {"errors": ["App is not connected to this company."]}))
        self.assertEqual(self.api(token, "GET", "/rest/v1.0/me", company=False).status, 200)
        self.assertEqual(self.api(token, "GET", "/rest/v1.0/companies", company=False).status, 200)
        self.assertEqual(self.api(token, "GET", "/rest/v1.0/me").status, 200, "the header changes nothing here")
        self.control("settings", disconnected_status=401)
        self.assertEqual(self.api(token, "GET", self.rfis("riverside")).status, 401, "as others saw it")
        other = self.rig.client()
        self.sign_in(other, "lnakamura", other.get(url))
        self.assertEqual(other.get(url).status, 403)

    # ---- REST

    def test_company_header_and_visibility(self):
        token = self.grant("zmueller")["access_token"]
        r = self.api(token, "GET", self.rfis("riverside"), company=False)
        self.assertEqual(r.status, 400)
        self.assertIn("Missing Procore-Company-Id header!", r.text)
        self.assertEqual(self.api(token, "GET", self.rfis("riverside")).status, 200)
        self.assertEqual(self.api(token, "GET", self.rfis("eastwick")).status, 404, "not in that project")
        self.control("settings", hidden_status=403)
        self.assertEqual(self.api(token, "GET", self.rfis("eastwick")).status, 403)
        self.control("permission", person=PEOPLE["zmueller"]["login"], project=project_id("riverside"), tool="rfis",
                     level="None")
        self.assertEqual(self.api(token, "GET", self.rfis("riverside")).status, 403)
        self.assertEqual(self.api(token, "GET", self.subs("riverside")).status, 200)
        tools = self.api(token, "GET", f"/rest/v1.0/settings/permissions?project_id={project_id('riverside')}").json()
        self.assertEqual({t["name"]: t["user_access_level"]["name"] for t in tools["tools"]},
                         {"rfi": "None", "submittal_log": "Standard", "directory": "Read Only"})

    def test_projects_and_people(self):
        token = self.grant("lnakamura")["access_token"]
        companies = self.api(token, "GET", "/rest/v1.0/companies", company=False).json()
        self.assertIn(company_id("riverside"), [c["id"] for c in companies])
        got = self.api(token, "GET", f"/rest/v1.1/projects?company_id={company_id('riverside')}").json()
        want = {p["procore"]["id"] for p in PROJECTS.values() if p["procore"] and p["procore"]["company"] == "briarwood"
                and any(m["person"] == "lnakamura" for m in p["procore"]["members"])}
        self.assertEqual({p["id"] for p in got}, want)
        show = self.api(token, "GET", f"/rest/v1.0/projects/{project_id('riverside')}"
                                      f"?company_id={company_id('riverside')}").json()
        self.assertEqual(show["name"], PROJECTS["riverside"]["procore"]["name"])
        users = self.api(token, "GET", f"/rest/v1.0/projects/{project_id('riverside')}/users?view=normal").json()
        self.assertIn(PEOPLE["zmueller"]["login"], [u["email_address"] for u in users])
        self.assertTrue(all("_rfi" not in u for u in users))
        users = self.api(token, "GET", f"/rest/v1.0/projects/{project_id('riverside')}/users?view=compact").json()
        self.assertNotIn("email_address", users[0])
        r = self.api(token, "GET", f"/rest/v1.0/me?company_id={company_id('riverside')}")
        self.assertEqual(r.json()["name"], "Lena Nakamura")

    def test_paging_headers(self):
        for n in range(5):
            self.control("create_rfi", project=project_id("riverside"), subject=f"Page {n}", question="?",
                         assignees=[PEOPLE["zmueller"]["login"]])
        token = self.grant("zmueller")["access_token"]
        seen, page = [], 1
        while True:
            r = self.api(token, "GET", self.rfis("riverside") + f"?page={page}&per_page=2")
            self.assertEqual(r.headers["Per-Page"], "2")
            total = int(r.headers["Total"])
            seen += [i["id"] for i in r.json()]
            if 'rel="next"' not in r.headers.get("Link", ""):
                break
            page += 1
        self.assertEqual(len(seen), total)
        self.assertEqual(len(set(seen)), total)
        r = self.api(token, "GET", self.rfis("riverside") + "?per_page=5000")
        self.assertEqual(r.headers["Per-Page"], "100", "capped")

    def test_filters(self):
        token = self.grant("zmueller")["access_token"]
        r = self.api(token, "GET", self.rfis("riverside") + "?filters[status]=open")
        self.assertEqual(r.status, 400)
        r = self.api(token, "GET", self.rfis("riverside") + "?filters%5Bstatus%5D%5B%5D=open")
        self.assertEqual({i["status"] for i in r.json()}, {"open"})
        self.control("settings", strict_filters=0)
        r = self.api(token, "GET", self.rfis("riverside") + "?filters[status]=open")
        self.assertEqual(r.status, 200)
        new = self.control("create_rfi", project=project_id("riverside"), subject="New", question="?",
                           assignees=[PEOPLE["zmueller"]["login"]])
        r = self.api(token, "GET", self.rfis("riverside") +
                     f"?filters[updated_at]={new['updated_at']}...2099-01-01T00:00:00Z")
        self.assertEqual([i["id"] for i in r.json()], [new["id"]])
        r = self.api(token, "GET", self.rfis("riverside") + "?filters[updated_at]=2001-01-01...2001-01-02")
        self.assertEqual(r.json(), [])
        r = self.api(token, "GET", self.rfis("riverside") + "?filters[updated_at]=yesterday")
        self.assertEqual(r.status, 400)
        r = self.api(token, "GET", self.rfis("riverside") +
                     f"?filters[ball_in_court_id][]={PEOPLE['zmueller']['user_id']}")
        self.assertTrue(r.json())
        for item in r.json():
            self.assertIn(PEOPLE["zmueller"]["user_id"], [u["id"] for u in item["ball_in_courts"]])

    def test_seed_is_there_as_written(self):
        token = self.grant("bw-ovance")["access_token"]
        got = {i["id"]: i for i in self.api(token, "GET", self.rfis("riverside")).json()}
        for want in [r for r in load("rfis.json")["rfis"] if r["project"] == "riverside"]:
            item = got[want["id"]]
            self.assertEqual((item["subject"], item["status"], item["number"], item["private"]),
                             (want["subject"], want["status"], want["number"], want["private"]))
            if want["status"] == "open":
                self.assertEqual([u["id"] for u in item["ball_in_courts"]],
                                 [PEOPLE[k]["user_id"] for k in want["ball_in_court"]])
            show = self.api(token, "GET", self.rfis("riverside", f"/{want['id']}")).json()
            self.assertEqual([a["name"] for a in show["questions"][0]["attachments"]],
                             [f["name"] for f in want["files"]])
            self.assertEqual(len(show["questions"][0]["answers"]), len(want["replies"]))
        subs = {i["id"]: i for i in self.api(token, "GET", self.subs("riverside")).json()}
        for want in [s for s in load("submittals.json")["submittals"] if s["project"] == "riverside"]:
            item = subs[want["id"]]
            self.assertEqual((item["title"], item["status"]["name"], item["revision"]),
                             (want["title"], want["status"], want["revision"]))
            self.assertEqual([u["id"] for u in item["ball_in_court"]],
                             [PEOPLE[k]["user_id"] for k in want["ball_in_court"]] if want["status"] == "Open" else [])
            self.assertEqual([a["response"]["considered"] for a in item["approvers"]],
                             [a["response"].lower() for a in want["approvers"]])

    def test_recorded_payloads_are_served(self):
        with open(os.path.join(harness.TOP, "sandbox", "data", "recorded", "rfi-live-2025.json"), encoding="utf-8") as f:
            want = json.load(f)
        token = self.grant("bw-ovance")["access_token"]
        got = self.api(token, "GET", self.rfis("riverside", f"/{want['id'] + 590000000000}")).json()
        self.assertGreater(got["id"], 2 ** 32)
        self.assertEqual({k: v for k, v in got.items() if k != "id"}, {k: v for k, v in want.items() if k != "id"})
        ids = [i["id"] for i in self.api(token, "GET", self.subs("riverside")).json()]
        self.assertIn(63403248 + 590000000000, ids)

    def test_own_rfis_have_the_recorded_shape(self):
        with open(os.path.join(harness.TOP, "sandbox", "data", "recorded", "rfi-live-2025.json"), encoding="utf-8") as f:
            recorded = json.load(f)
        new = self.control("create_rfi", project=project_id("riverside"), subject="Shape", question="One\n\nTwo",
                           assignees=[PEOPLE["zmueller"]["login"]], section="05 12 00",
                           files=[{"name": "a.txt", "text": "hello"}])
        self.assertEqual(set(recorded) - set(new), set(), "members that Procore has")
        for name in ("assignees", "ball_in_courts"):
            self.assertEqual(set(new[name][0]), set(recorded[name][0]))
        self.assertEqual(set(new["questions"][0]), set(recorded["questions"][0]))
        self.assertEqual(set(new["questions"][0]["attachments"][0]), set(recorded["questions"][0]["attachments"][0]))
        self.assertEqual(new["questions"][0]["rich_text_body"], "<p>One</p>\n<p>Two</p>")
        self.assertNotIn("_file", json.dumps(new))
        for name in ("priority", "custom_textfield_1", "ball_in_court_role", "revision", "prefix", "time_resolved"):
            self.assertEqual(new[name], recorded[name], name)

    def test_lists_never_fill_answers(self):
        rfi = self.control("create_rfi", project=project_id("riverside"), subject="Listed", question="Q",
                           assignees=[PEOPLE["zmueller"]["login"]])
        token = self.grant("zmueller")["access_token"]
        r = self.api(token, "POST", self.rfis("riverside", f"/{rfi['id']}/replies"),
                     {"reply": {"body": "<p>Yes &amp; no</p>", "official": True}})
        self.assertEqual(r.status, 201, r.text)
        self.assertEqual(r.json()["plain_text_body"], "Yes & no")
        self.assertEqual(r.json()["created_by"], "Zoë Müller-Brandt")
        row = next(i for i in self.api(token, "GET", self.rfis("riverside")).json() if i["id"] == rfi["id"])
        self.assertEqual(set(row["questions"][0]), {"id", "body", "errors"})
        self.assertNotIn("accepted", row)
        show = self.api(token, "GET", self.rfis("riverside", f"/{rfi['id']}")).json()
        self.assertEqual(show["questions"][0]["answers"][0]["id"], r.json()["id"])
        self.assertEqual(show["status"], "open", "an official reply does not close")
        replies = self.api(token, "GET", self.rfis("riverside", f"/{rfi['id']}/replies")).json()
        self.assertEqual([x["id"] for x in replies], [r.json()["id"]])

    def test_ball_in_court_of_rfis(self):
        token = self.grant("zmueller")["access_token"]
        manager = PEOPLE["bw-ovance"]["user_id"]
        rfi = self.control("create_rfi", project=project_id("riverside"), subject="Court", question="Q",
                           assignees=[PEOPLE["zmueller"]["login"], PEOPLE["lnakamura"]["login"]],
                           required=[PEOPLE["lnakamura"]["login"]], manager=PEOPLE["bw-ovance"]["login"])
        path = self.rfis("riverside", f"/{rfi['id']}")
        self.api(token, "POST", path + "/replies", {"reply": {"body": "mine"}})
        self.assertEqual(len(self.api(token, "GET", path).json()["ball_in_courts"]), 2, "a required one is missing")
        self.api("lnakamura", "POST", path + "/replies", {"reply": {"body": "required"}})
        show = self.api(token, "GET", path).json()
        self.assertEqual((show["ball_in_court"]["id"], show["ball_in_court_role"]), (manager, "rfi_manager"))

        self.control("settings", bic_auto=0)
        rfi = self.control("create_rfi", project=project_id("riverside"), subject="By hand", question="Q",
                           assignees=[PEOPLE["zmueller"]["login"]], manager=PEOPLE["bw-ovance"]["login"])
        path = self.rfis("riverside", f"/{rfi['id']}")
        advance = f"/rest/v1.1/projects/{project_id('riverside')}/rfis/{rfi['id']}/advance_ball_in_court"
        self.assertEqual(self.api(token, "PATCH", advance).status, 403, "has not answered yet")
        self.api(token, "POST", path + "/replies", {"reply": {"body": "mine"}})
        self.assertEqual(self.api(token, "GET", path).json()["ball_in_court"]["id"], PEOPLE["zmueller"]["user_id"])
        self.assertEqual(self.api(token, "PATCH", advance).status, 200)
        self.assertEqual(self.api(token, "GET", path).json()["ball_in_court"]["id"], manager)
        closed = self.control("close", rfi=rfi["id"])
        self.assertEqual((closed["status"], closed["ball_in_court"], closed["accepted"]), ("closed", None, True))
        self.assertIsNotNone(closed["time_resolved"])
        opened = self.control("reopen", rfi=rfi["id"])
        self.assertEqual((opened["status"], opened["ball_in_court"]["id"]), ("open", PEOPLE["zmueller"]["user_id"]))

    def test_private_and_draft_items_hide(self):
        item = self.control("create_rfi", project=project_id("riverside"), subject="Private", question="Q", private=True,
                            assignees=[PEOPLE["zmueller"]["login"]])
        draft = self.control("create_rfi", project=project_id("riverside"), subject="Draft", question="Q", draft=True,
                             assignees=[PEOPLE["zmueller"]["login"]])
        self.assertEqual(self.api("zmueller", "GET", self.rfis("riverside", f"/{item['id']}")).status, 200)
        self.assertEqual(self.api("lnakamura", "GET", self.rfis("riverside", f"/{item['id']}")).status, 404)
        self.assertEqual(self.api("zmueller", "GET", self.rfis("riverside", f"/{draft['id']}")).status, 404)
        self.assertNotIn(item["id"], [i["id"] for i in self.api("lnakamura", "GET", self.rfis("riverside")).json()])

    def test_who_may_reply(self):
        rfi = self.control("create_rfi", project=project_id("riverside"), subject="Rights", question="Q",
                           assignees=[PEOPLE["zmueller"]["login"]])
        path = self.rfis("riverside", f"/{rfi['id']}/replies")
        self.assertEqual(self.api("lnakamura", "POST", path, {"reply": {"body": "x"}}).status, 403)
        self.control("permission", person=PEOPLE["zmueller"]["login"], project=project_id("riverside"), tool="rfis",
                     level="Read Only")
        self.assertEqual(self.api("zmueller", "POST", path, {"reply": {"body": "x"}}).status, 403)
        self.assertEqual(self.api("zmueller", "GET", path).status, 200)

    def test_create_by_rest_and_recycle_bin(self):
        token = self.grant("bw-ovance")["access_token"]
        bad = self.api(token, "POST", self.rfis("riverside"), {"rfi": {
            "subject": "S", "rfi_manager_id": PEOPLE["bw-ovance"]["user_id"], "question": {"body": "Q"}}})
        self.assertEqual((bad.status, bad.json()), (422, {"errors": {"assignees": ["required"]}}))
        r = self.api(token, "POST", self.rfis("riverside"), {"rfi": {
            "subject": "S", "rfi_manager_id": PEOPLE["bw-ovance"]["user_id"], "question": {"body": "Q"},
            "assignee_ids": [PEOPLE["zmueller"]["user_id"]]}})
        self.assertEqual(r.status, 201, r.text)
        path = self.rfis("riverside", f"/{r.json()['id']}")
        self.assertEqual(self.api(token, "PATCH", path, {"rfi": {"subject": "T"}}).json()["title"], "T")
        self.assertEqual(self.api(token, "PATCH", path + "/recycle").status, 200)
        self.assertEqual(self.api(token, "GET", path).status, 404)
        binned = self.api(token, "GET", self.rfis("riverside", "/recycle_bin")).json()
        row = next(i for i in binned if i["id"] == r.json()["id"])
        self.assertTrue(row["deleted"])
        self.assertEqual(self.api(token, "PATCH", path + "/retrieve").status, 200)
        self.assertEqual(self.api(token, "GET", path).status, 200)

    # ---- submittals

    def make_submittal(self, steps, **more):
        return self.control("create_submittal", project=project_id("riverside"), title="Steel",
                            steps=[[PEOPLE[u]["login"] for u in s] for s in steps], description="Shop drawings",
                            section="05 12 00", **more)

    def response(self, considered, company="briarwood"):
        return next(r["id"] for r in COMPANIES[company]["submittal_responses"] if r["considered"] == considered)

    def answer(self, who, sub, row, considered, **more):
        path = (f"/rest/v1.0/submittal_approvers/{row}?project_id={project_id('riverside')}&submittal_id={sub}")
        return self.api(who, "PATCH", path, {"submittal_approver": {
            "submittal_response_id": self.response(considered), **more}})

    def test_approvers_in_sequence_and_parallel(self):
        sub = self.make_submittal([["zmueller", "lnakamura"], ["jibanez"]])
        rows = [a["id"] for a in sub["approvers"]]
        self.assertEqual([a["workflow_group_number"] for a in sub["approvers"]], [1, 1, 2])
        self.assertEqual([u["id"] for u in sub["ball_in_court"]],
                         [PEOPLE["zmueller"]["user_id"], PEOPLE["lnakamura"]["user_id"]])
        self.assertIsNotNone(sub["approvers"][0]["sent_date"])
        self.assertIsNone(sub["approvers"][2]["sent_date"])
        self.assertEqual(self.answer("jibanez", sub["id"], rows[2], "approved").status, 422, "not his turn")
        self.assertEqual(self.answer("lnakamura", sub["id"], rows[0], "approved").status, 403, "another's row")
        self.assertEqual(self.answer("zmueller", sub["id"], rows[0], "submitted").status, 400, "for submitters")
        self.assertEqual(self.answer("zmueller", sub["id"], rows[0], "approved", returned_date="2026-01-01").status, 403)
        r = self.answer("zmueller", sub["id"], rows[0], "approved", comment="Fine")
        self.assertEqual(r.status, 200, r.text)
        self.assertEqual((r.json()[0]["id"], r.json()[0]["comment"]), (rows[0], "Fine"))
        self.control("settings", approver_array=0)
        r = self.answer("lnakamura", sub["id"], rows[1], "approved as noted")
        self.assertEqual(r.json()["id"], rows[1])
        show = self.api("jibanez", "GET", self.subs("riverside", f"/{sub['id']}")).json()
        self.assertEqual([u["id"] for u in show["ball_in_court"]], [PEOPLE["jibanez"]["user_id"]])
        self.assertEqual(show["approvers"][0]["user"]["login"], PEOPLE["zmueller"]["login"])
        self.answer("jibanez", sub["id"], rows[2], "approved")
        show = self.api("jibanez", "GET", self.subs("riverside", f"/{sub['id']}")).json()
        self.assertEqual([u["id"] for u in show["ball_in_court"]], [show["submittal_manager"]["id"]])
        closed = self.control("close", submittal=sub["id"])
        self.assertEqual((closed["status"]["status"], closed["ball_in_court"]), ("Closed", []))
        self.assertEqual(self.answer("jibanez", sub["id"], rows[2], "approved").status, 422)

    def test_submittal_list_and_show_differ(self):
        sub = self.make_submittal([["zmueller"]], files=[{"name": "a.pdf", "text": "x", "type": "application/pdf"}])
        row = next(i for i in self.api("zmueller", "GET", self.subs("riverside")).json() if i["id"] == sub["id"])
        show = self.api("zmueller", "GET", self.subs("riverside", f"/{sub['id']}")).json()
        self.assertIn("associated_attachments", row)
        self.assertNotIn("attachments", row)
        self.assertNotIn("login", json.dumps(row))
        self.assertEqual(row["formatted_number"], f"05 12 00-{sub['number']}")
        self.assertEqual(show["attachments"][0]["filename"], "a.pdf")
        self.assertNotIn("associated_attachments", show)
        self.assertEqual(row["associated_attachments"][0]["attachment_id"], show["attachments"][0]["id"])
        with open(os.path.join(harness.TOP, "sandbox", "data", "recorded", "submittal-live-2025.json"),
                  encoding="utf-8") as f:
            recorded = json.load(f)
        self.assertEqual(set(recorded) - set(row), set(), "members that Procore has")

    def test_rejection_and_revision(self):
        self.control("reject_workflow", project=project_id("riverside"), on=True)
        sub = self.make_submittal([["zmueller"], ["lnakamura"]], number="77")
        self.answer("zmueller", sub["id"], sub["approvers"][0]["id"], "revise and resubmit")
        show = self.api("zmueller", "GET", self.subs("riverside", f"/{sub['id']}")).json()
        self.assertTrue(show["is_rejected"])
        self.assertEqual(show["rejected_submittal_log_approver_id"], sub["approvers"][0]["id"])
        self.assertEqual([u["id"] for u in show["ball_in_court"]], [show["submittal_manager"]["id"]])
        new = self.make_submittal([["zmueller"]], number="77", revision="1", source_submittal_log_id=sub["id"])
        self.assertTrue(new["current_revision"])
        show = self.api("zmueller", "GET", self.subs("riverside", f"/{sub['id']}")).json()
        self.assertFalse(show["current_revision"])
        both = self.api("zmueller", "GET", self.subs("riverside", f"/{new['id']}/revisions")).json()
        self.assertEqual({i["id"] for i in both}, {sub["id"], new["id"]})

    def test_forwarding_needs_its_response(self):
        sub = self.make_submittal([["zmueller"]])
        r = self.answer("zmueller", sub["id"], sub["approvers"][0]["id"], "approved",
                        forward_to={"user_id": PEOPLE["lnakamura"]["user_id"]})
        self.assertEqual(r.status, 400, "forward_to goes only with a forwarding response")
        show = self.api("zmueller", "GET", self.subs("riverside", f"/{sub['id']}")).json()
        self.assertEqual(show["approvers"][0]["response"]["considered"], "pending", "nothing was changed")

    # ---- files

    def upload(self, who, content, name="reply.pdf"):
        """The two steps of a direct upload; the uuid."""
        r = self.api(who, "POST", f"/rest/v1.1/projects/{project_id('riverside')}/uploads",
                     {"response_filename": name, "response_content_type": "application/pdf"})
        self.assertEqual(r.status, 201, r.text)
        ticket = r.json()
        body, ctype = multipart([*ticket["fields"].items(), ("file", (name, content))])
        head = {"Content-Type": ctype}
        refused = self.browser.request("POST", ticket["url"], body, {**head, "Authorization": "Bearer x"})
        self.assertEqual(refused.status, 400)
        wrong, wtype = multipart([("file", (name, content)), *ticket["fields"].items()])
        self.assertEqual(self.browser.request("POST", ticket["url"], wrong, {"Content-Type": wtype}).status, 400)
        self.assertEqual(self.browser.request("POST", ticket["url"], body, head).status, 204)
        return ticket["uuid"]

    def download(self, token, url):
        r = self.browser.request("GET", url, headers={"Authorization": "Bearer " + token})
        self.assertEqual(r.status, 302, r.text)
        there = r.headers["Location"]
        self.assertTrue(there.startswith(self.rig.url("files", "/")), there)
        self.assertEqual(self.browser.request("GET", there, headers={"Authorization": "Bearer " + token}).status, 400)
        r = self.browser.request("GET", there)
        self.assertEqual(r.status, 200)
        return r

    def test_upload_reply_download(self):
        content = b"%PDF-1.4 " + bytes(range(256)) * 400
        token = self.grant("zmueller")["access_token"]
        uuid = self.upload(token, content)
        rfi = self.control("create_rfi", project=project_id("riverside"), subject="File", question="Q",
                           assignees=[PEOPLE["zmueller"]["login"]])
        path = self.rfis("riverside", f"/{rfi['id']}/replies")
        other = self.api("lnakamura", "POST", path, {"reply": {"body": "x", "upload_ids": [uuid]}})
        self.assertEqual(other.status, 403)
        r = self.api(token, "POST", path, {"reply": {"body": "x", "upload_ids": [uuid]}})
        self.assertEqual(r.status, 201, r.text)
        got = r.json()["attachments"][0]
        self.assertEqual(got["name"], "reply.pdf")
        self.assertEqual(self.download(token, got["url"]).body, content)
        stranger = self.grant("rdasgupta")["access_token"]
        r = self.browser.request("GET", got["url"], headers={"Authorization": "Bearer " + stranger})
        self.assertEqual(r.status, 404, "not in the project")
        self.assertEqual(self.browser.request("GET", got["url"]).status, 401)

    def test_large_file_leaves_whole(self):
        content = os.urandom(1024) * 9 * 1024
        token = self.grant("zmueller")["access_token"]
        uuid = self.upload(token, content, "set.pdf")
        rfi = self.control("create_rfi", project=project_id("riverside"), subject="Large", question="Q",
                           assignees=[PEOPLE["zmueller"]["login"]])
        r = self.api(token, "POST", self.rfis("riverside", f"/{rfi['id']}/replies"),
                     {"reply": {"body": "x", "upload_ids": [uuid]}})
        got = self.download(token, r.json()["attachments"][0]["url"])
        self.assertEqual(hashlib.sha256(got.body).digest(), hashlib.sha256(content).digest())
        self.assertIn("set.pdf", got.headers["Content-Disposition"])

    def test_multipart_reply(self):
        rfi = self.control("create_rfi", project=project_id("riverside"), subject="Multipart", question="Q",
                           assignees=[PEOPLE["zmueller"]["login"]])
        body, ctype = multipart([("reply[body]", "With a file"), ("reply[official]", "false"),
                                 ("attachments[]", ("ü.txt", b"bytes"))])
        r = self.api("zmueller", "POST", self.rfis("riverside", f"/{rfi['id']}/replies"), data=body,
                     headers={"Content-Type": ctype})
        self.assertEqual(r.status, 201, r.text)
        self.assertEqual([a["name"] for a in r.json()["attachments"]], ["ü.txt"])

    def test_segmented_upload(self):
        self.control("settings", segment_min=1000)
        token = self.grant("zmueller")["access_token"]
        parts = [os.urandom(2000), os.urandom(500)]
        segs = [{"size": len(p), "sha256": hashlib.sha256(p).hexdigest()} for p in parts]
        base = f"/rest/v1.1/projects/{project_id('riverside')}/uploads"
        r = self.api(token, "POST", base, {"response_filename": "b.dwg", "segments": list(reversed(segs))})
        self.assertEqual(r.status, 400, "only the last may be small")
        ticket = self.api(token, "POST", base, {"response_filename": "b.dwg", "segments": segs}).json()
        self.assertEqual(ticket["status"], "ready")
        etags = []
        for part, seg in zip(parts, ticket["segments"]):
            r = self.browser.request("PUT", seg["url"], part, seg["headers"])
            self.assertEqual(r.status, 200, r.text)
            etags.append(r.headers["ETag"])
        self.assertEqual(self.browser.request("PUT", ticket["segments"][0]["url"], b"other",
                                              ticket["segments"][0]["headers"]).status, 400)
        done = self.api(token, "PATCH", f"{base}/{ticket['uuid']}", {"segments": [
            {**s, "etag": t} for s, t in zip(segs, etags)]})
        self.assertEqual((done.status, done.json()["status"]), (200, "complete"))
        rfi = self.control("create_rfi", project=project_id("riverside"), subject="Segments", question="Q",
                           assignees=[PEOPLE["zmueller"]["login"]])
        r = self.api(token, "POST", self.rfis("riverside", f"/{rfi['id']}/replies"),
                     {"reply": {"body": "x", "upload_ids": [ticket["uuid"]]}})
        self.assertEqual(self.download(token, r.json()["attachments"][0]["url"]).body, b"".join(parts))

    def test_unfinished_upload_is_refused(self):
        token = self.grant("zmueller")["access_token"]
        r = self.api(token, "POST", f"/rest/v1.1/projects/{project_id('riverside')}/uploads",
                     {"response_filename": "a.pdf"})
        rfi = self.control("create_rfi", project=project_id("riverside"), subject="Unfinished", question="Q",
                           assignees=[PEOPLE["zmueller"]["login"]])
        r = self.api(token, "POST", self.rfis("riverside", f"/{rfi['id']}/replies"),
                     {"reply": {"body": "x", "upload_ids": [r.json()["uuid"]]}})
        self.assertEqual(r.status, 422)

    def test_file_still_processed(self):
        sub = self.make_submittal([["zmueller"]], files=[{"name": "a.pdf", "text": "x"}])
        uuid = sub["attachments"][0]["url"].split("?")[0].rsplit("/", 1)[1]
        self.control("file_state", uuid=uuid, unavailable=60)
        row = next(i for i in self.api("zmueller", "GET", self.subs("riverside")).json() if i["id"] == sub["id"])
        got = row["associated_attachments"][0]
        self.assertEqual((got["file_unavailable"], got["url"], got["filename"]), (True, None, None))

    # ---- weather

    def test_rate_headers_and_429(self):
        self.control("rate", hour=1000, spike=3)
        token = self.grant("zmueller")["access_token"]
        for _ in range(8):  # two windows at most meet these calls
            r = self.api(token, "GET", self.rfis("riverside"))
            self.assertEqual(r.headers["X-Rate-Limit-Limit"], "3")
            if r.status == 429:
                break
            self.assertEqual(r.status, 200)
        self.assertEqual(r.status, 429)
        self.assertEqual(r.headers["X-Rate-Limit-Remaining"], "0")
        self.assertTrue(1 <= int(r.headers["Retry-After"]) <= 10)
        self.control("calm")
        self.assertEqual(self.api(token, "GET", self.rfis("riverside")).status, 200)

    def test_faults(self):
        token = self.grant("zmueller")["access_token"]
        path = self.rfis("riverside")
        self.control("status", prefix="/rest/v1.0/projects", status=401)
        self.assertEqual(self.api(token, "GET", "/rest/v1.0/me").status, 200)
        self.assertEqual(self.api(token, "GET", path).status, 401)
        self.assertEqual(self.api(token, "GET", path).status, 200, "once")
        self.control("status", method="GET", prefix=path, status=503, headers={"Retry-After": "7"}, body={"a": 1})
        r = self.api(token, "GET", path)
        self.assertEqual((r.status, r.headers["Retry-After"], r.json()), (503, "7", {"a": 1}))
        self.control("garble", what=f"GET {path}")
        r = self.api(token, "GET", path)
        self.assertEqual(r.status, 200)
        with self.assertRaises(ValueError):
            r.json()
        self.control("cut_body", what=f"GET {path}")
        with self.assertRaises((http.client.IncompleteRead, http.client.HTTPException, OSError)):
            self.api(token, "GET", path)
        self.control("lost_answer", what=f"POST {path}")
        rfi = self.control("create_rfi", project=project_id("riverside"), subject="Lost", question="Q",
                           assignees=[PEOPLE["zmueller"]["login"]])
        with self.assertRaises((http.client.RemoteDisconnected, ConnectionError, OSError)):
            self.api(token, "POST", f"{path}/{rfi['id']}/replies", {"reply": {"body": "once"}})
        replies = self.api(token, "GET", f"{path}/{rfi['id']}/replies").json()
        self.assertEqual([r["plain_text_body"] for r in replies], ["once"], "the work was done")
        self.assertEqual(self.state("faults"), [])

    def test_slow_answer_blocks_nobody(self):
        token = self.grant("zmueller")["access_token"]
        self.control("slow", what=f"GET {self.rfis('riverside')}", ms=1500)
        t = threading.Thread(target=lambda: self.api(token, "GET", self.rfis("riverside")))
        t.start()
        self.rig.wait_for("the slow call has begun", lambda: not self.state("faults"))
        start = time.monotonic()
        self.assertEqual(self.api(token, "GET", "/rest/v1.0/me").status, 200)
        self.assertLess(time.monotonic() - start, 1.2)
        t.join()

    def test_clock_offset_moves_what_the_server_says(self):
        import email.utils
        self.control("clock_offset", seconds=-7200)
        pair = self.grant("zmueller")
        self.assertAlmostEqual(pair["created_at"], time.time() - 7200, delta=60)
        r = self.api(pair["access_token"], "GET", "/rest/v1.0/me")
        self.assertEqual(r.status, 200)
        said = email.utils.parsedate_to_datetime(r.headers["Date"]).timestamp()
        self.assertAlmostEqual(said, time.time() - 7200, delta=60)

    def test_deactivated_person(self):
        pair = self.grant("zmueller")
        self.control("deactivate", person=PEOPLE["zmueller"]["login"], on=True)
        self.assertEqual(self.api(pair["access_token"], "GET", "/rest/v1.0/me").status, 401)
        self.assertEqual(self.refresh(pair["refresh_token"]).json()["error"], "invalid_grant")

    def test_unknown_things_are_refused(self):
        self.assertEqual(self.browser.request("POST", self.rig.url("procore", "/_control/nonsense"), b"{}",
                                              {"Content-Type": "application/json"}).status, 404)
        self.assertEqual(self.browser.request("POST", self.rig.url("procore", "/_control/settings"), b'{"x": 1}',
                                              {"Content-Type": "application/json"}).status, 400)
        self.assertEqual(self.browser.request("POST", self.rig.url("procore", "/oauth/token"), b"{",
                                              {"Content-Type": "application/json"}).status, 400)
        token = self.grant("zmueller")["access_token"]
        self.assertEqual(self.api(token, "GET", "/rest/v1.0/rfis").status, 404, "undocumented")
        self.assertEqual(self.token(grant_type="password").json()["error"], "unsupported_grant_type")

    # ---- pages

    def test_contractor_plays_by_hand(self):
        client = self.rig.client()
        home = self.rig.url("procore", f"/{project_id('riverside')}/project/home")
        self.sign_in(client, "bw-ovance", client.get(home))
        page = client.get(home).page()
        form = next(f for f in page.forms if f.id == "create-rfi")
        r = client.submit(page, form, {"subject": "By hand <b>&", "question": "Is it?",
                                       "assignees[]": PEOPLE["zmueller"]["login"]})
        self.assertIn("/rfi/show/", r.url)
        self.assertIn("By hand <b>&", r.page().text)
        self.assertIn("Zoë Müller-Brandt", r.page().text)
        rfi = int(r.url.rsplit("/", 1)[1])
        form = next(f for f in r.page().forms if f.id == "add-file")
        body, ctype = multipart([*form.fields, ("files[]", ("Plan é.pdf", b"%PDF"))])
        r = client.post(urllib.parse.urljoin(r.url, form.action), body, {"Content-Type": ctype})
        link = next(h for h, t in r.page().links if t == "Plan é.pdf")
        self.assertEqual(client.get(link).body, b"%PDF", "with the session, through the redirect")
        for form_id, status in (("state-close", "closed"), ("state-reopen", "open")):
            page = r.page()
            r = client.submit(page, next(f for f in page.forms if f.id == form_id))
            self.assertEqual(self.api("zmueller", "GET", self.rfis("riverside", f"/{rfi}")).json()["status"], status)
        page = r.page()
        r = client.submit(page, next(f for f in page.forms if f.id == "court"),
                          {"people[]": PEOPLE["lnakamura"]["login"]})
        self.assertIn("Ball in court: Lena Nakamura", r.page().text)
        reader = self.rig.client()
        self.sign_in(reader, "lnakamura", reader.get(home))
        r = reader.post(self.rig.url("procore", f"/{project_id('riverside')}/project/act"),
                        {"verb": "close", "rfi": str(rfi)})
        self.assertEqual(r.status, 403)

    def test_control_page(self):
        r = self.browser.get(self.rig.url("procore", "/_control"))
        page = r.page()
        form = next(f for f in page.forms if f.action.endswith("/_control/app_disconnected"))
        r = self.browser.submit(page, form, {"company": str(company_id("riverside")), "on": "1"})
        self.assertEqual(r.status, 200)
        self.assertEqual(self.api("zmueller", "GET", self.rfis("riverside")).status, 403)

    # ---- webhooks

    def test_hooks_and_triggers(self):
        token = self.grant("bw-ovance")["access_token"]
        base = f"/rest/v2.0/companies/{company_id('riverside')}/projects/{project_id('riverside')}/webhooks/hooks"
        r = self.api(token, "POST", base, {"payload_version": "v4.0", "namespace": "cw", "destination_url":
                     "https://portal.localhost/hook", "destination_headers": {"Authorization": "secret-abcde"}})
        self.assertEqual(r.status, 201, r.text)
        hook = r.json()["data"]
        self.assertEqual(hook["destination_headers"]["Authorization"], "*****abcde")
        self.assertIsInstance(hook["id"], str)
        r = self.api(token, "POST", f"{base}/{hook['id']}/triggers", {"resource_name": "RFIs", "event_type": "create"})
        self.assertEqual(r.status, 201, r.text)
        rfi = self.control("create_rfi", project=project_id("riverside"), subject="Hooked", question="Q",
                           assignees=[PEOPLE["zmueller"]["login"]])
        self.control("webhooks", duplicate=True)
        self.control("create_rfi", project=project_id("riverside"), subject="Twice", question="Q",
                     assignees=[PEOPLE["zmueller"]["login"]])
        self.control("webhooks", drop=1)
        self.control("create_rfi", project=project_id("riverside"), subject="Dropped", question="Q",
                     assignees=[PEOPLE["zmueller"]["login"]])
        got = self.state("deliveries")
        self.assertEqual(len(got), 3)
        self.assertEqual(got[1]["event_id"], got[2]["event_id"])
        payload = got[0]["payload"]
        self.assertEqual((payload["reason"], payload["resource_type"], payload["resource_id"]),
                         ("create", "RFIs", str(rfi["id"])))
        r = self.api(token, "GET", f"{base}/{hook['id']}/deliveries")
        self.assertEqual(len(r.json()["data"]), 3)
        self.assertEqual(self.api(token, "DELETE", f"{base}/{hook['id']}").status, 204)
        self.assertEqual(self.state("deliveries"), [])


class Receiver:
    """An https server that remembers what was posted and answers as told."""

    def __init__(self, lay):
        self.got, self.answers = [], []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((time.monotonic(), self.headers["Authorization"], json.loads(body)))
                self.send_response(outer.answers.pop(0) if outer.answers else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(lay.path("tls", "server.pem"), lay.path("tls", "server.key"))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://localhost:{self.server.server_address[1]}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Sender(Tools):
    """Events leave, at least once, with pauses after failures."""
    options = {"parts": ("procore", "sender", "nginx"), "counts": {"procore": 2}}

    def subscribe(self, version):
        token = self.grant("bw-ovance")["access_token"]
        base = f"/rest/v1.0/webhooks/hooks?project_id={project_id('riverside')}"
        r = self.api(token, "POST", base, {"hook": {
            "api_version": version, "namespace": "cw", "destination_url": self.receiver.url,
            "destination_headers": {"Authorization": "Bearer hook-secret"}}})
        self.assertEqual(r.status, 201, r.text)
        self.assertEqual(r.json()["owned_by_project_id"], project_id("riverside"))
        r = self.api(token, "POST", f"/rest/v1.0/webhooks/hooks/{r.json()['id']}/triggers"
                     f"?project_id={project_id('riverside')}",
                     {"trigger": {"resource_name": "RFIs", "event_type": "create"}})
        self.assertEqual(r.status, 201, r.text)

    def setUp(self):
        super().setUp()
        self.receiver = Receiver(self.rig.lay)
        self.addCleanup(self.receiver.close)

    def ask(self, subject):
        return self.control("create_rfi", project=project_id("riverside"), subject=subject, question="Q",
                            assignees=[PEOPLE["zmueller"]["login"]])

    def test_delivery_and_retry(self):
        with open(os.path.join(harness.TOP, "sandbox", "data", "recorded", "webhook-v2-sandbox-2020.json"),
                  encoding="utf-8") as f:
            recorded = json.load(f)
        self.subscribe("v2")
        self.receiver.answers = [500, 503]
        rfi = self.ask("Hooked")
        self.rig.wait_for("the third attempt", lambda: len(self.receiver.got) == 3)
        times, secrets, bodies = zip(*self.receiver.got)
        self.assertEqual(set(secrets), {"Bearer hook-secret"})
        self.assertEqual(bodies[0], bodies[2])
        self.assertEqual(set(recorded) - set(bodies[0]), set())
        self.assertEqual((bodies[0]["resource_id"], bodies[0]["event_type"]), (rfi["id"], "create"))
        self.assertGreaterEqual(times[1] - times[0], 0.9)
        self.assertGreaterEqual(times[2] - times[1], 1.8, "the pause doubles")
        self.rig.wait_for("the record", lambda: self.state("deliveries")[0]["status"] == "delivered")
        self.assertEqual([a["response_status"] for a in self.state("deliveries")[0]["attempts"]], [500, 503, 200])
        self.assertEqual(self.state("hooks")[0]["backoff_s"], 0, "one success resets")

    def test_late_and_twice(self):
        self.subscribe("v4.0")
        self.control("webhooks", late=2, duplicate=True)
        start = time.monotonic()
        self.ask("Late")
        self.rig.wait_for("both copies", lambda: len(self.receiver.got) == 2)
        self.assertGreaterEqual(self.receiver.got[0][0] - start, 1.9)
        self.assertEqual(self.receiver.got[0][2], self.receiver.got[1][2])


def multipart(fields):
    """multipart/form-data; a value that is a pair is a file (name, bytes)."""
    mark = "----" + os.urandom(12).hex()
    out = []
    for name, value in fields:
        head = f'--{mark}\r\nContent-Disposition: form-data; name="{name}"'
        if isinstance(value, tuple):
            head += f'; filename="{value[0]}"\r\nContent-Type: application/pdf'
            value = value[1]
        out.append(head.encode() + b"\r\n\r\n" + (value if isinstance(value, bytes) else str(value).encode()) + b"\r\n")
    return b"".join(out) + f"--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"


if __name__ == "__main__":
    harness.main()
