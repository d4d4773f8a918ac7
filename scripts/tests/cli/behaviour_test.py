"""Good command lines and experiment files are served."""

import json
import os
import pty
import re
import subprocess

import h5py
import numpy as np
import pytest

from command_line import CSV, TINY, USAGE, write


@pytest.mark.parametrize("command", ["run", "plan", "trace", "list", "info"])
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help(call, command, flag):
    done = call([command, flag])
    assert done.stdout.startswith(f"initscope {command} ")
    assert done.stderr == ""


def test_help_of_the_program(call):
    for flag in ("--help", "-h", "help"):
        assert "COMMAND" in call([flag]).stdout
    done = call([], expect=USAGE)
    assert "COMMAND" in done.stderr and done.stdout == ""


def test_version(call):
    assert re.match(r"initscope \d+\.\d+\.\d+ \(commit ",
                    call(["--version"]).stdout)


def test_list(call):
    topics = ["keys", "activations", "inits", "losses", "inputs", "statistics"]
    assert list(json.loads(call(["list", "--json"]).stdout)) == topics
    everything = call(["list"]).stdout
    for topic in topics:
        done = call(["list", topic])
        assert done.stdout in everything and done.stderr == ""
        rows = json.loads(call(["list", topic, "--json"]).stdout)[topic]
        assert len({row["name"] for row in rows}) == len(rows)
        for row in rows:
            assert row["name"] in done.stdout


def test_json_on_stdout_and_summary_on_stderr(call, tmp_path):
    done = call(["run", *TINY, "--seed", "0, 1", "--json"])
    said = json.loads(done.stdout)
    assert (said["output"], said["runs"]) == ("results/experiment.h5", 2)
    assert re.match(r"2 runs in .* -> results/experiment\.h5", done.stderr)
    assert (tmp_path / said["output"]).is_file()
    for command in (["plan", *TINY], ["info", said["output"]],
                    ["trace", *TINY]):
        json.loads(call([*command, "--json"]).stdout)


def test_quiet(call):
    for command in ("run", "trace"):
        done = call([command, *TINY, "--quiet"])
        assert (done.stdout, done.stderr) == ("", "")


def test_no_progress_into_a_pipe(call):
    done = call(["run", *TINY, "--seed", "range(0, 200)"])
    assert "\r" not in done.stderr and "\x1b" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def on_terminal(program, arguments, cwd, **environment):
    """What the program writes to a terminal as its stderr."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [program, *arguments], cwd=cwd, stdout=subprocess.DEVNULL,
        stderr=theirs, env={**os.environ, "TERM": "xterm", **environment})
    os.close(theirs)
    text = b""
    try:
        while chunk := os.read(ours, 4096):
            text += chunk
    except OSError:  # how Linux says that the other end is closed
        pass
    os.close(ours)
    assert process.wait() == 0
    return text.decode()


def test_progress_on_a_terminal(program, tmp_path):
    sweep = ["run", *TINY, "--seed", "range(0, 200)", "--force"]
    text = on_terminal(program, sweep, tmp_path)
    assert "0 of 200 runs (0 %)" in text
    longer = ["run", "--depth", "20", "--width", "200", "--seed",
              "range(0, 60)", "--force"]
    assert re.search(r"\d+ of 60 runs \(\d+ %\), [\d.]+ GFLOP/s, .* left",
                     on_terminal(program, longer, tmp_path))
    assert re.search(r"\x1b\[K200 runs in .* -> results/experiment\.h5", text)
    assert "of 200" not in on_terminal(program, sweep, tmp_path, TERM="dumb")
    assert on_terminal(program, [*sweep, "--quiet"], tmp_path) == ""
    # No colours, with NO_COLOR or without.
    for text in (text, on_terminal(program, sweep, tmp_path, NO_COLOR="1")):
        assert not re.search(r"\x1b\[[\d;]*m", text)


def plan(call, *arguments):
    """The plan's runs: run_id -> {key: value}, defaults left out."""
    said = json.loads(call(["plan", *arguments, "--json"]).stdout)
    return {run["run_id"]: dict(line.split("=", 1) for line in
                                run["configuration"].splitlines())
            for run in said["run"]}


def test_file_with_dos_lines_and_byte_order_mark(call, tmp_path):
    plain = "depth = 2   # two\nwidth=4\n\n[a b]\n  gain\t=\t2  \n"
    write(tmp_path, {
        "exp.ini": plain,
        "dos.ini": b"\xef\xbb\xbf" + plain.replace("\n", "\r\n").encode(),
        "last.ini": plain.rstrip()})
    runs = plan(call, "exp.ini")
    assert list(runs.values()) == [{"gain": "2", "shape": "4x4x4"}]
    assert plan(call, "dos.ini") == runs
    assert plan(call, "last.ini") == runs


