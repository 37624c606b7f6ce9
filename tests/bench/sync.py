#!/usr/bin/python3
"""Benchmark of sync: items a second beside a bare libcurl loop, and what it costs of Procore's calls.

Both stand-ins, nginx and TLS on loopback. The worker is `connectord --once`; the loop (tests/bench/loop) sends the same
requests with the same bytes over one handle, for items just like them in another project. The stand-ins' logs of calls
are compared, so that what is timed is the same work.

--quick counts calls only and checks them: no times."""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

import bench_site
from bench_site import ACTION, Site, USER

BARE = "eastwick"


def median(v):
    return f"{statistics.median(v):.1f} ({min(v):.1f} to {max(v):.1f})"


# ---- calls


def counted(found):
    return sum(found.values())


def until_quiet(s):
    """Passes until one finds nothing new; calls of all of them, lists apart."""
    lists, rest = 0, {}
    for _ in range(5):
        s.pass_now()
        found = s.api_calls()
        items = {k: n for k, n in found.items() if not k.endswith(("/rfis", "/submittals", "/recycle_bin"))}
        lists += counted(found) - counted(items)
        for k, n in items.items():
            rest[k] = rest.get(k, 0) + n
        if not items:
            return lists, rest
    raise AssertionError(f"does not come to rest: {items}")


def show(title, n, found):
    print(f"{title}: {counted(found) / n:.1f} calls an item")
    for name, times in sorted(found.items()):
        print(f"    {times / n:5.1f}  {name}")
    return counted(found) / n


def per_change(s, n):
    """Calls that one change causes, by kind and direction, its echo included; the lists come on top, once a pass."""
    out = {}
    for kind in ("rfi", "submittal"):
        items = s.create(kind, n, 5000)
        s.calls()
        lists, found = until_quiet(s)
        out[kind, "in"] = show(f"{kind}, to Project Center, with one file", n, found)
        for it in items:
            s.contractor("edit", {kind: it["id"], "due_date": "2031-03-04"})
        s.calls()
        _, found = until_quiet(s)
        out[kind, "edit"] = show(f"{kind}, edited in Procore", n, found)
        for it in items:
            s.respond(kind, s.item(it["id"])["npc_id"])
        s.calls()
        _, found = until_quiet(s)
        out[kind, "back"] = show(f"{kind}, answered in Project Center", n, found)
        assert all(s.item(it["id"])["state"] == "answered" for it in items)
    print(f"lists: {lists} calls in the passes until nothing is left to do, whatever the number of items")
    return out


def idle(s, hours):
    """Calls of a project in which nothing happens, with the worker's own plan of passes."""
    # a moved clock makes tokens old: their renewal is no call of the API
    s.api_calls()
    found, passed, read = {}, 0, []
    while passed < hours * 3600:
        passed += s.pass_planned()
        calls = s.api_calls()
        read.append(any(k.endswith("/rfis") for k in calls))
        for k, n in calls.items():
            found[k] = found.get(k, 0) + n
    print(f"idle project, {passed / 3600:.1f} h, one project on its sign-in, limit 3600/h: "
          f"{counted(found) * 3600 / passed:.1f} calls an hour; {len(read)} passes, {sum(read)} of them read Procore's "
          "lists")
    for name, n in sorted(found.items()):
        print(f"    {n * 3600 / passed:5.2f}  {name}")
    return counted(found) * 3600 / passed


# ---- items a second


