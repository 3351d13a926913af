#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds benchmark results against their targets: `./dg bench --check [operation]`.

Reads bench/targets.json and the files in bench/results that it names. Prints each target with what was reached and exits with 1
if one is missed or cannot be judged. Needs Python 3.9 and nothing else.

A target is a suite (its name, the file of results, the rows that `where` selects), a measure and a figure that must be reached:

    where     {"column": value}, {"column": [values]} or {"column": {"min": x, "max": y, "not": z}}; a column may be a product
              of columns, as "n*k". Every condition must hold. Of a list of such alternatives one must hold.
    rows      how many rows that selects, all of which must have what the measure needs: with fewer or more the target is
              missed, whatever they reach
    measure   {"ratio": peer}        time of the peer over ours
              {"sustained": peer}    the same back to back
              {"joules": peer}       the board's energy for a product of the peer over that for ours, back to back
              {"tflops": "flushed"}  of single launches, or "sustained"
              {"gb_s": true}         bytes that the case must move over our time
              {"bytes_at": TB/s, "plus_us": us}   time to move these bytes at that rate, and so much more, over ours
              {"read_share": TB/s}   time to read A and B at that rate, over ours
              {"traffic": true}      time of a kernel that only moves what the case must move, in the same run, over ours
              {"k_major": true}      time with MN-major scales of A over time with K-major ones
              {"than": {"column": value}}   time of the row that has these values and all others of ours, over ours
              {"than_case": [pattern, text]}   time of the row whose case is named so, once `text` replaces in our case's name
                                     what the regular expression finds, over ours
              and in each of them "over": "all" (the geometric mean), "worst" or "best", of the selected rows
    at_least  the figure
    goal      optional: the figure hoped for beyond that
    limit     optional: what is known to stand in the way, and where that is shown
