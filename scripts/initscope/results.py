"""Reads a results file into pandas.

    r = initscope.read("results/my.h5")
    r.runs        a row per run: its keys, loss_value, status, ...
    r.layers      a row per run, recorded step and layer 0 ... depth
    r.steps       a row per run and training step (of `train`)
    r.jacobian    a row per singular value (of `run --jacobian on`)
    r.attention   a row per attention head (of `attention`)

The tables are DataFrames; categories are names, not codes. The column
run_index of a table is the index of its run in r.runs, and the swept keys stand
beside it. Columns log10_NAME are logarithms to base 10; they are correct even
where NAME itself leaves double's range. A bad file raises a ScriptError.
"""

import difflib
import functools
import os
import sys
import tempfile

import numpy as np
import pandas as pd

from initscope import hdf5_file, keys, program
from initscope.command import BAD_DATA, ScriptError, USAGE
from initscope.seal import CONTENTS
from initscope.text import shortened, text_of

INDEX = ["run_index", "step", "layer"]  # of /layers


def read(path):
    """The Results of the file `path` (format version 1).

    Of a sweep that is not finished (there is no such file yet, but a folder
    `path`.parts) they are those of the runs that are there, and `unfinished`
    says how many: the program joins them in a temporary file.

    Raises a ScriptError if the file is missing, damaged or of another kind.
    """
    parts = f"{path}.parts"
    if os.path.exists(path) or not os.path.isdir(parts):
        return Results(path)
    folder = tempfile.TemporaryDirectory(prefix="initscope-")
    file = os.path.join(folder.name, "results.h5")
    program.call("merge", file, parts, "--quiet")
    results = Results(path, file)
    results.folder = folder  # removed with the results
    return results


def read_and_tell(path):
    """read(), which says on stderr if the sweep is not finished."""
    results = read(path)
    if results.unfinished:
        print(f"{path}: {results.unfinished}", file=sys.stderr)
    return results