def test_hash_inside_a_value_is_no_comment(call, tmp_path):
    write(tmp_path, {"a#b.csv": CSV, "exp.ini":
                     "#depth = 9\n# x\ninput = a#b.csv  # y\nbatch = 2\n"})
    call(["run", "exp.ini", "--output", "x.h5"])
    with h5py.File(tmp_path / "x.h5") as file:
        assert file["runs/input"].asstr()[0] == "a#b.csv"


def test_equals_inside_a_value(call, tmp_path):
    write(tmp_path, {"a=b c ü.csv": CSV,
                     "exp.ini": "input = a=b c ü.csv\nbatch = 2\n"})
    assert len(plan(call, "exp.ini")) == 1


def test_flags_override_file_and_sections(call, tmp_path):
    write(tmp_path, {"exp.ini": "depth = 2\nwidth = 4\n[a]\ngain = 2\n"
                                "[b]\ngain = 3\ndepth = 3\n"})
    runs = plan(call, "--gain", "linspace(4, 5, 2)", "exp.ini")
    assert sorted((r["gain"], r["shape"]) for r in runs.values()) == [
        ("4", "4x4x4"), ("4", "4x4x4x4"), ("5", "4x4x4"), ("5", "4x4x4x4")]


def test_sections_are_a_union_without_duplicates(call, tmp_path):
    write(tmp_path, {"exp.ini": "depth = 2\nwidth = 4\nseed = 0, 1\n"
                                "[relu]\nactivation = relu\ninit = he_normal\n"
                                "[both]\nactivation = relu, tanh\n"
                                "init = kaiming_normal\n"})
    done = call(["plan", "exp.ini"])
    assert "4 over activation, " in done.stdout
    assert "(2 duplicates dropped)" in done.stdout
    done = call(["run", "exp.ini"])
    assert "2 duplicate runs were dropped" in done.stderr
    with h5py.File(tmp_path / "results/exp.h5") as file:
        assert len(file["runs/run_id"]) == 4


def test_run_id_of_file_and_flags(call, tmp_path):
    (tmp_path / "folder").mkdir()
    write(tmp_path / "folder", {"x.csv": CSV, "exp.ini": """\
input = x.csv
labels = column:y
batch = 4
gain = 1.50
seed = 18446744073709551615
init = glorot_uniform
shape = 2x3x2
output = other.h5
jobs = 1
"""})
    (run_id,) = plan(call, "folder/exp.ini")
    flags = ["--input", "folder/x.csv", "--labels", "column:y", "--batch=4",
             "--gain", "15e-1", "--seed", str(2**64 - 1),
             "--init", "xavier_uniform", "--depth", "2", "--width", "3"]
    assert list(plan(call, *flags)) == [run_id]
    call(["run", *flags])
    with h5py.File(tmp_path / "results/experiment.h5") as file:
        assert f"{file['runs/run_id'][0]:016x}" == run_id
        assert file["runs/seed"][0] == 2**64 - 1


def test_more_jobs_than_cores(call, tmp_path):
    sweep = ["run", *TINY, "--seed", "range(0, 20)"]
    call([*sweep, "--jobs", "64", "--output", "64.h5"])
    call([*sweep, "--jobs", "1", "--output", "1.h5"])
    with h5py.File(tmp_path / "1.h5") as one, \
            h5py.File(tmp_path / "64.h5") as many:
        for name in one["layers"]:
            assert np.array_equal(one["layers"][name][()],
                                  many["layers"][name][()],
                                  equal_nan=one["layers"][name].dtype.kind
                                  == "f")


@pytest.mark.parametrize("keys", [
    "--depth 1 --width 1 --batch 1", "--depth 3 --width 1 --batch 1",
    "--shape 1x5x2 --batch 1 --loss softmax_cross_entropy",
    "--depth 2 --batch 1 --batches 3 --input fashion-mnist-sample",
    "--depth 2 --batch 7 --batches 3 --input fashion-mnist-sample "
    "--classes 9,0", "--depth 2 --width 4 --batch 4 --input-variance 0",
    "--depth 2 --width 4 --batch 4 --gain 0",
])
def test_smallest_runs(call, tmp_path, keys):
    call(["run", *keys.split(), "--output", "x.h5"])
    with h5py.File(tmp_path / "x.h5") as file:
        assert file["runs/first_non_finite_layer"][0] == -1
