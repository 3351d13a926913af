#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What each technique of the kernels gains, from races among them: pairs of configurations that differ in one technique.

Reads races as `./dg tune` writes them or as bench/tuned.py keeps them; bench/report.py puts the tables on the
performance page. Stages and staging buffers count as parts of a technique, since a kernel that needs more of the one has room
for less of the other. Needs Python 3.9 and a C++20 compiler ($CXX, or c++).

    bench/ablation.py race.json...   # print the tables
"""
import json
import pathlib
import re
import statistics
import sys

import tuned

WIDTHS = (16, 32, 64, 96, 128, 160, 176, 192, 256)


def parsed(race):
    """For each kernel the members that determine how it works: its epilogue and the members of its configuration that are not
    left open. `block` is split into height and width."""
    known, open_names = tuned.members(tuple(kernel["config"] for kernel in race["kernels"]))
    for kernel in race["kernels"]:
        m, n, _ = re.findall(r"\d+", known[kernel["config"]]["block"])
        fixed = {name: value for name, value in known[kernel["config"]].items() if name not in ("block", *open_names)}
        yield fixed | {"m": m, "n": n, "epilogue": kernel["epilogue"]}


def kernels(race):
    """For each case the kernels that were measured: what they are, and their times."""
    race = tuned.trimmed(race)
    named = list(parsed(race))
    for row in race["rows"]:
        yield row, [(kernel, us) for kernel, us in zip(named, row["us"]) if us]


def member(name, without, with_):
    """A technique that is one member of a kernel: a function that tells the two sides by the member's value, and the member."""
    return lambda members: {without: 0, with_: 1}.get(members[name]), name


def techniques():
    """(name, (side, member)): `side` says of a kernel whether it uses the technique (1), does without (0) or neither (None);
    `member` is the one in which the kernels of a pair differ."""
    yield "CTAs in pairs along M, B by multicast", member("cluster", "{1, 1}", "{2, 1}")
    yield "CTAs in pairs along N, A by multicast", member("cluster", "{1, 1}", "{1, 2}")
    yield "promotion deferred by one K block", member("sm90.promote", "promotion::at_once", "promotion::deferred")
    yield "warpgroups that alternate", member("sm90.alternate", "false", "true")
    for parts in (2, 4):
        yield f"K in {parts} parts", member("split_k", "1", str(parts))
    yield "D added to by L2, not fetched", member("epilogue", "accumulate<float>", "add_in_place")
    yield "bands of 16 rows of tiles, not 8", member("raster_rows", "8", "16")
    for narrow, wide in zip(WIDTHS, WIDTHS[1:]):
        yield f"tiles {wide} wide, not {narrow}", member("n", str(narrow), str(wide))


def name_of(row):
    """A short name of a case."""
    order = "" if row.get("layout", "nt") == "nt" else f" {row['layout'].upper()}"
    return f"{row['m']} x {row['n']} x {row['k']}{order}" + (f" {row['d_type'].upper()} +=" if row["accumulate"] else "")


def gains(race, side, free):
    """The gains of all pairs, time without / time with, and of the fastest kernels of each case in which both kinds ran; each
    with the case."""
    pairs, overall = [], []
    for row, measured in kernels(race):
        best, groups = [None, None], {}
        for members, us in measured:
            which = side(members)
            if which is None:
                continue
            rest = tuple(value for name, value in members.items() if name != free)
            for times in (best, groups.setdefault(rest, [None, None])):
                times[which] = us if times[which] is None else min(us, times[which])
        pairs += [(without / with_, row) for without, with_ in groups.values() if without and with_]
        if best[0] and best[1]:
            overall.append((best[0] / best[1], row))
    return pairs, overall


def percent(ratio):
    return f"{100 * (ratio - 1):+.0f} %".replace("-0 %", "+0 %")


def summary(found):
    """Cases, how many gain, median, best and where; empty cells if there are none."""
    if not found:
        return ["0", "", "", "", ""]
    most, row = max(found, key=lambda x: x[0])
    return [str(len(found)), str(sum(ratio > 1.0 for ratio, _ in found)), percent(statistics.median(r for r, _ in found)),
            percent(most), name_of(row)]


def tables(race):
    """(heading, header, rows) for few and for many rows of A: one row for each technique of which the race has pairs."""
    header = ["technique", "pairs", "faster", "median", "best", "where"] + [
        f"all kernels: {x}" if x == "cases" else x for x in ("cases", "faster", "median", "best", "where")]
    for heading, select in (("up to 128 rows of A", lambda row: row["m"] <= 128),
                            ("more than 128 rows of A", lambda row: row["m"] > 128)):
        part = dict(race, rows=[row for row in race["rows"] if select(row)])
        rows = []
        for name, (side, free) in techniques():
            pairs, overall = gains(part, side, free)
            if free == "n":  # any width has its cases: only pairs say something
                overall = []
            if pairs or overall:
                rows.append([name] + summary(pairs) + (summary(overall) if free != "n" else [""] * 5))
        if rows:
            yield heading, header, rows


def main():
    for file in map(pathlib.Path, sys.argv[1:]):
        race = json.loads(file.read_text())
        for heading, header, rows in tables(race):
            print(f"{race['machine']['gpu']}, {file.name}, {heading}")
            for cells in [header] + rows:
                print("  " + " | ".join(cells))


if __name__ == "__main__":
    main()
