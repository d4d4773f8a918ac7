"""show.py: every experiment's claims hold; the table; how it refuses."""

import os
import subprocess
import types

import numpy as np
import pytest
from matplotlib.figure import Figure

import show
from checkout import SCRIPTS
from initscope import claims, experiments, results
from initscope.claims import Tolerance, at_least, at_most, claim
from initscope.command import ScriptError
from initscope.style import in_style, save

NAN = float("nan")
NAMES = experiments.names(published=False)


# --- the experiments

@pytest.fixture(scope="module", params=NAMES)
def shown(request, program, tmp_path_factory):
    """(name, module, its Results at the quick size)"""
    module = experiments.load(request.param)
    prefix = tmp_path_factory.mktemp("show") / request.param
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INITSCOPE", str(program))
        path = show.run(request.param, module, prefix, quick=True)
    return request.param, module, results.read(path)


def test_claims_hold(shown):
    _, module, measured = shown
    made = list(module.claims(measured))
    assert made
    failed = [each for each in made if not each.holds]
    assert not failed, "\n".join(claims.table(failed))
    for each in made:
        assert np.isfinite(each.tolerance) and each.reason, each


def test_figure_is_drawn(shown, tmp_path):
    _, module, measured = shown
    with in_style():
        figure = module.draw(measured)
    assert any(axes.has_data() for axes in figure.axes)
    save(figure, str(tmp_path / "x.png"))
    assert (tmp_path / "x.png").read_bytes()[1:4] == b"PNG"


@pytest.mark.parametrize("name", NAMES)
def test_experiments_have_a_file_and_a_line(name):
    assert experiments.ini(name).is_file()
    assert 20 <= len(experiments.summary(name)) <= 79


# --- claims

@pytest.mark.parametrize("expected, measured, tolerance, holds", [
    (1, 1.5, 0.5, True), (1, 0.5, 0.5, True), (1, 1.5, 0.49, False),
    (1, 1, 0, True), (NAN, 1, 9, False), (1, NAN, 9, False),
    (1, 1, NAN, False), (np.inf, np.inf, 1, False), (1, 1, -1, False),
])
def test_two_sided(expected, measured, tolerance, holds):
    assert claim("q", measured, expected,
                 Tolerance(tolerance, "r")).holds is holds


@pytest.mark.parametrize("bound, measured, below, above", [
    (1, 1, True, True), (1, 0.9, True, False), (1, 1.1, False, True),
    (1, NAN, False, False), (NAN, 1, False, False),
])
def test_one_sided(bound, measured, below, above):
    assert at_most("q", measured, bound, "r").holds is below
    assert at_least("q", measured, bound, "r").holds is above


def test_of_mean_allows_five_standard_errors():
    values = np.array([1.0, 2, 3, 4])
    error = np.sqrt(5 / 3 / 4)  # the variance of 1..4 (divisor 3) is 5/3
    made = claims.of_mean("q", 2.5 + 4.99 * error, values)
    assert made.measured == 2.5 and made.holds
    assert made.tolerance == pytest.approx(5 * error)
    assert not claims.of_mean("q", 2.5 + 5.01 * error, values).holds
    assert not claims.of_mean("q", 2.5, [1, NAN]).holds
    assert "4 seeds" in made.reason


def test_of_ratio_covers_the_ratio_of_means():
    """Of 2,000 ratios of 200 dependent pairs, the error is within 10 %.

    An error estimated from 2,000 values is itself off by 1.6 %, one from 200
    by 5 %; the delta method's next order is 1/200.
    """
    draw = np.random.default_rng(1)
    b = draw.exponential(1, (2000, 200))
    a = 3 * b + draw.exponential(1, b.shape)
    found = [claims.ratio_of_means(*pair) for pair in zip(a, b)]
    ratios, errors = np.transpose(found)
    assert ratios.mean() == pytest.approx(4, abs=0.05)
    assert np.median(errors) == pytest.approx(ratios.std(), rel=0.1)
    made = claims.of_ratio("q", 4, a[0], b[0])
    assert made.measured == ratios[0]
    assert made.tolerance == pytest.approx(5 * errors[0])


def test_table_has_verdicts_and_each_reason_once():
    lines = claims.table([
        claim("first", 2, 1, Tolerance(0.5, "it rounds " * 12)),
        claim("second", 1, 1, Tolerance(0.5, "it rounds " * 12)),
        at_most("third", 0.125, 0.25, "a bound")])
    assert lines[1].split() == ["first", "1", "2", "0.5", "FAIL", "[1]"]
    assert lines[2].split() == ["second", "1", "1", "0.5", "PASS", "[1]"]
    assert lines[3].split() == ["third", "≤", "0.25", "0.125", "PASS", "[2]"]
    assert lines[4].startswith("[1] it rounds")
    assert lines[5].startswith("    ") and "rounds" in lines[5]
    assert lines[-1] == "[2] a bound"


# --- the command

def call(*arguments, **environment):
    return subprocess.run(
        [SCRIPTS / "show.py", *map(str, arguments)],
        capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, **environment})


def test_help_lists_the_experiments():
    done = call("--help")
    assert done.returncode == 0
    for name in NAMES:
        assert f"{name} " in done.stdout
        assert experiments.summary(name) in done.stdout


