#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the tuned tables and the figures of docs/tuning-model.md from races among the shipped kernels.

Reads bench/results/<gpu>/tune_fp8_dense.json, tune_fp8_row_scales.json and tune_bf16_dense.json, and tune_sustained.json and
tune_bf16_dense_sustained.json of launches back to back (`--objective sustained`), those that are there, written by `deepgemm tune`,
and asks the cost model of this checkout, compiled on the spot, what it would choose on that GPU. A product gets a row in
ops/gemm/tuned_<gpu>.hpp where that choice was measured to be more than 1 % slower than the best kernel. Kernels that are not shipped
any more do not count, nor do products for which one of them was the best. Needs Python 3.9 and a
C++20 compiler ($CXX, or c++).

    bench/tuned.py                                                   # rewrite all tables and the page
    bench/tuned.py --gpu h100 --race fp8.json --race bf16.json       # take over new races first
    bench/tuned.py --check                                           # fail if a written file is not up to date
"""
import argparse
import functools
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
GPUS = ("h100", "h200")  # each has a device_info, a table and a folder of results
FAMILIES = {"FP8": "tune_fp8_dense.json", "FP8 with scales for all of K": "tune_fp8_row_scales.json",
            "BF16": "tune_bf16_dense.json", "FP8, back to back,": "tune_sustained.json",
            "BF16, back to back,": "tune_bf16_dense_sustained.json"}
PAGE = "docs/tuning-model.md"
KEPT = ("m", "n", "k", "layout", "recipe", "d_type", "accumulate")
WORTH_A_ROW = 1.01
NEAR = 1.03
FEW_ROWS = 16  # up to here kernels that swap their operands are the fastest
IN_PLACE = "add_in_place"
USUAL = "config{}"  # all members have their default


def is_fp8(row):
    return row["recipe"] in ("1d2d", "1d1d", "row", "tensor")


def objective(row):
    """What a row was measured for; those of single launches do not say it."""
    return row.get("objective", "latency")


def family_of(row):
    """The family of a race; of scales for all of K only those of rows are raced, since the same kernels serve all of them."""
    if objective(row) == "sustained":
        return ("FP8" if is_fp8(row) else "BF16") + ", back to back,"
    return "FP8 with scales for all of K" if row["recipe"] == "row" else "FP8" if is_fp8(row) else "BF16"


def in_order(kernel):
    """A key that sorts kernels by configuration and puts the one that adds in place last."""
    return kernel[0], kernel[1] == IN_PLACE, kernel[1]


def times(row):
    """The times of a case by kernel, which is a pair of configuration and epilogue. A kernel that ran twice has the smaller
    time."""
    made = {}
    for entry in row["ranking"]:
        kernel = entry["config"], entry["epilogue"]
        made[kernel] = min(entry["us"], made.get(kernel, math.inf))
    return made


def trimmed(race):
    """The race without predictions and repetitions: every kernel once, for each case their times in that order."""
    if "kernels" in race:
        return race
    cases = [times(row) for row in race["rows"]]
    kernels = sorted({kernel for case in cases for kernel in case}, key=in_order)
    rows = []
    for row, case in zip(race["rows"], cases):
        kept = {k: row[k] for k in KEPT if k != "layout" or not is_fp8(row)}  # FP8 has but one
        kept |= {"objective": objective(row)} if objective(row) != "latency" else {}
        rows.append(kept | {"us": [case.get(kernel) for kernel in kernels]})
    machine = race["machine"] | {"command": re.sub(r" --out \S+", "", race["machine"]["command"])}
    return {"machine": machine, "kernels": [{"config": c, "epilogue": e} for c, e in kernels], "rows": rows}


def joined(files):
    """The races of some files, one of each family: parts of one that ran one after another become one."""
    made = {}
    for file in files:
        race = json.loads(file.read_text())
        family = family_of(race["rows"][0])
        if family in made:
            if "kernels" in race or "kernels" in made[family]:
                sys.exit(f"tuned.py: {file} is one of several races of {family.rstrip(',')} and cannot be joined: it is trimmed")
            if race["machine"]["gpu"] != made[family]["machine"]["gpu"]:
                sys.exit(f"tuned.py: {file} was measured on an {race['machine']['gpu']}, other parts on an {made[family]['machine']['gpu']}")
            made[family]["rows"] += race["rows"]
        else:
            made[family] = race
    return made


def dumped(race):
    """The race as JSON, with one line for each kernel and each case."""
    lines = ["{", f'"machine": {json.dumps(race["machine"], indent=2)},']
    for name in ("kernels", "rows"):
        lines += [f'"{name}": [', ",\n".join("  " + json.dumps(x) for x in race[name]), "]" + ("," if name == "kernels" else "")]
    return "\n".join(lines + ["}"]) + "\n"


def b_tile(row):
    """The tile of B's scales that a row of the table names; that of rows stands for one scale an operand, too."""
    return {"1d2d": "{128, 128}", "1d1d": "{1, 128}", "row": "{1, 0}", "tensor": "{1, 0}"}.get(row["recipe"], "{}")


