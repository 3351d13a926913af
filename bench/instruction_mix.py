#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares the machine code of the shipped kernels in two source trees: what a change of the source costs before it is timed.

Compiles each list of kernels that the new tree ships, in both trees, and prints a table: instructions,
registers, bytes of stack, accesses to local memory (spills), and the opcodes whose counts differ. Kernels are matched by name,
and those that have got another name by their order in the list. Needs nvcc, cuobjdump and nvdisasm (of the toolkit, or the
Python packages nvidia-cuda-cuobjdump and nvidia-cuda-nvdisasm) and Python 3.9.

    bench/instruction_mix.py OLD NEW                                # two folders with include/ in them
    bench/instruction_mix.py OLD NEW --list weights_bf16_wide heads --all
    bench/instruction_mix.py OLD NEW --keep build/cubins            # do not compile again what is there
"""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

UNIT = """#include <deepgemm/kernel/entry.cuh>
HEADERS
template <class... Kernels>
void instantiate(deepgemm::shipped::kernels<Kernels...>) {
    const volatile void* const entries[] = {(const void*)&deepgemm::entry<Kernels>...};
    (void)entries;
}
void unit() { instantiate(deepgemm::shipped::LIST{}); }
"""
INSTRUCTION = re.compile(r"/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+ )?(\S+?)(?:\s[^;]*)?;")
RESOURCES = re.compile(r"Function (\S+):\s*REG:(\d+) STACK:(\d+)")
CONFIG = re.compile(r"config\{.*?static_extents\{[^}]*\}\}")


class Kernel:
    """The machine code of one kernel."""

    def __init__(self, name):
        self.name, self.code, self.registers, self.stack = name, [], 0, 0

    def opcodes(self):
        return collections.Counter(line.split(".")[0] for line in self.code)

    def local(self):
        """Accesses to local memory: spills, or arrays that were not kept in registers."""
        return sum(count for opcode, count in self.opcodes().items() if opcode in ("LDL", "STL"))


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def headers_of(tree):
    """The headers that name the shipped lists, as programs include them; trees up to November 2026 have them among the kernels."""
    found = sorted((tree / "include").glob("deepgemm/ops/*/shipped*.cuh")) or sorted((tree / "include").glob("deepgemm/kernel/shipped*.cuh"))
    return [str(header.relative_to(tree / "include")) for header in found]


def lists_of(tree):
    """The names of the shipped lists: what their sums add up."""
    text = "".join((tree / "include" / header).read_text() for header in headers_of(tree))
    return [name for total in re.findall(r"return ((?:\w+\{\}[\s+]*)+);", text) for name in re.findall(r"\w+", total)]


def compiled(tree, name, folder, nvcc):
    """The cubin of a list; compiled unless it is there."""
    cubin = folder / f"{name}.cubin"
    if not cubin.exists():
        folder.mkdir(parents=True, exist_ok=True)
        unit, made = folder / f"{name}.cu", folder / f"{name}.made"
        unit.write_text(UNIT.replace("LIST", name).replace("HEADERS", "\n".join(f"#include <{h}>" for h in headers_of(tree))))
        run(nvcc, "-std=c++20", "-O3", "-cubin", "-arch=sm_90a", "-I", tree / "include", unit, "-o", made)
        made.rename(cubin)
    return cubin


def kernels_of(cubin, cuobjdump):
    """The kernels of a cubin by name, in its order."""
    kernels = {}
    for part in run(cuobjdump, "-sass", cubin).split("Function : ")[1:]:
        name, _, body = part.partition("\n")
        kernels[name] = Kernel(name)
        kernels[name].code = INSTRUCTION.findall(body)
    for name, registers, stack in RESOURCES.findall(run(cuobjdump, "-res-usage", cubin)):
        kernels[name].registers, kernels[name].stack = int(registers), int(stack)
    if not kernels:
        sys.exit(f"{cubin} holds no kernel")
    return kernels


def pairs_of(old, new, name):
    """The kernels of both trees, matched."""
    if len(old) != len(new):
        sys.exit(f"list {name} has {len(old)} kernels in the old tree and {len(new)} in the new one")
    left, right = [k for k in old if k not in new], [k for k in new if k not in old]
    renamed = dict(zip(right, left))
    return [(old[renamed.get(k, k)], new[k]) for k in new]


def short(name):
    """The configuration in a kernel's name, as far as it can be read; else the name."""
    filt = shutil.which("c++filt")
    text = run(filt, name).strip() if filt else name
    found = CONFIG.search(text)
    return re.sub(r"deepgemm::|\(deepgemm::promotion\)", "", found[0]) if found else text[:100]


def change(old, new):
    return str(new) if old == new else f"{old} -> {new}"


def row(name, old, new):
    before, after = old.opcodes(), new.opcodes()
    differing = [f"{op} {after[op] - before[op]:+d}" for op in sorted(before | after) if before[op] != after[op]]
    same = "same code" if old.code == new.code else "same mix, another order"
    return (f"| {name} | {short(new.name)} | {change(len(old.code), len(new.code))} "
            f"| {change(old.registers, new.registers)} | {change(old.stack, new.stack)} "
            f"| {change(old.local(), new.local())} | {', '.join(differing) or same} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("old", type=pathlib.Path)
    parser.add_argument("new", type=pathlib.Path)
    parser.add_argument("--list", nargs="+", help="lists to compare; all if left out")
    parser.add_argument("--all", action="store_true", help="print kernels whose code is the same, too")
    parser.add_argument("--keep", type=pathlib.Path, help="folder for cubins, which are used again")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--nvcc", default="nvcc")
    parser.add_argument("--cuobjdump", default="cuobjdump")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder, names = given.keep or pathlib.Path(temporary), given.list or lists_of(given.new)
        with concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
            work = [(tree, name, folder / side) for name in names for side, tree in (("old", given.old), ("new", given.new))]
            cubins = list(pool.map(lambda item: compiled(*item, given.nvcc), work))
        print("| list | configuration | instructions | registers | stack | local | opcodes |\n"
              "|---|---|---|---|---|---|---|")
        same = mixes = total = 0
        for name, old, new in zip(names, cubins[::2], cubins[1::2]):
            for a, b in pairs_of(kernels_of(old, given.cuobjdump), kernels_of(new, given.cuobjdump), name):
                total += 1
                same += a.code == b.code
                mixes += a.opcodes() == b.opcodes()
                if given.all or a.code != b.code or (a.registers, a.stack) != (b.registers, b.stack):
                    print(row(name, a, b))
        print(f"\n{total} kernels: {same} have the same instructions in the same order, {mixes} the same number of each.")


if __name__ == "__main__":
    main()
