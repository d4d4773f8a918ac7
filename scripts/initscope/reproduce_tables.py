"""Runs an experiment and gives its results as one tidy table.

A row is a run and a layer (of an attention sweep, a run), with the run's keys
and the statistics asked for. `trace` has none of its own: its rows are the
singular values of Jacobians, in double, from the tensors that were saved. Nor
has `theory`: its rows are the fixed points and critical points of its networks.
"""

from concurrent import futures
import itertools
import json
import os
import subprocess
import tempfile

from initscope import formula, hdf5_file
import numpy as np
import pandas as pd
from initscope import show_layers
from initscope.command import BAD_DATA, ScriptError

SLOPES = {"linear": np.ones_like, "tanh": lambda z: np.cosh(z)**-2.0}
SINGULAR = ["singular_mean", "singular_second_moment", "singular_fourth_moment",
            "singular_smallest", "singular_largest"]

AT_ONCE = 2  # traces


def run(program, experiment, file, path, quick):
    """Runs it; returns a function from statistics to the table."""
    options = experiment["quick"] if quick else []
    call = [program, experiment["command"], str(file), "--force", "--quiet",
            *options]
    if experiment["command"] == "trace":
        table = _traced(call, experiment, path, quick)
        return lambda statistics: table
    if experiment["command"] == "theory":
        call = [program, "theory", str(file), "--quiet", "--json", *options]
        table = points(json.loads(_call(call)))
        table.to_csv(path.removesuffix(".h5") + ".csv", index=False)
        return lambda statistics: table
    _call([*call, "--output", path])
    read = {"run": _layers, "attention": _attention}[experiment["command"]]
    return lambda statistics: read(path, statistics)


def _call(words):
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or ["said nothing"]
        raise ScriptError(1, f"exit code {done.returncode}: {said[-1]}")
    return done.stdout


def _layers(path, statistics):
    return show_layers.read(path, statistics)[1]


def _attention(path, statistics):
    columns = hdf5_file.read(path, lambda file: file.table("attention"))
    for name in statistics:
        if name not in columns:
            raise ScriptError(BAD_DATA, f"{path}: has no column "
                              f"/attention/{name}")
    return pd.DataFrame(columns).assign(layer=0)


# --- fixed points

def points(prediction):
    """A row per fixed point and per critical point of `theory --json`."""
    rows = []
    for network in prediction["networks"]:
        keys = {key: network[key] for key in ("activation", "gain",
                                              "bias_std")}
        found = network["asymptotics"]
        for kind, name in (("fixed", "fixed_points"),
                           ("critical", "critical_points")):
            for point in found[name]:
                rows.append({
                    **keys, "seed": 0, "layer": len(rows), "point": kind,
                    "stability": point["stability"],
                    "point_q": _number(point["q"]),
                    "point_chi_1": _number(point.get("chi_1", "NaN")),
                    "point_chi_q": _number(point.get("chi_q", "NaN")),
                    "point_weight_variance": point.get(
                        "weight_variance", found["weight_variance"])})
    return pd.DataFrame(rows)


def _number(value):
    """Of JSON, where infinite numbers and NaN are strings."""
    return float(value)


# --- Jacobians

def _traced(call, experiment, path, quick):
    """The table of a trace per choice of the keys of `each`, kept as CSV."""
    each = {**experiment["each"],
            **(experiment["quick_each"] if quick else {})}
    choices = [dict(zip(each, values)) for values in itertools.product(
        *map(formula.numbers, each.values()))]
    parts = []
    with (tempfile.TemporaryDirectory() as folder,
          futures.ThreadPoolExecutor(AT_ONCE) as pool):
        outputs = [os.path.join(folder, f"{i}.h5") for i in range(AT_ONCE)]
        for start in range(0, len(choices), AT_ONCE):
            group = choices[start:start + AT_ONCE]
            list(pool.map(lambda keys, output: _call(
                [*call, *_flags(keys), "--output", output]), group, outputs))
            for keys, output in zip(group, outputs):
                rows = pd.DataFrame(jacobians(output, experiment["jacobian"]))
                parts.append(rows.assign(run_index=len(parts), **keys))
    table = pd.concat(parts, ignore_index=True)
    table.to_csv(path.removesuffix(".h5") + ".csv", index=False)
    return table


def _flags(keys):
    return [text for key, value in keys.items() for text in (
        f"--{key.replace('_', '-')}", str(value))]


def jacobians(path, which):
    """A row of singular values per layer of a trace's first sample.

    layer:   l is ∂Z_{l+1}/∂Z_l, for l = 1 to L - 2, between hidden layers
    product: l is ∂Z_l/∂X_0, for l = 1 to L
    """
    activation, weights, hidden = hdf5_file.read(path, _tensors)
    depth, slope = len(weights), SLOPES[activation]
    slopes = [None] + [slope(z[0].astype(float)) for z in hidden]
    if which == "layer":
        return [_row(l, _singular(slopes[l][:, np.newaxis] * weights[l]))
                for l in range(1, depth - 1)]
    product, rows = weights[0], []
    for l in range(1, depth + 1):
        rows.append(_row(l, np.linalg.svd(product, compute_uv=False)))
        if l < depth:
            product = product * slopes[l] @ weights[l]
    return rows


def _singular(matrix):
    """Its singular values, to 1e-16 of the largest's square over each: enough
    for one layer, and three times as fast as an SVD of width 1000."""
    gram = (matrix @ matrix.T if matrix.shape[0] < matrix.shape[1]
            else matrix.T @ matrix)
    return np.sqrt(np.maximum(np.linalg.eigvalsh(gram)[::-1], 0))


def _tensors(file):
    """(activation, [W_0, ..., W_{L-1}], [Z_1, ..., Z_{L-1}])"""
    depth = sum(name.startswith("W_") for name in file.columns("tensors"))
    return (file.attributes_of("tensors")["activation"],
            [file.values(f"tensors/W_{l}").astype(float)
             for l in range(depth)],
            [file.values(f"tensors/Z_{l}") for l in range(1, depth)])


def _row(layer, s):
    return {"layer": layer, "width": len(s), **dict(zip(SINGULAR, (
        s.mean(), (s**2).mean(), (s**4).mean(), s.min(), s.max())))}
