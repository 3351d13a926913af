#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What Doxygen reads instead of a page; docs/Doxyfile calls it with the page's path.

Pictures are named as Doxygen finds them, by the folder `images` alone. After docs/index.md comes a page for each of its groups, which
has the group's pages below it in the tree of the site.
"""
import pathlib
import re
import sys

PAGE = re.compile(r"- \[(.+?)\]\((\S+?)\): (.+)")
LABEL = re.compile(r"\{#([\w-]+)\}$")


def label(page):
    """The name by which Doxygen knows a page: the one its title gives, else one made of its path."""
    given = LABEL.search(page.read_text().splitlines()[0])
    return given[1] if given else "md_" + re.sub(r"[/-]", "_", str(page.with_suffix("")))


def groups(index):
    """The pages of groups, as text."""
    for line in index.read_text().splitlines():
        page = PAGE.fullmatch(line)
        if line.startswith("## "):
            name = line[3:]
            yield f"\n@page group_{name.lower().replace(' ', '_')} {name}\n"
        elif page:
            yield f"- @subpage {label(index.parent / page[2])} \"{page[1]}\": {page[3]}"


def main():
    path = pathlib.Path(sys.argv[1]).resolve().relative_to(pathlib.Path.cwd())
    print(path.read_text().replace("](../images/", "](images/"))
    if path == pathlib.Path("docs/index.md"):
        print(*groups(path), sep="\n")


if __name__ == "__main__":
    main()
