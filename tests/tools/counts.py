"""How many test cases passed and failed, read from what the tests printed."""
import glob
import os
import re

OWN = re.compile(r"^(?:#\s*)?(\d+) passed, (\d+) failed\s*$", re.M)
CMOCKA_PASSED = re.compile(r"^\[  PASSED  \] (?:[^:\n]+: )?(\d+) test\(s\)", re.M)
CMOCKA_FAILED = re.compile(r"^\[  FAILED  \] (?:[^:\n]+: )?(\d+) test\(s\)", re.M)
TAP = re.compile(r"^(not )?ok \d+\b", re.M)
TELLING = re.compile(r"\[  (?:FAILED|ERROR) |^(?:FAIL|ERROR)[: ]|Assertion|Error\b|ERROR: |runtime error|^E ", re.M)


def script(text, status):
    """(passed, failed) of one script: its own last count, else cmocka's or TAP's, else itself as one case. An exit
    status that says failure is never counted away."""
    own = OWN.findall(text)
    if own:
        passed, failed = int(own[-1][0]), int(own[-1][1])
    elif CMOCKA_PASSED.search(text) or CMOCKA_FAILED.search(text):
        passed = sum(int(n) for n in CMOCKA_PASSED.findall(text))
        failed = sum(int(n) for n in CMOCKA_FAILED.findall(text))
    elif TAP.search(text):
        lines = TAP.findall(text)
        failed = sum(1 for bad in lines if bad)
        passed = len(lines) - failed
    else:
        passed, failed = (1, 0) if status == 0 else (0, 1)
    if status != 0 and failed == 0:
        failed = 1
    return passed, failed


def interesting(text, lines=25):
    """The lines that tell what failed, or the last ones."""
    all_lines = text.splitlines()
    told = [x for x in all_lines if TELLING.search(x)]
    return "\n".join((told or all_lines)[-lines:])


def automake(folder):
    """[(test, passed, failed, note)] of a build directory after make check."""
    out = []
    for path in sorted(glob.glob(os.path.join(folder, "**", "*.trs"), recursive=True)):
        with open(path, encoding="utf-8") as f:
            results = re.findall(r"^:test-result: (\w+)", f.read(), re.M)
        with open(path[:-4] + ".log", encoding="utf-8", errors="replace") as f:
            text = f.read()
        good = bool(results) and all(r == "PASS" for r in results)  # SKIP is no pass
        passed, failed = script(text, 0 if good else 1)
        out.append((os.path.relpath(path[:-4], folder), passed, failed, interesting(text)))
    return out
