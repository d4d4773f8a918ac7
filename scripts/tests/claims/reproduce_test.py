"""reproduce.py: estimates, Jacobians, the files of claims; how it refuses."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import reproduce
from checkout import EXPERIMENTS, SCRIPTS
from initscope import estimates, experiments, traces
from initscope.command import ScriptError
from initscope.estimates import by_seed, mean

NAN = float("nan")
ESTIMATES = """mean largest ratio step difference rate crossing
    relative_second_moment relative_second_moment_rate
    relative_variance_slope""".split()


def estimate(name, values, places=None):
    """The estimate `name` of seeds × places; places 10, 11, ..."""
    values = np.array(values, float)
    return getattr(estimates, name)(pd.DataFrame(
        values, columns=10.0 + np.arange(values.shape[1])))


# --- estimates

GROWTH = 3.0 * 2.0**np.arange(4) * np.array([[0.5], [1], [1.5]])


@pytest.mark.parametrize("name, values, expected", [
    ("mean", GROWTH, 11.25), ("largest", GROWTH, 36), ("ratio", GROWTH, 8),
    ("step", GROWTH, 2), ("difference", GROWTH, 7), ("rate", GROWTH, 2),
    ("rate", -GROWTH[:, ::-1], 0.5),
    ("crossing", [[0.2, 0.8, 1.4, 2], [0.4, 1, 1.6, 2.2]], 11 + 1 / 6),
    ("crossing", [[0.2, 0.8, 0.9, 0.9]], NAN),
    ("crossing", [[0.2, 1.8, 0.9, 1.9]], NAN),
    ("relative_second_moment", [[1.0], [3]], 5 / 4),
    ("relative_second_moment_rate", [[1, 1], [1, 3.0]], 5 / 4),
    ("relative_variance_slope", [[1, 1], [1, 3.0]], 1 / 4)])
def test_estimates(name, values, expected):
    assert estimate(name, values) == pytest.approx(expected, rel=1e-12,
                                                   nan_ok=True)


@pytest.mark.parametrize("name", ESTIMATES)
def test_a_nan_stays(name):
    places = 1 if name == "relative_second_moment" else 3
    values = np.arange(1.0, 1 + 4 * places).reshape(4, places)
    values[1, 0] = NAN
    assert np.isnan(estimate(name, values))


@pytest.mark.parametrize("seeds", [8, 1000])
def test_the_jackknife_of_a_mean_is_its_standard_error(seeds):
    """Exactly for a seed a group; of 100 groups, a draw of it: 10/√200 %."""
    values = np.random.default_rng(1).standard_normal((seeds, 1))
    expected = values.std(ddof=1) / np.sqrt(seeds)
    assert estimate("mean", values).error == pytest.approx(
        expected, rel=1e-9 if seeds <= 100 else 5 / np.sqrt(2 * 100))


def test_the_jackknife_covers_a_spread():
    """Var v/(E v)² of exponential variates is 1: 200 draws of 500 seeds.

    Their distances in errors have a mean square of about 1; of 200, its own
    standard error is 0.1, and the jackknife is right to 1/√seeds.
    """
    draws = np.random.default_rng(2).exponential(size=(200, 500, 1))
    found = [estimate("relative_second_moment", draw) for draw in draws]
    values, errors = np.array(found), np.array([x.error for x in found])
    distances = (values - values.mean()) / errors
    assert 0.6 < (distances**2).mean() < 1.8


def test_one_seed_has_no_error():
    assert np.isnan(estimate("mean", np.ones((1, 3))).error)


# --- what they are of

def table(**columns):
    """Two seeds, two layers: v is 0.9, 1.1, 1, 1 under He and twice that."""
    rows = pd.DataFrame({
        "init": ["he_normal"] * 4 + ["lecun_normal"] * 4, "gain": 1.0,
        "width": 8, "seed": [0, 0, 1, 1] * 2, "layer": [1, 2] * 4,
        "v": [0.9, 1.1, 1.0, 1.02, 1.8, 2.2, 2.0, 2.04]})
    return rows.assign(**columns)


def test_values_by_seed_and_layer():
    values = by_seed(table(), lambda rows: 2 * rows["v"], init="he_normal")
    assert values.loc[0, 2] == 2.2 and values.shape == (2, 2)
    assert mean(values / 2) == pytest.approx(1.005)
    assert mean(values / 2).error == pytest.approx(0.005)  # of 1 and 1.01


def test_values_along_a_key_are_means_over_layers():
    values = by_seed(table(), "v", along="gain", init="he_normal")
    assert values.to_numpy().ravel() == pytest.approx([1.0, 1.01])
    rows = table()
    rows.loc[2, "v"] = NAN
    assert np.isnan(by_seed(rows, "v", along="gain",
                            init="he_normal").loc[1, 1.0])


@pytest.mark.parametrize("where, words", [
    ({"init": "zero"}, "no run has {'init': 'zero'}"),
    ({"inti": "zero"}, "there is no key 'inti'"),
    ({"gain": "one"}, "gain cannot be 'one'"),
    ({"gain": 1.0}, "more than one run of a seed"),
    ({"layers": [1, 3]}, "layers [1, 3] are not all there")])
def test_runs_that_are_not_there(where, words):
    with pytest.raises(ScriptError) as error:
        by_seed(table(), "v", **where)
    assert error.value.code == 65 and words in str(error.value)


# --- the files

def test_every_experiment_of_the_folder_has_a_file_of_claims():
    names = experiments.names(published=True)
    there = {path.stem for path in (EXPERIMENTS / "reproduce").glob("*.ini")}
    assert there <= set(names) and len(names) >= 17
    for name in names:
        module = experiments.load(name)
        assert hasattr(module, "measure") or (
            module.COMMAND == "run" and module.COLUMNS)
        assert experiments.summary(name).startswith(f"{module.PAPER}: ")


# --- Jacobians

@pytest.mark.parametrize("activation", traces.SLOPES)
def test_jacobians_against_differences(traced, activation):
    """∂Z_3/∂X_0, and ∂Z_2/∂Z_1, by central differences in double.

    Their error is h² f'''/6 and eps/h, some 1e-10 with h = 1e-5.
    """
    run = traced(activation=activation, init="lecun_normal", gain=1.5,
                 bias_std=0.5, shape="4x5x3x2", batch=2, precision="float64")
    f = {"linear": lambda z: z, "tanh": np.tanh}[activation]
    w = [run.tensors[f"W_{l}"] for l in range(3)]
    b = [run.tensors[f"b_{l}"] for l in range(3)]

    def differences(function, x):
        steps = 1e-5 * np.eye(x.size)
        return np.array([(function(x + h) - function(x - h)).ravel() / 2e-5
                         for h in steps])

    def network(x):
        for l in range(3):
            x = (f(x) if l else x) @ w[l] + b[l]
        return x

    product = traces.jacobians(run.path, "product")
    layer = traces.jacobians(run.path, "layer")
    assert [row["layer"] for row in product] == [1, 2, 3]
    assert [row["layer"] for row in layer] == [1]
    for row, expected in (
            (product[-1], differences(network, run.tensors["X_0"][0])),
            (layer[0], differences(lambda z: f(z) @ w[1] + b[1],
                                   run.tensors["Z_1"][0]))):
        s = np.linalg.svd(expected, compute_uv=False)
        assert row["singular_largest"] == pytest.approx(s[0], abs=1e-8)
        assert row["singular_smallest"] == pytest.approx(s[-1], abs=1e-8)
        assert row["singular_mean"] == pytest.approx(s.mean(), abs=1e-8)
        assert row["singular_second_moment"] == pytest.approx(
            (s**2).mean(), abs=1e-8)
        assert row["singular_fourth_moment"] == pytest.approx(
            (s**4).mean(), abs=1e-7)


@pytest.mark.parametrize("shape", [(5, 5), (7, 4), (4, 7)])
def test_singular_values_of_a_layer(shape):
    matrix = np.random.default_rng(3).normal(size=shape)
    found = traces.singular_values(matrix)
    assert found == pytest.approx(np.linalg.svd(matrix, compute_uv=False),
                                  rel=1e-12)


# --- fixed points

def test_points_of_theory():
    """A row each, whatever their stability; infinite q from its name."""
    fixed = {"q": 2.0, "chi_1": 0.9, "chi_q": 0.8, "stability": "stable"}
    network = {"activation": "gelu", "gain": 1.5, "bias_std": 0.1,
               "asymptotics": {
                   "weight_variance": 2.25,
                   "fixed_points": [fixed, {**fixed, "q": 0, "stability":
                                            "unstable", "chi_q": "inf"}],
                   "critical_points": [{"q": "inf", "weight_variance": 2.0,
                                        "stability": "stable"}]}}
    module = experiments.load("roberts2022_critical")
    rows = module.points({"networks": [network]})
    assert list(rows["point"]) == ["fixed", "fixed", "critical"]
    assert list(rows["stability"]) == ["stable", "unstable", "stable"]
    assert list(rows["point_q"]) == [2, 0, np.inf]
    assert list(rows["point_chi_q"][:2]) == [0.8, np.inf]
    assert np.isnan(rows["point_chi_q"][2])
    assert list(rows["point_weight_variance"]) == [2.25, 2.25, 2]
    assert (rows["activation"] == "gelu").all() and rows["layer"].is_unique


# --- the command

INI = "depth = 2\nwidth = 8\nbatch = 4\ninit = he_normal\nseed = range(0, 8)\n"
CLAIMS = '''"""Someone 1999: a small one."""

