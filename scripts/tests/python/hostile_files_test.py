"""What the plot programs make of files that are damaged, hostile or others.

The thousand mutations are in hostile_files_scan_test.py.
"""

import os
import subprocess

import h5py
import numpy as np
import pytest

import hostile_files
import initscope
from initscope import hdf5_file
from initscope.command import BAD_DATA, IO_ERROR, ScriptError
from initscope.seal import seal
from plot_harness import SCRIPT, load, run_script, write_file
from warm_python import run_warm

SCRIPTS = [SCRIPT.with_name(f"{name}.py") for name in hostile_files.PROGRAMS]
GRID = ("--init lecun_normal --gain 1,1.5 --bias-std 0,0.5 --depth 4 --width "
        "8 --batch 4 --seed 0,1").split()


@pytest.fixture(scope="module")
def good(program, tmp_path_factory):
    """A phase diagram's file, which every program can read."""
    path = tmp_path_factory.mktemp("good") / "good.h5"
    subprocess.run([program, "run", *GRID, "--output", path, "--quiet"],
                   check=True)
    return path


def test_mutations_are_noticed(good):
    assert hostile_files.check_mutations(good, 16, seed=1) > 8


def change(good, tmp_path, action, sealed=True):
    """A copy of the good file after action(file), with right digests."""
    path = tmp_path / "changed.h5"
    path.write_bytes(good.read_bytes())
    with h5py.File(path, "r+") as file:
        action(file)
        if sealed:
            seal(file)
    return path


def replace(file, name, values, **options):
    attributes = dict(file[name].attrs)
    del file[name]
    data = file.create_dataset(name, data=values, **options)
    for key in set(attributes) & {"flag_meanings", "flag_values", "role",
                                  "sha256", "swept"}:
        data.attrs[key] = attributes[key]


def claim(file, name, rows):
    """A column whose extent says so many rows, and that holds next to none."""
    del file[name]
    file.create_dataset(name, (rows,), "f8", chunks=(1024,), compression=4)
    file[name].attrs["sha256"] = "0" * 64


def drop_depth(file):
    del file["runs/depth"]


@pytest.mark.parametrize("sealed, message, action", [
    (False, "contents_sha256", lambda f: f["runs/gain"].attrs.create(
        "long_name", "another")),
    (False, "/runs/gain does not agree with its digest",
     lambda f: f["runs/gain"].write_direct(np.full(8, 7.0))),
    (False, "contents_sha256", lambda f: claim(
        f, "layers/log10_delta_variance", 10**9)),
    (False, "contents_sha256", lambda f: f.attrs.pop("contents_sha256")),
    (True, "have different lengths", lambda f: replace(
        f, "layers/log10_delta_variance", np.zeros(3))),
    (True, "have different lengths", lambda f: replace(
        f, "runs/gain", np.zeros(3))),
    (True, "points outside /runs", lambda f: replace(
        f, "layers/run_index", np.full(40, 99))),
    (True, "not layers 0 to depth", lambda f: replace(
        f, "layers/layer", np.arange(40)[::-1])),
    (True, "not layers 0 to depth", lambda f: replace(
        f, "runs/depth", np.full(8, 3))),
    (True, "not layers 0 to depth", lambda f: replace(
        f, "layers/layer", np.full(40, 10**12))),
    (True, "points outside /runs", lambda f: replace(
        f, "layers/layer", np.full(40, np.nan))),
    (True, "codes without a name", lambda f: replace(
        f, "runs/init", np.full(8, 200, np.uint8))),
    (True, "codes without a name", lambda f: replace(
        f, "runs/init", np.full(8, 0.5))),
    (True, "/runs/gain is not there, or no number", lambda f: replace(
        f, "runs/gain", ["a"] * 8, dtype=h5py.string_dtype())),
    (True, "/runs/activation is not there, or no name", lambda f: replace(
        f, "runs/activation", np.zeros(8)) or f["runs/activation"].attrs.pop(
            "flag_meanings")),
    (True, "/runs/depth is not there", drop_depth),
    (True, "is not a column", lambda f: replace(
        f, "runs/gain", np.zeros((8, 2)))),
    (True, "has no group /layers", lambda f: f.pop("layers")),
    (True, "not an initscope results file", lambda f: f.attrs.create(
        "format", "another")),
])
def test_hostile_files_are_refused(good, tmp_path, sealed, message, action):
    path = change(good, tmp_path, action, sealed)
    for name, found in hostile_files.outcomes(path).items():
        assert isinstance(found, ScriptError), name
        assert found.code == BAD_DATA and message in str(found), found


def test_a_column_of_a_billion_rows_is_refused_unread(tmp_path, good):
    path = change(good, tmp_path, lambda f: claim(
        f, "layers/log10_delta_variance", 10**9), sealed=False)
    with h5py.File(path, "r+") as file:
        file.attrs["contents_sha256"] = hdf5_file.seal.contents_digest(file)
    done = run_script(path)
    assert done.returncode == 65 and done.stderr.count("\n") == 1
    assert "log10_delta_variance 1000000000" in done.stderr
    with pytest.raises(ScriptError, match="claims 1000000000 entries, more "
                       "than the file can hold"):
        hdf5_file.read(str(path), lambda file: file.column(
            "layers/log10_delta_variance"))


