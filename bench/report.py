#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turns benchmark results into documentation: docs/performance.md, its plots, and the table in README.md.

Reads the result files of bench/results/<gpu> (FAMILIES below; written by `deepgemm bench`), as far as
they are there, and beside them deepgemm-*.json (times of DeepGEMM, measured in another run on the same kind of GPU), tune_*.json (races among
the kernels, of which bench/ablation.py makes tables), and chain.json, engine.json and rtc.json (of which bench/launch_costs.py does, of
machines without a GPU, too). Prints the summaries. Needs Python 3.9; matplotlib for the plots (Debian: python3-matplotlib).

    bench/report.py                  # every GPU under bench/results
    bench/report.py --check          # fail if the written files are not up to date
"""
import argparse
import json
import math
import pathlib
import re
import statistics
import sys

import ablation
import launch_costs

ROOT = pathlib.Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- performance:begin -->", "<!-- performance:end -->"
PEERS = {
    "cublaslt_fast": "cuBLASLt, tensor-wise, fast",
    "cublaslt_tensorwise": "cuBLASLt, tensor-wise",
    "cublaslt_rowwise": "cuBLASLt, by row, fast",
    "cublaslt_blockwise": "cuBLASLt, block-scaled",
    "cublaslt": "cuBLASLt",
    "deepgemm": "DeepGEMM",
    "deepgemm_nt": "ours, NT",
    "deepgemm_on_the_way": "ours, transposed on the way",
}
COLORS = {"cublaslt_fast": "#519e3e", "cublaslt_tensorwise": "#7a7a7a", "cublaslt_rowwise": "#8d69b8",
          "cublaslt_blockwise": "#3b76af", "cublaslt": "#7a7a7a", "deepgemm": "#ef8636", "deepgemm_nt": "#519e3e",
          "deepgemm_on_the_way": "#8d69b8"}

# Ceilings of a roofline: memory as the data sheets have it, in TB/s, and what a multiprocessor's tensor cores do in a cycle.
MEMORY_TB_S = {"NVIDIA H100 80GB HBM3": 3.35, "NVIDIA H200": 4.8}
FLOPS_PER_CYCLE = {"FP8": 8192, "BF16": 4096, "TF32": 2048}
GROUP_COLORS = ["#3b76af", "#ef8636", "#519e3e", "#c53a32", "#8d69b8", "#84584e"]


# Times beside ours that are no peer's, each over ours: a heading, where it stands in a row, digits. Moving operands and D alone:
# 1 is the best that there can be. Our kernel as NVRTC compiles it. Our kernel for scales of A as quantisers write them.
YARDSTICKS = [("traffic alone / ours", "us_traffic", 2), ("NVRTC / nvcc", "us_nvrtc", 3),
              ("K-major scales / MN-major", "us_k_major_scales", 3)]


def larger(row):
    return row["m"] > 128


MASKED = [
    ("about 20 rows a group", lambda r: r["expected_rows"] < 64),
    ("about 200", lambda r: 64 <= r["expected_rows"] < 512),
    ("about 1000", lambda r: r["expected_rows"] >= 512),
    ("all", lambda r: True),
]

CONTIGUOUS = [
    ("by end, NT", lambda r: r["pass"] == "psum" and r["layout"] == "nt"),
    ("by end, NN", lambda r: r["pass"] == "psum" and r["layout"] == "nn"),
    ("by row, NT", lambda r: r["pass"] == "indexed" and r["layout"] == "nt"),
    ("by row, NN", lambda r: r["pass"] == "indexed" and r["layout"] == "nn"),
    ("all", lambda r: True),
]

K_GROUPED = [
    ("concatenated", lambda r: r["pass"] == "concatenated"),
    ("one pitch", lambda r: r["pass"] == "one pitch"),
    ("all", lambda r: True),
]

# Result files: the types and what they hold, and the groups of cases that a summary shows.
FAMILIES = {
    "fp8_dense": ("FP8", "dense FP8 GEMM", [
        ("m = 1", lambda r: r["m"] == 1),
        ("m = 64 and 128", lambda r: r["m"] in (64, 128)),
        ("larger, BF16 D", lambda r: larger(r) and not r["accumulate"]),
        ("larger, FP32 D +=", lambda r: larger(r) and r["accumulate"]),
        ("all", lambda r: True),
    ]),
    "fp8_k_major": ("FP8", "dense FP8 GEMM whose scales of A are K-major in one column", [("all", lambda r: True)]),
    "fp8_layouts": ("FP8", "dense FP8 GEMM in other orders than NT", [
        ("NN: B is transposed", lambda r: r["layout"] == "nn"),
        ("TN: both are", lambda r: r["layout"] == "tn"),
        ("TT: A is", lambda r: r["layout"] == "tt"),
        ("all", lambda r: True),
    ]),
    "fp8_row_scales": ("FP8", "dense FP8 GEMM, a scale a row or an operand", [
        ("by row, m = 1", lambda r: r["recipe"] == "row" and r["m"] == 1),
        ("by row, m = 128", lambda r: r["recipe"] == "row" and r["m"] == 128),
        ("by row, larger, BF16 D", lambda r: r["recipe"] == "row" and larger(r) and not r["accumulate"]),
        ("by row, larger, FP32 D +=", lambda r: r["recipe"] == "row" and larger(r) and r["accumulate"]),
        ("one an operand", lambda r: r["recipe"] == "tensor"),
        ("all", lambda r: True),
    ]),
    "sustained": ("FP8", "dense FP8 GEMM, large products back to back", [
        ("block scales", lambda r: r["recipe"] == "1d2d"),
        ("one scale an operand", lambda r: r["recipe"] == "tensor"),
        ("all", lambda r: True),
    ]),
    "bf16_dense": ("BF16", "dense BF16 GEMM", [
        ("m = 1", lambda r: r["m"] == 1),
        ("m = 128", lambda r: r["m"] == 128),
        ("larger, NT", lambda r: larger(r) and r["layout"] == "nt"),
        ("larger, NN", lambda r: larger(r) and r["layout"] == "nn"),
        ("larger, TN", lambda r: larger(r) and r["layout"] == "tn" and not r["accumulate"]),
        ("larger, TN, FP32 D +=", lambda r: larger(r) and r["layout"] == "tn" and r["accumulate"]),
        ("all", lambda r: True),
    ]),
    "fp8_masked": ("FP8", "masked grouped FP8 GEMM", MASKED),
    "bf16_masked": ("BF16", "masked grouped BF16 GEMM", MASKED),
    "fp8_contiguous": ("FP8", "contiguous grouped FP8 GEMM", CONTIGUOUS),
    "bf16_contiguous": ("BF16", "contiguous grouped BF16 GEMM", CONTIGUOUS),
    "fp8_router": ("FP8", "contiguous grouped FP8 GEMM, a router's groups", CONTIGUOUS),
    "fp8_lists": ("FP8", "contiguous grouped FP8 GEMM, gathered and scattered rows", CONTIGUOUS),
    "bf16_lists": ("BF16", "contiguous grouped BF16 GEMM, gathered and scattered rows", CONTIGUOUS),
    "fp8_k_grouped": ("FP8", "K-grouped FP8 GEMM", K_GROUPED),
    "bf16_k_grouped": ("BF16", "K-grouped BF16 GEMM", K_GROUPED),
    "einsum": ("BF16", "einsums", [
        ("heads, BF16, up to 128 rows", lambda r: r["op"] == "bf16_einsum" and r["form"] != "bmk,bnk->mn" and r["m"] <= 128),
        ("heads, BF16, more rows", lambda r: r["op"] == "bf16_einsum" and r["form"] != "bmk,bnk->mn" and r["m"] > 128),
        ("sums, BF16", lambda r: r["form"] == "bmk,bnk->mn"),
        ("heads, FP8", lambda r: r["op"] == "fp8_einsum"),
        ("all", lambda r: True),
    ]),
    "hc_prenorm": ("TF32", "HyperConnection prenorm", [
        ("up to 137 rows, one sum", lambda r: r["m"] < 4096 and r["num_splits"] == 0),
        ("up to 137 rows, in parts", lambda r: r["m"] < 4096 and r["num_splits"] != 0),
        ("4096 rows and more, one sum", lambda r: r["m"] >= 4096 and r["num_splits"] == 0),
        ("4096 rows and more, in parts", lambda r: r["m"] >= 4096 and r["num_splits"] != 0),
        ("all", lambda r: True),
    ]),
    "mqa_logits": ("FP8", "MQA logits", [
        ("64 heads of 128", lambda r: r["heads"] == 64 and r["depth"] == 128),
        ("64 heads of 64", lambda r: r["heads"] == 64 and r["depth"] == 64),
        ("64 heads of 32", lambda r: r["heads"] == 64 and r["depth"] == 32),
        ("32 heads of 128", lambda r: r["heads"] == 32 and r["depth"] == 128),
        ("32 heads of 64", lambda r: r["heads"] == 32 and r["depth"] == 64),
        ("16 heads of 128", lambda r: r["heads"] == 16),
        ("all", lambda r: True),
    ]),
    "paged_mqa_logits": ("FP8", "paged MQA logits", [
        ("one query, 8192 keys", lambda r: r["next_n"] == 1 and r["m"] == 256 and r["n"] < 20000),
        ("one query, 65536 keys", lambda r: r["next_n"] == 1 and r["m"] == 256 and r["n"] > 20000),
        ("one query of 4096 requests", lambda r: r["next_n"] == 1 and r["m"] == 4096),
        ("two queries", lambda r: r["next_n"] == 2),
        ("four queries", lambda r: r["next_n"] == 4),
        ("all", lambda r: True),
    ]),
    "topk_logits": ("FP8", "the best keys", [
        ("decode", lambda r: r["pass"] == "decode"),
        ("prefill", lambda r: r["pass"] == "prefill"),
    ]),
}

# What else a reader of a family's numbers must know.
NOTES = {
    "sustained": "Kernels are planned for the objective `sustained`. Products with block scales stand beside tensor-wise ones without "
                 "scales, those with one scale an operand beside the same work; *fast* sums in the tensor core alone, as ours then do.",
    "fp8_layouts": "Times are those of all launches, in which at least one kernel runs: transposition and product overlap a little.",
    "mqa_logits": "Full logits are filled with minus infinity outside of ranges in the time given; for DeepGEMM that is the time "
                  "of a second kernel, added to that of the first.",
    "paged_mqa_logits": "The work is shared out in the launch; DeepGEMM's times are without its kernel that does that.",
    "topk_logits": "Times are those of both kernels, scores and selection; for DeepGEMM those of its scores and of `torch.topk`, "
                   "added up.",
}


def key(row):
    """What makes a case: the operation, pass, shape, parts of K, heads, form, order and scales of the operands, type of D, and
    accumulation."""
    shape = (row["m"], row["n"], row["k"], row.get("num_splits", 0), row.get("heads"), row.get("form"))
    return (row["op"], row.get("pass"), *shape, row["layout"], row["recipe"], row["d_type"], row["accumulate"])


def flops(row):
    """Operations that count: two for each element of D and of K, or of logits for each pair of a query and a key that it sees."""
    pairs = row["keys"] * row["next_n"] if "keys" in row else row.get("pairs", row["m"] * row["n"])
    return 2 * pairs * row["k"]


def geometric_mean(values):
    values = [v for v in values if v]
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def over_ours(row, name):
    """A yardstick's time over ours, or None."""
    return row[name] / row["us"] if row.get(name) and row["us"] else None


