#!/usr/bin/python3
"""The main job in a real browser; with --screenshots the pictures of the documents are made anew."""
import os
import sys

import e2e

if __name__ == "__main__":
    folder = None
    if "--screenshots" in sys.argv[1:]:
        folder = os.path.join(e2e.harness.TOP, "docs", "img")
        os.makedirs(folder, exist_ok=True)
    sys.exit(e2e.run_story("story.mjs", folder))
