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
import hdf5_file
import numpy as np
import pandas as pd
import show_layers
from command import BAD_DATA, ScriptError

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
    columns = hdf5_file.read(path, lambda file: file.table("attention"))
    for name in statistics:
        if name not in columns:
            raise ScriptError(BAD_DATA, f"{path}: has no column "
                              f"/attention/{name}")
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
    activation, weights, hidden = hdf5_file.read(path, _tensors)
    depth, slope = len(weights), SLOPES[activation]
    slopes = [None] + [slope(z[0].astype(float)) for z in hidden]
    if which == "layer":
        return [_row(l, slopes[l][:, np.newaxis] * weights[l])
                for l in range(1, depth - 1)]
    product, rows = weights[0], [_row(1, weights[0])]
    for l in range(1, depth):
        product = product * slopes[l] @ weights[l]
        rows.append(_row(l + 1, product))
    return rows


def _tensors(file):
    """(activation, [W_0, ..., W_{L-1}], [Z_1, ..., Z_{L-1}])"""
    depth = sum(name.startswith("W_") for name in file.columns("tensors"))
    return (file.attributes_of("tensors")["activation"],
            [file.values(f"tensors/W_{l}").astype(float)
             for l in range(depth)],
            [file.values(f"tensors/Z_{l}") for l in range(1, depth)])


def _row(layer, jacobian):
    s = np.linalg.svd(jacobian, compute_uv=False)
    return {"layer": layer, "width": len(s), **dict(zip(SINGULAR, (
        s.mean(), (s**2).mean(), (s**4).mean(), s.min(), s.max())))}
