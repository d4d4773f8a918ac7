"""`initscope info` says what became of each group of runs: real sweeps."""

import json
import re
import shutil

import h5py
import numpy as np
import pytest

from checkout import ROOT
from command_line import DATA
from initscope.seal import seal
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
     ["vanishes", "collapsed samples", "consistent"]),
    ({"activation": "relu", "init": "he_normal"}, ["consistent"]),
    ({"activation": "relu", "init": "he_normal", "gain": 2},
     ["explodes", "consistent"]),
    ({"activation": "tanh", "init": "zero"}, ["dead"]),
    ({"activation": "tanh", "init": "lecun_normal", "input_variance": 1e4},
     ["saturated", "consistent"]),
    ({"activation": "tanh", "init": "constant"},
     ["identical units", "no theory"]),
    ({"activation": "tanh", "init": "orthogonal"}, ["no band"]),
    # Softmax's delta sums to 0, and every unit has the same weights.
    ({"activation": "sigmoid", "init": "constant", "precision": "float64",
      "loss": "softmax_cross_entropy"}, ["dead", "identical units"]),
    ({"activation": "tanh", "depth": 1}, ["consistent"]),
    # Samples whose q become the same, one by one, at about layer 24.
    ({"activation": "tanh", "init": "lecun_normal", "gain": 2, "depth": 40,
      "batch": 64}, ["explodes", "consistent"]),
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
        measured = layers[f"log10_{tensor}_second_moment"].mean(axis=0)
        np.testing.assert_allclose(group[direction]["log10_change"], sign * (
            measured[11] - measured[2]), rtol=1e-12)
        assert group[direction]["over_layers"] == 9
    assert {found["column"] for found in group["theory"]} == {
        name[len("theory_"):-len("_std")] for name in layers
        if re.fullmatch("theory_(log10_.*|activation_mean)_std", name)}
    for found in group["theory"]:
        name = found["column"]
        measured = layers[name].mean(axis=0)
        theory = layers[f"theory_{name}"].mean(axis=0)
        std = np.sqrt((layers[f"theory_{name}_std"] ** 2).mean(axis=0))
        assert found["rows_compared"] == (std > 0).sum()
        if not found["rows_compared"]:
            assert "weight_gradient" in name
            continue
        at = found["layer"]
        rounding = (1e-5 if name.startswith("log10_") else
                    1e-5 * np.log(10) * abs(theory))
        z = (measured - theory) / np.hypot(std / 2, rounding)
        # Each log10 is rounded to 1e-16 of it and z divides by the spread.
        np.testing.assert_allclose(found["z"], z[at], rtol=1e-9)
        assert abs(z[at]) >= 0.9 * np.nanmax(abs(z[std > 0]))


@pytest.mark.parametrize("name, words", [
    ("log10_pre_activation_second_moment", "pre-activation second moment"),
    ("log10_activation_variance", "activation variance"),
    ("log10_slope_second_moment", "slope second moment"),
])
def test_a_shifted_layer_is_where_it_drifts(verdicts, tmp_path, name, words):
    verdicts(activation="tanh", init="xavier_normal")
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        values = file[f"layers/{name}"]
        values[...] = np.where(file["layers/layer"][:] >= 7,
                               values[:] + 0.5, values[:])
        seal(file)
    (group,), (line,) = verdicts.read("a.h5")
    assert group["verdict"] == ["drifts"]
    (found,) = [f for f in group["theory"] if f["column"] == name]
    assert found["drifts_at_layer"] == 7
    # Slopes end at layer 11.
    assert found["rows_outside"] == 5 + (words[0] != "s")
    assert re.search(rf"drifts at layer 7 \({words} z \d+\.\d at layer \d+, "
                     r"±\d\.\d allowed, ×3(\.\d)? of theory\)", line)
    assert "; the others consistent with theory (" in line
    assert line.endswith("; no band for weight gradient")


def test_rounding_is_no_gradient(verdicts, tmp_path):
    """float32 stores 10^-24.6, float64 10^-41, where mathematics has 0."""
    for precision in ("float32", "float64"):
        (group,), (line,) = verdicts(
            activation="sigmoid", init="constant", depth=6, batch=256,
            input="fashion-mnist-sample", precision=precision)
        with h5py.File(tmp_path / "a.h5") as file:
            delta = file["layers/delta_second_moment"][:].reshape(4, 7)
        assert (delta[:, 3] > 0).all()
        assert group["verdict"] == ["dead", "identical units"]
        assert group["dead_by_rounding"] and group["dead_runs"] == 4
        assert line.endswith(
            "dead (delta 0 but for rounding from layer 5 down); "
            "identical units (from layer 1 on)")


def test_a_trend_is_told_with_its_size(verdicts):
    _, (line,) = verdicts(activation="relu", init="xavier_normal", depth=22,
                          input="fashion-mnist-sample", width=256)
    assert re.search(r"vanishes \(pre-activation shrinks 10\^6 × over 19 "
                     r"layers, 2(\.\d)? × a layer; delta shrinks 10\^\d × "
                     r"over 19 layers, \d(\.\d)? × a layer\)", line)


def test_files_without_theory(verdicts, tmp_path):
    verdicts(activation="sigmoid, relu", init="he_normal")
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        for name in list(file["layers"]):
            if name.startswith("theory_"):
                del file["layers"][name]
        seal(file)
    (sigmoid, relu), (first, second) = verdicts.read("a.h5")
    assert sigmoid["verdict"] == ["vanishes", "collapsed samples",
                                  "no theory"]
    assert relu["verdict"] == ["no theory"]
    assert re.search(r"sigmoid  he_normal  vanishes \(delta shrinks 10\^\d × "
                     r"over 9 layers, \S+ × a layer\); collapsed samples "
                     r"\(.*\); no theory to compare with$", first)
    assert re.search(r"relu     he_normal  no theory to compare with "
                     r"\(pre-activation \w+ \S+ × over 9 layers, \S+ × a "
                     r"layer; delta \w+ .* a layer\)$", second)


def test_files_of_an_older_program(verdicts, tmp_path):
    """What a file does not have, no verdict reads."""
    verdicts(activation="tanh", init="constant")
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        for name in ("log10_pre_activation_unit_variance", "delta_abs_mean",
                     "log10_one_minus_cosine", "log10_weight_second_moment",
                     "log10_slope_second_moment"):
            del file["layers"][name]
        seal(file)
    (group,), _ = verdicts.read("a.h5")
    assert group["verdict"] == ["no theory"]


def test_the_help_says_the_thresholds(call):
    """It is made of the constants."""
    header = (ROOT / "src/report/verdict.h").read_text()
    constants = dict(re.findall(r"constexpr double (\w+) = (\S+);", header))
    page = call(["info", "--help"]).stdout.split("words")[1]
    meanings = dict(re.findall(r"^  (\S+(?: \S+)?)  +(.*)$", page, re.M))
    names = re.search(r"kFindingNames\[\] = {(.*?)}", header, re.S)[1]
    assert list(meanings) == re.findall('"(.*?)"', names)
    for word, text in (
            ("vanishes", f"{constants['kTrendFactor']} times"),
            ("explodes", f"{constants['kTrendFactor']} times"),
            ("dead", f"{100 * float(constants['kDeadFraction']):.0f} %"),
            ("saturated",
             f"{100 * float(constants['kSaturatedFraction']):.0f} %"),
            ("sparse gradient",
             f"{100 * float(constants['kSparseFraction']):.0f} %"),
            ("collapsed samples", f"10^{constants['kCollapsedDecades']}")):
        assert text in meanings[word]


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