class Report:
    """The results of one family of cases on one GPU."""

    def __init__(self, file):
        data = json.loads(file.read_text())
        self.gpu, self.family, self.machine, self.rows = file.parent.name, file.stem, data["machine"], data["rows"]
        self.type, self.what, self.groups = FAMILIES[file.stem]
        self.title = f"{self.machine['gpu']}: {self.what}"
        self.plot_title = f"{self.what[0].upper()}{self.what[1:]}, {self.machine['gpu']}"
        self.image = f"images/{self.family}_{self.gpu}.svg"
        self.roofline = f"images/{self.family}_{self.gpu}_roofline.svg"
        self.others = []
        for path in sorted(file.parent.glob("deepgemm-*.json")):
            other = json.loads(path.read_text())
            times = {key(r): r["us"] for r in other["rows"]}
            same = [r for r in self.rows if key(r) in times]
            if same and other["machine"]["gpu"] == self.machine["gpu"]:
                self.others.append(other)
                for row in same:
                    row["peers"]["deepgemm"] = times[key(row)]
        self.peers = [p for p in PEERS if any(r["peers"].get(p) for r in self.rows)]

    def ratio(self, row, peer, sustained=False):
        """Time of the peer over ours, or None."""
        ours = row.get("us_sustained" if sustained else "us")
        theirs = row.get("peers_sustained", {}).get(peer) if sustained else row["peers"].get(peer)
        return theirs / ours if ours and theirs else None

    def joules_ratio(self, row, peer):
        """Energy of the board for a product of the peer over that for ours, back to back, or None."""
        ours, theirs = row.get("joules"), row.get("peers_joules", {}).get(peer)
        return theirs / ours if ours and theirs else None

    def peaks(self):
        """(TFLOPS, at which clock) of the tensor cores: at the clock of sustained runs, if there were any, and at the highest."""
        clocks = [(float(self.machine["clock"].split()[0]), "the highest clock")]
        sustained = [r["clock_sustained_mhz"] for r in self.rows if r.get("clock_sustained_mhz")]
        if sustained:
            clocks.insert(0, (statistics.median(sustained), "the median clock of sustained runs"))
        per_mhz = self.machine["sms"] * FLOPS_PER_CYCLE[self.type] * 1e-6
        return [(mhz * per_mhz, f"{mhz:.0f} MHz, {which}") for mhz, which in clocks]

    def yardsticks(self):
        """Those of YARDSTICKS that were measured for some rows."""
        return [y for y in YARDSTICKS if any(r.get(y[1]) for r in self.rows)]

    def mean(self, peer, sustained=False, select=lambda row: True):
        return geometric_mean([self.ratio(r, peer, sustained) for r in self.rows if select(r)])


