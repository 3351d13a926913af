#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the tuned table and the figures of docs/tuning-model.md from races among the shipped kernels.

Reads bench/results/h200/tune_fp8_dense.json and, if it is there, tune_bf16_dense.json (written by `deepgemm_bench --tune`) and
asks the cost model of this checkout, compiled on the spot, what it would choose. A product gets a row in host/tuned_h200.hpp
where that choice was measured to be more than 1 % slower than the best kernel. Needs Python 3.9 and a C++20 compiler ($CXX,
or c++).

    bench/tuned.py                   # rewrite the table and the page
    bench/tuned.py --race file.json  # take over a new race first
    bench/tuned.py --check           # fail if the written files are not up to date
"""
import argparse
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
RACES = {"FP8": "bench/results/h200/tune_fp8_dense.json", "BF16": "bench/results/h200/tune_bf16_dense.json"}
TABLE, PAGE = "include/deepgemm/host/tuned_h200.hpp", "docs/tuning-model.md"
BEGIN, END = "<!-- choices:begin -->", "<!-- choices:end -->"
KEPT = ("m", "n", "k", "layout", "recipe", "d_type", "accumulate")
WORTH_A_ROW = 1.01
NEAR = 1.03
OPEN = re.compile(r" \.(?:stages|store_rows|store_columns|store_buffers) = \d+,?")


def is_fp8(row):
    return row["recipe"] in ("1d2d", "1d1d")


def trimmed(race):
    """The race without predictions and repetitions: every configuration once, for each case their times in that order."""
    if "configs" in race:
        return race
    configs = sorted({r["config"] for row in race["rows"] for r in row["ranking"]})
    rows = []
    for row in race["rows"]:
        times = {r["config"]: r["us"] for r in row["ranking"]}
        kept = {k: row[k] for k in KEPT if k != "layout" or not is_fp8(row)}  # FP8 has but one
        rows.append(kept | {"us": [times.get(c) for c in configs]})
    machine = race["machine"] | {"command": re.sub(r" --out \S+", "", race["machine"]["command"])}
    return {"machine": machine, "configs": configs, "rows": rows}


def dumped(race):
    """As JSON, one line for each configuration and case."""
    lines = ["{", f'"machine": {json.dumps(race["machine"], indent=2)},']
    for name in ("configs", "rows"):
        lines += [f'"{name}": [', ",\n".join("  " + json.dumps(x) for x in race[name]), "]" + ("," if name == "configs" else "")]
    return "\n".join(lines + ["}"]) + "\n"


def b_tile(row):
    return {"1d2d": "{128, 128}", "1d1d": "{1, 128}"}.get(row["recipe"], "{}")


def majors(row):
    """The dimensions along which A and B are contiguous."""
    layout = row.get("layout", "nt")
    return "major::mn" if layout[0] == "t" else "major::k", "major::mn" if layout[1] == "n" else "major::k"


def operands(row):
    """A and B as C++."""
    if is_fp8(row):
        return "{dtype::e4m3, scale_kind::fp32, {1, 128}}", f"{{dtype::e4m3, scale_kind::fp32, {b_tile(row)}}}"
    return tuple(f"{{dtype::{row['recipe']}, scale_kind::none, {{}}, {order}}}" for order in majors(row))


def runners(race):
    """For each case the kernels that were measured, as (configuration, time)."""
    return [[(c, us) for c, us in zip(race["configs"], row["us"]) if us] for row in race["rows"]]


def predictions(race):
    """What the cost model of this checkout says of the same kernels, in microseconds."""
    calls = []
    for row, kernels in zip(race["rows"], runners(race)):
        for source, _ in kernels:
            calls.append(f"say({{{row['m']}, {row['n']}, {row['k']}}}, {', '.join(operands(row))}, dtype::{row['d_type']}, "
                         f"{str(row['accumulate']).lower()}, {source});")
    program = """
        #include <cstdio>
        #include <deepgemm/host/cost_model.hpp>
        using namespace deepgemm;
        void say(problem_shape shape, operand_info a, operand_info b, dtype d, bool accumulate, const config& cfg) {
            const workload work{shape, a, b, d, accumulate};
            const kernel_info info{.a = a, .b = b, .d = d, .accumulate = accumulate, .cfg = cfg};
            std::printf("%.6f\\n", predict(info, work, device_info::h200(), 132).total_us);
        }
        int main() {""" + "\n".join(calls) + "}"
    with tempfile.TemporaryDirectory() as folder:
        source, binary = pathlib.Path(folder, "choices.cpp"), pathlib.Path(folder, "choices")
        source.write_text(program)
        subprocess.run([os.environ.get("CXX", "c++"), "-std=c++20", "-I", ROOT / "include", source, "-o", binary], check=True)
        values = map(float, subprocess.run([binary], check=True, capture_output=True, text=True).stdout.split())
    return [[next(values) for _ in kernels] for kernels in runners(race)]


def choices(race):
    """For each case: the best kernel, the model's choice and its time over the best, the error of its prediction."""
    made = []
    for row, kernels, predicted in zip(race["rows"], runners(race), predictions(race)):
        pick = min(range(len(kernels)), key=predicted.__getitem__)
        best, best_us = min(kernels, key=lambda k: k[1])
        made.append({"row": row, "best": best, "best_us": best_us, "pick": kernels[pick][0], "loss": kernels[pick][1] / best_us,
                     "error": predicted[pick] / kernels[pick][1], "all": [c for c, _ in kernels]})
    return made


def opened(source, others):
    """A configuration without the sizes a kernel settles for itself, unless that makes it agree with another one."""
    short = OPEN.sub("", source)
    return source if any(o != source and OPEN.sub("", o) == short for o in others) else re.sub(r",\s*}$", "}", short)


def type_and_order(row):
    """The last members of a row, which FP8 leaves at their defaults."""
    return "" if is_fp8(row) else f", dtype::{row['recipe']}, {', '.join(majors(row))}"


def table(race, cases):
    rows = []
    for c in cases:
        if c["loss"] > WORTH_A_ROW:
            row = c["row"]
            rows.append(f"    // {c['best_us']:.1f} us; the model's choice takes {100 * (c['loss'] - 1):.1f} % longer\n"
                        f"    tuned_row{{{row['m']}, {row['n']}, {row['k']}, dtype::{row['d_type']}, {str(row['accumulate']).lower()}, "
                        f"{b_tile(row)},\n              {opened(c['best'], c['all'])}{type_and_order(row)}}},\n")
    return f"""// SPDX-License-Identifier: MIT
// Written by bench/tuned.py: products for which another kernel than the cost model's choice was measured to be the best, by
// more than {100 * (WORTH_A_ROW - 1):.0f} %, on an {race['machine']['gpu']} with all {race['machine']['sms']} multiprocessors.
#pragma once

#include <array>

#include <deepgemm/host/tuned_row.hpp>

namespace deepgemm {{

// clang-format off
/// Rows measured on an H200.
inline constexpr std::array<tuned_row, {len(rows)}> tuned_h200{{{{
{"".join(rows)}}}}};
// clang-format on

}}  // namespace deepgemm
"""


def short(source):
    """A configuration in a few characters, for the page."""
    m, n = re.search(r"block = \{(\d+), (\d+)", source).groups()
    turns = ", in turn" if "alternate" in source else ""
    cluster = re.search(r"cluster = \{(\d+), (\d+)\}", source)
    return (f"{m} x {n}" + (f", cluster {cluster[1]} x {cluster[2]}" if cluster else "") +
            turns + (", deferred" if "deferred" in source else "") + (", band " + b[1] if (b := re.search(r"raster_rows = (\d+)", source)) else ""))


def summary(race, cases):
    mean = math.exp(sum(math.log(c["loss"]) for c in cases) / len(cases))
    near, exact = (sum(c["loss"] <= limit for c in cases) for limit in (NEAR, 1.0))
    errors = math.sqrt(sum(math.log(c["error"]) ** 2 for c in cases) / len(cases))
    worst = max(cases, key=lambda c: c["loss"])
    kernels = sum(len(c["all"]) for c in cases)
    text = (f"Measured on an {race['machine']['gpu']}, caches flushed, {kernels} times of {len(cases)} products. The model's first "
            f"choice is the fastest kernel in {exact} of them and within {100 * (NEAR - 1):.0f} % of it in {near}; its time is "
            f"{mean:.3f} times the best in the geometric mean and {worst['loss']:.3f} times at worst. Its predictions of the kernels "
            f"it chooses are off by {100 * errors:.0f} % (root mean square). {sum(c['loss'] > WORTH_A_ROW for c in cases)} products have "
            f"a row in the tuned table, so that the planner picks their fastest kernel.")
    lines = ["| m | n | k | D | model's choice | fastest | choice / fastest |", "|---|---|---|---|---|---|---|"]
    for c in sorted(cases, key=lambda c: -c["loss"]):
        r = c["row"]
        if c["loss"] > WORTH_A_ROW:
            order = "" if is_fp8(r) else f"{r['layout']} "
            lines.append(f"| {r['m']} | {r['n']} | {r['k']} | {order}{r['d_type']}{' +=' if r['accumulate'] else ''} | {short(c['pick'])} | "
                         f"{short(c['best'])} | {c['loss']:.3f} |")
    return text, "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--race", type=pathlib.Path, action="append", default=[], help="take over new measurements first")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is not up to date")
    arguments = parser.parse_args()
    races = {family: trimmed(json.loads((ROOT / file).read_text())) for family, file in RACES.items() if (ROOT / file).exists()}
    for file in arguments.race:
        race = trimmed(json.loads(file.read_text()))
        races["FP8" if is_fp8(race["rows"][0]) else "BF16"] = race
    files, parts, every = {}, [], []
    for family in [f for f in RACES if f in races]:
        cases = choices(races[family])
        parts += [f"### {family}"] if len(races) > 1 else []
        parts += summary(races[family], cases)
        files[RACES[family]] = dumped(races[family])
        every += cases
    print("\n\n".join(parts))
    page = (ROOT / PAGE).read_text()
    pattern = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    files[TABLE] = table(next(iter(races.values())), every)
    files[PAGE] = pattern.sub(lambda _: "\n\n".join([BEGIN + "\n" + parts[0]] + parts[1:]) + "\n" + END, page)
    stale = [f for f, content in files.items() if not (ROOT / f).exists() or (ROOT / f).read_text() != content]
    if arguments.check:
        sys.exit(f"tuned.py: not up to date: {', '.join(stale)}" if stale else 0)
    for file in stale:
        (ROOT / file).write_text(files[file])
        print(f"wrote {file}")


if __name__ == "__main__":
    main()