class Results:
    """A results file; large tables are read when they are first used.

    path         as it was given to read()
    unfinished   "29 of 160 runs, ..." of a sweep that is not finished, else ""
    attributes   {name: value} of the root: program_version, command_line, ...
    columns      {group: names of its columns}, for every table of the file
    inputs       a row per input (runs refer to it by input_index), or None
    keys         names of the key columns: activation, init, gain, ... seed
    swept        those keys that take more than one value
    order        {category key: its names, in the program's order}
    """

    def __init__(self, path, file=None):
        self.path = str(path)
        self.file = str(file or path)  # which stands for it
        (self.attributes, self.columns, self.inputs, self._main, self._table,
         self.order, marks, self._rows) = hdf5_file.read(self.file, _extract)
        self.keys = list(marks) or [key for key in keys.unmarked(self._table)
                                    if key not in INDEX]
        self.swept = [key for key in self.keys if (
            marks[key] if marks.get(key) is not None else
            self._table[key].nunique(dropna=False) > 1)]

    @property
    def unfinished(self):
        """How much of its sweep is there, if that is not all."""
        planned = int(self.attributes.get("planned_runs", 0))
        there = 0 if self._table is None else len(self._table)
        return (f"{there} of {planned} runs, the sweep is not finished"
                if there < planned else "")

    def fail(self, what):
        """Raises a ScriptError that says `what` is wrong with the file."""
        raise ScriptError(BAD_DATA, f"{self.path}: {what}")

    # --- tables

    @property
    def runs(self):
        """A row per run."""
        return self._only("runs")

    @property
    def attention(self):
        """A row per attention head."""
        return self._only("attention")

    @functools.cached_property
    def layers(self):
        """A row per run, recorded step and layer; layer 0 is the input.

        Statistics are taken over a layer's batch × units entries, variances
        with divisor n. NaN where a layer lacks a statistic (the input has no
        pre-activation).
        """
        return self._beside("layers", self.swept)

    @functools.cached_property
    def steps(self):
        """A row per run and training step: loss_value, accuracy."""
        return self._beside("steps", self.swept)

    @functools.cached_property
    def jacobian(self):
        """A row per run, sample and index: a singular value of ∂Z_L/∂X_0."""
        return self._beside("jacobian", self.swept)

    @functools.cached_property
    def tensors(self):
        """{name: array} of /tensors, in the precision of the file.

        `trace` writes W_0, Z_1, ... (Z_l is batch × width, W_l fan_in ×
        fan_out), `attention` X, Q, ... (a row per token).
        """
        return self._read(lambda file: {
            name: file.values(f"tensors/{name}")
            for name in file.columns("tensors")})

    def attributes_of(self, name):
        """The attributes {name: value} of a group or dataset, by its path."""
        return self._read(lambda file: file.attributes_of(name))

    def table(self, group, columns=None, optional=()):
        """A DataFrame of a group's `columns`, or of all.

        Also of those `optional` columns that the file has. A table of /layers
        always has run_index, step and layer. Raises a ScriptError if a column
        is missing.
        """
        there = self.columns.get(group, [])
        if columns is not None:
            columns = [*columns, *(n for n in optional if n in there)]
        if group != "layers":
            return self._frame(group, columns)
        return self._index.join(self._frame(group, [
            name for name in (there if columns is None else columns)
            if name not in INDEX]))

    def keyed(self, group, columns=None):
        """table(), with all keys of its run beside each row."""
        return self._beside(group, self.keys, columns)

    def _frame(self, group, columns):
        return pd.DataFrame(self._read(
            lambda file: file.table(group, columns)))

    def _read(self, extract):
        """extract(file); an error if the file has changed meanwhile."""
        return hdf5_file.read(self.file, extract, self.attributes[CONTENTS])

    def _only(self, name):
        if self._main != name:
            self.fail(f"has no group /{name}; this reads what 'initscope "
                      f"{'attention' if name == 'attention' else 'run'}' "
                      f"writes")
        return self._table

    def _beside(self, group, names, columns=None):
        table = self.table(group, columns)
        return table.drop(columns="row", errors="ignore").join(
            self._table[[key for key in names if key not in table]],
            on="run_index")

    @functools.cached_property
    def _index(self):
        """The index columns of /layers, checked against /runs."""
        for group in ("runs", "layers"):
            if group not in self.columns:
                self.fail(f"has no group /{group}; this reads what 'initscope "
                          f"run', 'train', 'trace' and 'theory' write")
        if self._rows is not None:
            _check_rows(self, self._rows)
        if self._rows is None or self._rows.empty and len(self.runs):
            self.fail(self._nothing_to_draw())
        return self._rows

    def _nothing_to_draw(self):
        runs = self.runs
        lost = (runs["status"] == "diverged").sum() if "status" in runs else 0
        return ("has no layers" + (
            f": {lost} of {len(runs)} runs diverged before their first step"
            if lost else ""))

    # --- keys

    @property
    def sample_keys(self):
        """The keys that distinguish samples: those of runs, and step."""
        at = next((i for i, key in enumerate(self.keys)
                   if key in keys.REPETITION_KEYS), len(self.keys))
        return [*self.keys[:at], "step", *self.keys[at:]]

    @property
    def samples(self):
        """A row per run and recorded step, with run_index and all keys."""
        pairs = self._index[["run_index", "step"]].drop_duplicates()
        return pairs.join(self.runs[self.keys], on="run_index").reset_index(
            drop=True)

    @property
    def theory_alone(self):
        """Whether the file has theory only, as `initscope theory` writes."""
        names = self.columns.get("layers", [])
        return (any(name.startswith("theory_") for name in names)
                and not any(name.startswith("log10_") for name in names))

    def check_measured(self):
        """Raises a ScriptError if the file has theory only."""
        if self.theory_alone:
            self.fail("has theory alone, nothing measured; plot_variance.py "
                      "draws it")

    def check_one_step(self):
        """Raises a ScriptError if the runs were trained.

        A trained run has a set of layers per recorded step, not one.
        """
        if self._index["step"].any():
            self.fail("has training steps; this reads runs at "
                      "initialization")

    def check_key(self, key):
        """Raises a ScriptError that lists the keys unless `key` is one."""
        there = self.sample_keys
        if key in there:
            return
        near = difflib.get_close_matches(key, there, 1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        raise ScriptError(USAGE, f"unknown key '{key}'; {hint}{self.path} "
                          f"has: {', '.join(there)}")

    def values(self, key, samples):
        """The distinct values of `key`.

        Categories come in the program's order, numbers ascending, other text
        in the order of the runs.
        """
        found = samples[key].drop_duplicates()
        if key in self.order:
            return [name for name in self.order[key] if name in set(found)]
        return sorted(found) if keys.is_numeric(found) else list(found)

    def filtered(self, conditions):
        """The samples that satisfy `conditions`, a list of "KEY=VALUE".

        Conditions on one key are alternatives; all keys must be satisfied.
        Raises a ScriptError for an unknown key, or if no sample is left.
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
                matches = keys.equal(samples[key], text)
                if not matches.any():
                    there = map(text_of, self.values(key, samples))
                    raise ScriptError(
                        USAGE, f"filter {key}={text} leaves no run; {key} is "
                        f"{shortened(list(there))}")
                kept |= matches
            samples = samples[kept]
        if samples.empty:
            self.fail("has no runs")
        return samples


# --- inside hdf5_file.read()

def _extract(file):
    """The parts of Results that are read at once."""
    version = file.attributes.get("format_version")
    if version != 1:
        file.fail(f"is of format version {version}; this reads version 1")
    columns = {group: file.columns(group) for group in file.groups()}
    main = next((name for name in ("runs", "attention") if name in columns),
                None)
    table = pd.DataFrame(file.table(main)) if main else pd.DataFrame()
    inputs = (pd.DataFrame(file.table("inputs")) if "inputs" in columns
              else None)
    order = {name: names for name in table
             if (names := file.names(f"{main}/{name}"))}
    marks = {name: found.get("swept") for name in table if (
        found := file.attributes_of(f"{main}/{name}")).get("role") == "key"}
    # With the first table, as each reading takes a process of its own.
    rows = (pd.DataFrame(file.table("layers", INDEX))
            if "run_index" in columns.get("layers", []) else None)
    return file.attributes, columns, inputs, main, table, order, marks, rows


def _check_rows(results, layers):
    """Fails unless the rows of each run and step are layers 0 to depth."""
    runs, fail = results.runs, results.fail
    for key in ("gain", "depth", "width", "seed", "data_seed"):
        if key not in runs or not keys.is_numeric(runs[key]):
            fail(f"/runs/{key} is not there, or no number")
    for key in ("activation", "init"):
        if key not in runs or keys.is_numeric(runs[key]):
            fail(f"/runs/{key} is not there, or no name")
    if layers.to_numpy().dtype.kind not in "iu" or not (
            layers["run_index"].between(0, len(runs) - 1).all()):
        fail("/layers/run_index points outside /runs")
    of = ["run_index", "step"]
    blocks = layers.groupby((layers["layer"] == 0).cumsum())
    ends = blocks.last()
    if ((layers["layer"] != blocks.cumcount()).any()
            or (layers[of] != blocks[of].transform("first")).any(axis=None)
            or (ends["layer"] != ends["run_index"].map(runs["depth"])).any()
            or ends.duplicated(of).any()):
        fail("the rows of /layers are not layers 0 to depth of each run "
             "and step")