def test_strings_that_are_not_utf_8_are_carried(good, tmp_path):
    path = change(good, tmp_path, lambda f: replace(
        f, "runs/input", [b"a\xff$x$\x1b[31m.csv"] * 8,
        dtype=h5py.string_dtype()))
    results = initscope.read(str(path))
    assert set(results.runs["input"]) == {"a\\xff$x$\x1b[31m.csv"}
    done = run_script(path, "--color", "input")
    assert done.returncode == 0, done.stderr
    assert b"\x1b" not in path.with_name("changed_variance.svg").read_bytes()


@pytest.mark.parametrize("extract, message", [
    (lambda file: os.kill(os.getpid(), 11), "libhdf5 ends by SIGSEGV on it"),
    (lambda file: os.abort(), "libhdf5 ends by SIGABRT on it"),
    (lambda file: endless(), "libhdf5 does not come to an end on it"),
    (lambda file: bytearray(2**40), "takes more memory than a file"),
    (lambda file: file.table("nowhere"), "has no group /nowhere"),
    (lambda file: file.columns("runs")[99], "the file is damaged: list index"),
])
def test_whatever_the_reader_dies_of_is_one_line(good, monkeypatch, extract,
                                                 message):
    monkeypatch.setattr(hdf5_file, "SECONDS", 1)
    with pytest.raises(ScriptError) as error:
        hdf5_file.read(str(good), extract)
    assert error.value.code == BAD_DATA and message in str(error.value)


def endless():
    while True:
        pass


# --- files of other kinds

@pytest.fixture(scope="module")
def kinds(program, tmp_path_factory):
    """{kind: path} of one file of every command, and of none."""
    folder = tmp_path_factory.mktemp("kinds")
    small = "--depth 3 --width 4 --batch 4".split()
    for name, words in {
            "run": ["run", *small], "train": ["train", *small, "--steps", 2],
            "trace": ["trace", *small], "theory": ["theory", *small],
            "attention": ["attention", "--tokens", 4, "--d-k", 2],
            "diverged": ["train", *small, "--steps", 2, "--gain", 1e30,
                         "--weight-decay", 1e10]}.items():
        done = subprocess.run([program, *map(str, words), "--output",
                               folder / f"{name}.h5", "--quiet"], check=False)
        assert done.returncode == (name == "diverged")
    (folder / "empty.h5").write_bytes(b"")
    (folder / "table.csv").write_text("a,b\n1,2\n")
    return {path.stem: path for path in folder.iterdir()}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
@pytest.mark.parametrize("kind", ["run", "train", "trace", "theory",
                                  "attention", "diverged", "empty", "table"])
def test_files_of_every_kind(kinds, kind, script, tmp_path):
    done = run_warm(script, kinds[kind], "--output", tmp_path / "x")
    assert done.returncode in (0, 64, 65), done.stderr
    assert done.stderr.count("\n") == (done.returncode > 0), done.stderr
    if script.stem == "plot_variance":
        assert (done.returncode == 0) == (kind in (
            "run", "train", "trace", "theory", "diverged")) or (
                kind == "diverged" and "diverged" in done.stderr)
    elif kind == "theory":
        assert "theory alone, nothing measured" in done.stderr


def test_theory_alone_is_drawn(kinds, tmp_path):
    painter, table = load(str(kinds["theory"]))
    assert painter.results.theory_alone
    assert table["theory_log10"].notna().sum() > 10
    assert not table[["n_zero", "n_non_finite"]].to_numpy().any()
    delta = table[(table["quantity"] == "delta") & (table["output"] == 1)]
    assert abs(delta["theory_log10"]).max() < 1e-12  # relative to itself
    with pytest.raises(ScriptError, match="theory alone"):
        load(str(kinds["theory"]), theory=False)


def test_no_layers_at_all_is_said(tmp_path):
    """What a training writes whose runs all diverge before their first step."""
    path = write_file(tmp_path / "a.h5", [{}, {"seed": 1}])
    with h5py.File(path, "r+") as file:
        del file["layers"]
        file.create_group("layers")["row"] = np.zeros(0)
        data = file["runs"].create_dataset("status", data=np.uint8([1, 1]))
        data.attrs["flag_meanings"] = "complete diverged"
        seal(file)
    done = run_script(path)
    assert done.returncode == 65 and done.stderr == (
        f"plot_variance.py: {path}: has no layers: 2 of 2 runs diverged "
        f"before their first step\n")


def test_places_that_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, message in ((tmp_path / "pipe", "is no regular file"),
                          (tmp_path, "is a folder"),
                          ("/dev/null", "is no regular file"),
                          (tmp_path / "no", "no such file")):
        done = run_script(str(path))
        assert done.returncode == IO_ERROR and message in done.stderr
        assert done.stderr.count("\n") == 1