def number(value, digits):
    return "" if value is None else f"{value:.{digits}f}"


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(r) + " |" for r in rows])


def kind(row):
    if "einsum" in row.get("op", ""):
        return " ".join([row["form"], f"{row['heads']} heads" if row.get("heads", 0) > 1 else "", row["recipe"], row["d_type"]])
    if "heads" in row:
        what = row.get("form") or f"best {row['best']} of {row['pass']}"
        return f"{row['heads']} heads of {row['depth']}, {what} {row['d_type'].upper()}"
    form = row["layout"] if row["op"] == "bf16_gemm" else row["recipe"]
    groups = f", {row['groups']} groups" if row.get("groups", 1) > 1 else ""
    return f"{form.upper()} {row['d_type'].upper()}" + (" +=" if row["accumulate"] else "") + groups


def protocol(report):
    m = report.machine
    seconds = re.search(r"--sustained ([\d.]+)", m["command"])
    peer = f"cuBLASLt {m['cublaslt']}, " if "cublaslt" in m else ""
    text = (f"{m['gpu']}, driver {m['driver']}, CUDA {m['toolkit']}, {peer}clock {m['clock']}, "
            f"{m['date'][:10]}. Kernel times from {m['timer'].split(':')[0]}; an 8 GB memset before each launch, contenders "
            f"interleaved, median of {m.get('reps', 30)}. Sustained: back to back for {seconds[1] if seconds else 1} s, where "
            f"board power sets the clock. Command: `{m['command']}`.")
    if any(row.get("joules") for row in report.rows):
        text += (" Joules are the board's for one product, by NVML's counter of energy between its first and its last step in the "
                 "sustained run.")
    for other in report.others:
        date = other["machine"]["date"][:10]
        text += f" DeepGEMM {other['version']} was measured in another run ({date}, {other['protocol']})."
    if report.family in NOTES:
        text += " " + NOTES[report.family]
    return text


