"""Tests of plot_variance.py, on files written here with h5py."""

import argparse
import pathlib
import subprocess
import sys
import time

import h5py
import numpy as np
import pandas as pd
import pytest

import plot_variance
import results_file
import variance_curves
import variance_notes

SCRIPT = pathlib.Path(__file__).with_name("plot_variance.py")
ACTIVATIONS = ["linear", "sigmoid", "tanh", "relu"]
INITS = ["normal", "xavier_normal", "he_normal", "zero"]
STATISTICS = [f"{quantity}_{moment}" for moment in
              ("variance", "second_moment")
              for quantity in variance_curves.QUANTITIES]


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
        for key in keys:
            values = [run[key] for run in runs]
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
        group["run_index"] = np.array([row[0] for row in rows])
        group["layer"] = np.array([row[1] for row in rows])
        group["step"] = np.zeros(len(rows), int)
        for name in STATISTICS:
            group[f"log10_{name}"] = np.concatenate([
                statistic(name, i, run, change)
                for i, run in enumerate(runs)])
    return str(path)


def statistic(name, index, run, change):
    layer = np.arange(run["depth"] + 1)
    noise = np.random.default_rng([run["seed"], STATISTICS.index(name)])
    values = (-0.1 * layer * run["gain"] + 0.05 * index
              + noise.normal(0, 0.02, len(layer)))
    if not name.startswith(("activation", "delta")):
        values[0] = np.nan
    return values if change is None else change(name, index, values)


def load(path, **options):
    defaults = {"file": path, "rows": None, "columns": None, "color": None,
                "filter": [], "moment": "variance", "dpi": 50,
                "quantities": variance_curves.QUANTITIES,
                "relative_delta": True}
    return plot_variance.load(argparse.Namespace(**{**defaults, **options}))


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
    return subprocess.run([sys.executable, str(SCRIPT), *arguments],
                          capture_output=True, text=True)


GRID = [{"activation": a, "init": i, "seed": s}
        for a in ("relu", "sigmoid") for i in ("he_normal", "zero")
        for s in range(5)]


def test_categories_become_names_in_the_order_of_the_table(tmp_path):
    path = write_file(tmp_path / "a.h5", GRID)
    results = results_file.read(path, [])
    assert list(results.runs["activation"]) == [r["activation"] for r in GRID]
    assert list(results.runs["init"]) == [r["init"] for r in GRID]
    assert results.values("activation", results.samples) == ["sigmoid",
                                                             "relu"]


def test_code_without_a_name_is_an_error(tmp_path):
    path = write_file(tmp_path / "a.h5", [{}])
    with h5py.File(path, "r+") as file:
        file["runs/init"][0] = 9
    with pytest.raises(results_file.ScriptError, match="codes without") as e:
        results_file.read(path, [])
    assert e.value.code == 65


def test_csv_equals_an_independent_computation(tmp_path):
    path = write_file(tmp_path / "a.h5", GRID)
    assert run_script(path).returncode == 0
    table = pd.read_csv(tmp_path / "a_variance.csv")
    with h5py.File(path) as file:
        log = {name: file[f"layers/log10_{name}"][:].reshape(len(GRID), 6)
               for name in STATISTICS}
    # 4 networks; rows: Z 1..5, X 0..4, delta 0..5, dW 1..5
    assert len(table) == 4 * (5 + 5 + 6 + 5)
    for _, row in table.iterrows():
        runs = [i for i, run in enumerate(GRID)
                if run["activation"] == row["activation"]
                and run["init"] == row["init"]]
        values = log[f"{row['quantity']}_variance"][runs, row["layer"]]
        if row["quantity"] == "delta":
            values = values - log["delta_variance"][runs, 5]
            assert row["relative_to"] == "delta_L"
        expected = np.percentile(values, [10, 50, 90])
        found = row[["log10_p10", "log10_median", "log10_p90"]]
        # A few roundings of numbers below 2 (interpolation's order).
        assert np.abs(found - expected).max() <= 8 * np.finfo(float).eps
        assert row["n_seeds"] == 5 and row["n_zero"] == 0
        assert row["output"] == (row["layer"] == 5)


