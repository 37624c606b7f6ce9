#!/usr/bin/python3
"""Plays the table of cases (table.txt) and says how each ended.

  test_cases.py              all
  test_cases.py NAME...      these cases or groups
  test_cases.py --list       their names and what each covers
"""
import argparse
import os
import sys
import time

from cases import Wrong, World, play, read_table

TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "table.txt")


def choose(groups, names):
    if not names:
        return
    for g in groups:
        if g.name not in names:
            g.cases = [c for c in g.cases if c.name in names]


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("names", nargs="*", metavar="NAME")
    ap.add_argument("--list", action="store_true")
    o = ap.parse_args()
    groups, left_out = read_table(TABLE)
    if o.list:
        for g in groups:
            for c in g.cases:
                print(f"{c.name:32} {c.title} [{'; '.join(c.covers)}]")
        for what, why in left_out:
            print(f"no case: {what}: {why}")
        return
    choose(groups, o.names)
    passed, failed = 0, 0
    with World() as world:
        for g in (g for g in groups if g.cases):
            begin = time.monotonic()
            try:
                ended = play(world, g, print)
            except Wrong as e:
                failed += 1
                print(f"FAIL: group {g.name}: {e}", flush=True)
                continue
            for c in g.cases:
                if ended[c.name] is None:
                    passed += 1
                else:
                    failed += 1
                    print(f"FAIL: {c.name}: {c.title}\n    {ended[c.name]}", flush=True)
            print(f"{g.name:20} {len(g.cases):3} cases {time.monotonic() - begin:6.1f} s", flush=True)
    print(f"{passed} passed, {failed} failed", flush=True)
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