def full_table(report):
    header = ["pass", "m", "n", "k", "kind", "µs", "TFLOPS", "GB/s", "sustained TFLOPS"]
    header += [f"{PEERS[p]} / ours" for p in report.peers]
    header += [heading for heading, _, _ in report.yardsticks()]
    energy = [p for p in report.peers if any(report.joules_ratio(r, p) for r in report.rows)]
    if energy:
        header += ["J a product"] + [f"J, {PEERS[p]} / ours" for p in energy]
    header += ["error", "configuration"]
    rows = []
    for r in report.rows:
        sustained = r.get("us_sustained")
        cells = [r.get("pass", "-"), str(r["m"]), str(r["n"]), str(r["k"]), kind(r), number(r["us"], 1), number(r["tflops"], 0),
                 number(r["gb_s"], 0), number(flops(r) / sustained * 1e-6, 0) if sustained else ""]
        cells += [number(report.ratio(r, p), 2) for p in report.peers]
        cells += [number(over_ours(r, name), digits) for _, name, digits in report.yardsticks()]
        if energy:
            cells += [number(r.get("joules"), 3)] + [number(report.joules_ratio(r, p), 2) for p in energy]
        rows.append(cells + [f"{r['error']:.1e}" if r["error"] is not None else "", f"`{r['config']}`" if r["config"] else ""])
    return table(header, rows)


