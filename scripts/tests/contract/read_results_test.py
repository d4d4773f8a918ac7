"""What `initscope info` says of results files, odd files and training."""

import gzip
import json
import os
import re
import shutil
import subprocess

import h5py
import numpy as np
import pytest

from command_line import DATA, IO
from initscope.seal import CONTENTS, seal

SMALL = "--depth 3 --width 6 --batch 8 --quiet".split()


@pytest.fixture
def good(call, tmp_path):
    call(["run", *SMALL, "--activation", "tanh, relu", "--seed", "0, 1, 2",
          "--output", "a.h5"])
    return tmp_path / "a.h5"


@pytest.fixture
def info(call):
    def read(path="a.h5"):
        return (call(["info", path]).stdout,
                json.loads(call(["info", path, "--json"]).stdout))
    return read


@pytest.fixture
def edit(good, refuse):
    """edit(change, patterns, sealed=True): info refuses the changed file."""
    def check(change, patterns, sealed=True):
        with h5py.File(good, "r+") as file:
            change(file)
            if sealed:
                seal(file)
        for options in ([], ["--json"]):
            refuse(["info", "a.h5", *options], DATA, [r"a\.h5: ", *patterns])
    return check


# --- groups, steps and training

def medians_of(file, rows):
    """Of the rows' runs: first and last hidden layer, and delta's ratio."""
    layers = {name: file["layers"][name][()][rows]
              for name in ("layer", "log10_activation_variance",
                           "log10_delta_second_moment")}
    output = layers["layer"].max()

    def median(name, layer):
        return layers[name][layers["layer"] == layer]
    return [np.median(values) for values in (
        median("log10_activation_variance", 1),
        median("log10_activation_variance", output - 1),
        median("log10_delta_second_moment", 1)
        - median("log10_delta_second_moment", output))]


def test_medians_do_not_mix_steps(call, info, tmp_path):
    call(["train", *SMALL, "--seed", "0, 1, 2", "--steps", "7", "--record",
          "1, 3, 7", "--output", "a.h5", "--input", "fashion-mnist-sample",
          "--learning-rate", "0.3"])
    text, document = info()
    assert [(g["step"], g["runs"]) for g in document["groups"]] == [
        (1, 3), (7, 3)]
    with h5py.File(tmp_path / "a.h5") as file:
        for group in document["groups"]:
            rows = file["layers/step"][:] == group["step"]
            np.testing.assert_allclose(
                list(group.values())[-3:], medians_of(file, rows), rtol=1e-12)
            first = 10 ** group["log10_activation_variance_first_hidden"]
            assert re.search(rf"\s3\s+{group['step']}\s+{first:.3g}\s", text)


def test_medians_do_not_mix_keys(call, info, tmp_path):
    """Groups are those of the verdicts: only seeds are pooled."""
    call(["run", *SMALL, "--gain", "0.5, 2", "--seed", "0, 1, 2",
          "--data-seed", "0, 1", "--output", "a.h5"])
    _, document = info()
    assert len(document["groups"]) == 2
    assert ([g["keys"] for g in document["groups"]]
            == [g["keys"] for g in document["verdicts"]])
    with h5py.File(tmp_path / "a.h5") as file:
        for group in document["groups"]:
            assert group["runs"] == 6
            rows = file["layers/gain"][:] == float(group["keys"]["gain"])
            np.testing.assert_allclose(
                list(group.values())[-3:], medians_of(file, rows), rtol=1e-12)


