"""A sweep that does not end well goes on from the runs that it finished."""

import json
import shutil
import signal
import subprocess
import time

import h5py
import pytest

from command_line import TINY
from compare_programs import contents

BUSY, CHECK_FAILED = 75, 1
# More than a second each, so that there are parts.
SWEEPS = {
    "run": ["--depth", "40", "--width", "200", "--activation", "tanh, relu",
            "--seed", "range(0, 28)"],
    "train": ["--depth", "5", "--width", "128", "--steps", "40", "--activation",
              "tanh, relu", "--seed", "range(0, 15)", "--record", "0,40"]}


def start(program, folder, command, *flags):
    return subprocess.Popen(
        [program, command, *SWEEPS[command], "--output", "x.h5", "--jobs", "1",
         *flags],
        cwd=folder, stderr=subprocess.PIPE, text=True)


def parts(folder):
    return list((folder / "x.h5.parts").glob("*.h5"))


@pytest.fixture(scope="module")
def undisturbed(program, tmp_path_factory):
    """What the results file of a sweep holds that was left alone."""
    folder = tmp_path_factory.mktemp("undisturbed")
    process = start(program, folder, "run")
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    return contents(folder / "x.h5")


@pytest.mark.parametrize("number, code", [
    (signal.SIGINT, 130), (signal.SIGUSR1, BUSY)])
def test_signals_keep_what_is_finished(program, undisturbed, tmp_path, number,
                                       code):
    process = start(program, tmp_path, "run")
    while not parts(tmp_path):
        assert process.poll() is None
        time.sleep(0.01)
    begin = time.monotonic()
    process.send_signal(number)
    heard = process.stderr.readline()
    while heard and "heard the signal" not in heard:
        heard = process.stderr.readline()
    assert time.monotonic() - begin < 0.5
    _, said = process.communicate(timeout=30)
    assert time.monotonic() - begin < 5
    assert process.returncode == code
    assert "x.h5.parts holds them, and the same command goes on" in said
    assert not (tmp_path / "x.h5").exists()
    status = subprocess.run(
        [program, "status", *SWEEPS["run"], "--output", "x.h5", "--json"],
        cwd=tmp_path, capture_output=True, text=True, check=True)
    status = json.loads(status.stdout)
    assert status["planned"] == 56 and status["at_work"] == []
    assert 0 < status["complete"] < 56
    assert status["complete"] + status["missing"] == 56
    process = start(program, tmp_path, "run")
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0
    assert "of 56 runs are in x.h5.parts already" in said
    assert contents(tmp_path / "x.h5") == undisturbed


def test_one_process_at_a_time(program, tmp_path):
    first = start(program, tmp_path, "run")
    while not (tmp_path / "x.h5.parts" / "lock").exists():
        time.sleep(0.01)
    time.sleep(0.2)
    before = parts(tmp_path)
    begin = time.monotonic()
    second = start(program, tmp_path, "run")
    _, said = second.communicate(timeout=30)
    assert time.monotonic() - begin < 1
    assert second.returncode == BUSY
    assert f"x.h5.parts: process {first.pid} on " in said and " since 2" in said
    assert set(before) <= set(parts(tmp_path))
    said = subprocess.run(
        [program, "status", *SWEEPS["run"], "--output", "x.h5"],
        cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert said.startswith("x.h5: ") and f"process {first.pid} on " in said
    first.terminate()
    first.communicate(timeout=30)


def test_another_experiment_leaves_the_runs_alone(program, tmp_path):
    process = start(program, tmp_path, "run")
    while not parts(tmp_path):
        time.sleep(0.01)
    process.terminate()
    process.communicate(timeout=30)
    kept = parts(tmp_path)
    process = start(program, tmp_path, "train")
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0
    assert "are not of this experiment as it is now (" in said
    assert "activation = tanh, relu" not in said  # what is the same in both
    assert "depth = 40; " in said and " then, " in said
    assert " now), and are left alone" in said
    assert parts(tmp_path) == kept


def test_a_sweep_grows(call, tmp_path):
    """--extend computes only what a file lacks."""
    keys = [*TINY, "--activation", "tanh, relu", "--output", "x.h5"]
    call(["run", *keys, "--seed", "1, 2"])
    call(["run", *keys, "--seed", "0, 1, 2"], expect=73)
    said = call(["run", *keys, "--seed", "0, 1, 2", "--extend"]).stderr
    assert "4 of 6 runs are in x.h5 already; 2 are computed" in said
    grown = contents(tmp_path / "x.h5")
    call(["run", *keys, "--seed", "0, 1, 2", "--force"])
    whole = contents(tmp_path / "x.h5")
    assert ({key: value for key, value in grown.items() if key[0] != "@"}
            == {key: value for key, value in whole.items() if key[0] != "@"})
    said = call(["run", *keys, "--seed", "0", "--extend"], expect=64).stderr
    assert "4 of its runs are not of this experiment" in said
    assert contents(tmp_path / "x.h5") == whole


@pytest.mark.parametrize("command, flags", [("run", []),
                                            ("train", ["--steps", "3"])])
def test_a_run_that_fails(program, tmp_path, command, flags):
    words = [program, command, *flags, *TINY, "--init", "he_normal, lsuv",
             "--input-variance", "0", "--output", "x.h5"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True,
                          check=False)
    assert done.returncode == CHECK_FAILED, done.stderr
    assert "1 of 2 runs failed; /runs/error" in done.stderr
    with h5py.File(tmp_path / "x.h5") as file:
        runs = file["runs"]
        status = [file["categories/status"].asstr()[code]
                  for code in runs["status"]]
        assert status == ["complete", "failed"]
        errors = list(runs["error"].asstr())
        assert errors[0] == "" and errors[1] in done.stderr
        assert set(file["layers/run_index"]) == {0}
    said = subprocess.run([program, "info", "x.h5"], cwd=tmp_path, text=True,
                          capture_output=True, check=True).stdout
    assert f"; 1 failed, the first one: {errors[1][:40]}" in said
    fast = subprocess.run([*words, "--fail-fast", "--force"], cwd=tmp_path,
                          capture_output=True, text=True, check=False)
    assert fast.returncode == CHECK_FAILED and "--fail-fast" in fast.stderr


def test_killed_after_the_file_was_written(program, tmp_path):
    """Before the parts were removed."""
    process = start(program, tmp_path, "run")
    while not parts(tmp_path):
        time.sleep(0.01)
    process.kill()
    process.communicate()
    shutil.copytree(tmp_path / "x.h5.parts", tmp_path / "kept")
    assert start(program, tmp_path, "run").wait(timeout=120) == 0
    shutil.move(tmp_path / "kept", tmp_path / "x.h5.parts")
    whole = contents(tmp_path / "x.h5")
    process = start(program, tmp_path, "run")
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (
        0, "all 56 runs are in x.h5 already\n")
    assert [path.name for path in tmp_path.iterdir()] == ["x.h5"]
    assert contents(tmp_path / "x.h5") == whole
    # Where nothing is left over, a file is in the way, as ever.
    assert start(program, tmp_path, "run").wait(timeout=30) == 73