def summary_table(report):
    """Geometric means over groups of cases."""
    header = ["cases", "count", "fastest, TFLOPS"] + [f"{PEERS[p]} / ours" for p in report.peers]
    if any(r.get("us_sustained") for r in report.rows):
        header += [f"sustained, {PEERS[p]} / ours" for p in report.peers if report.mean(p, True)]
    energy = [p for p in report.peers if any(report.joules_ratio(r, p) for r in report.rows)]
    header += [f"joules, {PEERS[p]} / ours" for p in energy]
    header += [heading for heading, _, _ in report.yardsticks()]
    rows = []
    for name, select in report.groups:
        chosen = [r for r in report.rows if select(r) and r["us"]]
        if not chosen:
            continue
        cells = [name, str(len(chosen)), number(max(r["tflops"] for r in chosen), 0)]
        cells += [number(report.mean(p, False, select), 2) for p in report.peers]
        if any(r.get("us_sustained") for r in report.rows):
            cells += [number(report.mean(p, True, select), 2) for p in report.peers if report.mean(p, True)]
        cells += [number(geometric_mean([report.joules_ratio(r, p) for r in chosen]), 2) for p in energy]
        cells += [number(geometric_mean([over_ours(r, name) for r in chosen]), digits) for _, name, digits in report.yardsticks()]
        rows.append(cells)
    return table(header, rows)


def label(row):
    """A case below its bars."""
    text = f"{row['groups']} groups, " if row.get("groups", 1) > 1 else ""
    text += f"{row['m']}x{row['n']}x{row['k']}" + (f" {row['layout']}" if row["layout"] != "nt" else "")
    if "einsum" in row.get("op", ""):
        return f"{row['case']} {row['d_type']}"
    if "heads" in row:
        return f"{row['m']}x{row['n']}, {row['heads']}x{row['depth']} {row.get('form', row['pass'])} {row['d_type']}"
    if "num_splits" in row:
        return text + (f" in {row['num_splits']}" if row["num_splits"] else "")
    return text + (" f32" if row["d_type"] == "f32" else "") + (" +=" if row["accumulate"] else "")


