"""Runs an experiment and gives its results as one tidy table.

A row is a run and a layer (of an attention sweep, a run), with the run's keys
and the statistics asked for. `trace` has none of its own: its rows are the
singular values of Jacobians, in double, from the tensors that were saved.
"""

import itertools
import os
import subprocess
import tempfile

import formula
import results_file
import show_layers
from results_file import BAD_DATA, ScriptError

try:
    import h5py
    import numpy as np
    import pandas as pd
except ImportError as missing:
    results_file.go_on_without_package(missing)

SLOPES = {"linear": np.ones_like, "tanh": lambda z: np.cosh(z)**-2.0}
SINGULAR = ["singular_mean", "singular_second_moment", "singular_fourth_moment",
            "singular_smallest", "singular_largest"]


def run(program, experiment, file, path, quick):
    """Runs it; returns a function from statistics to the table."""
    options = experiment["quick"] if quick else []
    call = [program, experiment["command"], str(file), "--force", "--quiet",
            *options]
    if experiment["command"] == "trace":
        table = _traced(call, experiment, path, quick)
        return lambda statistics: table
    _call([*call, "--output", path])
    read = {"run": _layers, "attention": _attention}[experiment["command"]]
    return lambda statistics: read(path, statistics)


def _call(words):
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or ["said nothing"]
        raise ScriptError(1, f"exit code {done.returncode}: {said[-1]}")


def _layers(path, statistics):
    return show_layers.read(path, statistics)[1]


def _attention(path, statistics):
    with h5py.File(path) as file:
        group = file["attention"]
        for name in statistics:
            if name not in group:
                raise ScriptError(BAD_DATA, f"{path}: has no column "
                                  f"/attention/{name}")
        columns = {}
        for name, data in group.items():
            if "flag_meanings" in data.attrs:
                meanings = np.array(data.attrs["flag_meanings"].split())
                columns[name] = meanings[data[()]]
            elif not h5py.check_string_dtype(data.dtype):
                columns[name] = data[()]
    return pd.DataFrame(columns).assign(layer=0)


# --- Jacobians

def _traced(call, experiment, path, quick):
    """The table of a trace per choice of the keys of `each`, kept as CSV."""
    each = {**experiment["each"],
            **(experiment["quick_each"] if quick else {})}
    parts = []
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, "trace.h5")
        for values in itertools.product(*map(formula.numbers, each.values())):
            keys = dict(zip(each, values))
            flags = [text for key, value in keys.items() for text in (
                f"--{key.replace('_', '-')}", str(value))]
            _call([*call, *flags, "--output", output])
            rows = pd.DataFrame(jacobians(output, experiment["jacobian"]))
            parts.append(rows.assign(run_index=len(parts), **keys))
    table = pd.concat(parts, ignore_index=True)
    table.to_csv(path.removesuffix(".h5") + ".csv", index=False)
    return table


def jacobians(path, which):
    """A row of singular values per layer of a trace's first sample.

    layer:   l is ∂Z_{l+1}/∂Z_l, for l = 1 to L - 2, between hidden layers
    product: l is ∂Z_l/∂X_0, for l = 1 to L
    """
    with h5py.File(path) as file:
        group = file["tensors"]
        slope = SLOPES[group.attrs["activation"]]
        depth = sum(name.startswith("W_") for name in group)
        weights = [group[f"W_{l}"][()].astype(float) for l in range(depth)]
        slopes = [None] + [slope(group[f"Z_{l}"][0].astype(float))
                           for l in range(1, depth)]
    if which == "layer":
        return [_row(l, slopes[l][:, np.newaxis] * weights[l])
                for l in range(1, depth - 1)]
    product, rows = weights[0], [_row(1, weights[0])]
    for l in range(1, depth):
        product = product * slopes[l] @ weights[l]
        rows.append(_row(l + 1, product))
    return rows


def _row(layer, jacobian):
    s = np.linalg.svd(jacobian, compute_uv=False)
    return {"layer": layer, "width": len(s), **dict(zip(SINGULAR, (
        s.mean(), (s**2).mean(), (s**4).mean(), s.min(), s.max())))}
