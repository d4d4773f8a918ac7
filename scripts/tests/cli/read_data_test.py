"""What data files say is what is read, and the user is told how.

`plan` and the commands that compute print samples × features, mean, standard
deviation and classes with their counts, and what may not be as meant.
"""

import gzip
import io
import json
import os

import h5py
import numpy as np
import pytest

from command_line import CSV, write

RANDOM = np.random.default_rng(7)
ROWS = RANDOM.normal(3, 2, (60, 3))
WORDS = ["setosa", "versicolor", "virginica"]
KINDS = RANDOM.integers(0, 3, 60)
COMMANDS = {"run": [], "train": ["--steps", 2], "trace": [], "theory": [],
            "gradcheck": []}


def npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def csv(rows, header=""):
    buffer = io.StringIO()
    np.savetxt(buffer, rows, fmt="%.17g", delimiter=",", header=header,
               comments="")
    return buffer.getvalue()


@pytest.fixture
def read(call, tmp_path):
    """read(files, *flags) -> what `plan --json` says of the one data set."""
    def plan(files, *keys):
        write(tmp_path, files)
        done = call(["plan", "--json", "--depth", 2, "--width", 4, "--batch", 2,
                     *keys])
        assert done.stderr == ""
        plan.runs = json.loads(done.stdout)["run"]
        (found,) = json.loads(done.stdout)["inputs"]
        return found
    return plan


def labels_of(found):
    return {c.get("name", c["label"]): c["samples"] for c in found["classes"]}


# --- the report

def test_says_what_was_read(read):
    found = read({"x.csv": csv(np.column_stack([ROWS, KINDS]), "a,b,c,y")},
                 "--input", "x.csv", "--labels", "column:y")
    assert (found["samples"], found["features"]) == (60, 3)
    assert found["mean"] == pytest.approx(ROWS.mean(), rel=1e-14)
    assert found["standard_deviation"] == pytest.approx(ROWS.std(), rel=1e-14)
    assert labels_of(found) == {k: int((KINDS == k).sum()) for k in range(3)}
    assert found["notes"] == []


@pytest.mark.parametrize("command", ["plan", *COMMANDS])
def test_every_command_tells(call, tmp_path, command):
    write(tmp_path, {"x.csv": CSV})
    keys = [command, "--depth", 2, "--width", 4, "--batch", 4, "--input",
            "x.csv", "--labels", "column:y", *COMMANDS.get(command, [])]
    done = call(keys)
    told = done.stdout if command == "plan" else done.stderr
    assert "x.csv: 4 samples × 2 features, mean 4.5, standard dev" in told
    assert "2 classes: 0 (2), 1 (2)" in told
    if command != "plan":
        assert "samples ×" not in call([*keys, "--quiet", "--output", "q.h5"]
                                       ).stderr
    if command in ("run", "train"):
        found = json.loads(call([*keys, "--json", "--output", "j.h5"]).stdout)
        assert found["inputs"][0]["samples"] == 4


def test_drawn_inputs_need_no_words(call):
    done = call(["run", "--depth", 2, "--width", 4, "--batch", 4])
    assert "samples ×" not in done.stderr


@pytest.mark.parametrize("exponent", [-320, -300, -163, -155, 0, 153, 155, 307])
def test_mean_and_deviation_up_to_the_limits_of_double(read, exponent):
    rows = np.array([[1, 2], [3, -4]]) * (10.0 ** exponent)
    found = read({"x.npy": npy(rows)}, "--input", "x.npy")
    scale = np.abs(rows).max()
    assert found["mean"] == pytest.approx((rows / scale).mean() * scale)
    assert found["standard_deviation"] == pytest.approx(
        (rows / scale).std() * scale)


# --- guesses that are said, or refused

def note_of(found):
    (note,) = found["notes"]
    return note


def test_bytes_are_divided_by_255(read):
    found = read({"x.npy": npy(np.full((4, 2), 51, np.uint8))},
                 "--input", "x.npy")
    assert found["divided_by_255"] and found["mean"] == pytest.approx(0.2)
    assert note_of(found) == "bytes (uint8) are divided by 255"