def majors(row):
    """The dimensions along which A and B are contiguous."""
    layout = row.get("layout", "nt")
    return "major::mn" if layout[0] == "t" else "major::k", "major::mn" if layout[1] == "n" else "major::k"


def operands(row):
    """A and B of a kernel as C++; those for a scale a row serve one scale an operand."""
    if row["recipe"] in ("row", "tensor"):
        return ("{dtype::e4m3, scale_kind::fp32, {1, scale_tile::all}}",) * 2
    if is_fp8(row):
        return "{dtype::e4m3, scale_kind::fp32, {1, 128}}", f"{{dtype::e4m3, scale_kind::fp32, {b_tile(row)}}}"
    return tuple(f"{{dtype::{row['recipe']}, scale_kind::none, {{}}, {order}}}" for order in majors(row))


def runners(race):
    """For each case the kernels that were measured, as (configuration, adds in place, time)."""
    kernels = [(kernel["config"], kernel["epilogue"] == IN_PLACE) for kernel in race["kernels"]]
    return [[(*kernel, us) for kernel, us in zip(kernels, row["us"]) if us] for row in race["rows"]]


def cpp(flag):
    return str(flag).lower()


def output_of(program, given=""):
    """Compiles and runs a C++ program that includes the library's headers. Returns what it prints."""
    with tempfile.TemporaryDirectory() as folder:
        source, binary = pathlib.Path(folder, "program.cpp"), pathlib.Path(folder, "program")
        source.write_text(program)
        subprocess.run([os.environ.get("CXX", "c++"), "-std=c++20", "-I", ROOT / "include", source, "-o", binary], check=True)
        return subprocess.run([binary], input=given, check=True, capture_output=True, text=True).stdout


@functools.cache
def members(configs):
    """For each configuration, given as C++ text, and for the default one: all members by name, as texts. Then the names of the
    members that the kernel chooses by default. Both come from the library's table of members."""
    configs = [USUAL, *configs]
    lines = output_of(r"""
        #include <iostream>
        #include <deepgemm/host/parse.hpp>
        using namespace deepgemm;
        const char* before = "";
        template <class T>
        void print_members(const T& value, const std::string& of) {
            for_each_field<T>([&](const auto& field) {
                const auto& own = value.*field.member;
                if constexpr (has_named_fields<std::remove_cvref_t<decltype(own)>>) {
                    print_members(own, of + field.name + ".");
                } else {
                    std::cout << before << of << field.name << '=' << value_source(own), before = "\t";
                }
            });
        }
        int main() {
            for_each_field<config>([&](const auto& field) {
                if (field.usual == by_default::open) std::cout << before << field.name, before = "\t";
            });
            for (std::string line; std::getline(std::cin, line);) {
                const auto made = parse_config(line);
                if (!made) return std::cerr << made.failure().message << '\n', 1;
                before = "\n";
                print_members(*made, "");
            }
        }""", "".join(c + "\n" for c in configs)).split("\n")
    open_names, *described = (line.split("\t") for line in lines)
    return {c: dict(member.split("=") for member in line) for c, line in zip(configs, described)}, open_names


