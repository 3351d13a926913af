#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What each technique of the kernels gains, from races among them: pairs of configurations that differ in one technique.

Reads races as `deepgemm_bench --tune` writes them or as bench/tuned.py keeps them; bench/report.py puts the tables on the
performance page. Stages and staging buffers count as parts of a technique, since a kernel that needs more of the one has room
for less of the other. Needs Python 3.9.

    bench/ablation.py race.json...   # print the tables
"""
import json
import pathlib
import re
import statistics
import sys

MEMBER = re.compile(r"\.(\w+) = (\{[^{}]*\}|[\w:]+)")
DEFAULTS = {"cluster": "{1, 1}", "math_warpgroups": "2", "alternate": "false", "split_k": "1", "raster_rows": "8",
            "promote": "promotion::at_once"}
WIDTHS = (16, 32, 64, 96, 128, 160, 176, 192, 256)


def parsed(source):
    """The members of a configuration that say how a kernel works, with `block` in two: height and width."""
    members = DEFAULTS | dict(MEMBER.findall(source))
    m, n, _ = re.findall(r"\d+", members.pop("block"))
    return {k: members[k] for k in DEFAULTS} | {"m": m, "n": n, "store_buffers": members.get("store_buffers", "0")}


def adds_in_place(row, members):
    """True if L2 adds to D, false if C is fetched, None if D is only stored or the race does not tell. Kernels of FP8 that add
    in place are the ones with a single staging buffer (kernel/shipped.cuh); those of BF16 cannot be told apart."""
    if not row["accumulate"] or row["recipe"] not in ("1d2d", "1d1d"):
        return None
    return members["store_buffers"] == "1"


def kernels(race):
    """For each case the kernels that were measured: members and time. Of two with one configuration the faster one."""
    for row in race["rows"]:
        times = {}
        for source, us in (zip(race["configs"], row["us"]) if "configs" in race else ((r["config"], r["us"]) for r in row["ranking"])):
            if us:
                times[source] = min(us, times.get(source, us))
        yield row, [(parsed(source), us) for source, us in times.items()]


def member(name, without, with_):
    """A technique that is one member of the configuration: its name, and the two values."""
    return lambda row, members: {without: 0, with_: 1}.get(members[name]), (name,)


def techniques():
    """(name, (side, members)): `side` says of a kernel whether it uses the technique (1), does without (0) or neither (None);
    `members` are those that may differ between two kernels of a pair."""
    yield "CTAs in pairs along M, B by multicast", member("cluster", "{1, 1}", "{2, 1}")
    yield "CTAs in pairs along N, A by multicast", member("cluster", "{1, 1}", "{1, 2}")
    yield "promotion deferred by one K block", member("promote", "promotion::at_once", "promotion::deferred")
    yield "warpgroups that alternate", member("alternate", "false", "true")
    for parts in (2, 4):
        yield f"K in {parts} parts", member("split_k", "1", str(parts))
    yield "D added to by L2, not fetched", (lambda row, members: {True: 1, False: 0}.get(adds_in_place(row, members)), ())
    yield "bands of 16 rows of tiles, not 8", member("raster_rows", "8", "16")
    for narrow, wide in zip(WIDTHS, WIDTHS[1:]):
        yield f"tiles {wide} wide, not {narrow}", member("n", str(narrow), str(wide))


def name_of(row):
    """A case in a few characters."""
    order = "" if row.get("layout", "nt") == "nt" else f" {row['layout'].upper()}"
    return f"{row['m']} x {row['n']} x {row['k']}{order}" + (f" {row['d_type'].upper()} +=" if row["accumulate"] else "")


def gains(race, side, free):
    """For each case that has such pairs: the gain of its best pair, as time without / time with; the best kernels of all, if both
    kinds ran; and the case."""
    pairs, overall = [], []
    for row, measured in kernels(race):
        best, groups = [None, None], {}
        for members, us in measured:
            which = side(row, members)
            if which is None:
                continue
            in_place = None if not free else adds_in_place(row, members)
            rest = (in_place,) + tuple((k, v) for k, v in members.items() if k not in free + ("store_buffers",))
            group = groups.setdefault(rest, [None, None])
            for times in (best, group):
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
    """(heading, header, rows) for few and for many rows of A: one line for each technique that the race can say something of."""
    header = ["technique", "pairs", "faster", "median", "best", "where"] + [
        f"all kernels: {x}" if x == "cases" else x for x in ("cases", "faster", "median", "best", "where")]
    for heading, select in (("up to 128 rows of A", lambda row: row["m"] <= 128), ("more than 128 rows of A", lambda row: row["m"] > 128)):
        part = dict(race, rows=[row for row in race["rows"] if select(row)])
        rows = []
        for name, (side, free) in techniques():
            pairs, overall = gains(part, side, free)
            if "n" in free:  # any width has its cases: only pairs say something
                overall = []
            if pairs or overall:
                rows.append([name] + summary(pairs) + (summary(overall) if "n" not in free else [""] * 5))
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
