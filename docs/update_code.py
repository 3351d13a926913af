#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Copies code from compiled files into the pages: fills every fenced block that follows a line
`<!-- code: path name -->` with the region `[name]` of that file. tests/docs checks that this has been done."""
import pathlib
import re
import textwrap

ROOT = pathlib.Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"(<!-- code: (\S+) (\S+) -->\n```\w*\n)(.*?)(```)", re.S)
MARKER = re.compile(r"\s*(//|#) \[(\w+)\]")


def region(path, name):
    """The lines between two markers `[name]`, without the indentation they share, blank lines around them and other
    markers."""
    inside, lines = False, []
    for line in (ROOT / path).read_text().splitlines():
        marker = MARKER.fullmatch(line)
        if marker:
            inside ^= marker[2] == name
        elif inside:
            lines.append(line)
    if not lines:
        raise SystemExit(f"{path} has no region [{name}]")
    return textwrap.dedent("\n".join(lines)).strip("\n") + "\n"


for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
    text = page.read_text()
    updated = BLOCK.sub(lambda block: block[1] + region(block[2], block[3]) + block[5], text)
    if updated != text:
        page.write_text(updated)
        print("updated", page.relative_to(ROOT))
