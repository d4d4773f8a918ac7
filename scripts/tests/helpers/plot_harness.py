"""plot_variance.py as its tests see it: files it reads, figures it draws."""

import pathlib

import h5py
import numpy as np

import initscope
from checkout import SCRIPTS
from initscope import verdicts
from initscope.plot import phase_diagram, variance_curves
from initscope.plot.variance_curves import Options, Selection
from initscope.plot.variance_figure import Painter
from initscope.seal import seal
from warm_python import run_warm

SCRIPT = SCRIPTS / "plot_variance.py"
ACTIVATIONS = ["linear", "sigmoid", "tanh", "relu"]
INITS = ["normal", "xavier_normal", "he_normal", "zero", "lecun_normal"]
STATISTICS = [f"{quantity}_{moment}" for moment in
              ("variance", "second_moment")
              for quantity in variance_curves.QUANTITIES]

# Sweeps to be plotted.
GRID = [{"activation": a, "init": i, "seed": s}
        for a in ("relu", "sigmoid") for i in ("he_normal", "zero")
        for s in range(5)]
SWEEP = [{"activation": a, "gain": g, "width": w, "seed": s}
         for a in ("tanh", "relu") for g in (0.5, 1.0, 2.0)
         for w in (4, 8) for s in range(2)]


def write_file(path, runs, depth=5, change=None):
    """A results file of `runs`, dictionaries of keys; values are a formula.

    `change(name, run, values)` may alter a statistic's log10 column.
    """
    keys = {"activation": "tanh", "init": "xavier_normal", "gain": 1.0,
            "depth": depth, "width": 8, "batch": 4, "batches": 1,
            "input": "gaussian", "seed": 0, "data_seed": 0}
    runs = [{**keys, **run} for run in runs]
    with h5py.File(path, "w") as file:
        file.attrs["format"] = "initscope-results"
        file.attrs["format_version"] = 1
        group = file.create_group("runs")
        group["run"] = np.arange(len(runs))
        for key in keys:
            values = [run.get(key) for run in runs]
            names = {"activation": ACTIVATIONS, "init": INITS}.get(key)
            if names:
                codes = [names.index(value) for value in values]
                data = group.create_dataset(key, data=np.uint8(codes))
                data.attrs["flag_values"] = np.arange(len(names),
                                                      dtype=np.uint8)
                data.attrs["flag_meanings"] = " ".join(names)
            elif key == "input":
                group.create_dataset(key, data=values,
                                     dtype=h5py.string_dtype())
            else:
                group[key] = np.array(values)
        rows = [(i, layer) for i, run in enumerate(runs)
                for layer in range(run["depth"] + 1)]
        group = file.create_group("layers")
        group["row"] = np.arange(len(rows))
        group["run_index"] = np.array([row[0] for row in rows])
        group["layer"] = np.array([row[1] for row in rows])
        group["step"] = np.zeros(len(rows), int)
        for name in STATISTICS:
            group[f"log10_{name}"] = np.concatenate([
                statistic(name, i, run, change)
                for i, run in enumerate(runs)])
        seal(file)
    return str(path)


def statistic(name, index, run, change):
    layer = np.arange(run["depth"] + 1)
    noise = np.random.default_rng([run["seed"], STATISTICS.index(name)])
    values = (-0.1 * layer * run["gain"] + 0.05 * index
              + noise.normal(0, 0.02, len(layer)))
    if not name.startswith(("activation", "delta")):
        values[0] = np.nan
    return values if change is None else change(name, index, values)


def add_theory(path, theory):
    """Gives a file of write_file() theory; the path.

    `theory(name, run, layer)` is a statistic's mean and standard deviation.
    """
    with h5py.File(path, "r+") as file:
        layers = file["layers"]
        index = list(zip(layers["run_index"][:], layers["layer"][:]))
        for name in STATISTICS:
            values = np.array([theory(name, *row) for row in index], float)
            layers[f"theory_log10_{name}"] = values[:, 0]
            layers[f"theory_log10_{name}_std"] = values[:, 1]
        seal(file)
    return path


def load(path, **options):
    """(the Painter of a file, its CSV file's table)"""
    selection = Selection(initscope.read(path), Options(
        **{"dpi": 50, **options}))
    return Painter(selection, verdicts.read_if_possible(
        selection.results)), selection.table()


def measured(path, conditions=()):
    return phase_diagram.measure(initscope.read(path), conditions)


def figures(painter):
    pages = painter.pages()
    return [painter.draw(page, i + 1, len(pages))
            for i, page in enumerate(pages)]


def artists(figure, gid):
    return [artist for artist in figure.findobj() if artist.get_gid() == gid]


def texts(figure, gid=None):
    return " ".join(text.get_text() for text in figure.findobj(
        lambda artist: hasattr(artist, "get_text"))
        if gid is None or text.get_gid() == gid)


def run_script(*arguments):
    return run_warm(SCRIPT, *arguments)


def check_figure(done, stem):
    """That a plot program said and wrote stem.csv, .png and .svg."""
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == [f"{stem}.{suffix}"
                                   for suffix in ("csv", "png", "svg")]
    assert pathlib.Path(f"{stem}.png").read_bytes()[1:4] == b"PNG"
    assert "<svg" in pathlib.Path(f"{stem}.svg").read_text()
