"""verify finds any change of what is stored; merge joins sound files alone."""

import json
import random
import shutil

import h5py
import numpy as np
import pytest

import initscope
from command_line import CANNOT_CREATE, DATA, IO, TINY, USAGE
from compare_programs import contents
from initscope.seal import seal

SEEDS = ["--seed", "range(0, 3)"]


@pytest.fixture
def good(call, tmp_path):
    call(["run", *TINY, *SEEDS, "--activation", "tanh, relu", "--output",
          "a.h5"])
    return tmp_path / "a.h5"


def data_of(path):
    """The values of every data set, without attributes."""
    return {place: value for place, value in contents(path).items()
            if "@" not in place}


def test_a_sound_file(good, call):
    said = call(["verify", "a.h5"]).stdout
    assert said.splitlines()[0] == "a.h5: sound"
    assert "6 runs of 6 planned, 6 complete; 18 rows of layers" in said
    found = json.loads(call(["verify", "a.h5", "--json"]).stdout)
    assert found["ok"] and found["problems"] == [] and found["runs"] == 6
    assert found["status"] == {"complete": 6, "diverged": 0, "failed": 0}


@pytest.mark.parametrize("command", [
    ["train", *TINY, "--steps", "3"], ["trace", *TINY], ["theory", *TINY],
    ["attention", "--d-k", "4", "--tokens", "4"]])
def test_files_of_every_command(call, command):
    call([*command, "--output", "a.h5"])
    assert call(["verify", "a.h5"]).stdout.startswith("a.h5: sound\n")


def test_any_change_is_found(good, call):
    """A flipped bit, also of what HDF5 does not read or reads elsewhere."""
    whole = good.read_bytes()
    line = whole.rindex(b"\ninitscope sha256 ")
    assert line == len(whole) - 83
    draw = random.Random(7)
    for at in [*(draw.randrange(line) for _ in range(40)), len(whole) - 2]:
        damaged = bytearray(whole)
        damaged[at] ^= 1 << draw.randrange(7)
        good.write_bytes(damaged)
        done = call(["verify", "a.h5"], expect=DATA)
        assert "a.h5: " in done.stdout, at
    # A line of another kind is none; all that is stored has its own digests.
    good.write_bytes(whole.replace(b"initscope sha256", b"initscope sha255"))
    assert call(["verify", "a.h5"]).stdout.startswith("a.h5: sound\n")


def test_a_file_that_is_changed_on_purpose(good, call):
    """HDF5 drops the digest of the bytes; the other digests remain."""
    with h5py.File(good, "r+") as file:
        file["layers/layer"][0] = 1
    done = call(["verify", "a.h5"], expect=DATA)
    assert "its bytes" not in done.stdout and "/layers/layer" in done.stdout
    with h5py.File(good, "r+") as file:
        seal(file)
    assert call(["verify", "a.h5"]).stdout.startswith("a.h5: sound\n")


def test_a_reference_has_its_name(good, call):
    """A digest has no values of references, but HDF5's own alone are none."""
    for name in (b"DIMENSION_LIST", b"REFERENCE_LIST"):
        whole = good.read_bytes()
        assert name in whole
        good.write_bytes(whole.replace(name, name[:-4] + b"LOST"))
        assert call(["verify", "a.h5"], expect=DATA).stderr == ""
        with pytest.raises(initscope.ScriptError, match="does not agree"):
            initscope.read(good)
        good.write_bytes(whole)


def test_a_column_has_its_scale(good, call):
    """References have no digest."""
    kind = h5py.vlen_dtype(h5py.ref_dtype)
    with h5py.File(good, "r+") as file:
        elsewhere = np.empty(1, kind)
        elsewhere[0] = np.array([file["layers/step"].ref], h5py.ref_dtype)
        attributes = file["layers/layer"].attrs
        del attributes["DIMENSION_LIST"]
        attributes.create("DIMENSION_LIST", elsewhere, dtype=kind)
    done = call(["verify", "a.h5"], expect=DATA)
    assert "/layers/layer is damaged: nothing ties it" in done.stdout


