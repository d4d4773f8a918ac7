#!/usr/bin/env python3
"""Joins the outputs of several runs of initscope_bench into one JSON file.

Adds a description of the machine. Averages nothing and leaves nothing out.
"""

import contextlib
import json
import os
import pathlib
import platform
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from initscope import command  # first: it reports missing packages
from bench.bench_results import FORMAT
from initscope.command import ScriptError


def first_line(path, start=""):
    """The rest of a file's first line that begins with `start`."""
    with contextlib.suppress(OSError):
        for line in pathlib.Path(path).read_text().splitlines():
            if line.startswith(start):
                return line[len(start):].lstrip(" \t:")
    return "unknown"


def machine():
    """What affects speed and is not in the context of each run."""
    governor = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"
    return {"system": platform.platform(),
            "cpu_flags": first_line("/proc/cpuinfo", "flags"),
            "governor": first_line(governor),
            "memory": first_line("/proc/meminfo", "MemTotal"),
            "load_average_at_end": list(os.getloadavg())}


def merge(texts):
    """The merged document of {file name: its text}."""
    runs = []
    for name, text in texts.items():
        try:
            run = json.loads(text)
        except ValueError as error:
            raise ScriptError(command.BAD_DATA, f"{name}: {error}")
        if "benchmarks" not in run:
            raise ScriptError(command.BAD_DATA, f"{name}: not written "
                              f"by initscope_bench")
        runs.append(run)
    return {"format": FORMAT, "machine": machine(), "runs": runs}


def main():
    """Runs the program."""
    parser = command.ArgumentParser(description=__doc__)
    parser.add_argument("output", help="the merged file")
    parser.add_argument("file", nargs="+",
                        help="written by initscope_bench --benchmark_out")
    options = parser.parse_args()
    command.write_json(options.output, merge({
        path: pathlib.Path(path).read_text() for path in options.file}))


if __name__ == "__main__":
    command.run_main(main)
