#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the README's two commands in systems that have nothing but their base: the table in docs/systems.md.

    python3 cmake/bare_systems.py                          ./dg demo and ./dg test in all systems; prints what came out
    python3 cmake/bare_systems.py --write                  the same, and writes the table
    python3 cmake/bare_systems.py --only demo debian-13    one command in one system
    python3 cmake/bare_systems.py --only test --ctest '-L host' debian-13

Needs root, debootstrap and a network. Each system is made once, as an archive in build/bare, and unpacked for each run, which gets
the committed tree (HEAD). Mounts are in a namespace of the run's own and go with it; its folder is removed. Where the network has a
certificate authority of its own, PIP_CERT names its file, which is then given to the systems, too.
"""
import argparse
import datetime
import hashlib
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/systems.md"
TABLE = re.compile(r"(<!-- systems:begin -->\n)(.*?)(<!-- systems:end -->)", re.S)
WORK = ROOT / "build/bare"
DEBIAN, UBUNTU = "http://deb.debian.org/debian", "http://archive.ubuntu.com/ubuntu"
SYSTEMS = {"debian-12": ("Debian 12", "bookworm", DEBIAN), "debian-13": ("Debian 13", "trixie", DEBIAN),
           "ubuntu-22.04": ("Ubuntu 22.04", "jammy", UBUNTU), "ubuntu-24.04": ("Ubuntu 24.04", "noble", UBUNTU)}
# Debian has no package with Ubuntu's keys; this is Ubuntu's own.
UBUNTU_KEYS = (f"{UBUNTU}/pool/main/u/ubuntu-keyring/ubuntu-keyring_2021.03.26_all.deb",
               "0d0e7ed6b112f5d03eabf3c7eb01ebdacf9c57714b279e90495cfc58c8c4520f")
CERTIFICATES = "/root/certificates.pem"
COMMANDS = ("demo", "test")
COLUMNS = ("system", "cmake", "g++", "`./dg demo`", "`./dg test`")


def run(*command, **options):
    subprocess.run([str(word) for word in command], check=True, **options)


def ubuntu_keyring():
    """Ubuntu's keys, checked and unpacked."""
    address, expected = UBUNTU_KEYS
    package = WORK / "ubuntu-keyring.deb"
    if not package.exists():
        with urllib.request.urlopen(address, timeout=60) as answer:
            package.write_bytes(answer.read())
    if hashlib.sha256(package.read_bytes()).hexdigest() != expected:
        raise SystemExit(f"{address} is not the package that this script knows")
    run("dpkg-deb", "-x", package, WORK / "ubuntu-keyring")
    return WORK / "ubuntu-keyring/usr/share/keyrings/ubuntu-archive-keyring.gpg"


def base(system):
    """The archive of a system's base, which is made if it does not exist yet."""
    archive = WORK / f"{system}.tar"
    if archive.exists():
        return archive
    _, suite, mirror = SYSTEMS[system]
    options, script, components = [], [], "main"
    if mirror == UBUNTU:
        components = "main,universe"
        options = [f"--keyring={ubuntu_keyring()}"]
        script = ["/usr/share/debootstrap/scripts/gutsy"]  # that of all Ubuntus, also of those newer than debootstrap
    with tempfile.TemporaryDirectory(dir=WORK) as root:
        with open(WORK / f"{system}.debootstrap.log", "w") as log:
            run("debootstrap", "--variant=minbase", f"--components={components}", *options, suite, root, mirror, *script,
                stdout=log, stderr=log)
        sources = "".join(f"deb {mirror} {name} {components.replace(',', ' ')}\n" for name in (suite, f"{suite}-updates"))
        pathlib.Path(root, "etc/apt/sources.list").write_text(sources)
        run("tar", "-C", root, "-cf", archive, ".")
    return archive


