#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What stands between a program and its kernels: compiling them at run time, and launching one after the other.

Reads rtc.json (`./dg bench rtc`), engine.json (`./dg bench engine`) and chain.json (`deepgemm_bench_chain`); bench/report.py puts the tables on the performance
page. Needs Python 3.9 and nothing else.

    bench/launch_costs.py chain.json... engine.json... rtc.json...   # print the tables
"""
import json
import pathlib
import statistics
import sys

CHAINS = (
    "Ten products of 1 to 128 rows, one after the other, N = 4096 and 7168, in a stream and as a CUDA graph: time over that of "
    "usual launches, geometric means. Weights are those of the operands that may be loaded before the previous kernel has ended. "
    "*Triggered* kernels let the next one start once their last loads are issued; *as shipped* they do so in products of up to "
    "128 rows or columns whose larger operand has at most 8 MiB. Command: `deepgemm_bench_chain`.")

# What rtc.json has, in the order of the table: a name, the unit, where it stands.
RUN_TIME = [
    ("cold: a new process, headers from the program, NVRTC started, one kernel", "ms", ("compile_ms", "cold")),
    ("the same with `-pch`, which writes a precompiled header", "ms", ("compile_ms", "cold_pch_created")),
    ("a further kernel of the same process", "ms", ("compile_ms", "second")),
    ("the same with the precompiled header", "ms", ("compile_ms", "second_pch_used")),
    ("nvcc, the same unit to a cubin", "ms", ("compile_ms", "nvcc")),
    ("found on disk", "ms", ("cache", "disk_hit_ms")),
    ("found in memory, by type", "µs", ("cache", "memory_hit_us")),
    ("headers and compiler set up", "ms", ("cache", "start_ms")),
    ("a launch, the host's time", "µs", ("launch", "engine_us")),
    ("a bare `cuLaunchKernelEx`", "µs", ("launch", "bare_us")),
]


def run_time_text(results):
    """The sentences above the table of run_time()."""
    versions = " and ".join(sorted({result["nvrtc"] for result in results}))
    return (f"NVRTC {versions}, medians: of as many processes as the head says, or of 20 to 50 repetitions in one. Kernel: "
            f"`{results[0]['kernel']}`. Command: `./dg bench rtc N`.")


def run_time(results):
    """(header, rows) of what compiling at run time costs, a column for each machine."""
    def cell(result, unit, place):
        part = (result.get(place[0]) or {}).get(place[1])
        return f"{part['median']:.{2 if part['median'] < 1 else 1 if part['median'] < 100 else 0}f} {unit}" if part else ""

    header = [f"{r.get('device', 'no GPU')}, {r['processors']} processors, N = {r['repetitions']}" for r in results]
    return [""] + header, [[name] + [cell(r, unit, place) for r in results] for name, unit, place in RUN_TIME]


def engine_text(results):
    """The sentences above the table of engine()."""
    m, n, k = results[0]["shape"]
    return (f"What an engine over all {results[0]['kernels']} shipped kernels does on the host for a call, but for the launch: it checks the "
            f"problem and finds the kernel that its workload got, or chooses one. All layers have M = {m}, N = {n}, K = {k}. Medians. "
            "Command: `./dg bench engine N`.")


def engine(results):
    """(header, rows) of what a call costs on the host, a column for each machine."""
    header = [f"{r['processors']} processors, N = {r['repetitions']}" for r in results]
    rows = [["finding the kernel again and no more, FP8 and BF16 in turn"] + [f"{r['look_up_us']['median']:.3f} µs" for r in results]]
    rows += [[f"remembered: {name}"] + [f"{r['remembered_us'][name]['median']:.3f} µs" for r in results]
            for name in results[0]["remembered_us"]]
    return [""] + header, rows + [["planned anew, FP8"] + [f"{r['planned_us']['median']:.0f} µs" for r in results]]


def chains(result):
    """(header, rows) of what dependent launches gain on one GPU: time over that of usual launches, by type, K and way."""
    ways = [way for way in result["rows"][0]["stream_us"] if way != "usual"]
    rows = []
    for form, name in (("stream_us", "stream"), ("graph_us", "graph")):
        for kind in sorted({(row["type"], row["k"]) for row in result["rows"]}):
            times = [row[form] for row in result["rows"] if (row["type"], row["k"]) == kind]
            usual = statistics.geometric_mean(time["usual"] for time in times)
            rows.append([name, kind[0], str(kind[1]), f"{usual:.1f}"] +
                        [f"{statistics.geometric_mean(time[way] / time['usual'] for time in times):.2f}" for way in ways])
    return ["launched in a", "type", "K", "usual, µs a product"] + ways, rows


def main():
    for file in map(pathlib.Path, sys.argv[1:]):
        result = json.loads(file.read_text())
        header, rows = chains(result) if "rows" in result else engine([result]) if "remembered_us" in result else run_time([result])
        print(file)
        for cells in [header] + rows:
            print("  " + " | ".join(cells))


if __name__ == "__main__":
    main()
