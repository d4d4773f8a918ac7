"""plot_phase.py: the numbers of its maps, what it draws, how it refuses."""

import itertools
import subprocess

import h5py
import numpy as np
import pandas as pd
import pytest

from checkout import EXPERIMENTS, SCRIPTS
from initscope.command import ScriptError
from initscope.plot import phase_diagram, phase_figure
from initscope.seal import seal
from plot_harness import (artists, check_figure, measured, texts,
                          write_file)
from warm_python import run_warm

SCRIPT = SCRIPTS / "plot_phase.py"
EXPERIMENT = EXPERIMENTS / "phase_diagram.ini"
GAIN = np.linspace(0.5, 2.5, 9)
BIAS = np.linspace(0, 1, 5)
DEPTH = 20
KEYS = {"activation": "tanh", "init": "lecun_normal", "seed": 0}
# What the layers of files have, beside the columns of plot_harness.
SLOPE, DISTANCE = phase_diagram.SLOPE, phase_diagram.DISTANCE
THEORY = f"theory_{SLOPE}"


def rate(gain, bias_std):
    """log10 χ_1 of the networks below: the line is gain = 1 + bias_std."""
    return np.log10(gain / (1 + bias_std))


def write_grid(path, places=None, change=None, **keys):
    """A results file whose layers multiply by 10^rate.

    `change(column, run, values)` may alter what a run has in a column.
    """
    places = places or itertools.product(GAIN, BIAS)
    runs = [{**KEYS, **keys, "gain": gain, "bias_std": bias_std}
            if not isinstance(gain, dict) else gain
            for gain, bias_std in places]

    def values(column, run):
        layer = np.arange(DEPTH + 1)
        r = rate(run["gain"], run["bias_std"])
        found = {"log10_delta_second_moment": r * (DEPTH - 1 - layer),
                 DISTANCE: -4 + r * (layer - 1),
                 SLOPE: np.full(DEPTH + 1, 10**r / run["gain"]**2)}
        found[THEORY] = found[SLOPE]
        return change(column, run, found[column]) if change else found[column]

    path = write_file(path, runs, DEPTH)
    with h5py.File(path, "r+") as file:
        file["runs/bias_std"] = [run["bias_std"] for run in runs]
        for column in (SLOPE, DISTANCE, THEORY, "log10_delta_second_moment"):
            if column in file["layers"]:
                del file["layers"][column]
            file["layers"][column] = np.concatenate(
                [values(column, run) for run in runs])
        seal(file)
    return path


def run_script(*arguments):
    return run_warm(SCRIPT, *arguments)


def refuses(path, code, message):
    """Loading it fails like this."""
    with pytest.raises(ScriptError) as error:
        measured(path, [])
    assert error.value.code == code and message in str(error.value)


def test_the_maps_are_what_the_layers_do(tmp_path):
    diagram = measured(write_grid(tmp_path / "a.h5"), [])
    r = rate(*np.meshgrid(GAIN, BIAS))
    np.testing.assert_allclose(diagram.chi_1, 10**r, rtol=1e-12)
    np.testing.assert_allclose(diagram.theory, 10**r, rtol=1e-12)
    with np.errstate(divide="ignore"):
        depth = phase_diagram.LOST / np.abs(r)
    # Straight lines are interpolated exactly; counted from the first hidden
    # layer, or the last, there are DEPTH − 2 steps to the other end.
    depth[depth > DEPTH - 2] = np.inf
    for found in (diagram.gradient_depth, diagram.correlation_depth):
        np.testing.assert_allclose(found, depth, rtol=1e-12)
    assert np.isinf(depth).any() and np.isfinite(depth).any()


def test_seeds_are_averaged(tmp_path):
    def change(column, run, values):
        return values + 0.1 * (1 - 2 * run["seed"]) if column == SLOPE \
            else values
    runs = [({**KEYS, "gain": gain, "bias_std": bias_std, "seed": seed}, None)
            for gain in GAIN for seed in range(2) for bias_std in BIAS]
    diagram = measured(
        write_grid(tmp_path / "a.h5", runs, change), [])
    assert diagram.seeds == 2
    np.testing.assert_allclose(diagram.chi_1,
                               10**rate(*np.meshgrid(GAIN, BIAS)), rtol=1e-12)


