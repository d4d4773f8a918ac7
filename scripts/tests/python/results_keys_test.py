"""The keys by which scripts tell runs apart are the program's keys."""

import re
import subprocess

import h5py
import pytest

import initscope
from initscope import command, keys
from initscope.keys import KEYS, OUTCOMES, REPETITION_KEYS
from initscope.plot import phase_diagram, variance_notes
from initscope.seal import seal
from plot_harness import figures, load, measured, texts, write_file

# Flags that tell no two runs apart: names, places, and what else is written.
NO_KEYS = {"name", "output", "jobs", "theory", "jacobian", "record", "x",
           "w_q", "w_k", "w_v"}
COMMANDS = {
    "run": ("runs", "--depth 2 --width 4 --batch 4 --jacobian on"),
    "train": ("runs", "--depth 2 --width 4 --batch 4 --steps 1"),
    "theory": ("runs", "--depth 2 --width 4 --batch 4"),
    "attention": ("attention", "--tokens 4 --d-k 2 --d-model 4")}


def flags(program, name):
    """The keys that a command's help lists."""
    text = subprocess.run([program, name, "--help"], check=True,
                          capture_output=True, text=True).stdout
    found = re.findall(r"^  --([a-z-]+) (?:LIST|VALUE)",
                       text.partition("\nKeys")[2], re.M)
    return {name.replace("-", "_") for name in found}


@pytest.mark.parametrize("name", COMMANDS)
def test_keys_are_those_of_the_program(name, program, tmp_path):
    group, words = COMMANDS[name]
    path = tmp_path / "x.h5"
    subprocess.run([program, name, *words.split(), "--output", path,
                    "--quiet"], check=True)
    with h5py.File(path) as file:
        columns = set(file[group])
        marked = any("role" in data.attrs for data in file[group].values())
    asked, found = flags(program, name), set(initscope.read(path).keys)
    assert len(asked) > 8
    assert asked & columns == found
    if not marked:
        assert asked - NO_KEYS <= set(KEYS), "a key that KEYS lacks"
        assert columns - set(OUTCOMES) <= asked, "OUTCOMES lacks one"


def test_the_lists_are_apart_and_say_nothing_twice():
    assert not set(KEYS) & set(OUTCOMES)
    assert len(set(KEYS)) == len(KEYS) and len(set(OUTCOMES)) == len(OUTCOMES)
    assert set(KEYS[-2:]) == set(REPETITION_KEYS)


VALUES = {"activation": ["tanh", "relu"], "init": ["normal", "zero"]}


@pytest.mark.parametrize("key", [*(
    key for key in KEYS if key not in ("depth", "step", *REPETITION_KEYS)),
    "a_key_of_tomorrow"])
def test_no_key_is_pooled(key, tmp_path):
    """Two values of any key are two curves and two lines, unseen keys too."""
    path = write_file(tmp_path / "a.h5", [
        {"seed": s, **({key: v} if key in VALUES else {})}
        for v in VALUES.get(key, [3, 7]) for s in range(3)])
    if key not in VALUES:
        with h5py.File(path, "r+") as file:
            if key in file["runs"]:
                del file["runs"][key]
            file["runs"][key] = [3, 3, 3, 7, 7, 7]
            seal(file)
    painter, table = load(path)
    assert key in painter.layout.keys
    assert (table["n_seeds"] == 3).all()


def test_what_follows_from_gain_is_no_part_of_a_phase_diagram(tmp_path):
    """Widths that change with the gain: no key tells them apart but gain."""
    path = write_file(tmp_path / "a.h5", [
        {"init": "lecun_normal", "gain": gain, "width": 4 * gain}
        for gain in (1, 2) for _ in range(2)])
    with h5py.File(path, "r+") as file:
        file["runs/bias_std"] = [0.0, 1, 0, 1]
        for name in (phase_diagram.SLOPE, phase_diagram.DISTANCE):
            file[f"layers/{name}"] = file["layers/log10_delta_variance"][:]
        seal(file)
    with pytest.raises(command.ScriptError, match="sweeps width, too"):
        measured(path, [])


# --- training

@pytest.fixture(scope="module")
def trained(program, tmp_path_factory):
    """Two learning rates and two seeds, steps 0, 1, 2, 4."""
    path = tmp_path_factory.mktemp("trained") / "x.h5"
    subprocess.run(
        [program, "train", *"--depth 3 --width 8 --batch 8 --steps 4 "
         "--input fashion-mnist-sample --learning-rate 0.001,0.1".split(),
         "--seed", "0,1", "--output", path, "--quiet"], check=True)
    return str(path)


def test_learning_rates_and_steps_are_curves_of_their_own(trained):
    painter, table = load(trained)
    assert {"learning_rate", "step"} <= set(painter.layout.keys)
    assert (table["n_seeds"] == 2).all()
    assert set(table["learning_rate"]) == {0.001, 0.1}
    words = texts(figures(painter)[0])
    assert "in training, steps 0 to 4" in words
    assert "at initialization" not in words
    for step, title in ((0, "at initialization"), (4, "after 4 training")):
        painter, table = load(trained, filter=[f"step={step}"])
        assert title in texts(figures(painter)[0])
        assert table["n_seeds"].eq(2).all()


def test_a_run_is_not_taken_for_one_of_its_steps(trained):
    results = initscope.read(trained)
    with pytest.raises(command.ScriptError, match="has training steps"):
        results.check_one_step()
    with pytest.raises(command.ScriptError, match="sweeps .*too"):
        measured(trained, [])
    training = initscope.read(trained)
    assert set(training.steps["learning_rate"]) == {0.001, 0.1}


def test_draws_of_the_data_are_counted(tmp_path):
    path = write_file(tmp_path / "a.h5", [{"data_seed": s} for s in range(3)])
    painter, table = load(path)
    assert (table["n_seeds"] == 3).all()
    assert variance_notes.seeds_of(painter.samples) == "1 seed, 3 data seeds"
    assert "1 seed, 3 data seeds. Lines: median" in texts(
        figures(painter)[0], "caption")
