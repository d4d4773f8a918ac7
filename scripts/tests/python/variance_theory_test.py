"""What plot_variance.py makes of a file's theory: numbers and artists."""

import h5py
import matplotlib
import numpy as np
import pandas as pd
import pytest

from initscope.plot.variance_panel import Palette, STYLE
from plot_harness import (GRID, add_theory, artists, figures, load, run_script,
                          texts, write_file)

COLUMNS = ["theory_log10", "theory_log10_p10", "theory_log10_p90"]


def theory(name, run, layer):
    """Of 5 layers; as a real file's, silent where backward has its start."""
    if name.startswith(("delta", "weight")) and layer > 4:
        return np.nan, np.nan
    return 0.2 * layer - 0.03 * run ** 2, 0.01 * (layer + 1) + 0.002 * run


def test_csv_equals_an_independent_computation(tmp_path):
    path = add_theory(write_file(tmp_path / "a.h5", GRID), theory)
    assert run_script(path).returncode == 0
    table = pd.read_csv(tmp_path / "a_variance.csv")
    with h5py.File(path) as file:
        output = file["layers/log10_delta_variance"][5::6]
    for _, row in table.iterrows():
        runs = np.array([i for i, run in enumerate(GRID)
                         if run["activation"] == row["activation"]
                         and run["init"] == row["init"]])
        mean, std = np.array([theory(row["quantity"], run, row["layer"])
                              for run in runs]).T
        if row["quantity"] == "delta":
            mean = mean - output[runs]
        # scipy.stats.norm.ppf(0.9)
        half = 1.2815515655446004 * np.sqrt((std ** 2).mean() + mean.var())
        middle = np.median(mean)
        # Some roundings of numbers below 16.
        np.testing.assert_allclose(row[COLUMNS].astype(float),
                                   [middle, middle - half, middle + half],
                                   rtol=0, atol=32 * np.finfo(float).eps)


def test_what_is_measured_does_not_depend_on_theory(tmp_path):
    path = write_file(tmp_path / "a.h5", GRID)
    assert run_script(path, "--output", str(tmp_path / "x")).returncode == 0
    add_theory(path, theory)
    for output, arguments in (("y", ()), ("z", ("--no-theory",))):
        done = run_script(path, "--output", str(tmp_path / output),
                          *arguments)
        assert (done.returncode, done.stderr) == (0, "")
    bare, with_theory = (pd.read_csv(tmp_path / f"{name}.csv")
                         for name in "xy")
    assert list(with_theory) == [*bare, *COLUMNS]
    pd.testing.assert_frame_equal(with_theory[list(bare)], bare)
    for suffix in ("csv", "svg"):
        assert (tmp_path / f"x.{suffix}").read_bytes() == (
            tmp_path / f"z.{suffix}").read_bytes()


def test_line_and_band_are_on_top(tmp_path):
    path = add_theory(write_file(tmp_path / "a.h5",
                                 [{"seed": s} for s in range(4)]),
                      lambda name, run, layer: theory(name, 0, layer))
    figure, = figures(load(path, quantities=["pre_activation", "delta"],
                           relative_delta=False)[0])
    for quantity, layers in (("pre_activation", [0, 1, 2, 3, 4]),
                             ("delta", [0, 1, 2, 3, 4])):
        line, = artists(figure, f"theory:{quantity}")
        drawn = np.isfinite(line.get_ydata())
        first = 1 if quantity == "pre_activation" else 0
        assert list(line.get_xdata()[drawn]) == layers[first:]
        assert line.get_ydata()[-1] == 0.2 * 4
        measured, = artists(figure, f"median:{quantity}")
        band, = artists(figure, f"theory-band:{quantity}")
        assert line.get_zorder() > band.get_zorder() > measured.get_zorder()
        assert band.get_hatch()
        low, high = (band.get_paths()[0].vertices[:, 1].min(),
                     band.get_paths()[0].vertices[:, 1].max())
        assert low < line.get_ydata()[drawn].min()
        assert high == 0.8 + 1.2815515655446004 * 0.05
    mark, = artists(figure, "theory-output:pre_activation")
    assert list(mark.get_ydata()) == [1.0]
    assert not any(np.isfinite(mark.get_ydata()).any() for mark in
                   artists(figure, "theory-output:delta"))
    assert "theory" in texts(figure) and "10\u201390 % in theory" in texts(
        figure)
    assert "backward from a measured delta" in texts(figure, "caption")


def test_theory_that_is_far_off_is_on_the_page(tmp_path):
    path = add_theory(write_file(tmp_path / "a.h5", [{}]),
                      lambda name, run, layer: (-30 * layer, 0.1))
    figure, = figures(load(path, quantities=["pre_activation"])[0])
    line, = artists(figure, "theory:pre_activation")
    assert line.axes.get_ylim()[0] < -30 * 5


def test_without_a_spread_there_is_a_line_alone(tmp_path):
    path = add_theory(write_file(tmp_path / "a.h5", [{}]),
                      lambda name, run, layer: (0.0, np.nan))
    painter, table = load(path)
    assert list(table)[-1] == "theory_log10"
    figure, = figures(painter)
    assert artists(figure, "theory:delta")
    assert "in theory" not in texts(figure)


def test_theory_of_some_runs_alone(tmp_path):
    path = add_theory(
        write_file(tmp_path / "a.h5", [{"init": i} for i in
                                       ("normal", "zero")]),
        lambda name, run, layer: theory(name, run, layer) if run == 0
        else (-np.inf, 0.0))
    painter, table = load(path)
    assert table[table["init"] == "zero"]["theory_log10"].isna().all()
    figure, = figures(painter)
    assert len(artists(figure, "theory:delta")) == 1


@pytest.mark.parametrize("gains", [3, 41])
def test_many_colours_have_lines_and_no_bands(tmp_path, gains):
    path = add_theory(write_file(tmp_path / "a.h5", [
        {"gain": 1 + g / 10, "seed": s} for g in range(gains)
        for s in range(2)]), theory)
    figure, = figures(load(path)[0])
    assert len(artists(figure, "theory:delta")) == gains
    bands = len(artists(figure, "theory-band:delta"))
    assert bands == (gains if gains == 3 else 0)
    assert ("in theory" in texts(figure)) == (gains == 3)


def test_theory_is_seen_on_every_colour():
    """Its brightness differs from the curve's by a fifth of the range."""
    def brightness(color):
        return np.array(matplotlib.colors.to_rgb(color)) @ [.299, .587, .114]

    palettes = [Palette(None, [None]), Palette("gain", list(range(1, 8))),
                Palette("gain", list(range(1, 42)))]
    for palette in palettes:
        for value in palette.values:
            for quantity in STYLE:
                curve = brightness(palette.color(value, quantity))
                dots = brightness(palette.contrast(value, quantity))
                assert abs(curve - dots) > 0.2 and dots < 0.75
