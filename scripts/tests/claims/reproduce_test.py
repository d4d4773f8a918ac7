"""reproduce.py: formulas, reductions, claims, Jacobians; how it refuses."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from initscope import formula
import reproduce
from initscope import reproduce_tables
from initscope.formula import FormulaError
from initscope.reproduce_claims import Claims
from initscope.reproduce_reductions import REDUCTIONS, estimate
from initscope.command import ScriptError

NAN = float("nan")


# --- formulas

@pytest.mark.parametrize("text, value", [
    ("2**-(l - 1)", 0.125), ("1/3", 1 / 3), (0.5, 0.5), (7, 7),
    ("sqrt(l)*+pi", 2 * np.pi), ("log(exp(abs(-l)))", 4), ("-l", -4),
    ("7/2*2", 7), ("1/0", np.inf), ("1e3", 1000)])
def test_formulas(text, value):
    found = formula.evaluate(text, {"l": 4.0})
    assert found == pytest.approx(value, rel=1e-15)


def test_formulas_take_arrays():
    names = {"gain": pd.Series([1.0, 2.0]), "s": pd.Series([3.0, NAN])}
    found = formula.evaluate("gain**2*s", names)
    assert found[0] == 3 and np.isnan(found[1])
    assert formula.names_in("gain**2*sqrt(s) + pi") == {"gain", "s"}


@pytest.mark.parametrize("text, words", [
    ("l.real", "not arithmetic"), ("__import__('os')", "not arithmetic"),
    ("sqrt(1, 2)", "not arithmetic"), ("'a'", "not arithmetic"),
    ("l[0]", "not arithmetic"), ("l if 1 else 2", "not arithmetic"),
    ("True", "not arithmetic"), ("2 +", "no formula"), ("", "no formula"),
    ("k", "unknown name 'k'"), ("9//2", "not arithmetic")])
def test_what_is_no_formula(text, words):
    with pytest.raises(FormulaError, match=words):
        formula.evaluate(text, {"l": 1.0})


def test_huge_powers_end_at_once():
    assert formula.evaluate("9**9**9**9", {}) == np.inf


def test_lists_of_numbers():
    assert formula.numbers([1, 30]) == [1, 30]
    assert formula.numbers("range(2, 5)") == [2, 3, 4]
    with pytest.raises(FormulaError, match="not as"):
        formula.numbers("2:5")


# --- reductions

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
def test_reductions(name, values, expected):
    values = np.array(values, float)
    found, _ = estimate(name, values, 10.0 + np.arange(values.shape[1]))
    assert found == pytest.approx(expected, rel=1e-12, nan_ok=True)


@pytest.mark.parametrize("name", REDUCTIONS)
def test_a_nan_stays(name):
    places = 1 if name == "relative_second_moment" else 3
    values = np.arange(1.0, 1 + 4 * places).reshape(4, places)
    values[1, 0] = NAN
    assert np.isnan(estimate(name, values, np.arange(places))[0])


@pytest.mark.parametrize("seeds", [8, 1000])
def test_the_jackknife_of_a_mean_is_its_standard_error(seeds):
    """Exactly for a seed a group; of 100 groups, a draw of it: 10/√200 %."""
    values = np.random.default_rng(1).standard_normal((seeds, 1))
    expected = values.std(ddof=1) / np.sqrt(seeds)
    _, error = estimate("mean", values, [0])
    assert error == pytest.approx(expected, rel=1e-9 if seeds <= 100
                                  else 5 / np.sqrt(2 * 100))


def test_the_jackknife_covers_a_spread():
    """Var v/(E v)² of exponential variates is 1: 200 draws of 500 seeds.

    Their distances in errors have a mean square of about 1; of 200, its own
    standard error is 0.1, and the jackknife is right to 1/√seeds.
    """
    draws = np.random.default_rng(2).exponential(size=(200, 500, 1))
    found = np.array([estimate("relative_second_moment", draw, [0])
                      for draw in draws])
    distances = (found[:, 0] - found[:, 0].mean()) / found[:, 1]
    assert 0.6 < (distances**2).mean() < 1.8


def test_one_seed_has_no_error():
    assert np.isnan(estimate("mean", np.ones((1, 3)), [1, 2, 3])[1])


# --- claims

FILE = """
[constants]
half = 0.5
[tolerances.seeds]
formula = "5*se"
reason = "5 standard errors"
[tolerances.wide]
formula = "first + last + width*expected"
reason = "wide"
[experiments.small]
source = "Someone 1999"
title = "a small one"
command = "run"
panels = [{title = "E Z²", of = "pre_activation_second_moment", theory = ["half"]}]
[[experiments.small.claims]]
where = "p. 7"
quantity = "a mean"
expected = 1
select = {init = "he_normal"}
of = "gain*v"
layers = [1, 2]
reduction = "mean"
tolerance = "seeds"
[[experiments.small.claims]]
where = "p. 8"
quantity = "a secret"
not_asserted = "nobody can tell"
"""


def claims_of(tmp_path, text=FILE):
    path = tmp_path / "claims.toml"
    path.write_text(text)
    return Claims(path)


def table(**columns):
    """Two seeds, two layers: v is 0.9, 1.1, 1, 1 under He and twice that."""
    rows = pd.DataFrame({
        "init": ["he_normal"] * 4 + ["lecun_normal"] * 4, "gain": 1.0,
        "width": 8, "seed": [0, 0, 1, 1] * 2, "layer": [1, 2] * 4,
        "v": [0.9, 1.1, 1.0, 1.02, 1.8, 2.2, 2.0, 2.04]})
    return rows.assign(**columns)


def judged(tmp_path, rows, **fields):
    claims = claims_of(tmp_path)
    claims.experiments["small"]["claims"][0].update(fields)
    ((source, claim),) = claims.asserted("small", rows, quick=False)
    return source, claim


def test_the_files_experiments_are_those_of_the_folder():
    claims = Claims(reproduce.FOLDER / "claims.toml")
    files = {path.name for path in reproduce.FOLDER.glob("*.ini")}
    assert {each["file"] for each in claims.experiments.values()} == files
    used = {claim["tolerance"] for each in claims.experiments.values()
            for claim in each["claims"] if "tolerance" in claim}
    assert used == set(claims.tolerances)


def test_a_claim_that_holds(tmp_path):
    source, claim = judged(tmp_path, table())
    assert source == "Someone 1999, p. 7"
    assert claim.measured == pytest.approx(1.005)
    assert claim.tolerance == pytest.approx(5 * 0.005)  # of means 1 and 1.01
    assert claim.holds


@pytest.mark.parametrize("fields, measured, tolerance, holds", [
    ({"expected": "half"}, 1.005, 0.025, False),
    ({"expected": "half", "tolerance": "wide"}, 1.005, 7, True),
    ({"minus": {"init": "lecun_normal"}}, -1.005, 0.025, False),
    ({"of": "v/(v - v)"}, np.inf, NAN, False)])
def test_fields_of_a_claim(tmp_path, fields, measured, tolerance, holds):
    _, claim = judged(tmp_path, table(), **fields)
    assert claim.measured == pytest.approx(measured)
    assert claim.tolerance == pytest.approx(tolerance, abs=1e-12, nan_ok=True)
    assert claim.holds is holds


def test_a_nan_fails_wherever_it_is(tmp_path):
    rows = table()
    rows.loc[2, "v"] = NAN
    for fields in ({}, {"along": "gain"}):
        assert not judged(tmp_path, rows, **fields)[1].holds


@pytest.mark.parametrize("fields, words", [
    ({"select": {"init": "zero"}}, "selects nothing"),
    ({"select": {"inti": "zero"}}, "there is no key 'inti'"),
    ({"select": {"gain": "one"}}, "gain cannot be 'one'"),
    ({"select": {"gain": 1.0}}, "more than one run of a seed"),
    ({"layers": [1, 3]}, "lacks some of layers"),
    ({"layers": "1-3"}, "not as"),
    ({"of": "w"}, "unknown name 'w'"),
    ({"expected": "unheard_of"}, "unknown name 'unheard_of'")])
def test_claims_that_cannot_be_measured(tmp_path, fields, words):
    with pytest.raises(ScriptError) as error:
        judged(tmp_path, table(), **fields)
    assert error.value.code == 65 and words in str(error.value)
    assert "claims.toml: small: 'a mean': " in str(error.value)


@pytest.mark.parametrize("old, new, words", [
    ("[constants]", "[constants", "line"),
    ("half = 0.5", 'half = "x"', "constant half is no number"),
    ("[constants]", "[constant]", "did you mean 'constants'?"),
    ('reduction = "mean"', 'reduction = "meen"',
     "small: 'a mean': unknown reduction 'meen'; did you mean 'mean'?"),
    ('reduction = "mean"\n', "", "'a mean': has no reduction"),
    ('tolerance = "seeds"', 'tolerance = "sedes"', "did you mean 'seeds'?"),
    ("expected = 1", 'expected = "1 +"', "'1 +' is no formula"),
    ("expected = 1", "expected = []", "expected is []"),
    ("layers =", "layer =", "unknown name 'layer'; did you mean 'layers'?"),
    ('quantity = "a mean"\n', "", "a claim has no quantity"),
    ('command = "run"', 'command = "runn"', "did you mean 'run'?"),
    ('formula = "5*se"', 'formula = "5 se"', "'5 se' is no formula"),
    ('theory = ["half"]', 'theory = ["half("]', "is no formula"),
    ('not_asserted = "nobody can tell"', "not_asserted = 3", "is 3")])
def test_malformed_files(tmp_path, old, new, words):
    assert old in FILE
    with pytest.raises(ScriptError) as error:
        claims_of(tmp_path, FILE.replace(old, new, 1))
    assert error.value.code == 65 and words in str(error.value)
    assert "\n" not in str(error.value)


# --- Jacobians

@pytest.mark.parametrize("activation", reproduce_tables.SLOPES)
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

    product = reproduce_tables.jacobians(run.path, "product")
    layer = reproduce_tables.jacobians(run.path, "layer")
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
    found = reproduce_tables._singular(matrix)
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
    rows = reproduce_tables.points({"networks": [network]})
    assert list(rows["point"]) == ["fixed", "fixed", "critical"]
    assert list(rows["stability"]) == ["stable", "unstable", "stable"]
    assert list(rows["point_q"]) == [2, 0, np.inf]
    assert list(rows["point_chi_q"][:2]) == [0.8, np.inf]
    assert np.isnan(rows["point_chi_q"][2])
    assert list(rows["point_weight_variance"]) == [2.25, 2.25, 2]
    assert (rows["activation"] == "gelu").all() and rows["layer"].is_unique


# --- the command

INI = "depth = 2\nwidth = 8\nbatch = 4\ninit = he_normal\nseed = range(0, 8)\n"
REAL = FILE.replace("gain*v", "weight_variance*width")


@pytest.fixture
def start(monkeypatch, program, tmp_path):
    """start(text of the claims file) runs main() on experiments of our own."""
    def run(text, *arguments):
        folder = tmp_path / "experiments"
        folder.mkdir()
        (folder / "claims.toml").write_text(text)
        (folder / "small.ini").write_text(INI)
        monkeypatch.setattr(reproduce, "FOLDER", folder)
        monkeypatch.setenv("INITSCOPE", str(program))
        monkeypatch.setattr(sys, "argv", ["reproduce.py", "--output",
                                          str(tmp_path), *arguments])
        reproduce.main()
    return run


def test_claims_that_hold(start, tmp_path, capsys):
    """He's variance is 2/8: 8 of them are 2."""
    start(REAL.replace("expected = 1", "expected = 2"))
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
        start(REAL)
    assert failure.value.code == 1
    assert str(failure.value).startswith("1 of 1 claims do not hold")
    assert capsys.readouterr().out.count("FAIL") == 1
    assert (tmp_path / "small.png").exists()  # to see what is wrong


def test_what_breaks_does_not_hide_the_rest(start, capsys):
    broken = REAL[REAL.index("[experiments.small]"):REAL.index("[[")].replace(
        "small", "broken") + "claims = []\n"
    with pytest.raises(ScriptError) as failure:
        start(REAL.replace("expected = 1", "expected = 2").replace(
            "[experiments.small]", f"{broken}[experiments.small]", 1))
    assert failure.value.code == 1
    assert "1 of 2 experiments could not be judged" in str(failure.value)
    output = capsys.readouterr()
    assert output.out.count("PASS") == 1
    assert "could not be judged: broken: exit code 74: " in output.err


def call(*arguments, **environment):
    return subprocess.run(
        [reproduce.ROOT / "scripts" / "reproduce.py", *map(str, arguments)],
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