@pytest.mark.parametrize("labels, gap", [
    ([1, 2, 3, 1], "these 3 classes give 4 outputs, 0 … 3; classes = 1,2,3 "),
    ([0, 2, 0, 2], "these 2 classes give 3 outputs, 0 … 2; classes = 0,2 "),
    ([0, 1, 0, 1], "")])
def test_labels_with_gaps(read, labels, gap):
    files = {"x.npy": npy(ROWS[:4]), "y.npy": npy(np.array(labels))}
    keys = ["--input", "x.npy", "--labels", "y.npy"]
    found = read(files, *keys)
    assert gap in note_of(found) if gap else found["notes"] == []
    if gap:
        kept = ",".join(map(str, sorted(set(labels))))
        assert read(files, *keys, "--classes", kept)["notes"] == []
        assert f"x{len(set(labels))}\n" in read.runs[0]["configuration"]


def test_matlab_writes_arrays_transposed(read, tmp_path):
    with h5py.File(tmp_path / "x.mat", "w", userblock_size=512) as file:
        file["X"] = ROWS.T
        file["X"].attrs["MATLAB_class"] = np.bytes_("double")
    with open(tmp_path / "x.mat", "r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64")
    found = read({}, "--input", "x.mat:/X")
    assert (found["samples"], found["features"]) == (3, 60)
    assert "in MATLAB its size is 60 × 3; if its rows are" in note_of(found)


@pytest.mark.parametrize("name", ["x.mat", "x.data", "x", "x.nc", "x.h5.old"])
@pytest.mark.parametrize("packed", [False, True])
def test_hdf5_by_content(read, call, tmp_path, name, packed):
    with h5py.File(tmp_path / name, "w") as file:
        file["deep/X"] = ROWS
    if packed:
        content = (tmp_path / name).read_bytes()
        write(tmp_path, {name: gzip.compress(content)})
    assert read({}, "--input", f"{name}:/deep/X")["samples"] == 60
    done = call(["plan", "--input", name], expect=65)
    assert (f"name a dataset, as in '{name}:/images'; the file has"
            in done.stderr)


def test_npy_by_content(read):
    assert read({"x.csv": npy(ROWS)}, "--input", "x.csv")["samples"] == 60


def test_columns_that_are_no_features(read):
    rows = np.column_stack([np.arange(60), ROWS, KINDS])
    found = read({"x.csv": csv(rows, "n,a,b,c,Label")}, "--input", "x.csv")
    assert any("column 'Label' is read as a feature; with labels = column:Label"
               in note for note in found["notes"])
    assert any("column 0 (counted from 0) counts the samples from 0" in note
               for note in found["notes"])


def test_pandas_header(call, tmp_path):
    write(tmp_path, {"x.csv": csv(ROWS, "0,1,2")})
    done = call(["plan", "--batch", 4, "--input", "x.csv"], expect=65)
    assert "x.csv:1: line 1 (0, …, 2) counts the columns" in done.stderr
    assert "header=False" in done.stderr


# --- labels

LABELS = {
    "numbers": csv(KINDS[:, None]),
    "numbers_with_header": csv(KINDS[:, None], "kind"),
    "floats": "".join(f"{k}.0\n" for k in KINDS),
    "quoted": "".join(f'"{k}"\n' for k in KINDS),
    "words": "".join(WORDS[k] + "\n" for k in KINDS),
    "words_with_header": "species\n" + "".join(f'"{WORDS[k]}"\n'
                                               for k in KINDS),
    "words_crlf": "species\r\n" + "".join(WORDS[k] + "\r\n" for k in KINDS),
    "one_hot": csv(np.eye(3)[KINDS]),
    "one_hot_with_header": csv(np.eye(3)[KINDS], "a,b,c"),
}