def predictions(race, gpu):
    """The predictions of this checkout's cost model for the same kernels: microseconds, and the place in the shipped lists, which
    decides between equal ones; infinity for a kernel that is not shipped any more. Stages are ignored in that comparison. In a
    race, C is always D."""
    calls = []
    for row, kernels in zip(race["rows"], runners(race)):
        for source, in_place, _ in kernels:
            calls.append(f"say({{{row['m']}, {row['n']}, {row['k']}}}, {', '.join(operands(row))}, dtype::{row['d_type']}, "
                         f"{cpp(row['accumulate'])}, {cpp(in_place)}, {source});")
    program = """
        #include <algorithm>
        #include <cmath>
        #include <cstdio>
        #include <vector>
        #include <deepgemm/ops/gemm/cost.hpp>
        #include <deepgemm/ops/gemm/shipped.cuh>
        using namespace deepgemm;
        std::vector<gemm_info> all;
        template <class... Kernels>
        void append(shipped::kernels<Kernels...>) { (all.push_back(Kernels::info), ...); }
        void say(problem_shape shape, operand_info a, operand_info b, dtype d, bool accumulate, bool in_place, const config& cfg) {
            const gemm_workload work{shape, a, b, d, accumulate, accumulate};
            const gemm_info info{.traits = {.a = a, .b = b, .d = d, .accumulate = accumulate, .in_place = in_place}, .cfg = cfg};
            const device_info device = device_info::GPU();
            const auto place = std::find_if(all.begin(), all.end(), [&](gemm_info x) {
                x.cfg.stages = cfg.stages;  // which a kernel may settle otherwise today
                return x.traits == info.traits && x.cfg == cfg;
            });
            const bool is_shipped = place != all.end();
            std::printf("%.6f %td\\n", is_shipped ? predict(info, work, device, device.sm_count).total_us : INFINITY,
                        place - all.begin());
        }
        int main() {""".replace("GPU", gpu)
    program += "\n".join(["append(shipped::dense());", *calls]) + "}"
    words = iter(output_of(program).split())
    values = ((float(us), int(place)) for us, place in zip(words, words))
    return [[next(values) for _ in kernels] for kernels in runners(race)]


def choices(race, gpu):
    """For each case: the best kernel, the model's choice and its time over the best, the error of its prediction. Cases whose
    best kernel is not shipped any more are left out, because a later race may have found a better one. So are cases of few rows
    in a race that is older than kernels with swapped operands."""
    made = []
    known, open_names = members(tuple(kernel["config"] for kernel in race["kernels"]))
    swaps = any(known[kernel["config"]]["swap"] == "true" for kernel in race["kernels"])
    for row, measured, said in zip(race["rows"], runners(race), predictions(race, gpu)):
        if row["m"] <= FEW_ROWS and not swaps:
            continue
        if said[min(range(len(said)), key=lambda i: measured[i][2])][0] == math.inf:
            continue
        kernels, predicted = zip(*((kernel, us) for kernel, us in zip(measured, said) if us[0] < math.inf))
        pick = min(range(len(kernels)), key=predicted.__getitem__)
        best, in_place, best_us = min(kernels, key=lambda k: k[2])
        made.append({"row": row, "best": best, "in_place": in_place, "best_us": best_us, "pick": kernels[pick][0],
                     "pick_in_place": kernels[pick][1], "loss": round(kernels[pick][2], 2) / round(best_us, 2),
                     "error": predicted[pick][0] / kernels[pick][2], "all": [c for c, _, _ in kernels],
                     "members": known, "open": open_names})
    return made


def opened(c, kernel):
    """A configuration without the members that a kernel chooses by default. If it then equals another one, only the first of
    them, the stages, is left out; if that does not tell them apart either, none is."""
    source, known = kernel, c["members"]
    for names in (c["open"], c["open"][:1]):
        def fixed(config):
            return {name: value for name, value in known[config].items() if name not in names}
        if not any(o != source and fixed(o) == fixed(source) for o in c["all"]):
            for name in names:
                source = source.replace(f", .{name} = {known[kernel][name]}", "")
            break
    return source


