"""Reads an initscope results file into pandas; what the plot scripts share.

    results = results_file.read("sweep.h5", statistics=["log10_..."])
    results.runs       one row per run: its keys, loss_value, status, ...
    results.layers     one row per run, step and layer: statistics asked for
    results.samples    one row per run and step: run_index, step and all keys

Category codes become names, so that nothing downstream sees a code. Whatever
is wrong with the file is a ScriptError.
"""

import difflib
from dataclasses import dataclass, field

from initscope import command, hdf5_file
import numpy as np
import pandas as pd
from initscope.command import BAD_DATA, USAGE, ScriptError

# Every key that can tell two runs apart, the most telling first: where one
# key follows from earlier ones (shape from depth and width), the later is
# the one that is called redundant. A test holds it against the program's.
KEYS = ["activation", "init", "gain", "bias_init", "bias_std", "depth",
        "width", "batch", "batches", "input", "labels", "classes", "samples",
        "standardize", "input_variance", "input_correlation", "loss",
        "label_smoothing", "learning_rate", "momentum", "weight_decay",
        "steps", "d_k", "tokens", "d_model", "scaled", "sqrt_d_k",
        "softmax_base", "precision", "engine", "jacobian_samples",
        "input_width", "output_width", "shape", "step", "seed", "data_seed"]

# What /runs and /attention say of a run beside its keys.
OUTCOMES = """run run_index run_id run_id_hex widths input_index loss_value
    label_entropy cross_entropy kl_divergence first_non_finite_layer
    wall_seconds status jacobian_second_moment log10_jacobian_second_moment
    jacobian_largest log10_jacobian_largest jacobian_squared_variance
    weight_scale query_variance key_variance score_variance logit_variance
    entropy_mean largest_probability_mean saturated_row_fraction
    jacobian_norm_mean jacobian_norm_median score_gradient_second_moment
    query_gradient_second_moment query_gradient_row_median
    key_gradient_second_moment value_gradient_second_moment
    input_gradient_second_moment
    input_gradient_through_scores_second_moment""".split()

# Runs that differ in these alone are repetitions of one experiment.
REPETITION_KEYS = ["seed", "data_seed"]


def keys_among(columns):
    """Those of a table's columns that are keys, in the order of KEYS.

    What is neither a key nor an outcome is taken for a key: it may keep runs
    apart that belong together, but pools none that do not.
    """
    columns = set(columns)
    unknown = sorted(columns - set(KEYS) - set(OUTCOMES))
    at = KEYS.index("input_width")
    return [key for key in (*KEYS[:at], *unknown, *KEYS[at:])
            if key in columns]