class Loop:
    """The requests of the bare loop, written down first."""

    def __init__(self, s, token):
        self.s, self.lines = s, []
        self.project = bench_site.project_of(BARE)
        company = s.one("SELECT procore_company_id n FROM connection WHERE procore_project_id = ?",
                        self.project["procore"]["id"])["n"]
        self.bearer = f"bearer {token} {company}"
        self.rest = s.rig.url("procore", "/rest/")
        self.npc = s.rig.url("npc", f"/v1/projects/{self.project['npc']['id']}")
        self.at = f"projects/{self.project['procore']['id']}"
        key = bench_site.load("firm.json")["npc"]["access_keys"][0]
        self.login = {"accessKey": key["access_key"], "secret": key["secret"]}

    def add(self, method, url, auth, body="-", take="-"):
        self.lines.append("\t".join((method, url, auth, body if isinstance(body, str) else json.dumps(body), take)))

    def begin(self, contact):
        """What a pass asks before any item."""
        span = "filters%5Bupdated_at%5D=2020-01-01T00%3A00%3A00Z...2040-01-01T00%3A00%3A00Z&page=1&per_page=100"
        self.add("POST", self.s.rig.url("npc", "/v1/login"), "-", self.login,
                 "key_id=accessKeyId,key=secretAccessKey,session=sessionToken")
        self.add("GET", f"{self.npc}/changes?limit=200&updatedSince=2020-01-01T00%3A00%3A00Z", "sig")
        self.add("GET", f"{self.rest}v1.0/{self.at}/rfis?{span}", self.bearer)
        self.add("GET", f"{self.rest}v1.1/{self.at}/submittals?{span}", self.bearer)
        if contact:
            login = self.s.login(USER).replace("@", "%40")
            self.add("GET", f"{self.npc}/contacts?email={login}", "sig", take="contact=items.0.id")

    def item_in(self, kind, theirs, request, size):
        """theirs: as Procore shows it; request: what the worker sent for one of the same kind."""
        tool, version = ("rfis", "v1.0") if kind == "rfi" else ("submittals", "v1.1")
        external = f"procore-{kind}-{theirs['id']}"
        files = theirs["questions"][0]["attachments"] if kind == "rfi" else theirs["attachments"]
        self.add("GET", f"{self.rest}{version}/{self.at}/{tool}/{theirs['id']}", self.bearer)
        self.add("POST", f"{self.npc}/{tool}", "sig", {
            **request, "externalId": external, "idempotencyKey": f"create-1-{external}", "toContactIds": ["{contact}"]},
                 "item=id")
        self.add("GET", files[0]["url"], self.bearer, take="there=@redirect")
        self.add("GET", "{there}", "-")
        self.add("POST", f"{self.npc}/uploads", "sig", {
            "idempotencyKey": f"file-{external}", "name": files[0].get("name") or files[0]["filename"], "size": size, "sha256": self.sha},
                 "upload=id,to=url")
        self.add("PUT", "{to}", "-", "@" + self.file)
        self.add("POST", f"{self.npc}/{tool}/{{item}}/files", "sig", '{"uploadId":"{upload}"}')

    def item_back(self, kind, theirs, npc_id, request):
        tool, version = ("rfis", "v1.0") if kind == "rfi" else ("submittals", "v1.1")
        one = f"{self.rest}{version}/{self.at}/{tool}/{theirs['id']}"
        self.add("GET", f"{self.npc}/{tool}/{npc_id}", "sig")
        self.add("GET", f"{self.npc}/{tool}/{npc_id}/responses", "sig")
        self.add("GET", one, self.bearer)
        if kind == "rfi":
            self.add("POST", f"{one}/replies", self.bearer, request)
            self.add("GET", one, self.bearer)
        else:
            self.add("PATCH", f"{self.rest}v1.0/submittal_approvers/{theirs['approvers'][0]['id']}?project_id="
                     f"{self.project['procore']['id']}&submittal_id={theirs['id']}&send_emails=true", self.bearer, request)

    def run(self):
        """Seconds, requests, bytes up and down."""
        r = subprocess.run([os.path.join(self.s.rig.build, "tests", "bench", "loop"), self.s.rig.lay.ca, "us-east-1"],
                           input="\n".join(["= start", *self.lines, "= end"]) + "\n", capture_output=True, text=True,
                           timeout=600)
        if r.returncode != 0:
            raise AssertionError(f"the bare loop: {r.stderr}")
        self.lines = []
        _, seconds, calls, up, down = r.stdout.splitlines()[-1].split()
        return float(seconds), int(calls), int(up), int(down)


def tally(s):
    found = {}
    for service in ("procore", "npc"):
        for name, _ in s.calls(service):
            if not name.startswith("POST /oauth/"):
                found[service, name] = found.get((service, name), 0) + 1
    return found