def test_absolute_delta_and_second_moment(tmp_path):
    path = write_file(tmp_path / "a.h5", [{}])
    _, table = load(path, relative_delta=False, moment="second_moment",
                    quantities=["delta"])
    with h5py.File(path) as file:
        expected = file["layers/log10_delta_second_moment"][:]
    assert (table["log10_median"] == expected).all()
    assert set(table["quantity"]) == {"delta"}


def test_values_far_below_double_are_drawn(tmp_path):
    path = write_file(
        tmp_path / "deep.h5", [{"seed": s} for s in range(3)], depth=1000,
        change=lambda name, run, v: np.linspace(-1254, 0, len(v))
        if name.startswith("delta") else v)
    painter, table = load(path)
    delta = table[table["quantity"] == "delta"].set_index("layer")
    assert delta.loc[0, "log10_median"] == -1254
    assert delta.loc[0, "n_beyond_double"] == 3
    figure, = figures(painter)
    line, = artists(figure, "median:delta")
    assert line.get_ydata().min() == -1254
    low, high = line.axes.get_ylim()
    assert low < -1254 and high > 0
    ticks = [line.axes.yaxis.get_major_formatter()(t, 0)
             for t in line.axes.get_yticks()]
    assert "$10^{-1000}$" in ticks
    assert artists(figure, "smallest-double")
    assert "delta: falls 18\u00d7 a layer towards the input (1.25 decades)" \
        in texts(figure, "note")


def special_values(name, run, values):
    if name.startswith("delta"):
        values[:3] = -np.inf
    if name.startswith("pre_activation"):
        values[3] = np.nan
        if run == 0:
            values[4] = np.inf
    if name.startswith("weight_gradient") and run == 1:
        values[2] = -np.inf
    return values


def test_zeros_and_non_finite_values_are_counted_and_marked(tmp_path):
    path = write_file(tmp_path / "a.h5", [{"seed": s} for s in range(4)],
                      change=special_values)
    painter, table = load(path)
    table = table.set_index(["quantity", "layer"])
    assert list(table.loc["delta", "n_zero"]) == [4, 4, 4, 0, 0, 0]
    assert table.loc["delta", "log10_median"].isna().sum() == 3
    assert list(table.loc["pre_activation", "n_non_finite"]) == [0, 0, 4, 1,
                                                                 0]
    assert list(table.loc["weight_gradient", "n_zero"]) == [0, 1, 0, 0, 0]
    assert table["n_non_finite"].sum() == 5 and table["n_zero"].sum() == 13
    figure, = figures(painter)
    zeros, = artists(figure, "zero:delta")
    assert list(zeros.get_xdata()) == [0, 1, 2]
    crosses, = artists(figure, "non_finite:pre_activation")
    assert list(crosses.get_xdata()) == [3, 4]
    notes = texts(figure, "note")
    assert "exact zero: layers 0\u20132" in notes
    assert "exact zero: layer 2 (1 of 4 seeds)" in notes
    assert "not finite: layers 3\u20134 (1\u20134 of 4 seeds)" in notes
    assert not artists(figure, "non_finite:activation")


def test_zero_output_delta_leaves_no_ratio(tmp_path):
    path = write_file(tmp_path / "a.h5", [{}], change=lambda name, run, v:
                      v * 0 - np.inf if name.startswith("delta") else v)
    _, table = load(path)
    delta = table[table["quantity"] == "delta"]
    assert (delta["n_non_finite"] == 1).all()


def test_output_layer_stands_apart(tmp_path):
    path = write_file(tmp_path / "a.h5", [{"depth": 5}, {"depth": 3}])
    painter, _ = load(path)
    assert painter.layout.color == "depth"
    figure, = figures(painter)
    for line in artists(figure, "median:delta"):
        assert line.get_xdata().max() in (2, 4)
    places = {line.get_xdata()[0] for line in artists(figure, "output:delta")}
    assert len(places) == 1 and places.pop() > 4.5
    assert not artists(figure, "output:activation")