"""
import argparse
import json
import math
import pathlib
import re
import sys

import report

ROOT = pathlib.Path(__file__).resolve().parent.parent


def column(row, name):
    """The value of a column of a row, or the product of the values of several columns."""
    parts = name.split("*")
    return row[name] if len(parts) == 1 else math.prod(row[part] for part in parts)


def selected(row, where):
    """True if a row is of a suite: if all conditions of `where` hold, or those of one of its alternatives."""
    alternatives = where if isinstance(where, list) else [where]
    return any(all(holds(column(row, name), wanted) for name, wanted in conditions.items()) for conditions in alternatives)


def holds(value, wanted):
    """True if a value meets a condition of `where`."""
    if isinstance(wanted, list):
        return value in wanted
    if isinstance(wanted, dict):
        unknown = set(wanted) - {"min", "max", "not"}
        if unknown:
            raise ValueError(f"a condition has 'min', 'max' and 'not', no {sorted(unknown)}")
        return wanted.get("min", value) <= value <= wanted.get("max", value) and ("not" not in wanted or value != wanted["not"])
    return value == wanted


MEASURES = ("ratio", "sustained", "joules", "tflops", "gb_s", "bytes_at", "read_share", "traffic", "k_major", "than", "than_case")


def over_ours(others, rows):
    """Times over those of the rows, in the order of these; None where either is not known."""
    return [us / row["us"] if us and row["us"] else None for us, row in zip(others, rows)]


def figures(results, measure, rows):
    """The measure of each row; None where a row lacks what it needs."""
    if "ratio" in measure:
        return [results.ratio(row, measure["ratio"]) for row in rows]
    if "sustained" in measure:
        return [results.ratio(row, measure["sustained"], sustained=True) for row in rows]
    if "joules" in measure:
        return [results.joules_ratio(row, measure["joules"]) for row in rows]
    if "tflops" in measure:
        time = {"flushed": "us", "sustained": "us_sustained"}[measure["tflops"]]
        return [1e-6 * report.flops(row) / row[time] if row[time] else None for row in rows]
    if "gb_s" in measure:
        return [row["gb_s"] if row["us"] else None for row in rows]
    if "bytes_at" in measure:  # GB/s times microseconds are thousands of bytes, and a microsecond at 1 TB/s moves a million
        return [row["gb_s"] / (1e3 * measure["bytes_at"]) + measure["plus_us"] / row["us"] if row["us"] else None for row in rows]
    if "read_share" in measure:
        size = {"fp8_gemm": 1, "bf16_gemm": 2, "m_grouped_fp8_gemm_nt_masked": 1, "m_grouped_bf16_gemm_nt_masked": 2,
                "m_grouped_fp8_gemm_nt_contiguous": 1, "m_grouped_bf16_gemm_nt_contiguous": 2,
                "m_grouped_bf16_gemm_nn_contiguous": 2}
        lines = [row["m"] + row["n"] * row.get("groups", 1) for row in rows]  # every group has weights of its own
        least = [rows_read * row["k"] * size[row["op"]] / (1e6 * measure["read_share"]) for rows_read, row in zip(lines, rows)]
        return [us / row["us"] if row["us"] else None for us, row in zip(least, rows)]
    if "traffic" in measure:
        return [row["us_traffic"] / row["us"] if row.get("us_traffic") and row["us"] else None for row in rows]
    if "k_major" in measure:
        return [row["us"] / row["us_k_major_scales"] if row.get("us_k_major_scales") else None for row in rows]
    if "than" in measure:
        times = {report.key(row): row["us"] for row in results.rows}
        return over_ours([times.get(report.key({**row, **measure["than"]})) for row in rows], rows)
    if "than_case" in measure:
        times = {row["case"]: row["us"] for row in results.rows}
        return over_ours([times.get(re.sub(*measure["than_case"], row["case"])) for row in rows], rows)
    raise ValueError(f"a measure is {', '.join(map(repr, MEASURES))}, not {measure}")


SUMMARIES = {"all": report.geometric_mean, "worst": min, "best": max}


def judge(target, root):
    """(what was reached or None, a remark, whether all rows of the suite were judged) for one target."""
    file = root / "bench/results" / target["results"]
    if not file.exists():
        return None, f"there is no bench/results/{target['results']}", False
    results = report.Report(file)
    rows = [row for row in results.rows if selected(row, target["where"])]
    values = figures(results, target["measure"], rows)
    known = [value for value in values if value]
    complete = 0 < len(known) == len(rows) == target["rows"]
    remark = f"{len(known)} rows"
    if not complete:
        remark += f" judged of {len(rows)} in the results; the suite has {target['rows']}"
    return (SUMMARIES[target["measure"]["over"]](known) if known else None), remark, complete


def described(measure):
    """A measure in words."""
    if "ratio" in measure:
        what = f"{report.PEERS[measure['ratio']]} / ours"
    elif "sustained" in measure:
        what = f"{report.PEERS[measure['sustained']]} / ours, sustained"
    elif "joules" in measure:
        what = f"joules, {report.PEERS[measure['joules']]} / ours"
    elif "tflops" in measure:
        what = "TFLOPS" + (", sustained" if measure["tflops"] == "sustained" else "")
    elif "gb_s" in measure:
        what = "GB/s"
    elif "bytes_at" in measure:
        what = f"bytes at {measure['bytes_at']} TB/s and {measure['plus_us']} us / ours"
    elif "traffic" in measure:
        what = "traffic alone / ours"
    elif "k_major" in measure:
        what = "MN-major / K-major"
    elif "than" in measure:
        what = ", ".join(f"{name} {value}" for name, value in measure["than"].items()) + " / ours"
    elif "than_case" in measure:
        what = f"{measure['than_case'][1].strip()} / ours"
    else:
        what = f"share of {measure['read_share']} TB/s"
    return what + {"all": "", "worst": ", worst", "best": ", best"}[measure["over"]]


def digits(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.3f}"


def check(operations, root):
    """Prints the table; returns how many targets are missed."""
    missed, rows = 0, []
    for operation, targets in operations.items():
        for target in targets:
            reached, remark, complete = judge(target, root)
            good = complete and reached >= target["at_least"]
            missed += not good
            if complete and not good and "limit" in target:
                remark += f"; {target['limit']}"
            goal = digits(target["goal"]) if "goal" in target else ""
            rows.append([operation, target["suite"], described(target["measure"]), digits(target["at_least"]), goal,
                         "-" if reached is None else digits(reached), "yes" if good else "NO", remark])
    print(report.table(["operation", "suite", "measure", "at least", "goal", "reached", "held", "remarks"], rows))
    return missed


def main():
    parser = argparse.ArgumentParser(prog="dg bench --check", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("operation", nargs="?", help="the targets of one operation only (default: all)")
    parser.add_argument("--root", type=pathlib.Path, default=ROOT, help="repository (default: this one)")
    arguments = parser.parse_args()
    operations = json.loads((arguments.root / "bench/targets.json").read_text())
    if arguments.operation is not None:
        if arguments.operation not in operations:
            parser.error(f"operation is '{arguments.operation}'; bench/targets.json has {', '.join(sorted(operations))}")
        operations = {arguments.operation: operations[arguments.operation]}
    missed = check(operations, arguments.root)
    total = sum(map(len, operations.values()))
    print(f"\n{total - missed} of {total} targets are held")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