def test_loss_and_accuracy_of_training(call, info, tmp_path):
    call(["train", *SMALL, "--seed", "0, 1, 2", "--steps", "5", "--output",
          "a.h5", "--input", "fashion-mnist-sample", "--learning-rate",
          "0.1, 0.3"])
    text, document = info()
    with h5py.File(tmp_path / "a.h5") as file:
        steps = {name: data[()] for name, data in file["steps"].items()}
    assert len(document["training"]) == 2
    for group in document["training"]:
        assert (group["runs"], group["diverged"], group["last_step"]) == (
            3, 0, 5)
        mine = steps["learning_rate"] == float(group["keys"]["learning_rate"])
        for key, column in (("loss", "loss_value"), ("accuracy", "accuracy")):
            for end, step in (("first", 0), ("last", 5)):
                assert group[f"{key}_{end}"] == np.median(
                    steps[column][mine & (steps["step"] == step)])
        assert (f"loss {group['loss_first']:.4g} → {group['loss_last']:.4g}, "
                f"accuracy {group['accuracy_first']:.4g} → "
                f"{group['accuracy_last']:.4g} in 5 steps\n") in text


def test_training_that_diverges_on_its_way(call, info):
    call(["train", *SMALL, "--activation", "linear", "--loss", "mse",
          "--steps", "60", "--learning-rate", "20", "--gain", "3",
          "--output", "a.h5", "--seed", "range(0, 4)"], expect=1)
    text, document = info()
    (group,) = document["training"]
    assert group["diverged"] == group["runs"] == 4
    assert group["loss_last"] == "NaN" and group["loss_first"] > 0
    first = group["first_diverged_at_step"]
    last = group["last_diverged_at_step"]
    assert 0 < first <= last < 60
    assert "4 of 4 runs diverged at step " + (
        f"{first}" if first == last else f"{first} … {last}") in text


def test_training_that_diverges_at_once(call, info):
    done = call(["train", *SMALL, "--gain", "1e100", "--loss", "mse",
                 "--steps", "3", "--output", "a.h5"], expect=1)
    assert done.stderr == (
        "initscope: every run diverged; a.h5 holds what was before\n")
    text, document = info()
    assert document["rows"] == 0 and document["groups"] == []
    (group,) = document["training"]
    assert (group["diverged"], group["first_diverged_at_step"]) == (1, 0)
    assert document["verdicts"][0]["verdict"] == []
    assert "1 of 1 run diverged at step 0" in text
    assert "no step was recorded" in text and "1 not judged" in text


def test_training_that_diverges_where_nothing_was_recorded(call, info):
    call(["train", *SMALL, "--gain", "1e30", "--weight-decay", "1e10",
          "--steps", "3", "--record", "3", "--output", "a.h5"], expect=1)
    text, document = info()
    assert document["rows"] == 0
    assert "1 of 1 run diverged at step 1" in text


def test_training_of_which_a_part_diverges(call, info):
    call(["train", *SMALL, "--loss", "mse", "--gain", "1, 1e100", "--output",
          "a.h5", "--steps", "3"])
    _, document = info()
    assert [g["diverged"] for g in document["training"]] == [0, 1]
    assert [g["runs"] for g in document["groups"]] == [1, 1]


def test_large_seeds_and_near_gains_are_told_apart(call, info):
    call(["run", *SMALL, "--seed", "18446744073709551615", "--gain",
          "1.0000001, 1.0000002", "--output", "a.h5"])
    _, document = info()
    assert document["keys"]["seed"] == "18446744073709551615"
    assert [g["keys"]["gain"] for g in document["verdicts"]] == [
        "1.0000001", "1.0000002"]


# --- files that are open elsewhere, or cannot be locked

def test_a_file_that_a_notebook_holds(good, info):
    expected = info()
    for mode in ("r", "r+"):
        with h5py.File(good, mode):
            assert info() == expected


def test_a_file_system_without_locks(good, call, tmp_path):
    (tmp_path / "no_locks.c").write_text(
        "#include <errno.h>\n"
        "int flock(int f, int op) { (void)f; (void)op; errno = ENOLCK; "
        "return -1; }\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", "no_locks.so",
                    "no_locks.c"], cwd=tmp_path, check=True)
    said = call(["info", "a.h5"]).stdout
    assert said == call(["info", "a.h5"], env={
        **os.environ, "LD_PRELOAD": str(tmp_path / "no_locks.so")}).stdout