def table_row(c):
    """A row of the table as C++; members that have their default are left out."""
    row = c["row"]
    members = [f".m_max = {row['m']}, .n = {row['n']}, .k = {row['k']}"]
    members += [f".d = dtype::{row['d_type']}"] if row["d_type"] != "bf16" else []
    members += [".accumulate = true"] if row["accumulate"] else []
    members += [f".b = {b_tile(row)}"] if row["recipe"] != "1d2d" else []
    rest = [f".cfg = {opened(c, c['best'])}"]
    rest += [] if is_fp8(row) else [f".type = dtype::{row['recipe']}"]
    rest += [f".{x}_contiguous = {order}" for x, order in zip("ab", majors(row)) if order == "major::mn"]
    rest += [".in_place = true"] if c["in_place"] else []
    model = [f".cfg = {opened(c, c['pick'])}"] + ([".in_place = true"] if c["pick_in_place"] else [])
    times = f".us = {c['best_us']:.2f}f, .model = {{{', '.join(model)}, .us = {c['loss'] * c['best_us']:.2f}f}}"
    times += ", .objective = objective_kind::sustained" if objective(row) == "sustained" else ""
    regime = " back to back" if objective(row) == "sustained" else ""
    return (f"    // {c['best_us']:.1f} us{regime}; the model's choice takes {100 * (c['loss'] - 1):.1f} % longer\n"
            f"    gemm_tuned_row{{{', '.join(members)},\n              {', '.join(rest)},\n              {times}}},\n")


def table(gpu, cases):
    rows = [table_row(c) for c in cases if c["loss"] > WORTH_A_ROW]
    body = f"{{{{\n{''.join(rows)}}}}}" if rows else "{}"
    return f"""// SPDX-License-Identifier: MIT
// Written by bench/tuned.py: products for which another kernel than the cost model's choice was measured to be the best, by
// more than {100 * (WORTH_A_ROW - 1):.0f} %, on an {gpu.upper()} with all its multiprocessors.
#pragma once

#include <array>

#include <deepgemm/ops/gemm/tuned_row.hpp>

namespace deepgemm {{

// clang-format off
/// Rows measured on an {gpu.upper()}.
inline constexpr std::array<gemm_tuned_row, {len(rows)}> tuned_{gpu}{body};
// clang-format on

}}  // namespace deepgemm
"""


def short(c, source, in_place):
    """A kernel in a few characters, for the page."""
    kernel, usual = c["members"][source], c["members"][USUAL]
    m, n, _ = re.findall(r"\d+", kernel["block"])
    parts = [f"{m} x {n}"]
    for name, text in (("cluster", "cluster {} x {}"), ("split_k", "K split by {}"), ("sm90.alternate", "in turn"),
                       ("sm90.promote", "deferred"), ("raster_rows", "band {}")):
        if kernel[name] not in (usual[name], "promotion::never"):
            parts.append(text.format(*re.findall(r"\d+", kernel[name])))
    return ", ".join(parts + (["in place"] if in_place else []))


