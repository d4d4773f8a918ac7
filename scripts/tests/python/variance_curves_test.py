"""The numbers of plot_variance.py, and where each swept key has its place."""

import h5py
import numpy as np
import pandas as pd

from plot_harness import (GRID, STATISTICS, SWEEP, figures, load, run_script,
                          texts, write_file)


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


def test_zero_output_delta_leaves_no_ratio(tmp_path):
    path = write_file(tmp_path / "a.h5", [{}], change=lambda name, run, v:
                      v * 0 - np.inf if name.startswith("delta") else v)
    _, table = load(path)
    delta = table[table["quantity"] == "delta"]
    assert (delta["n_non_finite"] == 1).all()


# --- which key is shown how

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
