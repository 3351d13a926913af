#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turns benchmark results into documentation: docs/performance.md, its plots, and the table in README.md.

Reads the result files of bench/results/<gpu> (those of bench/report_families.py; written by `deepgemm bench`), as far as
they are there, and beside them deepgemm-*.json (times of DeepGEMM of another run on the same kind of GPU, for rows where it did not
run in turn with ours), tune_*.json (races among the kernels, of which bench/ablation.py makes tables), and chain.json, engine.json and
rtc.json (of which bench/launch_costs.py does, of machines without a GPU, too). Prints the summaries. Needs Python 3.9; matplotlib for the plots (Debian: python3-matplotlib).

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
import report_plots
from report_families import FAMILIES, NOTES

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

# Peers that ran in turn with ours: the member of a result file's `machine` that has the version, and the name.
LIBRARIES = {"cublaslt": "cuBLASLt", "deepgemm": "DeepGEMM"}

# Ceilings of a roofline: memory as the data sheets have it, in TB/s, and what a multiprocessor's tensor cores do in a cycle.
MEMORY_TB_S = {"NVIDIA H100 80GB HBM3": 3.35, "NVIDIA H200": 4.8}
FLOPS_PER_CYCLE = {"FP8": 8192, "BF16": 4096, "TF32": 2048}

# Times beside ours that are no peer's, each over ours: a heading, where it stands in a row, digits. Moving operands and D alone:
# 1 is the best that there can be. Our kernel as NVRTC compiles it. Our kernel for scales of A as quantisers write them.
YARDSTICKS = [("traffic alone / ours", "us_traffic", 2), ("NVRTC / nvcc", "us_nvrtc", 3),
              ("K-major scales / MN-major", "us_k_major_scales", 3)]


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
            same = [r for r in self.rows if key(r) in times and "deepgemm" not in r["peers"]]  # the same run counts for more
            if same and other["machine"]["gpu"] == self.machine["gpu"]:
                self.others.append(other)
                for row in same:
                    row["peers"]["deepgemm"] = times[key(row)]
        self.peers = [p for p in PEERS if any(r["peers"].get(p) for r in self.rows)]
        self.peer_names = PEERS

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

    def memory_tb_s(self):
        """TB/s of the GPU's memory as the data sheet has it, or None."""
        return MEMORY_TB_S.get(self.machine["gpu"])

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
    peer = "".join(f"{name} {m[member]}, " for member, name in LIBRARIES.items() if member in m)
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


def ceilings(report):
    """What the lines of the roofline are."""
    memory = report.memory_tb_s()
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
            for draw, image in ((report_plots.plot, report.image), (report_plots.plot_roofline, report.roofline)):
                path = arguments.root / "docs" / image
                draw(report, path)
                print(f"wrote {path}")


if __name__ == "__main__":
    main()
