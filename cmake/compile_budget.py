#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What including each header costs, and what it may cost: the table in docs/compile-time.md.

    python3 cmake/compile_budget.py           compare this tree with the table; fails if a header is over its budget
    python3 cmake/compile_budget.py --write   measure all, and write the table
    python3 cmake/compile_budget.py --new     measure the headers that have no row, and drop the rows of those that are gone

The measure is the processor time of a translation unit that includes the one header: g++ or clang run to the end of their front
end, nvcc to PTX. Machines differ, and so does one machine from minute to minute, so a time is a multiple of that of a yardstick
compiled within seconds of it, a unit that includes only headers of the standard library. The table has these multiples in
seconds of the machine that wrote its first row."""
import argparse
import datetime
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/compile-time.md"
TABLE = re.compile(r"(<!-- compile-time:begin -->\n)(.*?)(<!-- compile-time:end -->)", re.S)
ROW = re.compile(r"\| `([^`]+)` \| (\d+) \| ([\d.]+) \| ([\d.]*) \| ([\d.]+) \|")
YARDSTICK = "".join(f"#include <{name}>\n" for name in ("algorithm", "array", "functional", "map", "memory", "random", "regex",
                                                          "string", "thread", "variant", "vector"))
YARDSTICK_NAME = "standard library"
# A header may take this many times what it took when the table was written, and this many seconds more.
SLACK, GRAIN = 2, 0.25
# The budget of a header that has no row yet, as a multiple of the yardstick.
DEFAULT_BUDGET = 4


def headers():
    """All headers but generated ones, by the names that programs include."""
    found = []
    for path in sorted([*ROOT.glob("include/deepgemm/**/*.cuh"), *ROOT.glob("include/deepgemm/**/*.hpp")]):
        if "generated" not in path.parts:
            found.append(str(path.relative_to(ROOT / "include")))
    return found


class Compiler:
    """A compiler that compiles units in a folder of its own, and the processor time that it takes."""

    def __init__(self, command):
        self.command = command
        self.folder = tempfile.TemporaryDirectory()
        self.yardsticks = {}

    def cost(self, text, suffix, runs):
        """Processor seconds, the least of `runs`; None if the unit does not compile."""
        unit = pathlib.Path(self.folder.name) / f"unit.{suffix}"
        unit.write_text(text)
        best = None
        for _ in range(runs):
            process = subprocess.Popen([*self.command, str(unit)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode != 0:
                return None
            seconds = usage.ru_utime + usage.ru_stime
            best = seconds if best is None else min(best, seconds)
        return best

    def yardstick(self, suffix, older=0):
        """Processor seconds of the yardstick, measured now or at most `older` seconds ago."""
        if suffix not in self.yardsticks or time.monotonic() - self.yardsticks[suffix][1] > older:
            self.yardsticks[suffix] = self.cost(YARDSTICK, suffix, 1), time.monotonic()
        return self.yardsticks[suffix][0]

    def multiple(self, text, suffix, rounds=1, enough=0.0):
        """What a unit costs as a multiple of the yardstick: the least of some rounds, which end when it is at most `enough`;
        None if the unit does not compile."""
        best = None
        for number in range(rounds):
            before = self.yardstick(suffix, older=0 if number else 10)
            cost = self.cost(text, suffix, 1)
            if cost is None:
                return None
            found = cost / max(before, self.yardstick(suffix, older=10))
            best = found if best is None else min(best, found)
            if best <= enough:
                break
        return best

    def own_headers(self, header):
        """How many headers of the library a header brings, itself included."""
        unit = pathlib.Path(self.folder.name) / "unit.cpp"
        unit.write_text(f"#include <{header}>\n")
        listing = subprocess.run([*self.command, "-MM", str(unit)], capture_output=True, text=True, check=True).stdout
        return len(set(re.findall(r"include/(deepgemm/\S+)", listing)))


def include(header):
    return f"#include <{header}>\n"


def toolkit_folder(nvcc):
    """Where the toolkit's headers are, or None."""
    folders = [pathlib.Path(nvcc).resolve().parent.parent / "include"] if nvcc else []
    folders.append(pathlib.Path("/usr/local/cuda/include"))
    return next((folder for folder in folders if (folder / "cuda_runtime_api.h").exists()), None)


def host_compiler(arguments):
    command = [arguments.compiler, "-std=c++20", "-fsyntax-only", "-w", f"-I{ROOT / 'include'}"]
    toolkit = toolkit_folder(arguments.nvcc)
    return Compiler(command + ([f"-isystem{toolkit}"] if toolkit else []))


def read_table():
    """The rows by header: number of our headers, seconds of the host compiler and of nvcc, budget. Then the yardstick's row."""
    rows = {name: (int(own), float(host), float(device) if device else None, float(budget))
            for name, own, host, device, budget in ROW.findall(TABLE.search(PAGE.read_text())[2])}
    if YARDSTICK_NAME not in rows:
        raise SystemExit(f"{PAGE} has no row `{YARDSTICK_NAME}`")
    return rows, rows.pop(YARDSTICK_NAME)