@dataclass
class Results:
    """See the module's description."""

    path: str
    attributes: dict
    runs: "pd.DataFrame"
    layers: "pd.DataFrame"
    order: dict = field(default_factory=dict)  # category key -> its names

    @property
    def keys(self):
        """The keys that this file knows, in the order of keys_among()."""
        return keys_among([*self.runs, "step"])

    @property
    def theory_alone(self):
        """Whether nothing was measured: a file of `initscope theory`."""
        return set(self.layers) <= {"run_index", "step", "layer", *(
            name for name in self.layers if name.startswith("theory_"))}

    def check_measured(self):
        """Raises a ScriptError for a file of theory alone."""
        if self.theory_alone:
            raise ScriptError(BAD_DATA, f"{self.path}: has theory alone, "
                              f"nothing measured; plot_variance.py draws it")

    def check_one_step(self):
        """Raises a ScriptError if the runs were trained: there a run is not
        one set of layers but one per step."""
        if self.layers["step"].any():
            raise ScriptError(BAD_DATA, f"{self.path}: has training steps; "
                              f"this reads runs at initialization")

    @property
    def samples(self):
        """One row per run and step with all keys."""
        pairs = self.layers[["run_index", "step"]].drop_duplicates()
        keys = [key for key in self.keys if key != "step"]
        return pairs.join(self.runs[keys], on="run_index").reset_index(
            drop=True)

    def check_key(self, key):
        """Raises a ScriptError that lists the keys, unless `key` is one."""
        if key in self.keys:
            return
        near = difflib.get_close_matches(key, self.keys, 1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        raise ScriptError(USAGE, f"unknown key '{key}'; {hint}{self.path} "
                          f"has: {', '.join(self.keys)}")

    def values(self, key, samples):
        """The distinct values of `key`: categories as in the file's table,
        numbers ascending, other text in the order of the runs."""
        found = samples[key].drop_duplicates()
        if key in self.order:
            return [name for name in self.order[key] if name in set(found)]
        return sorted(found) if is_numeric(found) else list(found)

    def filtered(self, conditions):
        """The samples that satisfy conditions, a list of "KEY=VALUE".

        Conditions on one key are alternatives; all keys must be satisfied.
        """
        samples = self.samples
        wanted = {}
        for condition in conditions:
            key, equals, value = condition.partition("=")
            if not equals:
                raise ScriptError(USAGE, f"filter '{condition}' is not "
                                  f"KEY=VALUE")
            self.check_key(key.strip())
            wanted.setdefault(key.strip(), []).append(value.strip())
        for key, texts in wanted.items():
            kept = np.zeros(len(samples), bool)
            for text in texts:
                matches = _equal(samples[key], text)
                if not matches.any():
                    there = [text_of(v) for v in self.values(key, samples)]
                    raise ScriptError(
                        USAGE, f"filter {key}={text} leaves no run; {key} is "
                        f"{shortened(there)}")
                kept |= matches
            samples = samples[kept]
        return samples


def within(samples, where):
    """The samples whose keys have the values of `where`, a dictionary."""
    kept = np.ones(len(samples), bool)
    for key, value in where.items():
        kept &= (samples[key] == value).to_numpy()
    return samples[kept]


def is_numeric(column):
    """Whether the values of a key are numbers (not names)."""
    return pd.api.types.is_numeric_dtype(column)


def text_of(value):
    """A key's value as people write it: 0.1, not 0.1000000001."""
    return f"{value:.6g}" if isinstance(value, (float, np.floating)) \
        else command.visible(value)


def shortened(texts, most=8):
    """'a, b, c', or 'a, b, ... z (41 values)' where there are many."""
    if len(texts) <= most:
        return ", ".join(texts)
    return f"{', '.join(texts[:3])}, ... {texts[-1]} ({len(texts)} values)"


def independent_keys(samples, keys):
    """Those of `keys` that tell samples apart where earlier keys agree.

    The gain of "tanh with gain 1, relu with gain 1.4" follows from the
    activation, so it is no axis of the sweep; nor is shape beside width.
    """
    axes = []
    for key in keys:
        groups = samples.groupby(axes, dropna=False)[key] if axes else None
        varies = (groups.nunique(dropna=False).max() if axes
                  else samples[key].nunique(dropna=False)) > 1
        if varies:
            axes.append(key)
    return axes


def read(path, statistics, optional=()):
    """Reads /runs and, of /layers, the index columns and `statistics`.

    Of `optional` statistics it reads those that the file has. A file of
    `initscope theory` has no statistics: see Results.theory_alone.
    """
    return Results(path, *hdf5_file.read(
        path, lambda file: _extract(file, statistics, optional)))


def _extract(file, statistics, optional):
    """(attributes, runs, layers, order) of an open hdf5_file.File."""
    for group in ("runs", "layers"):
        if group not in file.groups():
            file.fail(f"has no group /{group}; this reads what 'initscope "
                      f"run', 'train', 'trace' and 'theory' write")
    runs = pd.DataFrame(file.table("runs"))
    there = file.columns("layers")
    if "run_index" not in there:
        file.fail(nothing_to_draw(runs))
    index = ["run_index", "step", "layer"]
    theory = [name for name in there if name.startswith("theory_")]
    if theory and not set(statistics) & set(there):
        statistics = ()
    wanted = [*index, *statistics, *(n for n in optional if n in there)]
    layers = pd.DataFrame(file.table("layers", wanted))
    _check_rows(file, runs, layers)
    if layers.empty and len(runs):
        file.fail(nothing_to_draw(runs))
    order = {name: file.names(f"runs/{name}") for name in runs}
    return file.attributes, runs, layers, {
        name: names for name, names in order.items() if names}


def nothing_to_draw(runs):
    """Of a file without layers."""
    diverged = (runs["status"] == "diverged").sum() if "status" in runs else 0
    return ("has no layers" + (f": {diverged} of {len(runs)} runs diverged "
                               f"before their first step" if diverged else ""))


def _check_rows(file, runs, layers):
    """That the rows of each run and step are layers 0 ... depth, in order."""
    for key in ("gain", "depth", "width", "seed", "data_seed"):
        if key not in runs or not is_numeric(runs[key]):
            file.fail(f"/runs/{key} is not there, or no number")
    for key in ("activation", "init"):
        if key not in runs or is_numeric(runs[key]):
            file.fail(f"/runs/{key} is not there, or no name")
    index = layers[["run_index", "step", "layer"]].to_numpy()
    if index.dtype.kind not in "iu" or not (
            layers["run_index"].between(0, len(runs) - 1).all()):
        file.fail("/layers/run_index points outside /runs")
    first = layers["layer"].to_numpy() == 0
    group = np.cumsum(first) - 1
    starts = np.flatnonzero(first)
    place = np.arange(len(layers)) - starts[group] if len(starts) else []
    ends = index[np.append(starts[1:] - 1, len(layers) - 1)
                 if len(starts) else []]
    depth = runs["depth"].to_numpy()
    if (len(layers) and (not first[0] or (place != index[:, 2]).any()
                         or (index[:, :2] != index[starts][group][:, :2]).any()
                         or (ends[:, 2] != depth[ends[:, 0]]).any()
                         or len(np.unique(ends[:, :2], axis=0)) < len(ends))):
        file.fail("the rows of /layers are not layers 0 to depth of each run "
                  "and step")


def _equal(column, text):
    if not is_numeric(column):
        return (column == text).to_numpy()
    try:
        return np.isclose(column.astype(float), float(text), rtol=1e-6,
                          atol=0)
    except ValueError:
        return np.zeros(len(column), bool)
