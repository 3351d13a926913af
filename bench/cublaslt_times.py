#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the table of products for which cuBLASLt was measured to be faster than our kernel, in one run.

Reads those files of bench/results/<gpu> in which both compute the same, and writes ops/gemm/cublaslt_times.hpp: for each objective
the products where cuBLASLt takes less than 0.98 of our time, as side_by_side::other_wins() asks. In FP8 these are products with scales
that hold for all of K, summed by the tensor cores alone. Needs Python 3.9.

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
# For each objective: the members with times, and the files. Kernels in sustained.json were chosen for that objective.
OBJECTIVES = {"latency": ("us", "peers", ("bf16_dense", "fp8_row_scales")),
              "sustained": ("us_sustained", "peers_sustained", ("bf16_dense", "fp8_row_scales", "sustained"))}
# For each recipe: the peer that computes the same, and operand A and B of the table.
RECIPES = {"bf16": ("cublaslt", "detail::bf16_along(major::{})"), "row": ("cublaslt_rowwise", "detail::fp8_by_row"),
           "tensor": ("cublaslt_fast", "detail::fp8_by_tensor")}


def rows_of(results):
    """The rows of the table as C++, from the rows of each result file by its name."""
    made = []
    for objective, (ours, theirs, files) in OBJECTIVES.items():
        for row in (row for name in files for row in results[name]):
            if row["recipe"] not in RECIPES:
                continue
            peer, operand = RECIPES[row["recipe"]]
            ours_us, their_us = row.get(ours), row.get(theirs, {}).get(peer)
            if not ours_us or not their_us or their_us >= WINS * ours_us:
                continue
            operands = [operand.format("mn" if mn else "k") for mn in (row["layout"][0] == "t", row["layout"][1] == "n")]
            members = [f"{{{row['m']}, {row['n']}, {row['k']}}}", *operands, f"dtype::{row['d_type']}", str(row["accumulate"]).lower(),
                       f"objective_kind::{objective}"]
            made.append(f"    {{{', '.join(members)},\n     {{{row['config']}, {ours_us:.2f}, {their_us:.2f}}}}},\n")
    return made


def results_of(gpu):
    """The rows of each result file of a GPU."""
    files = {name for _, _, names in OBJECTIVES.values() for name in names}
    return {name: json.loads((ROOT / "bench/results" / gpu / f"{name}.json").read_text())["rows"] for name in files}


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
    rows = {gpu: rows_of(results_of(gpu)) for gpu in GPUS}
    old = (ROOT / HEADER).read_text()
    new = written(old, rows)
    if arguments.check:
        sys.exit(f"cublaslt_times.py: {HEADER} is not up to date" if new != old else 0)
    (ROOT / HEADER).write_text(new)
    print(f"{HEADER}: {sum(map(len, rows.values()))} rows")


if __name__ == "__main__":
    main()