def test_one_experiment(program, tmp_path):
    done = call(NAMES[0], "--quick", "--output", tmp_path / "x",
                INITSCOPE=str(program))
    assert done.returncode == 0, done.stderr
    assert "PASS" in done.stdout and "FAIL" not in done.stdout
    assert done.stdout.splitlines()[-2:] == [f"{tmp_path}/x.h5",
                                             f"{tmp_path}/x.png"]
    assert (tmp_path / "x.png").stat().st_size > 1000


def test_matrices_of_ones_own(program, tmp_path):
    """From an .ini and from what it wrote, with a caption of their own."""
    own = tmp_path / "own"
    own.mkdir()
    for name, text in {"x": "1,-2,0.5\n0,1,2\n", "w_q": "1,0\n0,1\n1,1\n",
                       "w_k": "1,2\n0,1\n2,1\n",
                       "w_v": "1\n2\n500\n"}.items():
        (own / f"{name}.csv").write_text(text)
    (own / "mine.ini").write_text("".join(
        f"{name} = {name}.csv\n" for name in ("x", "w_q", "w_k", "w_v")))
    for source in ("mine.ini", "mine.h5"):
        done = call("attention_example", own / source, "--output",
                    own / "mine", INITSCOPE=str(program))
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-2:] == [f"{own}/mine.h5",
                                                 f"{own}/mine.png"]
        assert "PASS" not in done.stdout
    module = experiments.load("attention_example")
    figure = module.draw_own(results.read(own / "mine.h5"))
    texts = " ".join(text.get_text() for text in figure.texts)
    assert "mine.h5" in texts and "2 tokens of 3 features, d_k = 2" in texts
    assert "by hand" not in texts and "9/14" not in texts
    titles = [axes.get_title() for axes in figure.axes]
    assert titles[-3:] == ["E_ij = e^z_ij", "P_ij = e^z_ij / Σ_k e^z_ik",
                           "O = P V"]


@pytest.mark.parametrize("name, content, exit_code, said", [
    ("attention_example", b"", 65, "x.h5: not an HDF5 file"),
    ("attention_scale", b"", 64, "its own experiment alone"),
])
def test_a_file_that_cannot_be_drawn(name, content, exit_code, said, tmp_path):
    (tmp_path / "x.h5").write_bytes(content)
    done = call(name, tmp_path / "x.h5", "--output", tmp_path / "y")
    assert done.returncode == exit_code and said in done.stderr
    assert done.stderr.count("\n") == 1 and not done.stdout


def test_an_error_is_one_line():
    done = call("cross_entropy")
    assert (done.returncode, done.stdout) == (64, "")
    assert done.stderr.startswith("show.py: unknown experiment "
                                  "'cross_entropy'; ")
    assert done.stderr.count("\n") == 1


FIRST = NAMES[0]


@pytest.mark.parametrize("arguments, program, code, words", [
    ([f"{FIRST}x"], None, 64, f"did you mean '{FIRST}'?"),
    (["../show"], None, 64, "unknown experiment"),
    ([], None, 64, "NAME"),
    ([FIRST], "/no/program", 74, "/no/program: no such program; build it"),
])
def test_bad_command_lines(monkeypatch, arguments, program, code, words):
    monkeypatch.setattr("sys.argv", ["show.py", *arguments])
    if program:
        monkeypatch.setenv("INITSCOPE", program)
    with pytest.raises(ScriptError) as refusal:
        show.main()
    assert refusal.value.code == code and words in str(refusal.value)


def test_the_programs_own_error_is_passed_on(program, tmp_path, capfd):
    with pytest.raises(SystemExit) as refusal:
        show.run(FIRST, experiments.load(FIRST), tmp_path / "no" / "x",
                 quick=True)
    assert refusal.value.code == 73
    assert "no/x.h5" in capfd.readouterr().err


def test_a_command_that_the_program_lacks(program, tmp_path):
    module = types.SimpleNamespace(COMMAND="levitate", QUICK=[])
    with pytest.raises(ScriptError) as refusal:
        show.run("magic", module, tmp_path / "x", True)
    assert refusal.value.code == 64
    assert "has no command 'levitate', which magic needs" in str(refusal.value)


def test_a_claim_that_fails_is_exit_code_1(monkeypatch, capsys, tmp_path):
    exact = Tolerance(0, "r")
    made = [claim("right", 1, 1, exact), claim("wrong", 2, 1, exact)]
    module = types.SimpleNamespace(
        COMMAND="run", QUICK=[], claims=lambda results: made,
        draw=lambda results: Figure())
    monkeypatch.setattr(experiments, "load", lambda name: module)
    monkeypatch.setattr(show, "run", lambda *_: "x.h5")
    monkeypatch.setattr(results, "read", lambda path: None)
    monkeypatch.setattr("sys.argv", ["show.py", FIRST, "--output",
                                     str(tmp_path / "x")])
    with pytest.raises(ScriptError) as failure:
        show.main()
    assert failure.value.code == 1
    assert str(failure.value) == "1 of 2 claims do not hold"
    assert "FAIL" in capsys.readouterr().out
    assert (tmp_path / "x.png").exists()  # to see what is wrong