def test_the_line_is_where_the_theory_is_critical(tmp_path):
    diagram = measured(write_grid(tmp_path / "a.h5"), [])
    figure = phase_figure.draw(diagram, 50)
    lines = artists(figure, "critical_line")
    assert len(lines) == 3
    for line in lines:
        points = np.concatenate([p.vertices for p in line.get_paths()])
        assert len(points) >= len(BIAS)
        # The logarithm is interpolated linearly over steps of ¼: off by at
        # most step²/8 of its second derivative over the first, 1/gain.
        assert not (abs(points[:, 0] - 1 - points[:, 1]) > 0.25**2 / 8).any()
        assert not np.isnan(points).any()
    assert "not lost" in texts(figure)
    assert rf"theory: $\chi_1 = 1$ in layer {DEPTH - 1}" in texts(figure)
    assert "only its end" not in texts(figure)


def test_relu_is_critical_at_the_end_of_its_line(tmp_path):
    """E f'² = ½ whatever the biases, so that the line is at gain √2."""
    def change(column, run, values):
        return 0 * values + 0.5 if column == THEORY else values
    path = write_grid(tmp_path / "a.h5", change=change, activation="relu")
    diagram = measured(path, [])
    assert phase_diagram.is_homogeneous(diagram)
    assert ("only its end at bias_std = 0 is critical"
            in texts(phase_figure.draw(diagram, 50)).replace("\n", " "))
    assert not phase_diagram.is_homogeneous(
        measured(write_grid(tmp_path / "b.h5"), []))


def test_files_and_table(tmp_path):
    path = write_grid(tmp_path / "a.h5")
    done = run_script(path, "--output", str(tmp_path / "x"))
    check_figure(done, tmp_path / "x")
    table = pd.read_csv(tmp_path / "x.csv")
    assert list(table) == ["gain", "bias_std", "chi_1", "gradient_depth",
                           "correlation_depth", "theory_chi_1"]
    np.testing.assert_allclose(
        table["chi_1"], 10**rate(table["gain"], table["bias_std"]))