from initscope.claims import NotAsserted, claim, errors
from initscope.estimates import by_seed, mean
from initscope.plot.claims_figure import Panel

PAPER = "Someone 1999"
TITLE = "a small one"
COMMAND, QUICK, COLUMNS = "run", [], ["weight_variance"]


def claims(layers):
    found = mean(by_seed(layers, lambda rows: 8 * rows["weight_variance"],
                         layers=[1, 2]))
    yield claim("a mean", found, EXPECTED, errors(found), f"{PAPER}, p. 7")
    yield NotAsserted("a secret", "nobody can tell", f"{PAPER}, p. 8")


def panels(layers):
    return [Panel("Var W", "weight_variance", theory=(0.25, lambda l: l))]
'''


@pytest.fixture
def start(monkeypatch, program, tmp_path):
    """start(expected, names) runs main() on experiments of our own."""
    def run(expected, names=("small",)):
        folder = tmp_path / "experiments"
        for part in ("claims", "reproduce"):
            (folder / part).mkdir(parents=True)
        for name in names:
            (folder / "claims" / f"{name}.py").write_text(
                CLAIMS.replace("EXPECTED", expected))
        (folder / "reproduce" / "small.ini").write_text(INI)
        monkeypatch.setattr(experiments, "EXPERIMENTS", folder)
        monkeypatch.setattr(sys, "path", [*sys.path])
        for name in names:
            monkeypatch.delitem(sys.modules, name, raising=False)
        monkeypatch.setenv("INITSCOPE", str(program))
        monkeypatch.setattr(sys, "argv", ["reproduce.py", "--output",
                                          str(tmp_path)])
        reproduce.main()
    yield run
    for name in ("small", "broken"):
        sys.modules.pop(name, None)


def test_claims_that_hold(start, tmp_path, capsys):
    """He's variance is 2/8: 8 of them are 2."""
    start("2")
    said = capsys.readouterr().out
    assert "source" in said and "Someone 1999, p. 7  a mean" in said
    assert said.count("PASS") == 1 and "FAIL" not in said
    assert "[1] 5 standard errors" in said
    assert ("not asserted: Someone 1999, p. 8: a secret: nobody can tell"
            in said)
    assert (tmp_path / "small.h5").exists()
    assert (tmp_path / "small.png").read_bytes()[1:4] == b"PNG"


def test_a_claim_that_fails_is_exit_code_1(start, tmp_path, capsys):
    with pytest.raises(ScriptError) as failure:
        start("1")
    assert failure.value.code == 1
    assert str(failure.value).startswith("1 of 1 claims do not hold")
    assert capsys.readouterr().out.count("FAIL") == 1
    assert (tmp_path / "small.png").exists()  # to see what is wrong


def test_what_breaks_does_not_hide_the_rest(start, capsys):
    with pytest.raises(ScriptError) as failure:
        start("2", ("broken", "small"))
    assert failure.value.code == 1
    assert "1 of 2 experiments could not be judged" in str(failure.value)
    output = capsys.readouterr()
    assert output.out.count("PASS") == 1
    assert "could not be judged: broken: " in output.err
    assert "broken.ini" in output.err


def call(*arguments, **environment):
    return subprocess.run(
        [SCRIPTS / "reproduce.py", *map(str, arguments)],
        capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, **environment})


@pytest.mark.parametrize("arguments, environment, code, words", [
    (["he2051"], {}, 64, "unknown experiment 'he2051'; did you mean 'he2015'"),
    (["--quik"], {}, 64, "--quik"),
    (["he2015"], {"INITSCOPE": "/no/program"}, 74, "/no/program: no such"),
    (["--output", "/no/folder"], {}, 73, "/no/folder: no such folder")])
def test_bad_command_lines(program, arguments, environment, code, words):
    done = call(*arguments, **{"INITSCOPE": str(program), **environment})
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith("reproduce.py: ")
    assert done.stderr.count("\n") == 1 and words in done.stderr


def test_help_lists_the_experiments():
    done = call("--help")
    assert done.returncode == 0
    for name in ("he2015", "saxe2014", "vaswani2017"):
        assert f"  {name} " in done.stdout