def plotter():
    """matplotlib, so that the same input gives the same file."""
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as pyplot
    matplotlib.rcParams["svg.hashsalt"] = "deepgemm"
    return pyplot


def save(pyplot, figure, path):
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def plot_roofline(report, path):
    """Points: TFLOPS of each case against flops per byte that must move; lines: what memory and tensor cores allow."""
    pyplot = plotter()
    figure, axes = pyplot.subplots(figsize=(11, 5))
    rows, memory = [r for r in report.rows if r["us"]], MEMORY_TB_S.get(report.machine["gpu"])
    groups = [g for g in report.groups if g[0] != "all"]
    intensity = {id(r): 1e3 * r["tflops"] / r["gb_s"] for r in rows}
    low, high = min(intensity.values()) / 1.5, max(intensity.values()) * 1.5
    for (peak, clock), style in zip(report.peaks(), ("-", "--") if len(report.peaks()) > 1 else ("-",)):
        start = peak / memory if memory else low
        axes.plot([max(low, min(start, high)), high], [peak, peak], style, color="black", linewidth=1,
                  label=f"{peak:.0f} TFLOPS: {clock}")
    if memory:
        end = report.peaks()[-1][0] / memory
        axes.plot([low, end], [low * memory, end * memory], ":", color="black", linewidth=1, label=f"{memory} TB/s of memory")
    left = list(rows)
    for (name, select), color in zip(groups, GROUP_COLORS):
        chosen = [r for r in left if select(r)]
        left = [r for r in left if not select(r)]
        if chosen:
            axes.plot([intensity[id(r)] for r in chosen], [r["tflops"] for r in chosen], "o", color=color, markersize=4,
                      label=name)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(low, high)
    axes.set_xlabel("flops per byte of A, B, scales, C and D")
    axes.set_ylabel("TFLOPS")
    axes.set_title(f"{report.plot_title}: achieved, and what the machine allows", fontsize=9)
    axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1), frameon=False)  # outside, where no point can be
    save(pyplot, figure, path)


def plot(report, path):
    """Bars: time of each peer over ours, one group a case. Above 1, ours is faster."""
    pyplot = plotter()
    rows = [r for r in report.rows if r["us"]]
    figure, axes = pyplot.subplots(figsize=(max(12, 0.2 * len(rows)), 4.5))
    width = 0.8 / max(1, len(report.peers))
    for i, peer in enumerate(report.peers):
        bars = [(x + (i - (len(report.peers) - 1) / 2) * width, report.ratio(r, peer)) for x, r in enumerate(rows)]
        bars = [(x, y) for x, y in bars if y]
        mean = report.mean(peer)
        axes.bar([x for x, _ in bars], [y for _, y in bars], width, color=COLORS[peer], label=f"{PEERS[peer]} ({mean:.2f})")
    axes.axhline(1, color="black", linewidth=0.8)
    axes.set_xticks(range(len(rows)))
    axes.set_xticklabels([label(r) for r in rows], rotation=90, fontsize=6)
    axes.set_xlim(-0.6, len(rows) - 0.4)
    axes.set_ylabel("time of the peer / time of deepgemm", fontsize=8)
    axes.set_title(f"{report.plot_title}: above 1, deepgemm is faster "
                   "(geometric means in brackets)", fontsize=9, pad=22)
    # Between title and axes, where no bar can be.
    axes.legend(fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1), ncol=max(1, len(report.peers)), frameon=False)
    save(pyplot, figure, path)


