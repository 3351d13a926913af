#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compiles the .cu files of this folder for one architecture and looks in each kernel for the instructions that its file's
comments name, all of them and no other multiplies:

    // sass <kernel>: <count> <instruction> [<count> <instruction> ...]

    python3 tests/sm100/sass.py 100a [--nvcc nvcc] [--nvdisasm nvdisasm]
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
MULTIPLY = re.compile(r"\bUTC[HQO]MMA[A-Z0-9.]*")


def instructions_of(cubin, nvdisasm):
    """The multiplies of each kernel, counted."""
    text = subprocess.run([nvdisasm, str(cubin)], check=True, capture_output=True, text=True).stdout
    found = {}
    for part in re.split(r"^\s*\.section\s+", text, flags=re.M)[1:]:
        section = re.match(r"\.text\.(\w+)", part)
        if section:
            # Four scales of 16 elements are .BLOCK16 in code for sm_103a.
            names = (name.replace(".BLOCK16", ".4X") for name in MULTIPLY.findall(part))
            found[section[1]] = collections.Counter(names)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("arch", help="such as 100a")
    parser.add_argument("--nvcc", default="nvcc")
    parser.add_argument("--nvdisasm", default="nvdisasm")
    given = parser.parse_args()
    checked = wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for source in sorted(HERE.glob("*.cu")):
            expected = EXPECTED.findall(source.read_text())
            if not expected:
                continue
            cubin = pathlib.Path(folder) / "code.cubin"
            target = f"arch=compute_{given.arch},code=sm_{given.arch}"
            subprocess.run([given.nvcc, "-std=c++20", "-gencode", target, f"-I{HERE.parent.parent / 'include'}", "-cubin",
                            "-o", str(cubin), str(source)], check=True)
            found = instructions_of(cubin, given.nvdisasm)
            for kernel, words in expected:
                words = words.split()
                wanted = collections.Counter(dict(zip(words[1::2], map(int, words[0::2]))))
                checked += 1
                if found.get(kernel) != wanted:
                    wrong += 1
                    print(f"{source.name}: {kernel} has {dict(found.get(kernel, {}))}, not {dict(wanted)}")
    print(f"{checked} kernels, {wrong} wrong")
    return wrong != 0 or checked == 0


if __name__ == "__main__":
    sys.exit(main())