def test_a_file_that_is_cut(good, call):
    whole = good.read_bytes()
    for size in range(0, len(whole), max(1, len(whole) // 40)):
        good.write_bytes(whole[:size])
        done = call(["verify", "a.h5"], expect=None)
        assert done.returncode == DATA, (size, done.stdout, done.stderr)
        assert call(["merge", "b.h5", "a.h5"], expect=DATA).stderr.count(
            "\n") == 1


def test_what_is_no_results_file(call, tmp_path):
    (tmp_path / "a.csv").write_text("1,2\n")
    assert "not HDF5" in call(["verify", "a.csv"], expect=DATA).stdout
    assert "no.h5" in call(["verify", "no.h5"], expect=IO).stderr
    assert "verify needs a results file" in call(["verify"],
                                                 expect=USAGE).stderr


def test_sweeps_are_joined(call, tmp_path):
    """Two sweeps joined are the one that has all of their runs."""
    keys = ["--depth", "3", "--batch", "4"]
    call(["run", *keys, *SEEDS, "--width", "8, 12", "--output", "all.h5"])
    call(["run", *keys, *SEEDS, "--width", "8", "--output", "a.h5"])
    call(["run", *keys, "--width", "8, 12", "--seed", "0, 1", "--output",
          "b.h5"])
    call(["run", *keys, *SEEDS, "--width", "12", "--output", "c.h5"])
    said = call(["merge", "joined.h5", "a.h5", "b.h5", "c.h5"]).stderr
    assert "6 runs of 3 files (4 were there twice)" in said
    expected, found = data_of(tmp_path / "all.h5"), data_of(
        tmp_path / "joined.h5")
    assert found.keys() == expected.keys()
    # In b, the runs of width 12 come in another order.
    said = call(["merge", "joined.h5", "a.h5", "c.h5", "--force", "--json"])
    assert json.loads(said.stdout) == {
        "output": "joined.h5", "runs": 6, "files": 2, "duplicates_dropped": 0}
    found = data_of(tmp_path / "joined.h5")
    # In these, too, a.h5 and c.h5 differ; nobody swept them.
    assert found.keys() - expected.keys() == {
        "layers/input_width", "layers/output_width", "layers/shape"}
    assert {place: found[place] for place in expected} == expected
    call(["verify", "joined.h5"])


def test_joined_sweeps_keep_their_data(call, tmp_path):
    for name, rows in ("a", "1,2\n3,4\n"), ("b", "5,6\n7,9\n"):
        (tmp_path / f"{name}.csv").write_text(rows)
        call(["run", "--depth", "2", "--width", "4", "--batch", "2", "--input",
              f"{name}.csv", "--output", f"{name}.h5"])
    call(["merge", "joined.h5", "b.h5", "a.h5"])
    with h5py.File(tmp_path / "joined.h5") as file:
        paths = file["inputs/path"].asstr()[:]
        index = file["runs/input_index"][:]
        assert list(paths[index]) == ["b.csv", "a.csv"]
        assert list(file["runs/input"].asstr()[:]) == ["b.csv", "a.csv"]


def test_what_cannot_be_joined(good, call, tmp_path):
    shutil.copy(good, tmp_path / "b.h5")
    call(["attention", "--d-k", "4", "--tokens", "4", "--output", "c.h5"])
    said = call(["merge", "x.h5", "a.h5", "c.h5"], expect=DATA).stderr
    assert "of another command" in said
    said = call(["merge", "b.h5", "a.h5"], expect=CANNOT_CREATE).stderr
    assert "exists already" in said
    said = call(["merge", "a.h5", "a.h5", "--force"],
                expect=CANNOT_CREATE).stderr
    assert "own inputs" in said
    assert "merge needs the file to write" in call(["merge", "x.h5"],
                                                   expect=USAGE).stderr
    assert not (tmp_path / "x.h5").exists()