def test_without_theory_it_says_so_and_draws(tmp_path):
    path = write_grid(tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        del file["layers"][THEORY]
        seal(file)
    done = run_script(path)
    assert done.returncode == 0
    assert f"has no /layers/{THEORY}, so there is no critical" in done.stderr
    assert done.stderr.count("\n") == 1
    assert (tmp_path / "a_phase.png").exists()
    figure = phase_figure.draw(measured(path, []), 50)
    assert not artists(figure, "critical_line")


def test_a_map_on_one_side_of_the_line(tmp_path):
    path = write_grid(tmp_path / "a.h5",
                      itertools.product([0.3, 0.5], [0.0, 0.5]))
    figure = phase_figure.draw(measured(path, []), 50)
    assert not artists(figure, "critical_line")
    assert "theory" not in texts(figure)


def test_zero_and_what_is_not_finite(tmp_path):
    def change(column, run, values):
        if run["gain"] == GAIN[0] and column == DISTANCE:
            values[5:] = -np.inf  # samples that are the same to the bit
        if run["gain"] == GAIN[-1] and column.startswith("log10_delta"):
            values[:5] = np.nan
        return values
    diagram = measured(
        write_grid(tmp_path / "a.h5", change=change), [])
    # Layer 5 is the first that is 0; between 4 and 5 there is no slope.
    assert (diagram.correlation_depth[:, 0] <= 4).all()
    assert np.isnan(diagram.gradient_depth[:, -1]).all()
    figure = phase_figure.draw(diagram, 50)
    assert "not finite" in texts(figure)


TWO = [({**KEYS, "activation": name, "gain": gain, "bias_std": bias_std}, None)
       for name in ("tanh", "relu") for gain in GAIN for bias_std in BIAS]


@pytest.mark.parametrize("places, keys, message", [
    ([(g, 0.0) for g in GAIN], {}, "has no sweep over bias_std;"),
    ([(1.0, b) for b in BIAS], {}, "has no sweep over gain;"),
    (list(itertools.product(GAIN, BIAS))[1:], {},
     "is not the whole grid: 44 runs on 44 of 45 places"),
    ([(0.5, 0.0), *itertools.product(GAIN, BIAS)], {},
     "is not the whole grid: 46 runs"),
    (None, {"init": "he_normal"}, "has init he_normal, whose gain is not"),
])
def test_what_is_no_diagram(tmp_path, places, keys, message):
    path = write_grid(tmp_path / "a.h5", places, **keys)
    refuses(path, 65, f"{path}: {message}")


def test_another_swept_key_is_to_be_chosen(tmp_path):
    path = write_grid(tmp_path / "a.h5", TWO)
    refuses(path, 64, f"{path}: sweeps activation, too; choose one with "
            f"--filter activation=tanh (it is tanh, relu)")
    chosen = measured(path, ["activation=relu"])
    assert chosen.activation == "relu"


def test_one_sample_has_no_correlation(tmp_path):
    def change(column, run, values):
        return values * np.nan if column == DISTANCE else values
    refuses(write_grid(tmp_path / "a.h5", change=change), 65,
            "set batch to at least 2")


@pytest.mark.parametrize("arguments, code, message", [
    (["--filter", "gain"], 64, "not KEY=VALUE"),
    (["--filter", "gain=7"], 64, "leaves no run"),
    (["--dpi", "nan"], 64, "--dpi"),
    (["--output", "/nowhere/x"], 73, "/nowhere/x.csv: cannot write"),
    (["--contour"], 64, "unrecognized"),
])
def test_usage_errors_are_one_line(tmp_path, arguments, code, message):
    done = run_script(write_grid(tmp_path / "a.h5"), *arguments)
    assert done.returncode == code and message in done.stderr
    assert done.stderr.count("\n") == 1 and not done.stdout


def test_bad_files(tmp_path):
    done = run_script(str(tmp_path / "none.h5"))
    assert done.returncode == 74 and "no such file" in done.stderr
    assert done.stderr.count("\n") == 1 and not done.stdout
    (tmp_path / "text.h5").write_text("not HDF5")
    refuses(str(tmp_path / "text.h5"), 65, "not an HDF5 file")
    path = write_grid(tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        del file["runs/bias_std"]
        seal(file)
    refuses(path, 65, "has no sweep over bias_std")
    with h5py.File(path, "r+") as file:
        del file["layers"][SLOPE]
        seal(file)
    refuses(path, 65, f"has no column /layers/{SLOPE}")


def test_it_does_not_overwrite_what_it_reads(tmp_path):
    path = write_grid(tmp_path / "a.svg")
    done = run_script(path, "--output", str(tmp_path / "a"))
    assert done.returncode == 64 and "would overwrite" in done.stderr
    measured(path, [])  # it is still there


def test_the_experiment(tmp_path, program):
    """A smaller one: measured and theoretical χ_1 agree, and the line is
    Schoenholz's: σ_w² = 1.947655 at σ_b = 0.3 (critical_gain_test.cc)."""
    path = str(tmp_path / "a.h5")
    seeds, width = 8, 128
    done = subprocess.run(
        [program, "run", str(EXPERIMENT), "--gain", "linspace(1.2, 1.6, 5)",
         "--bias-std", "0.3, 0.6", "--seed", f"range(0, {seeds})", "--width",
         str(width), "--output", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    done = run_script(path)
    assert (done.returncode, done.stderr) == (0, "")
    diagram = measured(path, [])
    singles = np.array([measured(path, [f"seed={seed}"]).chi_1
                        for seed in range(seeds)])
    error = singles.std(axis=0, ddof=1) / np.sqrt(seeds)
    # 5 standard errors, and the next order in 1/width, which is beyond the
    # theory at infinite width.
    assert not (abs(diagram.chi_1 - diagram.theory)
                > 5 * error + 3 / width).any()
    line = np.interp(0, np.log(diagram.theory[0]), diagram.gain)
    # Linear between gains 0.1 apart: 0.1²/8 of the logarithm's second
    # derivative over its first, which are both about 1 here.
    assert abs(line - np.sqrt(1.947655)) < 0.1**2 / 8
