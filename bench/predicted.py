#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measured times of dense products beside those that docs/sm100-times.md predicts for a B200.

    python3 bench/predicted.py                       all results of a B200 in bench/results
    python3 bench/predicted.py FILE ...              these result files instead

For each product that is in both: measured and predicted microseconds, their ratio (above 1: slower than predicted), and the bound
that the model names. Then, for each bound, the geometric mean of the ratios and the extremes."""
import json
import math
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = "docs/sm100-times.md"
COLUMNS = ("pass", "m", "n", "k", "orders", "recipe", "D", "tile", "predicted, µs", "TFLOPS", "bound by")


# What tells a product among the results, which are of other operations, too.
KEYS = {"pass", "m", "n", "k", "layout", "recipe", "d_type", "accumulate", "us"}


def predictions(text):
    """The rows of a page's tables by product."""
    found = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if len(cells) != len(COLUMNS) or not cells[1].isdigit():
            continue
        row = dict(zip(COLUMNS, cells))
        key = (row["pass"], int(row["m"]), int(row["n"]), int(row["k"]), row["orders"], row["recipe"], row["D"])
        found[key] = (float(row["predicted, µs"]), row["bound by"])
    return found


def key_of(row):
    """The product of a row of results, as predictions() names it."""
    d = row["d_type"] + (" acc" if row["accumulate"] else "")
    return (row["pass"], row["m"], row["n"], row["k"], row["layout"], row["recipe"], d)


def compared(rows, predicted):
    """(name, measured, predicted, bound) of each row of results that has a prediction."""
    made = []
    for row in rows:
        key = key_of(row)
        if key in predicted and row["us"]:
            name, sizes = key[0], "x".join(str(size) for size in key[1:4])
            made.append((f"{name} {sizes} {key[4]} {key[5]} {key[6]}", row["us"], *predicted[key]))
    return made


def geometric_mean(values):
    return math.exp(sum(math.log(value) for value in values) / len(values))


def report(lines):
    """The comparison as text."""
    width = max(len(name) for name, *_ in lines)
    out = [f"{'product':{width}}  measured, us  predicted, us  ratio  bound by"]
    bounds = {}
    for name, measured, expected, bound in lines:
        out.append(f"{name:{width}}  {measured:12.1f}  {expected:13.1f}  {measured / expected:5.2f}  {bound}")
        bounds.setdefault(bound, []).append(measured / expected)
    out.append("")
    for bound, ratios in sorted(bounds.items()):
        out.append(f"{bound}: {len(ratios)} products, ratio {geometric_mean(ratios):.2f} on average, "
                   f"{min(ratios):.2f} to {max(ratios):.2f}")
    return "\n".join(out)


def main(arguments):
    files = [pathlib.Path(name) for name in arguments] or sorted((ROOT / "bench/results").glob("b200/*.json"))
    rows = []
    for file in files:
        results = json.loads(file.read_text())
        rows += [row for row in results["rows"] if row.keys() >= KEYS]
    lines = compared(rows, predictions((ROOT / PAGE).read_text()))
    if not lines:
        where = "these files" if arguments else "bench/results/b200; './dg bench --suite bf16_75' on a B200 makes them"
        print(f"no product of {PAGE} is in {where}")
        return 1
    print(report(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
