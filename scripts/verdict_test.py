"""`initscope info` says what became of each group of runs: real sweeps."""

import json
import re
import shutil

import h5py
import numpy as np
import pytest

from command_line import DATA
from seal import seal
from simulation import flags

NETWORK = {"depth": 12, "width": 64, "batch": 16, "seed": "range(0, 4)"}


@pytest.fixture
def verdicts(call):
    """verdicts(command, **keys) -> info's JSON, and the lines it prints."""
    def run(command="run", **keys):
        call([command, *flags({**NETWORK, **keys}), "--output", "a.h5",
              "--quiet", "--force"])
        return read("a.h5")

    def read(path):
        printed = call(["info", path]).stdout.split("seeds alone")[1]
        return (json.loads(call(["info", path, "--json"]).stdout)["verdicts"],
                printed.splitlines()[2:-2])
    run.read = read
    return run


@pytest.mark.parametrize("keys, expected", [
    ({"activation": "sigmoid", "init": "xavier_normal"},
     ["vanishes", "consistent"]),
    ({"activation": "relu", "init": "he_normal"}, ["consistent"]),
    ({"activation": "relu", "init": "he_normal", "gain": 2},
     ["explodes", "consistent"]),
    ({"activation": "tanh", "init": "zero"}, ["dead"]),
    ({"activation": "tanh", "init": "lecun_normal", "input_variance": 1e4},
     ["saturated", "consistent"]),
    ({"activation": "tanh", "init": "constant"}, ["no theory"]),
    ({"activation": "tanh", "depth": 1}, ["consistent"]),
    # Samples whose q become the same, one by one, at about layer 24.
    ({"activation": "tanh", "init": "lecun_normal", "gain": 2, "depth": 40,
      "batch": 64}, ["consistent"]),
])
def test_verdict(verdicts, keys, expected):
    (group,), (line,) = verdicts(**keys)
    assert group["verdict"] == expected
    assert (group["runs"], group["seeds"]) == (4, 4)
    assert group["text"] in line
    for word in expected:
        assert word in line


def test_the_numbers_are_those_of_the_file(verdicts, tmp_path):
    """z and change by NumPy, to the JSON's digits."""
    (group,), _ = verdicts(activation="sigmoid", init="xavier_normal")
    with h5py.File(tmp_path / "a.h5") as file:
        layers = {name: data[()].reshape(4, 13)
                  for name, data in file["layers"].items()
                  if data.shape == (52,)}
    for direction, tensor, sign in (("forward", "pre_activation", 1),
                                    ("backward", "delta", -1)):
        name = f"log10_{tensor}_second_moment"
        found = group[direction]
        measured = layers[name].mean(axis=0)
        np.testing.assert_allclose(found["log10_change"], sign * (
            measured[11] - measured[2]), rtol=1e-12)
        assert found["over_layers"] == 9
        theory = layers[f"theory_{name}"].mean(axis=0)
        std = np.sqrt((layers[f"theory_{name}_std"] ** 2).mean(axis=0))
        assert found["rows_compared"] == (~np.isnan(theory + std)).sum()
        at = found["layer"]
        z = (measured - theory) / np.hypot(std / 2, 1e-5)
        # Each log10 is rounded to 1e-16 of it and z divides by the spread.
        np.testing.assert_allclose(found["z"], z[at], rtol=1e-9)
        assert abs(z[at]) >= 0.9 * np.nanmax(abs(z))


def test_a_shifted_layer_is_where_it_drifts(verdicts, tmp_path):
    verdicts(activation="tanh", init="xavier_normal")
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        values = file["layers/log10_pre_activation_second_moment"]
        values[...] = np.where(file["layers/layer"][:] >= 7,
                               values[:] + 0.5, values[:])
        seal(file)
    (group,), (line,) = verdicts.read("a.h5")
    assert group["verdict"] == ["drifts"]
    assert group["forward"]["drifts_at_layer"] == 7
    assert group["forward"]["rows_outside"] == 6
    assert re.search(r"drifts at layer 7 \(forward z \d+\.\d at layer \d+, "
                     r"±\d\.\d allowed, ×3(\.\d)? of theory\)", line)
    assert "consistent with theory (backward z" in line


