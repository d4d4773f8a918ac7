"""What plot_variance.py draws, artist by artist."""

import time

import numpy as np
import pytest

from initscope.plot import variance_curves
from plot_harness import artists, figures, load, texts, write_file


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


def test_depth_one_and_single_quantities(tmp_path):
    path = write_file(tmp_path / "a.h5", [{}], depth=1)
    for quantity in variance_curves.QUANTITIES:
        painter, table = load(path, quantities=[quantity])
        assert len(figures(painter)[0].axes) == 1
        assert len(table) == (2 if quantity == "delta" else 1)


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