def inside(root, command, **options):
    """Runs a shell command in the tree of a system, as root, with an environment like that of a fresh login."""
    environment = {"PIP_CERT": CERTIFICATES} if pathlib.Path(f"{root}{CERTIFICATES}").exists() else {}
    environment |= {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"}
    return subprocess.run(["unshare", "--mount", "--pid", "--fork", f"--mount-proc={root}/proc", "chroot", root, "sh", "-c",
                           f"cd /root/deepgemm && {command}"], env=environment, **options)


def version(root, command):
    """The version number in the first line that a program prints for --version. Distributions may put other numbers in
    parentheses before it."""
    said = inside(root, f"PATH=$PWD/build/tools/bin:$PATH; {command} --version", capture_output=True, text=True).stdout
    found = re.search(r"\d+(\.\d+)+", re.sub(r"\(.*?\)", "", (said + "\n").splitlines()[0]))
    return found[0] if found else "unknown"


def outcome(text, passed):
    """The summary that ctest prints of a run; without one, whether the run passed."""
    counted = re.search(r"(\d+) tests failed out of (\d+)", text)
    if not counted:
        return "passed" if passed else "failed"
    failed, total = int(counted[1]), int(counted[2])
    if passed != (failed == 0):
        return "failed"
    return f"{total} tests passed" if passed else f"{failed} of {total} tests failed"


def try_command(system, root, command, arguments):
    """Runs ./dg <command>. Returns whether it passed, and a cell of the table: result, time including all installations,
    day."""
    print(f"{system}: ./dg {command} {arguments}", flush=True)
    log = WORK / f"{system}.{command}.log"
    begin = time.monotonic()
    with open(log, "w") as output:
        passed = inside(root, f"./dg {command} {arguments}", stdout=output, stderr=output).returncode == 0
    seconds = round(time.monotonic() - begin)
    result = outcome(log.read_text(errors="replace"), passed)
    print(f"{system}: {result} in {seconds} s; {log.relative_to(ROOT)}", flush=True)
    return passed, f"{result}, {seconds // 60} min {seconds % 60} s, {datetime.date.today()}"


def try_system(system, commands, ctest):
    """Runs the commands in a fresh copy of a system. Returns whether all passed, and the cells of its row."""
    archive = base(system)
    root = tempfile.mkdtemp(dir=WORK)
    try:
        run("tar", "-C", root, "-xf", archive)
        shutil.copy("/etc/resolv.conf", f"{root}/etc/resolv.conf")
        if os.environ.get("PIP_CERT"):
            shutil.copy(os.environ["PIP_CERT"], f"{root}{CERTIFICATES}")
        tree = pathlib.Path(root, "root/deepgemm")
        tree.mkdir()
        committed = subprocess.run(["git", "-C", ROOT, "archive", "HEAD"], check=True, stdout=subprocess.PIPE).stdout
        run("tar", "-C", tree, "-x", input=committed)
        results = {name: try_command(system, root, name, ctest if name == "test" else "") for name in commands}
        row = {"system": SYSTEMS[system][0], "cmake": version(root, "cmake"), "g++": version(root, "c++")}
        row |= {f"`./dg {name}`": cell for name, (_, cell) in results.items()}
        return all(passed for passed, _ in results.values()), row
    finally:
        shutil.rmtree(root)


def write(row):
    """Writes a row of the table. Cells that were not measured this time keep their text."""
    text = PAGE.read_text()
    old = [dict(zip(COLUMNS, (cell.strip() for cell in line.strip("|").split("|"))))
           for line in TABLE.search(text)[2].splitlines()[2:]]
    rows = {one["system"]: one for one in old}
    rows[row["system"]] = dict.fromkeys(COLUMNS, "") | rows.get(row["system"], {}) | row
    lines = [COLUMNS, ["---"] * len(COLUMNS)] + [[rows[name][column] for column in COLUMNS] for name in sorted(rows)]
    table = "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
    PAGE.write_text(TABLE.sub(lambda found: found[1] + table + found[3], text))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("systems", nargs="*", metavar="system", help=f"of {', '.join(SYSTEMS)}; all if none is named")
    parser.add_argument("--only", choices=COMMANDS, help="one of the two commands")
    parser.add_argument("--ctest", default="", metavar="ARGUMENTS", help="arguments of ./dg test, as one word")
    parser.add_argument("--write", action="store_true", help="write the results into docs/systems.md")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.systems if name not in SYSTEMS]
    if unknown:
        parser.error(f"no such system: {', '.join(unknown)}; there are {', '.join(SYSTEMS)}")
    if arguments.write and arguments.ctest:
        parser.error("--write is for whole runs, without --ctest")
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        parser.error("this needs root and debootstrap (Debian package debootstrap)")
    if subprocess.run(["git", "-C", ROOT, "status", "--porcelain"], capture_output=True, text=True).stdout:
        print("the tree has changes that are not committed: they are not tried", flush=True)
    WORK.mkdir(parents=True, exist_ok=True)
    ctest = " ".join(shlex.quote(word) for word in shlex.split(arguments.ctest))
    failed = []
    for system in arguments.systems or SYSTEMS:
        passed, row = try_system(system, [arguments.only] if arguments.only else COMMANDS, ctest)
        print(*(f"{name} {cell}" for name, cell in row.items()), sep="; ", flush=True)
        if arguments.write:
            write(row)
        if not passed:
            failed.append(system)
    return f"failed in: {', '.join(failed)}" if failed else 0


if __name__ == "__main__":
    sys.exit(main())
