#!/usr/bin/env python3
"""Shows how the program's time grows with the size of a sweep.

For each quantity it prints the CPU time at some sizes, each twice the one
before, and the exponent between the smallest and the largest, both less the
time of an empty run. 1 is linear. Exit code 1 if an exponent is above --most.
"""

import math
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from initscope import command
from initscope import program as programs
from initscope.command import INTERNAL, ScriptError

SMALL = "--width 8 --batch 8 --theory off".split()


def sections(n):
    """An experiment file with n sections."""
    return "width = 4\ndepth = 1\nbatch = 4\n" + "".join(
        f"[s{i}]\ngain = {1 + i / n}\n" for i in range(n))


def values(n):
    """An experiment file with a list of n values."""
    return "width = 4\ndepth = 1\nbatch = 4\ngain = " + ", ".join(
        f"{1 + i / n}" for i in range(n)) + "\n"


# name: (smallest size, command, function of n to arguments or to the text of an
# experiment file)
QUANTITIES = {
    "steps": (1000, ["train"], lambda n: [
        *"--depth 2 --width 48 --batch 96".split(), "--steps", str(n)]),
    "steps of wide layers": (10, ["train"], lambda n: [
        *"--depth 2 --width 384 --batch 128".split(), "--steps", str(n)]),
    "depth": (2000, ["run"], lambda n: [*SMALL, "--depth", str(n)]),
    "depth with theory": (500, ["run"], lambda n: [
        *SMALL[:4], "--depth", str(n)]),
    "batch": (4000, ["run"], lambda n: [
        *"--width 16 --depth 4 --batch".split(), str(n)]),
    "batches": (200, ["run"], lambda n: [
        *"--width 16 --depth 4 --batch 64 --batches".split(), str(n)]),
    "runs": (4000, ["run"], lambda n: [
        *SMALL, "--depth", "1", "--seed", f"range(0, {n})"]),
    "runs with theory": (2000, ["run"], lambda n: [
        *SMALL[:4], "--depth", "1", "--seed", f"range(0, {n})"]),
    "runs of a pass": (4000, ["run"], lambda n: [
        *SMALL, "--depth", "1", "--activation", "relu", "--gain",
        f"linspace(1, 2, {n})"]),
    "sections": (2000, ["run"], sections),
    "values of a list": (2000, ["run"], values),
}


def cpu_seconds(words, folder):
    """The CPU time of a command, run in `folder`."""
    with subprocess.Popen(words, cwd=folder) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise ScriptError(INTERNAL, f"{' '.join(map(str, words))} ended with "
                          f"{process.returncode}")
    return usage.ru_utime + usage.ru_stime


def measure(program, quantity, n, jobs, folder):
    """The CPU time of a sweep with n of a quantity."""
    _, words, what = QUANTITIES[quantity]
    arguments = what(n)
    if isinstance(arguments, str):
        (folder / "sweep.ini").write_text(arguments)
        arguments = ["sweep.ini"]
    return cpu_seconds(
        [program, *words, *arguments, *jobs, "--quiet", "--force",
         "--output", "x.h5"], folder)


def main():
    """Runs the program."""
    parser = command.ArgumentParser(description=__doc__)
    parser.add_argument("--program", type=pathlib.Path,
                        default=programs.RELEASE)
    parser.add_argument("--doublings", type=int, default=4)
    parser.add_argument("--most", type=float, default=1.4,
                        help="the largest exponent that is allowed")
    parser.add_argument("--jobs", help="default: as the program chooses")
    parser.add_argument("quantity", nargs="*",
                        help=f"of {', '.join(QUANTITIES)}; default: all")
    args = parser.parse_args()
    if args.doublings < 1:
        parser.error("--doublings wants a number from 1 on")
    for quantity in args.quantity:
        if quantity not in QUANTITIES:
            parser.error(f"there is no quantity {quantity}")
    jobs = ["--jobs", args.jobs] if args.jobs else []
    wrong = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        program = args.program.resolve()
        empty = cpu_seconds([program, "run", *SMALL, "--depth", "1", "--quiet",
                             "--output", "x.h5"], folder)
        for quantity in args.quantity or QUANTITIES:
            first = QUANTITIES[quantity][0]
            sizes = [first << k for k in range(args.doublings + 1)]
            seconds = [measure(program, quantity, n, jobs, folder)
                       for n in sizes]
            least, most = (max(s - empty, 1e-3)
                           for s in (seconds[0], seconds[-1]))
            exponent = math.log2(most / least) / args.doublings
            if not exponent <= args.most:
                wrong.append(quantity)
            print(f"{quantity:22} {sizes[0]:6} … {sizes[-1]:7}  "
                  f"{' '.join(f'{s:7.3f}' for s in seconds)} s  "
                  f"exponent {exponent:.2f}", flush=True)
    if wrong:
        raise ScriptError(1, f"more than linear: {', '.join(wrong)}")


if __name__ == "__main__":
    command.run_main(main)
