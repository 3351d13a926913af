#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the table of products for which cuBLASLt was measured to be faster than our kernel, in one run.

Reads bench/results/<gpu>/bf16_dense.json, in which both compute the same, and writes ops/gemm/cublaslt_times.hpp: for each objective
the products where cuBLASLt takes less than 0.98 of our time, as side_by_side::other_wins() asks. Needs Python 3.9.

    bench/cublaslt_times.py             # rewrite the table
    bench/cublaslt_times.py --check     # fail if it is not up to date
"""
import argparse
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADER = "include/deepgemm/ops/gemm/cublaslt_times.hpp"
GPUS = ("h200",)
WINS = 0.98
OBJECTIVES = {"latency": ("us", "peers"), "sustained": ("us_sustained", "peers_sustained")}


def rows_of(results):
    """The rows of the table as C++."""
    made = []
    for objective, (ours, theirs) in OBJECTIVES.items():
        for row in results["rows"]:
            ours_us, their_us = row.get(ours), row.get(theirs, {}).get("cublaslt")
            if not ours_us or not their_us or row["recipe"] != "bf16" or their_us >= WINS * ours_us:
                continue
            orders = [f"major::{'mn' if mn else 'k'}" for mn in (row["layout"][0] == "t", row["layout"][1] == "n")]
            members = [f"{{{row['m']}, {row['n']}, {row['k']}}}", *orders, f"dtype::{row['d_type']}", str(row["accumulate"]).lower(),
                       f"objective_kind::{objective}"]
            made.append(f"    {{{', '.join(members)},\n     {{{row['config']}, {ours_us:.2f}, {their_us:.2f}}}}},\n")
    return made


def written(text, rows):
    """The header with new rows for a GPU between its two comments."""
    for gpu, lines in rows.items():
        begin, end = f"// {gpu}: begin\n", f"// {gpu}: end\n"
        if begin not in text or end not in text:
            sys.exit(f"cublaslt_times.py: {HEADER} has no '{begin.strip()}' ... '{end.strip()}'")
        head, rest = text.split(begin)
        table = (f"inline constexpr std::array<beside_cublaslt, {len(lines)}> beside_cublaslt_{gpu}{{{{\n{''.join(lines)}}}}};\n")
        text = head + begin + table + end + rest.split(end)[1]
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the table is not up to date")
    arguments = parser.parse_args()
    rows = {gpu: rows_of(json.loads((ROOT / "bench/results" / gpu / "bf16_dense.json").read_text())) for gpu in GPUS}
    old = (ROOT / HEADER).read_text()
    new = written(old, rows)
    if arguments.check:
        sys.exit(f"cublaslt_times.py: {HEADER} is not up to date" if new != old else 0)
    (ROOT / HEADER).write_text(new)
    print(f"{HEADER}: {sum(map(len, rows.values()))} rows")


if __name__ == "__main__":
    main()
