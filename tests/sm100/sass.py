#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compiles kernels of Blackwell for one architecture, and looks at what ptxas made of them: no kernel spills or has a stack or
more registers than are allowed, and each has the multiplies, and the requests for tiles, that comments in its file ask for.

    // sass <kernel>: <count> <instruction>     this kernel has so many of these multiplies, and no others
    // sass <list>: <instruction>...            with --list, every kernel has multiplies of these instructions, and no others

    python3 tests/sm100/sass.py 100f                                        the .cu files of this folder
    python3 tests/sm100/sass.py 100f --list sm100_f16                       a list of shipped kernels, by lists/shipped.cu
    python3 tests/sm100/sass.py 100f --list sm100_f16 --sample 16 --seed 5  every 16th of them, from a place that the seed chooses
"""
import argparse
import collections
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
EXPECTED = re.compile(r"^// sass (\w+): (.*)$", re.M)
MULTIPLY = re.compile(r"\b(?:UTC[HQO]MMA[A-Z0-9.]*|UGETNEXTWORKID[A-Z.]*)")
ENTRY = re.compile(r"Compiling entry function '(\w+)'.*?(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads"
                   r".*?Used (\d+) registers", re.S)


# As many as a CTA of 320 threads may have; these have 256.
REGISTERS = 200


class Compiled:
    """What the compilers say of the kernels of a file."""

    def __init__(self, source, given, defines=()):
        with tempfile.TemporaryDirectory() as folder:
            cubin = pathlib.Path(folder) / "code.cubin"
            command = [given.nvcc, "-std=c++20", "-gencode", f"arch=compute_{given.arch},code=sm_{given.arch}", "-cubin",
                       "-Xptxas", "-v", f"-I{HERE.parent.parent / 'include'}", *defines, "-o", str(cubin), str(source)]
            ran = subprocess.run(command, capture_output=True, text=True)
            if ran.returncode != 0:
                sys.exit(ran.stdout + ran.stderr)
            text = subprocess.run([given.nvdisasm, str(cubin)], check=True, capture_output=True, text=True).stdout
        # By kernel: bytes of stack and of spills, and registers.
        self.resources = {name: tuple(map(int, rest)) for name, *rest in ENTRY.findall(ran.stdout + ran.stderr)}
        self.multiplies = {}
        for part in re.split(r"^\s*\.section\s+", text, flags=re.M)[1:]:
            section = re.match(r"\.text\.(\w+)", part)
            if section:
                # Four scales of 16 elements are .BLOCK16 in code for sm_103a.
                names = (name.replace(".BLOCK16", ".4X") for name in MULTIPLY.findall(part))
                self.multiplies[section[1]] = collections.Counter(names)

    def wasteful(self):
        """The kernels that have a stack, spill or take too many registers, each with a sentence."""
        for name, (stack, stores, loads, registers) in self.resources.items():
            if stack or stores or loads:
                yield f"{name} has {stack} bytes of stack and spills {stores} bytes"
            if registers > REGISTERS:
                yield f"{name} has {registers} registers, more than {REGISTERS}"


def wrong_in_file(source, given):
    """What is wrong with the kernels of a .cu file; and how many there are."""
    kernels = Compiled(source, given)
    wrong = list(kernels.wasteful())
    for name, words in EXPECTED.findall(source.read_text()):
        words = words.split()
        wanted = collections.Counter(dict(zip(words[1::2], map(int, words[0::2]))))
        if kernels.multiplies.get(name) != wanted:
            wrong.append(f"{name} has {dict(kernels.multiplies.get(name, {}))}, not {dict(wanted)}")
    return wrong, len(kernels.resources)


def wrong_in_list(name, given):
    """The same of a list of shipped kernels, or of a sample of it."""
    source = HERE / "lists/shipped.cu"
    wanted = dict(EXPECTED.findall(source.read_text()))[name].split()
    kernels = Compiled(source, given, [f"-DDEEPGEMM_TEST_LIST={name}", f"-DDEEPGEMM_TEST_ONE_IN={given.sample}",
                                       f"-DDEEPGEMM_TEST_FIRST={given.seed}"])
    wrong = list(kernels.wasteful())
    for kernel in kernels.resources:
        found = {instruction.split(".")[0] for instruction in kernels.multiplies.get(kernel, {})}
        if found != set(wanted):
            wrong.append(f"{kernel} has {sorted(found)}, not {wanted}")
    return wrong, len(kernels.resources)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("arch", help="such as 100f")
    parser.add_argument("--list", help="a list of shipped kernels")
    parser.add_argument("--sample", type=int, default=1, metavar="N", help="take every N-th kernel of the list")
    parser.add_argument("--seed", type=int, default=0, help="which ones those are")
    parser.add_argument("--nvcc", default="nvcc")
    parser.add_argument("--nvdisasm", default="nvdisasm")
    given = parser.parse_args()
    failed = False
    results = ([(given.list, *wrong_in_list(given.list, given))] if given.list else
               [(source.name, *wrong_in_file(source, given)) for source in sorted(HERE.glob("*.cu"))])
    for name, wrong, count in results:
        print(f"{name}: {count} kernels, {len(wrong)} wrong")
        for sentence in wrong:
            print(f"    {sentence}")
        failed |= bool(wrong) or count == 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