def summary(race, cases):
    mean = math.exp(sum(math.log(c["loss"]) for c in cases) / len(cases))
    near, exact = (sum(c["loss"] <= limit for c in cases) for limit in (NEAR, 1.0))
    errors = math.sqrt(sum(math.log(c["error"]) ** 2 for c in cases) / len(cases))
    worst = max(cases, key=lambda c: c["loss"])
    kernels = sum(len(c["all"]) for c in cases)
    left_out = len(race["rows"]) - len(cases)
    without = f", without {left_out} whose fastest kernel is not shipped any more, or that were raced before kernels could swap operands" if left_out else ""
    how = "back to back" if objective(race["rows"][0]) == "sustained" else "caches flushed"
    rows = sum(c["loss"] > WORTH_A_ROW for c in cases)
    have = "1 product has" if rows == 1 else f"{rows} products have"
    text = (f"Measured on an {race['machine']['gpu']}, {how}, {kernels} times of {len(cases)} products{without}. The model's "
            f"first choice is the fastest kernel in {exact} of them and within {100 * (NEAR - 1):.0f} % of it in {near}; its time is "
            f"{mean:.3f} times the best in the geometric mean and {worst['loss']:.3f} times at worst. Its predictions of the kernels "
            f"it chooses are off by {100 * errors:.0f} % (root mean square). {have} "
            f"a row in the tuned table, so that the planner picks their fastest kernel.")
    lines = ["| m | n | k | D | model's choice | fastest | choice / fastest |", "|---|---|---|---|---|---|---|"]
    for c in sorted(cases, key=lambda c: -c["loss"]):
        r = c["row"]
        if c["loss"] > WORTH_A_ROW:
            order = f"{r['recipe']} " if r["recipe"] in ("row", "tensor") else "" if is_fp8(r) else f"{r['layout']} "
            lines.append(f"| {r['m']} | {r['n']} | {r['k']} | {order}{r['d_type']}{' +=' if r['accumulate'] else ''} | "
                         f"{short(c, c['pick'], c['pick_in_place'])} | {short(c, c['best'], c['in_place'])} | {c['loss']:.3f} |")
    return text, "\n".join(lines)


def races_of(gpu):
    """The races of the shipped kernels on a GPU, by family."""
    found = {}
    for family, name in FAMILIES.items():
        file = ROOT / "bench/results" / gpu / name
        race = json.loads(file.read_text()) if file.exists() else {}
        if "kernels" in race:
            found[family] = race
        elif race:
            print(f"{file.relative_to(ROOT)}: of older kernels, left alone")
    return found


def rewritten(page, gpu, parts):
    """The page with a new section of a GPU, which is between two comments."""
    begin, end = f"<!-- {gpu}:begin -->", f"<!-- {gpu}:end -->"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if not pattern.search(page):
        sys.exit(f"tuned.py: {PAGE} has no {begin} ... {end}")
    return pattern.sub(lambda _: "\n\n".join([begin + "\n" + parts[0]] + parts[1:]) + "\n" + end, page)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gpu", choices=GPUS, help="only this one (default: all)")
    parser.add_argument("--race", type=pathlib.Path, action="append", default=[], help="take over new measurements first, or parts of them; needs --gpu")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is not up to date")
    arguments = parser.parse_args()
    if arguments.race and not arguments.gpu:
        parser.error("--race needs --gpu")
    files, page = {}, (ROOT / PAGE).read_text()
    for gpu in [arguments.gpu] if arguments.gpu else GPUS:
        races = races_of(gpu)
        for family, race in joined(arguments.race).items():
            if gpu.upper() not in race["machine"]["gpu"]:
                sys.exit(f"tuned.py: the race of {family.rstrip(',')} was measured on an {race['machine']['gpu']}")
            races[family] = trimmed(race)
        parts, every = [], []
        for family in [f for f in FAMILIES if f in races]:
            cases = choices(races[family], gpu)
            parts += [f"### {family} on an {gpu.upper()}", *summary(races[family], cases)]
            files[f"bench/results/{gpu}/{FAMILIES[family]}"] = dumped(races[family])
            every += cases
        files[f"include/deepgemm/ops/gemm/tuned_{gpu}.hpp"] = table(gpu, every)
        page = rewritten(page, gpu, parts or [f"The kernels of today have not been raced on an {gpu.upper()}."])
        print("\n\n".join(parts))
    files[PAGE] = page
    stale = [f for f, content in files.items() if not (ROOT / f).exists() or (ROOT / f).read_text() != content]
    if arguments.check:
        sys.exit(f"tuned.py: not up to date: {', '.join(stale)}" if stale else 0)
    for file in stale:
        (ROOT / file).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / file).write_text(files[file])
        print(f"wrote {file}")


if __name__ == "__main__":
    main()
