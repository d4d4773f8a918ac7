"""Reads bench.json for the scripts that print and draw benchmarks.

    results = bench_results.read("results/bench.json")
    results.table      one row per benchmark and setting: medians of the rounds
    results.errors     {benchmark: message}

A benchmark is FAMILY/KERNEL/.../batch:256/n:512. Setting "installed" is as
the machine has the peers; "tuned" is with their environment variables.
"""

import json
import math
import pathlib
from dataclasses import dataclass

import pandas as pd

from initscope import command
from initscope.command import ScriptError

FORMAT = "initscope-bench"
OURS = "packed"
UNITS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
NUMBERS = ["GFLOP/s", "peak GFLOP/s", "% of peak", "FLOP", "bytes",
           "ns per item", "GB/s", "MB/s"]


@dataclass
class BenchResults:
    """The results of bench.sh; see the docstring of the module."""

    context: dict  # of the first run
    machine: dict
    settings: dict  # setting -> "OPENBLAS_CORETYPE=... ..."
    rounds: int
    table: "pd.DataFrame"
    errors: dict

    def family(self, name):
        """The rows of one family, such as "Product"."""
        return self.table[self.table["family"] == name]

    def products(self, batch=None, n=None):
        """The products of these shapes, with `title`: kernel and setting."""
        rows = self.family("Product")
        for key, value in (("batch", batch), ("n", n)):
            if value is not None:
                rows = rows[rows[key] == value]
        tuned = rows["setting"].map({"installed": ""}).fillna(" tuned")
        return rows.assign(title=rows["kernel"] + tuned)

    def best_peer(self, batch, n):
        """The row of the fastest peer's product, or None."""
        rows = self.products(batch, n)
        rows = rows[~rows["kernel"].isin([OURS, "naive"])]
        return None if rows.empty else rows.loc[rows["GFLOP/s"].idxmax()]


def parse_name(name):
    """Splits FAMILY/KERNEL/.../n:512 into family, kernel and numbers."""
    parts = [part for part in name.split("/") if part != "real_time"]
    plain = [part for part in parts if ":" not in part]
    numbers = dict(part.split(":") for part in parts if ":" in part)
    return {"family": plain[0], "kernel": "/".join(plain[1:]),
            **{key: int(value) for key, value in numbers.items()
               if key in ("batch", "n")}}


def _row(benchmark, context):
    name = benchmark["name"]
    clock = "real_time" if name.endswith("/real_time") else "cpu_time"
    return {"name": name, "setting": context.get("setting", "installed"),
            "round": context.get("round", ""),
            "order": 1000 * benchmark.get("family_index", 0)
            + benchmark.get("per_family_instance_index", 0),
            "ns": benchmark[clock] * UNITS[benchmark["time_unit"]],
            "label": benchmark.get("label", ""),
            **{key: benchmark.get(key, math.nan) for key in NUMBERS}}


def digest(document):
    """The BenchResults of a document that bench_merge.py wrote."""
    rows, errors, settings = [], {}, {}
    for run in document["runs"]:
        context = run["context"]
        settings[context.get("setting", "installed")] = " ".join(
            f"{key}={context[key]}" for key in
            ("OPENBLAS_CORETYPE", "BLIS_ARCH_TYPE") if key in context)
        for benchmark in run["benchmarks"]:
            if benchmark.get("error_occurred"):
                errors[benchmark["name"]] = benchmark["error_message"]
            elif benchmark.get("run_type") == "iteration":
                rows.append(_row(benchmark, context))
    if not rows:
        raise ScriptError(command.BAD_DATA, "no benchmark has a result")
    frame = pd.DataFrame(rows)
    groups = frame.groupby(["name", "setting"], sort=False)
    table = groups[["ns", *NUMBERS]].median().assign(
        label=groups["label"].first(), order=groups["order"].first(),
        lowest=groups["GFLOP/s"].min(),
        highest=groups["GFLOP/s"].max()).reset_index()
    # In the order of the program, whatever ran when. A run that leaves some
    # benchmarks out numbers the others lower; the place is the full run's.
    table["order"] = table.groupby("name")["order"].transform("max")
    table = table.sort_values(["order", "setting"], ignore_index=True)
    parsed = pd.DataFrame([parse_name(name) for name in table["name"]],
                          columns=["family", "kernel", "batch", "n"])
    return BenchResults(document["runs"][0]["context"], document["machine"],
                        settings, frame["round"].nunique(),
                        table.join(parsed), errors)


def read(path):
    """The BenchResults of the file `path`, which bench.sh wrote.

    Raises a ScriptError if it is another file or lacks something.
    """
    try:
        document = json.loads(pathlib.Path(path).read_text())
    except OSError as error:
        raise ScriptError(command.IO_ERROR,
                          f"{path}: cannot read: {error.strerror}")
    except ValueError:
        document = None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ScriptError(command.BAD_DATA,
                          f"{path}: not written by bench.sh")
    try:
        found = digest(document)
        list(summary(found))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        raise ScriptError(command.BAD_DATA, f"{path}: lacks some of what "
                          f"bench.sh writes; measure again") from None
    return found


def summary(results):
    """Yields lines on the machine, the program and the rounds."""
    context, machine = results.context, results.machine
    commit = context.get("git_commit", "unknown")[:10]
    if context.get("git_dirty") == "1":
        commit += " with changes"
    loads = context.get("load_avg") or [math.nan]
    yield (f"{context.get('cpu', 'unknown CPU')}, "
           f"{context.get('kernel_target', 'unknown')} kernels, one thread, "
           f"{context.get('compiler', 'unknown compiler')}, commit {commit}")
    rounds = f"{results.rounds} round" + "s" * (results.rounds > 1)
    yield (f"{rounds}; load average {loads[0]:.1f} at the start, "
           f"{machine['load_average_at_end'][0]:.1f} at the end, of "
           f"{context.get('num_cpus', '?')} CPUs; governor "
           f"{machine['governor']}")
    for setting, variables in results.settings.items():
        if variables:
            yield f"{setting}: {variables}"
