"""Fill a fresh demo the way it happens in life: the administrator imports people and projects, each person signs in
at Procore through the portal, then the troubles of the seed data come true."""
import csv
import datetime
import os

from rig import DATA, load


class Walk(Exception):
    """A page was not the one expected; the message quotes it."""


def expect(condition, response, what):
    if not condition:
        raise Walk(f"{what}; got {response.status} {response.url}: {response.page().text[:400]}")


def account_id(rig, login):
    """The public id of an account, as it stands in links."""
    with rig.db() as db:
        row = db.execute("SELECT public_id FROM account WHERE login_folded = ?", (login.lower(),)).fetchone()
    if row is None:
        raise Walk(f"no account with the login {login}")
    return row["public_id"]


def procore_sign_in(client, response, login, password, allow=True):
    """From Procore's address (or its session, or an identity provider) to wherever consent leads."""
    for _ in range(8):
        host = response.url.split("/")[2].split(":")[0]
        if host == "portal.localhost":
            return response
        expect(response.status == 200, response, "a page of Procore's sign-in was expected")
        page = response.page()
        form = next((f for f in page.forms if "password" in f.kinds.values()), None)
        if form:
            values = {n: password for n, k in form.kinds.items() if k == "password"}
            values.update({n: login for n, k in form.kinds.items() if k in ("text", "email")})
            response = client.submit(page, form, values)
            continue
        wanted = "Allow" if allow else "Deny"
        form = page.form_with(button=wanted)
        if form is None and host == "idp.localhost" and page.forms:
            response = client.submit(page, page.forms[0])
            continue
        expect(form, response, f"a sign-in form or a button {wanted} was expected")
        name, value, _ = next(b for b in form.buttons if wanted.lower() in b[2].lower())
        response = client.submit(page, form, {name: value} if name else {})
    raise Walk(f"Procore's sign-in does not end: {response.url}")


def press_reconnect(client, response):
    """A page with the Reconnect button: press it, follow `Continue to Procore`."""
    page = response.page()
    form = page.form_with(button="Reconnect") or page.form_with(button="Sign in")
    expect(form, response, "a page with the button Reconnect was expected")
    response = client.submit(page, form)
    page = response.page()
    address = page.link("Continue to Procore")
    expect(response.status == 200 and address, response, "the page Continue to Procore was expected")
    return client.get(address)


def reconnect(rig, client, account_login, login, password, allow=True):
    """All three steps by the link of the mail; the page one ends on."""
    start = client.get(rig.portal("/Projects/reconnect?account=" + account_id(rig, account_login)))
    expect(start.status == 200, start, "the page behind the mail's link was expected")
    return procore_sign_in(client, press_reconnect(client, start), login, password, allow)


def sign_people_in(rig, say):
    for person in load("people.json")["people"]:
        procore = person["procore"]
        if not procore or procore["sign_in"] == "never":
            continue
        end = reconnect(rig, rig.client(person["user"]), procore["login"], procore["login"], procore["password"])
        expect(end.status == 200, end, f"{person['user']} should be signed in")
        say(f"{person['name']} signed in at Procore")


def import_table(rig, what, change):
    """Import a table of the seed data, each row as change(row) gives it back."""
    name = f"import-{what}.csv"
    with open(os.path.join(DATA, name), newline="", encoding="utf-8") as f:
        rows = [change(row) for row in csv.DictReader(f)]
    path = rig.lay.path("state", name)
    with open(path, "w", newline="", encoding="utf-8") as f:
        out = csv.DictWriter(f, list(rows[0]))
        out.writeheader()
        out.writerows(rows)
    rig.ctl("import", what, path)


def import_projects(rig):
    """The table of projects, with the day of each from which its work is taken over."""
    days = {p["npc"]["id"]: p["connection"]["since_day"] for p in load("projects.json")["projects"] if p["connection"]}

    def with_day(row):
        day = datetime.date.today() + datetime.timedelta(days=days[row["npc_project_id"]])
        return {**row, "sync_from": day.isoformat()}

    import_table(rig, "projects", with_day)


def switch_real_time_on(rig, say):
    """As a Global Admin does it, in the projects of the seed data that are to show it."""
    admin = next(p["user"] for p in load("people.json")["people"] if p["role"] == "global_admin")
    client = rig.client(admin)
    for project in load("projects.json")["projects"]:
        if not (project["connection"] or {}).get("real_time"):
            continue
        with rig.db() as db:
            row = db.execute("SELECT id FROM connection WHERE npc_project_id = ?", (project["npc"]["id"],)).fetchone()
        response = client.get(rig.portal(f"/Projects/edit?project={row['id']}"))
        page = response.page()
        form = next((f for f in page.forms if f.action.endswith("/Projects/settings")), None)
        expect(form, response, "the form of the settings was expected")
        end = client.submit(page, form, {"webhooks": "1"})
        expect(end.status == 200, end, "the settings should be saved")
        say(f"real-time sync is on in {project['npc']['name']}")


def import_all(rig, stand_in=True):
    """People, and with the stand-in their Procore logins and projects."""
    # In life the copy is put away; throw-away keys need none.
    recovery = rig.lay.path("keys", "seal_private_key.recovery")
    if os.path.exists(recovery):
        os.unlink(recovery)
        rig.ctl("keys", "confirm-recovery")
    import_table(rig, "people", lambda row: row if stand_in else {**row, "procore_login": ""})
    if stand_in:
        import_projects(rig)


def run(rig, stand_in, say):
    if not stand_in:
        import_all(rig, stand_in=False)
        return
    # While the worker rests, nobody is mailed who signs in in a moment, and nothing is taken over: what belongs to the
    # lost sign-in is still waiting afterwards.
    rig.hold("connectord")
    import_all(rig)
    sign_people_in(rig, say)
    for person in load("people.json")["people"]:
        if person["procore"] and person["procore"]["sign_in"] == "revoked":
            rig.control("procore", "revoke", {"login": person["procore"]["login"]})
            say(f"{person['name']}'s sign-in was revoked in Procore")
    rig.release("connectord")
    switch_real_time_on(rig, say)


def story(access):
    """Six lines for somebody who sees it for the first time."""
    if "procore" not in access["control"]:
        return []
    projects = load("projects.json")["projects"]
    lost = next(p for p in projects if p["state"] == "revoked")
    bic = next(p for p in access["people"] if p["name"] == lost["connection"]["bics"][0])
    name = lost["npc"]["name"]
    live = next(p for p in projects if (p["connection"] or {}).get("real_time"))
    first = next(p for p in access["people"] if p["name"] == live["connection"]["bics"][0])
    return [
        f"Open {access['portal']} and sign in as {bic['name']}: {name} reads Connection Lost, and why.",
        f"Press Edit, then Reconnect, then Continue; sign in at Procore as {bic['procore_login']} and allow it.",
        f"You are back and {name} reads Connected. (The same link waits in the mail: {access['mail']})",
        f"The RFI that was waiting is now in Project Center: {access['npc']} - respond there and close it.",
        f"Press Sync now on Edit Project (or wait a minute): your answer stands in Procore under your name: {access['procore']}",
        f"Real time: create an RFI for {first['full_name']} in {live['procore']['name']} at {access['procore']}; a second or two later it "
        f"is in {access['npc']}, without any Sync now.",
    ]