def ceilings(report):
    """What the lines of the roofline are."""
    memory = MEMORY_TB_S.get(report.machine["gpu"])
    text = "The roofline's ceilings: " + (f"{memory} TB/s of device memory, as the data sheet has it; " if memory else "")
    text += f"{report.machine['sms']} multiprocessors of {FLOPS_PER_CYCLE[report.type]} {report.type} flops a cycle, "
    text += " and ".join(f"{peak:.0f} TFLOPS at {clock}" for peak, clock in report.peaks())
    return text + ". The points are flushed runs" + (", whose clock lies between." if len(report.peaks()) > 1 else ".")


def run_time(results):
    """What compiling at run time costs."""
    if not results:
        return []
    return ["", "## Compiling at run time", "", launch_costs.run_time_text(results), "", table(*launch_costs.run_time(results))]


def engine_costs(results):
    """What an engine's call costs on the host."""
    if not results:
        return []
    return ["", "## Calls on the host", "", launch_costs.engine_text(results), "", table(*launch_costs.engine(results))]


def chains(results):
    """What dependent launches gain, a table for each GPU."""
    parts = ["", "## Chains of dependent launches", "", launch_costs.CHAINS] if results else []
    for result in results:
        parts += ["", f"{result['device']}, medians of {result['repetitions']} rounds.", "", table(*launch_costs.chains(result))]
    return parts


def ablations(races):
    """Tables of what each technique gains, for every race."""
    parts = []
    if races:
        parts += ["", "## What each technique gains", "",
                  "Made by `bench/ablation.py` from races among the shipped kernels. A pair is two kernels, run on the same "
                  "product, that differ in the technique alone (and in stages and staging buffers, which make room for each "
                  "other); its gain is time without over time with. \"All kernels\" compares the fastest kernel that has the "
                  "technique with the fastest that has not, whatever else they are. *Faster* counts gains above 0; *where* is "
                  "the product of the best one."]
    for file, race in races:
        type_ = next((t for family, (t, *_) in FAMILIES.items() if file.stem == f"tune_{family}"), "")
        for heading, header, rows in ablation.tables(race):
            parts += ["", f"### {race['machine']['gpu']}, {type_}, {heading}", "",
                      f"Race of {race['machine']['date'][:10]}.", "", table(header, rows)]
    return parts


def performance_page(reports, races, run_times, engine_results, chain_results):
    parts = ["# Measured results {#performance}", "",
             "Written by `bench/report.py` from the files in `bench/results`; measure with `./dg bench`. A ratio is a peer's "
             "time over ours: above 1, deepgemm is faster. cuBLASLt tensor-wise applies no block scales, so it does less work "
             "than the others. `+=` adds into D. NT, NN and TN say how BF16 operands lie in memory: A (m,k) or, T, (k,m); B "
             "(k,n) or, T, (n,k). The error is the relative squared difference to a double-precision product of the operands "
             "as stored. *Traffic alone* is a kernel that reads A and B once and writes D once, and does nothing else: where "
             "there are few rows, nothing can be faster. *NVRTC / nvcc* is the time of our kernel as NVRTC compiles it over "
             "its time as nvcc does, both in this run."]
    for report in reports:
        parts += ["", f"## {report.title}", "", protocol(report), "", summary_table(report), "",
                  f"![Ratios by case]({report.image})", "", f"![Roofline]({report.roofline})", "", ceilings(report), "",
                  full_table(report)]
    parts += chains(chain_results) + engine_costs(engine_results) + run_time(run_times) + ablations(races)
    return "\n".join(parts) + "\n"


def readme_cell(report, peer):
    """Geometric mean of a peer's times over ours, and the case in which it does best beside us."""
    ratios = [x for x in (report.ratio(r, peer) for r in report.rows) if x]
    return f"{geometric_mean(ratios):.2f} ({min(ratios):.2f})" if ratios else ""