def test_files_without_theory(verdicts, tmp_path):
    verdicts(activation="sigmoid, relu", init="he_normal")
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        for name in list(file["layers"]):
            if name.startswith("theory_"):
                del file["layers"][name]
        seal(file)
    (sigmoid, relu), (first, second) = verdicts.read("a.h5")
    assert sigmoid["verdict"] == ["vanishes", "no theory"]
    assert relu["verdict"] == ["no theory"]
    assert re.search(r"sigmoid  he_normal  vanishes \(delta ×0\.\d+ a layer, "
                     r"10\^-9 over 9 layers\); no theory to compare with$",
                     first)
    assert re.search(r"relu     he_normal  no theory to compare with "
                     r"\(pre-activation ×\S+, delta ×\S+ a layer\)$", second)


def test_groups_are_runs_that_differ_in_seeds_alone(verdicts):
    groups, lines = verdicts(
        activation="tanh, relu", depth="3, 5", gain="1, 1.5", seed="0, 1",
        data_seed="0, 1, 2")
    assert len(groups) == 8 and len(lines) == 8
    assert {(g["runs"], g["seeds"]) for g in groups} == {(6, 2)}
    assert {tuple(g["keys"]) for g in groups} == {
        ("activation", "init", "gain", "depth")}  # and not shape
    assert len({tuple(g["keys"].values()) for g in groups}) == 8
    assert lines[0].startswith("  tanh  xavier_normal  gain 1    depth 3  ")


def test_many_groups(verdicts):
    groups, lines = verdicts(gain="linspace(0.5, 2, 50)", seed=0, depth=4,
                             width=8)
    assert len(groups) == 50 and len(lines) == 41
    assert "… and 10 more groups" in lines[40]


def test_totals_are_of_the_worst(call, verdicts):
    verdicts(activation="sigmoid, tanh", init="zero, xavier_normal")
    said = call(["info", "a.h5"]).stdout.splitlines()[-1]
    assert said == ("  4 groups by what is worst: 2 dead, 1 vanishes, "
                    "1 consistent")


def test_training_is_judged_at_step_0(call, verdicts):
    keys = {"activation": "sigmoid", "init": "xavier_normal", "seed": "0, 1",
            "input": "fashion-mnist-sample"}
    (trained,), _ = verdicts("train", steps=3, learning_rate=100, **keys)
    assert ", at step 0" in call(["info", "a.h5"]).stdout
    (fresh,), _ = verdicts(**keys)
    assert trained["verdict"][0] == fresh["verdict"][0] == "vanishes"
    assert trained["backward"]["log10_change"] == pytest.approx(
        fresh["backward"]["log10_change"], rel=0.2)  # another batch
    (trained,), (line,) = verdicts("train", steps=3, record="1, 3", **keys)
    assert trained["verdict"] == [] and trained["runs"] == 0
    assert "step 0 was not recorded" in line


def test_theory_alone_is_not_judged(call):
    call(["theory", "--depth", 3, "--output", "a.h5"])
    assert "theory alone" in call(["info", "a.h5"]).stdout
    assert json.loads(call(["info", "a.h5", "--json"]).stdout)[
        "verdicts"] == []


def test_rows_that_do_not_match_the_runs(call, verdicts, tmp_path):
    verdicts()
    for name, row, value in (("run_index", 0, 99), ("layer", 5, 0)):
        shutil.copy(tmp_path / "a.h5", tmp_path / "b.h5")
        with h5py.File(tmp_path / "b.h5", "r+") as file:
            file["layers"][name][row] = value
            seal(file)
        done = call(["info", "b.h5"], expect=DATA)
        assert done.stderr == ("initscope: b.h5: row 0 of /layers does not "
                               "match /runs\n")