# --- what is no results file

OTHERS = {
    "a.csv": (b"a,b\n1,2\n", "a text file, not HDF5"),
    "a.ini": (b"depth = 2\n", "an experiment, not results; 'initscope run'"),
    "a.gz": (gzip.compress(b"x" * 99),
             "gzip data, not an HDF5 file; unpack it first"),
    "empty.h5": (b"", "the file is empty"),
    "a.npy": (b"\x93NUMPY\x01\x00", "a NumPy array, not an HDF5 file"),
    "cut.h5": (b"\x89HDF\r\n", "cut short"),
    "noise.h5": (bytes(range(256)) * 9, "not an HDF5 file"),
    "head.h5": (b"\x89HDF\r\n\x1a\n" + b"\x07" * 99, "HDF5 cannot open it: "),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_files(refuse, tmp_path, name):
    content, pattern = OTHERS[name]
    (tmp_path / name).write_bytes(content)
    refuse(["info", name], DATA, [rf"{re.escape(name)}: .*{pattern}"])


def test_a_cut_file_has_hdf5s_reason(good, refuse):
    good.write_bytes(good.read_bytes()[:-100])
    refuse(["info", "a.h5"], DATA, ["truncated file: eof = "])


def test_hdf5_of_others(refuse, tmp_path):
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["x"] = np.zeros(3)
    refuse(["info", "b.h5"], DATA, ["not of initscope's results"])


def test_folders_and_pipes(refuse, call, tmp_path):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    refuse(["info", "folder"], IO, ["it is a folder"])
    refuse(["info", "pipe"], IO, ["it is a pipe or a device"])
    refuse(["info", "/dev/zero"], IO, ["it is a pipe or a device"])
    done = call(["info", "/dev/stdin"], expect=IO, input="nothing")
    assert "it is a pipe or a device" in done.stderr


def test_a_newer_format(edit):
    edit(lambda file: file.attrs.modify("format_version", 999),
         ["format version 999", "knows none beyond 1"])


# --- text from a file

ESCAPES = "\x1b]0;owned\x07\u009b31m\n\u202etxt.h5"


def test_escape_sequences_stay_in_the_file(good, info):
    with h5py.File(good, "r+") as file:
        file.attrs["name"] = ESCAPES
        file.attrs["host"] = np.bytes_(b"na\xefve\x1b[2J")
        shapes = file["runs/shape"]
        shapes[...] = [f"{ESCAPES}{i % 2}" for i in range(len(shapes))]
        seal(file)
    text, document = info()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    assert "?]0;owned??31m??txt.h5" in text and "na\\xefve?[2J" in text
    assert document["host"] == "na\\xefve?[2J"
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", json.dumps(
        document, ensure_ascii=False))


# --- hostile and damaged files

def longer(name):
    def change(file):
        values = np.concatenate([file[name][:]] * 2)
        attributes = dict(file[name].attrs)
        del file[name]
        file[name] = values
        for key in ("long_name", "flag_values", "flag_meanings"):
            if key in attributes:
                file[name].attrs[key] = attributes[key]
    return change


@pytest.mark.parametrize("name", [
    "layers/log10_delta_second_moment", "layers/layer", "layers/run_index",
    "layers/theory_log10_delta_second_moment", "layers/saturated_fraction",
    "layers/delta_non_finite", "runs/seed", "runs/depth", "runs/activation",
    "runs/gain"])
def test_columns_of_other_lengths(edit, name):
    edit(longer(name), [f"/{name} has .* values and|and /{name}|/{name}"])


@pytest.mark.parametrize("count, chunks", [
    (10**9, None), (10**9, (2**20,)), (2**50, (2**20,))])