def test_only_panels_that_vanish_have_their_own_scale(tmp_path):
    path = write_file(
        tmp_path / "a.h5", [{"activation": a} for a in ("tanh", "relu",
                                                        "sigmoid")],
        change=lambda name, run, v: v + np.linspace(-40, 0, len(v))
        if run == 2 and name.startswith("delta") else v)
    figure, = figures(load(path, quantities=["delta"])[0])
    limits = [axes.get_ylim() for axes in figure.axes]
    # The panels are in the order of the file's table of activations.
    assert limits[1] == limits[2] and limits[0][0] < -40 < limits[1][0]
    assert len(artists(figure, "own-scale")) == 1


def test_one_run(tmp_path):
    path = write_file(tmp_path / "a.h5", [{}])
    done = run_script(path, "--output", str(tmp_path / "x"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == [str(tmp_path / f"x.{suffix}")
                                   for suffix in ("csv", "png", "svg")]
    assert (tmp_path / "x.png").read_bytes()[1:4] == b"PNG"
    assert "<svg" in (tmp_path / "x.svg").read_text()
    figure, = figures(load(path)[0])
    assert "1 seed." in texts(figure, "caption")
    assert not artists(figure, "band:delta")


def test_depth_one_and_single_quantities(tmp_path):
    path = write_file(tmp_path / "a.h5", [{}], depth=1)
    for quantity in variance_curves.QUANTITIES:
        painter, table = load(path, quantities=[quantity])
        assert len(figures(painter)[0].axes) == 1
        assert len(table) == (2 if quantity == "delta" else 1)


def test_svg_is_the_same_each_time(tmp_path):
    path = write_file(tmp_path / "a.h5", [{"seed": s} for s in range(3)])
    run_script(path, "--output", str(tmp_path / "x"))
    run_script(path, "--output", str(tmp_path / "y"))
    first = (tmp_path / "x.svg").read_bytes()
    assert first == (tmp_path / "y.svg").read_bytes()
    assert b"<dc:date>" not in first


@pytest.mark.parametrize("key", ["seed", "gain"])
def test_two_hundred_runs_are_one_quick_page(tmp_path, key):
    path = write_file(tmp_path / "a.h5", [{key: 1 + i} for i in range(200)],
                      depth=30)
    start = time.monotonic()
    painter, _ = load(path)
    figure, = figures(painter)
    figure.savefig(tmp_path / "a.png")
    assert time.monotonic() - start < 60  # seconds; 3 on an idle machine
    medians = artists(figure, "median:delta")
    assert len(medians) == (1 if key == "seed" else 200)
    assert (painter.palette.scale is None) == (key == "seed")
    if key == "seed":
        lines, = artists(figure, "seeds:delta")
        assert len(lines.get_segments()) == 200 and lines.get_rasterized()


SWEEP = [{"activation": a, "gain": g, "width": w, "seed": s}
         for a in ("tanh", "relu") for g in (0.5, 1.0, 2.0)
         for w in (4, 8) for s in range(2)]


def test_every_swept_key_finds_a_place(tmp_path):
    path = write_file(tmp_path / "a.h5", SWEEP)
    painter, table = load(path)
    layout = painter.layout
    assert (layout.rows, layout.columns, layout.color, layout.pages) == (
        "activation", "width", "gain", [])
    assert (table["n_seeds"] == 2).all()
    assert {"activation", "init", "gain", "width"} <= set(table)


def test_rows_columns_color_are_obeyed(tmp_path):
    path = write_file(tmp_path / "a.h5", SWEEP)
    painter, table = load(path, rows="gain", columns="width",
                          color="activation")
    _, grid = painter.pages()[0]
    assert [[cell["gain"] for cell in row] for row in grid] == [
        [0.5, 0.5], [1, 1], [2, 2]]
    assert [cell["width"] for cell in grid[0]] == [4, 8]
    assert painter.palette.values == ["tanh", "relu"]
    painter, table = load(path, color="seed", rows="gain")
    assert (table["n_seeds"] == 1).all()
    assert "width" in painter.layout.keys  # not asked for, yet not pooled


def test_keys_without_a_place_become_pages(tmp_path):
    path = write_file(tmp_path / "a.h5", [
        {"gain": g, "width": w, "init": i, "activation": a}
        for g in (1.0, 2.0) for w in (4, 8, 16)
        for i in ("zero", "normal") for a in ("tanh", "relu")])
    painter, _ = load(path)
    assert painter.layout.pages == ["gain"]
    assert [page[0] for page in painter.pages()] == [{"gain": 1},
                                                     {"gain": 2}]
    done = run_script(path, "--max-pages", "1")
    assert "drew 1 of 2 pages" in done.stderr and done.returncode == 0


def test_dependent_keys_are_no_axes(tmp_path):
    path = write_file(tmp_path / "a.h5", [
        {"activation": "tanh", "init": "xavier_normal"},
        {"activation": "relu", "init": "he_normal", "gain": 2.0}])
    painter, table = load(path)
    assert painter.layout.keys == ["activation"]
    assert "relu \u00b7 he_normal \u00b7 gain 2" in texts(
        figures(painter)[0])
    assert set(zip(table["activation"], table["init"])) == {
        ("tanh", "xavier_normal"), ("relu", "he_normal")}


def test_filter(tmp_path):
    path = write_file(tmp_path / "a.h5", SWEEP)
    _, table = load(path, filter=["gain=0.5", "gain=2", "activation=relu"])
    assert set(table["gain"]) == {0.5, 2} and set(table["activation"]) == {
        "relu"}


@pytest.mark.parametrize("arguments, code, message", [
    (["--rows", "activatoin"], 64, "did you mean 'activation'?"),
    (["--color", "colour"], 64, "has: activation, init, gain"),
    (["--rows", "gain", "--color", "gain"], 64, "asked for twice"),
    (["--filter", "gain"], 64, "not KEY=VALUE"),
    (["--filter", "gain=7"], 64, "gain is 0.5, 1, 2"),
    (["--quantity", "loss"], 64, "invalid choice"),
    (["--dpi", "nan"], 64, "--dpi"),
    (["--output", "/nowhere/x"], 73, "/nowhere/x.csv: cannot write"),
])
def test_usage_errors_are_one_line(tmp_path, arguments, code, message):
    done = run_script(write_file(tmp_path / "a.h5", SWEEP), *arguments)
    assert done.returncode == code and message in done.stderr
    assert done.stderr.count("\n") == 1 and not done.stdout


def test_bad_files(tmp_path):
    done = run_script(str(tmp_path / "none.h5"))
    assert done.returncode == 74 and "no such file" in done.stderr
    (tmp_path / "text.h5").write_text("not HDF5")
    done = run_script(str(tmp_path / "text.h5"))
    assert done.returncode == 65 and "not an HDF5 file" in done.stderr
    with h5py.File(tmp_path / "other.h5", "w"):
        pass
    done = run_script(str(tmp_path / "other.h5"))
    assert done.returncode == 65 and "not an initscope" in done.stderr
    path = write_file(tmp_path / "a.h5", [{}])
    with h5py.File(path, "r+") as file:
        del file["layers/log10_delta_variance"]
    done = run_script(path)
    assert done.returncode == 65
    assert "has no column /layers/log10_delta_variance" in done.stderr


def test_missing_package_names_the_debian_package(tmp_path):
    (tmp_path / "h5py.py").write_text(
        "raise ModuleNotFoundError('x', name='h5py')")
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "a.h5"], capture_output=True,
        text=True, env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin"})
    assert "apt-get install python3-h5py" in done.stderr
    assert done.returncode == 70 and done.stderr.count("\n") == 1


@pytest.mark.parametrize("values, backward, words", [
    ([0] * 10, False, "constant within 5 %"),
    ([0, 0.1, 0.2] * 3, False, "constant within 1.6\u00d7"),
    (-np.arange(12.), False, "falls 10\u00d7 a layer (1.00 decades)"),
    (-np.arange(12.), True,
     "grows 10\u00d7 a layer towards the input (1.00 decades)"),
    ([0, -1] + [-2] * 10, False, "settles near 0.01 by layer 3"),
    (-np.log10(np.arange(1, 21)), False, "falls 20\u00d7 from layer 1 to 20"),
    ([0, 1] * 5 + [0], False, "varies by 10\u00d7, not steadily"),
    ([1, 2], False, ""),
])
def test_trend(values, backward, words):
    curve = pd.DataFrame({"layer": np.arange(1, len(values) + 1),
                          "log10_median": np.asarray(values, float),
                          "output": False})
    assert variance_notes.trend(curve, backward) == words
