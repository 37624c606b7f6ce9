#!/usr/bin/python3
"""The main job in a real browser; with --screenshots the pictures of the documents are made anew."""
import os
import sys

import e2e
from rig import load


def item(kind, project, subject_key, action, response=None):
    """The first item of the seed data that waits in a project."""
    found = next(i for i in load(kind + ".json")[kind] if i["project"] == project)
    return {"subject": found[subject_key], "files": [f["name"] for f in found["files"]], "action": action,
            "response": response}


def project(key, rig):
    p = next(p for p in load("projects.json")["projects"] if p["key"] == key)
    with rig.db() as db:
        row = db.execute("SELECT id FROM connection WHERE npc_project_id = ?", (p["npc"]["id"],)).fetchone()
    return {"id": row["id"], "number": p["npc"]["number"], "name": p["npc"]["name"], "procore_id": p["procore"]["id"],
            "bic": p["connection"]["bics"][0], "map": p["connection"]["response_map"]}


# The word in the column Connection Status for each state of the seed data (sandbox/data/README.md).
WORDS = {"connected": "Connected", "migrated": "Connection Lost", "revoked": "Connection Lost",
         "two_bics_one_lost": "Connected", "app_disconnected": "Connection Lost",
         "permission_missing": "Connection Lost", "sync_issues": "Connected"}


def facts(rig):
    """What the story is about: the project with a revoked sign-in, and one whose person never signed in."""
    lost, migrated = project("quarry", rig), project("harborview", rig)
    action = "Approved as Noted"
    listed = [{"number": p["npc"]["number"], "word": WORDS[p["state"]]}
              for p in load("projects.json")["projects"] if p["connection"]]
    return {
        "admin": {"user": "jibanez", "projects": listed},
        "portal": {"user": lost["bic"], "wrong_user": "lnakamura", "project": lost,
                   "item": item("rfis", "quarry", "subject", "Answered")},
        "mail": {"user": migrated["bic"], "project": migrated,
                 "item": item("submittals", "harborview", "title", action, migrated["map"][action])},
        "foreign": project("riverside", rig),
    }


if __name__ == "__main__":
    folder = None
    if "--screenshots" in sys.argv[1:]:
        folder = os.path.join(e2e.harness.TOP, "docs", "img")
        os.makedirs(folder, exist_ok=True)
    sys.exit(e2e.run_story("story.mjs", facts, folder))