@pytest.mark.parametrize("name", LABELS)
def test_spellings_of_labels(read, name):
    found = read({"x.npy": npy(ROWS), "y.csv": LABELS[name]},
                 "--input", "x.npy", "--labels", "y.csv")
    names = WORDS if name.startswith("words") else range(3)
    assert labels_of(found) == {n: int((KINDS == k).sum())
                                for k, n in enumerate(names)}


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float32])
def test_one_hot_arrays(read, dtype):
    found = read({"x.npy": npy(ROWS),
                  "y.npy": npy(np.eye(3, dtype=dtype)[KINDS])},
                 "--input", "x.npy", "--labels", "y.npy")
    assert labels_of(found) == {k: int((KINDS == k).sum()) for k in range(3)}
    assert note_of(found) == "labels are one-hot rows of 3 columns"


def test_column_of_words_trains_as_its_numbers(call, tmp_path):
    write(tmp_path, {
        "words.csv": "a,b,kind\n" + "".join(
            f"{a:.17g},{b:.17g},{WORDS[k]}\n"
            for (a, b, _), k in zip(ROWS, KINDS)),
        "codes.csv": "a,b,kind\n" + "".join(
            f"{a:.17g},{b:.17g},{k}\n" for (a, b, _), k in zip(ROWS, KINDS))})
    ids = []
    for name in ("words", "codes"):
        done = call(["plan", "--json", "--depth", 2, "--batch", 60, "--input",
                     f"{name}.csv", "--labels", "column:kind"])
        ids.append(json.loads(done.stdout)["run"][0]["run_id"])
    assert ids[0] == ids[1]


# --- number types

@pytest.mark.parametrize("dtype", ["?", "i1", "<i4", ">i8", "<f2", ">f2", "<f4",
                                   ">f8"])
@pytest.mark.parametrize("suffix", ["npy", "h5"])
def test_number_types(read, tmp_path, dtype, suffix):
    rows = (ROWS * 2).astype(dtype)
    if suffix == "npy":
        write(tmp_path, {"x.npy": npy(rows)})
    else:
        with h5py.File(tmp_path / "x.h5", "w") as file:
            file["x"] = rows
    path = "x.npy" if suffix == "npy" else "x.h5:/x"
    found = read({}, "--input", path)
    assert found["mean"] == pytest.approx(rows.astype(float).mean(), rel=1e-13)
    assert found["standard_deviation"] == pytest.approx(
        rows.astype(float).std(), rel=1e-13)


def test_line_ends_and_small_numbers(read):
    text = "1,2\n3,1e-400\n"
    for end in ("\n", "\r\n", "\r"):
        found = read({"x.csv": text.replace("\n", end)}, "--input", "x.csv")
        assert (found["samples"], found["mean"]) == (2, 1.5)


# --- paths

@pytest.mark.parametrize("name", ["a,b.csv", "a(b.csv", 'say "x",y.csv',
                                  "a, b #1.csv", "ümlaut, ß.csv"])
def test_paths_in_quotation_marks(call, tmp_path, name):
    quoted = '"' + name.replace('"', '""') + '"'
    write(tmp_path, {name: CSV, "plain.csv": CSV,
                     "exp.ini": f"depth = 2\nbatch = 2\n"
                                f"input = {quoted}, plain.csv  # two\n"
                                f"labels = column:y\n"})
    found = json.loads(call(["plan", "exp.ini", "--json"]).stdout)
    assert [i["path"] for i in found["inputs"]] == [name, "plain.csv"]
    done = call(["plan", "--depth", 2, "--batch", 2, "--input", quoted,
                 "--json"])
    assert json.loads(done.stdout)["inputs"][0]["path"] == name


def test_data_from_a_pipe(call, tmp_path):
    read_end, write_end = os.pipe()
    os.write(write_end, CSV.encode())
    os.close(write_end)
    done = call(["plan", "--depth", 2, "--batch", 2, "--input",
                 f"/dev/fd/{read_end}"], expect=65, pass_fds=[read_end])
    os.close(read_end)
    assert "unknown data format" in done.stderr
