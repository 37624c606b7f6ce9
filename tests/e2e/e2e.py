"""Run a story (an .mjs file) in Chromium over a rig that was filled the way the demo is.

The rig's authority is put into an NSS database in a scratch home directory, so that the browser really verifies
certificates. The story's steps are counted, and so is what its logs must not hold.
"""
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "integ"))

import harness  # noqa: E402
import demo  # noqa: E402
import seed  # noqa: E402

LIMIT_S = 420


def browser_home(folder, ca):
    """A home directory whose certificate store trusts the authority."""
    home = os.path.join(folder, "home")
    nss = os.path.join(home, ".pki", "nssdb")
    os.makedirs(nss)
    subprocess.run(["certutil", "-d", "sql:" + nss, "-N", "--empty-password"], check=True)
    subprocess.run(["certutil", "-d", "sql:" + nss, "-A", "-t", "C,,", "-n", "rig", "-i", ca], check=True)
    return home


def run_story(story, facts, screenshots=None, options=None):
    """Exit status of the whole; prints the story's steps and then `N passed, N failed`."""
    with tempfile.TemporaryDirectory(prefix="cw-e2e-") as folder:
        rig = harness.Rig(os.path.join(folder, "rig"), **(options or {}))
        try:
            rig.start()
            seed.run(rig, True, lambda text: print("seed:", text, flush=True))
            access = os.path.join(folder, "access.json")
            with open(access, "w", encoding="utf-8") as f:
                json.dump(demo.access(rig), f)
            with open(os.path.join(folder, "story.json"), "w", encoding="utf-8") as f:
                json.dump(facts(rig), f)
            env = {**os.environ, "CW_ACCESS": access, "CW_BROWSER_HOME": browser_home(folder, rig.lay.ca),
                   "CW_STORY": os.path.join(folder, "story.json"), "CW_SCREENSHOTS": screenshots or ""}
            r = subprocess.run(["node", os.path.join(HERE, story)], env=env, cwd=HERE, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, timeout=LIMIT_S)
            print(r.stdout, flush=True)
            if r.returncode != 0:
                for part in ("connectord", "callback", "edit", "procore", "npc"):
                    print(f"--- end of {part}.log\n{rig.log_tail(part)}", flush=True)
        finally:
            killed = rig.stop()
        passed, failed = harness.counts(r.stdout, r.returncode)
        found = harness.log_findings(rig) + [f"had to be killed: {k}" for k in killed or []]
        print("\n".join(found))
        passed, failed = (passed, failed + 1) if found else (passed + 1, failed)
        print(f"{passed} passed, {failed} failed", flush=True)
        return 1 if failed else 0