def test_extents_beyond_the_file(edit, count, chunks):
    def change(file):
        del file["layers/layer"]
        data = file.create_dataset("layers/layer", (count,), "<i8",
                                   chunks=chunks)
        data.attrs["sha256"] = "0" * 64
        del file.attrs[CONTENTS]
        file.attrs["numerics_version"] = 3  # which had none
    edit(change, ["layers/layer says that it has .* not in the file"],
         sealed=False)


@pytest.mark.parametrize("dtype", ["<f4", ">i8", "<i4", "S4", ">f8"])
def test_columns_of_other_types(edit, dtype):
    def change(file):
        values = file["layers/layer"][:]
        del file["layers/layer"]
        file["layers/layer"] = values.astype(dtype)
    edit(change, ["layers/layer is of a type that results do not have"])


@pytest.mark.parametrize("link, pattern", [
    (h5py.SoftLink("/layers/fan_in"), "links elsewhere|link elsewhere"),
    (h5py.ExternalLink("b.h5", "/layers/layer"), "link"),
    (h5py.SoftLink("/layers/layer"), "link"),
])
@pytest.mark.parametrize("with_digest", [False, True])
def test_links(edit, tmp_path, good, link, pattern, with_digest):
    shutil.copy(good, tmp_path / "b.h5")

    def change(file):
        del file["layers/layer"]
        file["layers/layer"] = link
        if not with_digest:
            del file.attrs[CONTENTS]
            file.attrs["numerics_version"] = 3  # which had none
    edit(change, [pattern], sealed=False)


@pytest.mark.parametrize("change", [
    lambda file: file["layers"].move("delta_non_finite", "x"),
    lambda file: file["runs/activation"].attrs.modify(
        "flag_meanings", "relu linear"),
    lambda file: file.attrs.modify("host", "another"),
    lambda file: file.attrs.__setitem__("format_version", np.uint64(1)),
    lambda file: file.attrs.__setitem__("extra", 1),
    lambda file: file["layers"].__delitem__(
        "theory_log10_delta_second_moment"),
    lambda file: file["runs/gain"].attrs.modify("long_name", "gain"),
])
def test_names_and_attributes_are_vouched_for(edit, change):
    edit(change, ["damaged, or was changed"], sealed=False)


def test_values_are_vouched_for(edit):
    def change(file):
        file["runs/seed"][1] = 7
    edit(change, ["runs/seed is damaged: its values are not those"],
         sealed=False)


def test_a_column_without_a_digest(edit):
    def change(file):
        del file["runs/seed"].attrs["sha256"]
        del file.attrs[CONTENTS]
        file.attrs["numerics_version"] = 3  # which had none
    edit(change, ["runs/seed is damaged"], sealed=False)


def test_files_from_before_there_was_a_digest_of_all(good, info):
    expected = info()
    with h5py.File(good, "r+") as file:
        del file.attrs[CONTENTS]
        file.attrs["numerics_version"] = 3  # which had none
    assert info() == expected


@pytest.mark.parametrize("name, value, pattern", [
    ("runs/depth", 0, "does not match /runs"),
    ("runs/depth", -1, "negative"),
    ("layers/layer", 99, "does not match /runs"),
    ("layers/run_index", 2**62, "does not match /runs"),
    ("runs/activation", 255, "a code without a name"),
    ("runs/gain", np.nan, "runs/gain is not a number"),
])
def test_values_that_no_run_has(edit, name, value, pattern):
    def change(file):
        file[name][0] = value
    edit(change, [pattern])


def test_a_group_in_place_of_a_column(edit):
    def change(file):
        del file["layers/layer"]
        file["layers"].create_group("layer")
    edit(change, ["layers/layer is not a column"])


def test_attributes_of_other_types(edit):
    edit(lambda file: file.attrs.__setitem__("host", np.arange(300)),
         ["attribute host of / is not a single value"])


def test_numbers_in_place_of_a_text(edit):
    edit(lambda file: file.attrs.__setitem__("host", 7),
         ["attribute host of / is not a text"])