def compare(worker, bare, n):
    """The same requests: apart from a few that come once a pass."""
    for key in sorted(set(worker) | set(bare)):
        a, b = worker.get(key, 0), bare.get(key, 0)
        if abs(a - b) > max(3, n // 20):
            raise AssertionError(f"{key}: the worker sent {a}, the loop {b}")


def timed(work):
    begun = time.monotonic()
    out = work()
    return time.monotonic() - begun, out


def round_of(s, n, size, results):
    """n items of each kind, in and back, by the worker and by the loop."""
    ours, theirs = {}, {}
    loop = Loop(s, s.token())
    loop.file, loop.sha = results["file"], results["sha"]
    for kind in ACTION:
        ours[kind] = s.create(kind, n, size)
        theirs[kind] = s.create(kind, n, size, loop.project)
    s.move(30)
    tally(s)
    took, _ = timed(s.pass_now)
    worker = tally(s)
    loop.begin(True)
    for kind in ACTION:
        for a, b in zip(ours[kind], theirs[kind]):
            loop.item_in(kind, b, s.request_of(kind, a["id"], "npc.create"), size)
    bare, calls, up, down = loop.run()
    compare(worker, tally(s), n)
    results["in"].append((2 * n / took, 2 * n / bare, calls, up + down))
    s.pass_now()  # the versions that the files made
    for kind in ACTION:
        for a, b in zip(ours[kind], theirs[kind]):
            s.respond(kind, s.item(a["id"])["npc_id"])
            s.respond(kind, s.npc_items(b["id"], kind)[0]["id"], loop.project)
    s.move(30)
    tally(s)
    took, _ = timed(s.pass_now)
    worker = tally(s)
    loop.begin(False)
    for kind in ACTION:
        what = "procore.reply" if kind == "rfi" else "procore.approve"
        for a, b in zip(ours[kind], theirs[kind]):
            loop.item_back(kind, b, s.npc_items(b["id"], kind)[0]["id"], s.request_of(kind, a["id"], what))
    bare, calls, up, down = loop.run()
    compare(worker, tally(s), n)
    results["back"].append((2 * n / took, 2 * n / bare, calls, up + down))
    assert all(s.item(a["id"])["state"] == "answered" for kind in ACTION for a in ours[kind])
    s.pass_now()


def speed(s, rounds, n, size):
    import hashlib

    path = os.path.join(s.dir.name, "file.pdf")
    data = b"%PDF-1.4\n" + b"y" * (size - 9)
    with open(path, "wb") as f:
        f.write(data)
    results = {"in": [], "back": [], "file": path, "sha": hashlib.sha256(data).hexdigest()}
    s.sql("UPDATE mark SET until_at = until_at - 0")
    for _ in range(rounds):
        round_of(s, n, size, results)
    for way, name in (("in", "contractor to Project Center"), ("back", "architect to Procore")):
        v = results[way]
        print(f"{name}: {median([x[0] for x in v])} items/s by the worker, {median([x[1] for x in v])} by the bare "
              f"libcurl loop, ratio {statistics.median([x[0] / x[1] for x in v]):.2f} "
              f"({min(x[0] / x[1] for x in v):.2f} to {max(x[0] / x[1] for x in v):.2f}); {rounds} rounds of {2 * n} "
              f"items, {v[0][2]} requests and {v[0][3]} bytes a round")


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--build", default=os.environ.get("CW_BUILD", os.path.join(bench_site.TOP, "build")), help="build directory")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--items", type=int, default=40, help="of each kind, in a round")
    p.add_argument("--size", type=int, default=65536, help="bytes of an item's file")
    p.add_argument("--hours", type=int, default=24, help="of the idle project")
    p.add_argument("--quick", action="store_true", help="count calls only")
    args = p.parse_args()
    os.environ["CW_BUILD"] = os.path.abspath(args.build)
    with Site() as s:
        s.pass_now()
        s.pass_now()
        if not args.quick:
            speed(s, args.rounds, args.items, args.size)
        per_change(s, 3)
        s.contractor("rate", {"hour": 3600, "spike": 100})
        idle(s, 6 if args.quick else args.hours)


if __name__ == "__main__":
    sys.exit(main())
