"""What the lints share: which C files there are, and a file taken apart into code and texts."""

import os
import re

TOP = os.environ.get("srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")

TOKEN = re.compile(
    r"/\*.*?\*/"  # comment
    r"|//[^\n]*"
    r'|"(?:\\.|[^"\\\n])*"'  # text
    r"|'(?:\\.|[^'\\\n])*'",
    re.S,
)


def files(*folders):
    """Paths below TOP of all written .c and .h files, sorted; generated ones are left out."""
    found = []
    for folder in folders:
        for where, _, names in os.walk(os.path.join(TOP, folder)):
            for name in names:
                if name.endswith((".c", ".h")) and not name.endswith((".gen.c", ".gen.h")):
                    found.append(os.path.relpath(os.path.join(where, name), TOP))
    return sorted(found)


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as f:
        return f.read()


def take_apart(source):
    """(code, texts): the code with comments and the inside of literals blanked out, same line
    numbers; and [(line, text)], neighbouring literals joined as the compiler joins them."""
    texts = []
    end = [None]

    def blank(match):
        token = match.group(0)
        if token[0] == '"':
            line = source.count("\n", 0, match.start()) + 1
            joined = texts and end[0] is not None and not source[end[0]:match.start()].strip()
            if joined:
                texts[-1] = (texts[-1][0], texts[-1][1] + token[1:-1])
            else:
                texts.append((line, token[1:-1]))
            end[0] = match.end()
            return '""'
        if token[0] == "'":
            return "' '"
        return " " + "\n" * token.count("\n")

    # An #include's name is no text.
    masked = re.sub(r'^([ \t]*#[ \t]*include)[^\n]*', r"\1", source, flags=re.M)
    source = masked
    return TOKEN.sub(blank, masked), texts
