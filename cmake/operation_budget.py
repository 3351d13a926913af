#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the shipped kernels of each operation cost to compile and how large they are, and what that may be: the second table in
docs/compile-time.md.

    python3 cmake/operation_budget.py           compare this tree with the table; fails if an operation is over its budget
    python3 cmake/operation_budget.py --write   measure, and write the table
    python3 cmake/operation_budget.py --new     measure the operations that have no row

The measures are processor time and loaded bytes of the object, of a source file that instantiates three kernels, from the
beginning, the middle and the end of the operation's list, beside one that only names the list. Times are compared as in
compile_budget.py."""
import argparse
import datetime
import os
import platform
import re
import shutil
import subprocess
import sys

from compile_budget import GRAIN, PAGE, ROOT, SLACK, YARDSTICK, YARDSTICK_NAME, Compiler, version

SUPPORT = ROOT / "docs/support.md"
TABLE = re.compile(r"(<!-- operations:begin -->\n)(.*?)(<!-- operations:end -->)", re.S)
ROW = re.compile(r"\| `([^`]+)` \| (g\+\+|nvcc) \| \d* \| ([\d.]+) \| [\d.]* \| [\d.]* \| [^|]* \| ([\d.]*) \| (\d*) \|")
# An object may be so many times as large as when the table was written. Versions of a compiler differ by less.
SIZE_SLACK = {"g++": 1.5, "nvcc": 1.25}
EXTENSION = {"g++": "cpp", "nvcc": "cu"}
UNIT = """#include <deepgemm/host/{launcher}_launch.hpp>
#include <deepgemm/host/shards.hpp>
#include <deepgemm/ops/{operation}/operation.hpp>
#include <deepgemm/ops/{operation}/shipped.cuh>
namespace deepgemm::instances {{
struct backend {{
    template <class Kernel>
    static auto handle_of() {{
        return {launcher}::handle_of<Kernel>();
    }}
}};
template <class... Kernels>
constexpr int count(shipped::kernels<Kernels...>) {{
    return int(sizeof...(Kernels));
}}
// Every third part of the list, of which this takes one kernel from the middle of each.
constexpr int step = max(1, count(shipped::all_of<ops::{operation}>()) / 3);
std::vector<kernel_handle<ops::{operation}>> measured() {{
    return {kernels};
}}
}}  // namespace deepgemm::instances
"""


def operations():
    """The operations of the library that ship kernels for Hopper, and how many: the sums of the table of what is supported, which a test
    holds to the lists. An operation that is in no list of the library yet has no row there, and is not measured."""
    counts = {path.parent.name: 0 for path in sorted(ROOT.glob("include/deepgemm/ops/*/shipped.cuh"))}
    for operation, kernels in re.findall(r"^\| `(\w+)` \|.*\| sm_90a \| (\d+) \|$", SUPPORT.read_text(), re.M):
        counts[operation] += int(kernels)
    return {operation: count for operation, count in counts.items() if count > 0}


class Objects:
    """A compiler to objects, `g++` for the simulator or `nvcc` for a GPU."""

    def __init__(self, name, command):
        self.name = name
        self.compiler = Compiler([command, "-std=c++20", "-O2", "-w", f"-I{ROOT / 'include'}", "-c"])
        self.object = f"{self.compiler.folder.name}/unit.o"
        self.compiler.command += ["-o", self.object]
        if name == "nvcc":
            self.compiler.command += ["-gencode", "arch=compute_90a,code=sm_90a", "-diag-suppress", "177"]

    def yardstick(self, runs):
        return self.compiler.cost(YARDSTICK, EXTENSION[self.name], runs)

    def cost(self, operation, with_kernels, runs):
        """Processor seconds and bytes of a unit that instantiates three kernels, or none."""
        launcher = "cuda" if self.name == "nvcc" else "sim"
        kernels = f"shard<ops::{operation}, step / 2, step, backend>(shipped::all_of<ops::{operation}>())" if with_kernels else "{}"
        unit = UNIT.format(operation=operation, launcher=launcher, kernels=kernels)
        seconds = self.compiler.cost(unit, EXTENSION[self.name], runs)
        if seconds is None:
            raise SystemExit(f"the kernels of {operation} do not compile by {self.name}")
        sizes = subprocess.run(["size", self.object], capture_output=True, text=True, check=True).stdout
        return seconds, int(sizes.splitlines()[1].split()[3])


def compilers(arguments):
    found = [Objects("g++", arguments.compiler)]
    return found + ([Objects("nvcc", arguments.nvcc)] if arguments.nvcc else [])


def measured_kernels(count):
    step = max(1, count // 3)
    return len(range(step // 2, count, step))


def duration(seconds):
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def check(arguments):
    budgets, paces = {}, {}
    for name, compiler, alone, seconds, kilobytes in ROW.findall(TABLE.search(PAGE.read_text())[2]):
        if name == YARDSTICK_NAME:
            paces[compiler] = float(alone)
        else:
            budgets[name, compiler] = float(seconds), int(kilobytes)
    cases = [(operation, objects) for operation in operations() for objects in compilers(arguments)]
    one_in, over = min(arguments.one_in, len(cases)), []
    for number, (operation, objects) in enumerate(cases):
        if (operation, objects.name) not in budgets:
            over.append(f"{operation} has no row for {objects.name}")
            continue
        if (number - arguments.seed) % one_in != 0:
            continue
        seconds, kilobytes = budgets[operation, objects.name]
        pace, (cost, size) = objects.yardstick(2) / paces[objects.name], objects.cost(operation, True, 1)
        if cost > seconds * pace:  # whoever shares the machine may have slowed one run down
            pace, cost = max(pace, objects.yardstick(2) / paces[objects.name]), min(cost, objects.cost(operation, True, 2)[0])
        print(f"{operation} by {objects.name}: {cost / pace:.1f} of {seconds:.1f} s, {size / 1000:.0f} of {kilobytes} KB; this machine "
              f"takes {pace:.2f} times as long as the table's")
        if cost > seconds * pace:
            over.append(f"{operation} takes {objects.name} {cost / pace:.1f} s; its budget is {seconds:.1f} s")
        if size > kilobytes * 1000:
            over.append(f"{operation} makes {size / 1000:.0f} KB by {objects.name}; its budget is {kilobytes} KB")
    if over:
        print(*over, f"{PAGE.relative_to(ROOT)} has the budgets; {sys.argv[0]} --write measures anew", sep="\n")
    return 1 if over else 0


def row(objects, operation, count, yardstick):
    """The row of an operation, in seconds of a machine that takes the given ones for the yardstick."""
    kernels = measured_kernels(count)
    before = objects.yardstick(2)
    alone, nothing = objects.cost(operation, False, 1)
    cost, size = objects.cost(operation, True, 1)
    pace = max(before, objects.yardstick(2)) / yardstick
    alone, cost = alone / pace, cost / pace
    each, bytes_each = (cost - alone) / kernels, (size - nothing) / kernels
    cells = [f"`{operation}`", objects.name, str(count), f"{alone:.1f}", f"{each:.1f}", f"{bytes_each / 1000:.0f}",
             f"{duration(each * count)}, {bytes_each * count / 1e6:.1f} MB", f"{cost * SLACK + GRAIN:.1f}",
             f"{size * SIZE_SLACK[objects.name] / 1000:.0f}"]
    return "| " + " | ".join(cells) + " |"


def replace_table(lines):
    text = "\n".join(lines) + "\n"
    PAGE.write_text(TABLE.sub(lambda found: found[1] + text + found[3], PAGE.read_text()))
    print(text)
    return 0


def write(arguments):
    rows, made_by = [], []
    for objects in compilers(arguments):
        made_by.append(version(arguments.compiler if objects.name == "g++" else arguments.nvcc))
        yardstick = objects.yardstick(5)
        rows.append(f"| `{YARDSTICK_NAME}` | {objects.name} |  | {yardstick:.2f} |  |  |  |  |  |")
        rows += [row(objects, operation, count, yardstick) for operation, count in operations().items()]
    return replace_table([
        f"{platform.machine()}, {', '.join(made_by)}, {datetime.date.today()}.", "",
        "| operation | compiler | kernels | the list alone, s | a kernel, s | a kernel, KB | all kernels, about | budget, s | budget, KB |",
        "|" + " --- |" * 9, *rows])


def write_new(arguments):
    """Adds rows for operations that have none. The yardsticks scale times to the machine of the table."""
    lines = TABLE.search(PAGE.read_text())[2].splitlines()
    for objects in compilers(arguments):
        own = {found[1]: i for i, line in enumerate(lines) if (found := ROW.match(line)) and found[2] == objects.name}
        yardstick = float(ROW.match(lines[own[YARDSTICK_NAME]])[3])
        after = max(own.values()) + 1
        lines[after:after] = [row(objects, operation, count, yardstick)
                              for operation, count in operations().items() if operation not in own]
    return replace_table(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="measure, and write the table")
    parser.add_argument("--new", action="store_true", help="measure what has no row")
    parser.add_argument("--compiler", default=os.environ.get("CXX", "c++"), help="g++, for the simulator")
    parser.add_argument("--nvcc", default=shutil.which("nvcc"), help="nvcc; without it only g++ is measured")
    parser.add_argument("--one-in", type=int, default=1, help="compare only every so manieth row with the table")
    parser.add_argument("--seed", type=int, default=0, help="which ones those are")
    arguments = parser.parse_args()
    return (write if arguments.write else write_new if arguments.new else check)(arguments)


if __name__ == "__main__":
    sys.exit(main())
