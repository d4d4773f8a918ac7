"""Reads an initscope results file into pandas; what the plot scripts share.

    results = results_file.read("sweep.h5", statistics=["log10_..."])
    results.runs       one row per run: its keys, loss_value, status, ...
    results.layers     one row per run, step and layer: statistics asked for
    results.samples    one row per run and step: run_index, step and all keys

Category codes become names, so that nothing downstream sees a code. A
ScriptError carries the exit code and the one line that the user reads;
`run_main` is the only place that prints it.
"""

import argparse
import difflib
import os
import subprocess
import sys
from dataclasses import dataclass, field

USAGE, BAD_DATA, INTERNAL, CANNOT_CREATE, IO_ERROR = 64, 65, 70, 73, 74

# Every key that can tell two runs apart, the most telling first: where one
# key follows from earlier ones (shape from depth and width), the later is
# the one that is called redundant.
KEYS = ["activation", "init", "gain", "bias_init", "bias_std", "depth",
        "width", "batch", "batches", "input", "labels", "classes",
        "standardize", "input_variance", "input_correlation", "loss",
        "label_smoothing", "precision", "engine", "input_width",
        "output_width", "shape", "step", "seed", "data_seed"]

# Runs that differ in these alone are repetitions of one experiment.
REPETITION_KEYS = ["seed", "data_seed"]


class ScriptError(Exception):
    """One line for the user, and the exit code of sysexits.h."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


DEBIAN_PYTHON = "/usr/bin/python3"
NEEDED = "h5py, matplotlib, numpy, pandas"


def go_on_without_package(error):
    """Starts the script again with a Python that has `error`'s package.

    The first python3 on the PATH is often not Debian's, which is where
    python3-h5py and the others are. Without one: a line, and the end.
    """
    script = os.path.abspath(sys.argv[0])
    is_ours = os.path.dirname(script) == os.path.dirname(
        os.path.abspath(__file__))
    if is_ours and sys.executable != DEBIAN_PYTHON:
        check = [DEBIAN_PYTHON, "-c", f"import {NEEDED}"]
        try:
            found = subprocess.run(check, capture_output=True).returncode == 0
        except OSError:
            found = False
        if found:
            os.execv(DEBIAN_PYTHON, [DEBIAN_PYTHON, script, *sys.argv[1:]])
    name = (error.name or "").split(".")[0]
    print(f"{os.path.basename(sys.argv[0])}: {sys.executable} has no package "
          f"{name}; install it with 'apt-get install python3-{name}' and "
          f"start the script with {DEBIAN_PYTHON}", file=sys.stderr)
    raise SystemExit(INTERNAL)


try:
    import h5py
    import numpy as np
    import pandas as pd
except ImportError as missing:
    go_on_without_package(missing)


class ArgumentParser(argparse.ArgumentParser):
    """Says what is wrong in one line, with the project's exit code."""

    def error(self, message):
        raise ScriptError(USAGE, f"{message} (--help explains)")


def run_main(main):
    """Runs main(); a ScriptError becomes one line on stderr and exit()."""
    try:
        main()
        sys.stdout.flush()
    except ScriptError as error:
        print(f"{os.path.basename(sys.argv[0])}: {error}", file=sys.stderr)
        sys.exit(error.code)
    except BrokenPipeError:  # the reader of stdout has left; nothing to say
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(IO_ERROR)


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
        """The keys that this file knows, in the order of KEYS."""
        return [key for key in KEYS if key in self.runs or key == "step"]

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
        else str(value)


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

    Of `optional` statistics it reads those that the file has.
    """
    if not os.path.exists(path):
        raise ScriptError(IO_ERROR, f"{path}: no such file")
    if os.path.isdir(path):
        raise ScriptError(IO_ERROR, f"{path}: is a folder, not a file")
    try:
        with open(path, "rb"):
            pass
        if not h5py.is_hdf5(path):
            raise ScriptError(BAD_DATA, f"{path}: not an HDF5 file, so not "
                              f"an initscope results file")
        with h5py.File(path, "r") as file:
            return _read_open(path, file, statistics, optional)
    except OSError as error:
        reason = error.strerror or str(error).splitlines()[0]
        raise ScriptError(IO_ERROR, f"{path}: cannot read: {reason}")


def _read_open(path, file, statistics, optional):
    attributes = {name: _text(value) for name, value in file.attrs.items()}
    if attributes.get("format") != "initscope-results":
        raise ScriptError(BAD_DATA, f"{path}: not an initscope results file "
                          f"(attribute format is "
                          f"{attributes.get('format', 'not there')!r})")
    for group in ("runs", "layers"):
        if not isinstance(file.get(group), h5py.Group):
            raise ScriptError(BAD_DATA, f"{path}: has no group /{group}")
    order = {}
    runs = _frame(path, file["runs"], list(file["runs"]), order)
    wanted = ["run_index", "layer", *statistics]
    wanted += [name for name in ("step", *optional)
               if name in file["layers"]]
    layers = _frame(path, file["layers"], wanted, {})
    if "step" not in layers:
        layers["step"] = 0
    if not layers["run_index"].between(0, len(runs) - 1).all():
        raise ScriptError(BAD_DATA, f"{path}: /layers/run_index points "
                          f"outside /runs")
    return Results(path, attributes, runs, layers, order)


def _frame(path, group, names, order):
    columns = {}
    for name in names:
        data = group.get(name)
        if not isinstance(data, h5py.Dataset) or data.ndim != 1:
            raise ScriptError(BAD_DATA, f"{path}: has no column "
                              f"{group.name}/{name}")
        columns[name] = _column(path, data, order, name)
    if len({len(column) for column in columns.values()}) > 1:
        raise ScriptError(BAD_DATA, f"{path}: the columns of {group.name} "
                          f"have different lengths")
    return pd.DataFrame(columns)


def _column(path, data, order, name):
    if h5py.check_string_dtype(data.dtype):
        return data.asstr()[()]
    values = data[()]
    if "flag_meanings" not in data.attrs:
        return values
    names = _text(data.attrs["flag_meanings"]).split()
    codes = np.atleast_1d(data.attrs["flag_values"])
    table = dict(zip(codes.tolist(), names))
    unknown = set(values.tolist()) - set(table)
    if unknown or len(codes) != len(names):
        raise ScriptError(BAD_DATA, f"{path}: {data.name} has codes without "
                          f"a name: {sorted(unknown)}")
    order[name] = names
    return np.array([table[code] for code in values.tolist()], object)


def _text(value):
    return value.decode() if isinstance(value, bytes) else value


def _equal(column, text):
    if not is_numeric(column):
        return (column == text).to_numpy()
    try:
        return np.isclose(column.astype(float), float(text), rtol=1e-6,
                          atol=0)
    except ValueError:
        return np.zeros(len(column), bool)