def readme_table(reports):
    """A row for each family of cases of one GPU."""
    peers = [p for p in PEERS if not p.startswith("deepgemm_") and any(p in r.peers for r in reports)]
    rows = []
    for report in reports:
        timed = [r for r in report.rows if r["us"]]
        rows.append([report.what, str(len(timed)), number(max(r["tflops"] for r in timed), 0)]
                    + [readme_cell(report, p) for p in peers])
    return table([reports[0].machine["gpu"], "cases", "fastest, TFLOPS"] + [PEERS[p] for p in peers], rows)


def readme_text(reports):
    """What a table of README says of its numbers."""
    days = sorted(r.machine["date"][:10] for r in reports)
    others = {o["version"]: o["machine"]["date"][:10] for r in reports for o in r.others}
    machine = reports[0].machine
    text = (f"On an {machine['gpu']}, {days[0]} to {days[-1]}, driver {machine['driver']}, CUDA {machine['toolkit']}: the time of a "
            "peer over ours, so that above 1 deepgemm is faster; the geometric mean over all cases, and in brackets the case that "
            "is best for the peer. Kernel times of single launches after a flush of the caches, contenders interleaved. cuBLASLt "
            "*tensor-wise* applies no scales of blocks, so it does less work than ours with such scales; *fast* sums in the tensor "
            "core alone. Rows without a peer are products that none of them computes in this form.")
    for version, day in sorted(others.items()):
        text += f" DeepGEMM {version} was measured in another run ({day}), by its own test program."
    return text + (" Every case, launches back to back, energy, rooflines and the commands are in "
                   "[Measured results](docs/performance.md).")


def readme_with(text, reports):
    """README's text with the tables between the markers, one for each GPU; unchanged if it has no markers."""
    body = []
    for gpu in dict.fromkeys(r.gpu for r in reports):
        of_gpu = [r for r in reports if r.gpu == gpu]
        body += [readme_text(of_gpu), readme_table(of_gpu)]
    body = "\n\n".join(body)
    pattern = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    return pattern.sub(lambda _: f"{BEGIN}\n{body}\n{END}", text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=pathlib.Path, default=ROOT, help="repository (default: this one)")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a page is not up to date")
    parser.add_argument("--no-plots", action="store_true", help="leave the plots as they are")
    arguments = parser.parse_args()
    folders = sorted((p for p in (arguments.root / "bench/results").glob("*") if p.is_dir()), reverse=True)
    reports = [Report(f / f"{family}.json") for f in folders for family in FAMILIES if (f / f"{family}.json").exists()]
    if not reports:
        sys.exit("report.py: no bench/results/<gpu>/fp8_dense.json or bf16_dense.json; "
                 "run ./dg bench on a machine with a GPU first")
    races = [(f / f"tune_{family}.json", json.loads((f / f"tune_{family}.json").read_text()))
             for f in folders for family in FAMILIES if family != "sustained" and (f / f"tune_{family}.json").exists()]
    run_times = [json.loads((f / "rtc.json").read_text()) for f in folders if (f / "rtc.json").exists()]
    engine_results = [json.loads((f / "engine.json").read_text()) for f in folders if (f / "engine.json").exists()]
    chain_results = [json.loads((f / "chain.json").read_text()) for f in folders if (f / "chain.json").exists()]
    pages = {arguments.root / "docs/performance.md": performance_page(reports, races, run_times, engine_results, chain_results)}
    readme = arguments.root / "README.md"
    if readme.exists():
        pages[readme] = readme_with(readme.read_text(), reports)
    stale = [p for p, text in pages.items() if not p.exists() or p.read_text() != text]
    if arguments.check:
        sys.exit(f"report.py: not up to date: {', '.join(str(p) for p in stale)}" if stale else 0)
    for report in reports:
        print(f"{report.title}\n{summary_table(report)}")
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(pages[path])
        print(f"wrote {path}")
    if not arguments.no_plots:
        for report in reports:
            for draw, image in ((plot, report.image), (plot_roofline, report.roofline)):
                path = arguments.root / "docs" / image
                draw(report, path)
                print(f"wrote {path}")


if __name__ == "__main__":
    main()