def check(arguments):
    rows, (_, yardstick, _, _) = read_table()
    compiler = host_compiler(arguments)
    over, measured = [], 0
    for number, header in enumerate(headers()):
        budget = rows.pop(header)[3] / yardstick if header in rows else DEFAULT_BUDGET
        if (number - arguments.seed) % arguments.one_in != 0:
            continue
        cost = compiler.multiple(include(header), "cpp", rounds=4, enough=budget)
        if cost is None:  # it needs the toolkit or a library of it; tests/headers compiles all that can be
            continue
        measured += 1
        if cost > budget:
            over.append(f"{header} takes {cost * yardstick:.2f} s; its budget is {budget * yardstick:.2f} s")
    over += [f"{header} has a row but is not there" for header in rows]
    if over or not measured:
        print(*over, f"{PAGE.relative_to(ROOT)} has the budgets; {sys.argv[0]} --write or --new measures anew", sep="\n")
        return 1
    print(f"{measured} headers are within their budgets")
    return 0


class Meter:
    """Measures rows of the table, in seconds of a machine that takes the given ones for the yardstick."""

    def __init__(self, arguments, yardstick=None):
        self.host = host_compiler(arguments)
        self.nvcc = arguments.nvcc and Compiler([arguments.nvcc, "-std=c++20", "-arch=sm_90a", "-ptx", "-o", os.devnull,
                                                 f"-I{ROOT / 'include'}"])
        self.seconds, self.device_seconds = yardstick or (
            self.host.cost(YARDSTICK, "cpp", 5), self.nvcc and self.nvcc.cost(YARDSTICK, "cu", 3))

    def yardstick(self):
        return 0, self.seconds, self.device_seconds

    def row(self, header):
        cost = self.host.multiple(include(header), "cpp", rounds=2)
        if cost is None:
            raise SystemExit(f"{header} does not compile; the table is written where the toolkit is installed")
        measured = self.nvcc and self.device_seconds and re.search(r"\.cuh$|cuda[_.]", header)
        device = measured and self.nvcc.multiple(include(header), "cu")
        return self.host.own_headers(header), cost * self.seconds, device and device * self.device_seconds or None


def line(name, own, host, device):
    return (f"| `{name}` | {own} | {host:.2f} | {'' if device is None else f'{device:.2f}'} "
            f"| {host * SLACK + GRAIN:.2f} |")


def replace_table(text):
    PAGE.write_text(TABLE.sub(lambda found: found[1] + text + found[3], PAGE.read_text()))


def write(arguments):
    meter = Meter(arguments)
    lines = [f"{platform.machine()}, {version(arguments.compiler)}"
             + (f", {version(arguments.nvcc)}" if arguments.nvcc else "") + f", {datetime.date.today()}.", "",
             "| header | headers of ours | host, s | nvcc, s | budget, s |", "| --- | --- | --- | --- | --- |",
             line(YARDSTICK_NAME, *meter.yardstick())]
    lines += [line(header, *meter.row(header)) for header in headers()]
    replace_table("\n".join(lines) + "\n")
    print(f"{len(lines) - 4} rows in {PAGE.relative_to(ROOT)}")
    return 0


def write_new(arguments):
    """Adds rows for new headers and drops those of removed ones, in seconds of the machine of the table."""
    rows, yardstick = read_table()
    meter = Meter(arguments, yardstick[1:3])
    old = TABLE.search(PAGE.read_text())[2].splitlines()
    lines = {ROW.match(text)[1]: text for text in old if ROW.match(text)}
    added = [header for header in headers() if header not in rows]
    for header in added:
        lines[header] = line(header, *meter.row(header))
    replace_table("\n".join([text for text in old if not ROW.match(text)]
                            + [lines[name] for name in (YARDSTICK_NAME, *headers())]) + "\n")
    print(f"{len(added)} rows more in {PAGE.relative_to(ROOT)}")
    return 0


def version(compiler):
    """A compiler's name and number."""
    said = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True).stdout
    nvcc = re.search(r"release ([\d.]+)", said)
    return f"nvcc {nvcc[1]}" if nvcc else said.splitlines()[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="measure all, and write the table")
    parser.add_argument("--new", action="store_true", help="measure what has no row, and drop rows of headers that are gone")
    parser.add_argument("--compiler", default=os.environ.get("CXX", "c++"), help="the host compiler")
    parser.add_argument("--one-in", type=int, default=1, help="compare only every so manieth header with the table")
    parser.add_argument("--seed", type=int, default=0, help="which ones those are")
    parser.add_argument("--nvcc", default=shutil.which("nvcc"), help="nvcc; without it the table has no times of it")
    arguments = parser.parse_args()
    return (write if arguments.write else write_new if arguments.new else check)(arguments)


if __name__ == "__main__":
    sys.exit(main())
