"""The words of figures are those of `initscope info`."""

import json
import subprocess

import pytest

from initscope import command, verdicts
from plot_harness import figures, load, run_script, texts

SWEEP = ("--activation sigmoid,relu --init he_normal,zero --gain 1,1.5 "
         "--depth 8 --width 16 --batch 8 --seed 0,1,2 --quiet --output")


@pytest.fixture(scope="module")
def path(program, tmp_path_factory):
    path = tmp_path_factory.mktemp("verdicts") / "x.h5"
    subprocess.run([program, "run", *SWEEP.split(), path], check=True)
    return str(path)


@pytest.fixture(scope="module")
def summaries(program, path):
    """{(activation, init, gain): words} as `info` has them."""
    done = subprocess.run([program, "info", path, "--json"], check=True,
                          capture_output=True, text=True)
    return {tuple(group["keys"].values()): group["summary"]
            for group in json.loads(done.stdout)["verdicts"]}


@pytest.mark.parametrize("options", [
    {}, {"color": "seed"}, {"filter": ["activation=relu"]},
    {"color": "activation", "rows": "gain"}])
def test_each_curve_has_its_own(path, summaries, options):
    assert len(summaries) == 8
    painter, _ = load(path, **options)
    keys = painter.layout.keys
    assert len(painter.words) == painter.samples.groupby(keys).ngroups
    for values, words in painter.words.items():
        runs = painter.samples
        for key, value in zip(keys, values):
            runs = runs[runs[key] == value]
        (group,) = {(run.activation, run.init, f"{run.gain:g}")
                    for run in runs.itertuples()}
        part = " (of all 3 runs)" * ("seed" in keys)
        assert words == summaries[group] + part


def test_the_figure_shows_them(path, summaries):
    painter, _ = load(path, filter=["gain=1"])
    notes = " ".join(texts(figure, "note") for figure in figures(painter))
    for (_, _, gain), words in summaries.items():
        assert (words in notes.replace("\n", " ")) == (gain == "1") or (
            words in {w for (*_, g), w in summaries.items() if g == "1"})


def test_without_theory_nothing_is_said_of_it(path):
    painter, _ = load(path, theory=False)
    assert not any("theory" in words for words in painter.words.values())
    assert any("dead" in words for words in painter.words.values())


def test_training_is_judged_at_step_0(program, tmp_path):
    path = tmp_path / "x.h5"
    subprocess.run([program, "train", *"--depth 8 --width 8 --batch 8 --init "
                    "zero --steps 2 --loss mse --quiet --output".split(),
                    path], check=True)
    painter, _ = load(str(path))
    at = painter.layout.keys.index("step")
    assert {key[at] for key, words in painter.words.items() if words} == {0}


@pytest.mark.parametrize("why", ["no program", "another version"])
def test_without_the_program(path, why, tmp_path, monkeypatch):
    """The figure is drawn, and says why it has none."""
    other = tmp_path / "initscope"
    if why == "another version":
        other.write_text("#!/bin/sh\necho '{}'\n")
        other.chmod(0o755)
    monkeypatch.setenv("INITSCOPE", str(other))
    message = "no such program" if why == "no program" else "gives no verdict"
    with pytest.raises(command.ScriptError, match=message):
        verdicts.read(path)
    painter, _ = load(path)
    assert set(painter.words.values()) == {""}
    assert "No verdicts: " in texts(figures(painter)[0], "caption")
    assert run_script(path, "--output", str(tmp_path / "x")).returncode == 0
