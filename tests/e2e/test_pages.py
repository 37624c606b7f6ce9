#!/usr/bin/python3
"""Accessibility and valid HTML of every main page, in a real browser over the demo's data."""
import sys

import e2e
from rig import load


def facts(rig):
    """One person and project for each kind of page."""
    projects = {p["key"]: p for p in load("projects.json")["projects"]}
    people = {p["user"]: p for p in load("people.json")["people"]}
    user = projects["quarry"]["connection"]["bics"][0]
    with rig.db() as db:
        ids = {key: db.execute("SELECT id FROM connection WHERE npc_project_id = ?",
                               (projects[key]["npc"]["id"],)).fetchone()["id"] for key in ("quarry", "riverside")}
        account = db.execute("SELECT public_id FROM account WHERE login_folded = ?",
                             (people[user]["procore"]["login"].lower(),)).fetchone()["public_id"]
    return {"admin": "jibanez", "connected": ids["riverside"],
            "lost": {"user": user, "wrong_user": "lnakamura", "project": ids["quarry"], "account": account}}


if __name__ == "__main__":
    sys.exit(e2e.run_story("pages.mjs", facts))
