"""Several processes compute one sweep, each its share, and fill one file."""

import json
import os
import signal
import subprocess
import time

import pytest

import initscope
from checkout import SCRIPTS
from compare_programs import contents
from warm_python import run_warm

USAGE, BUSY = 64, 75
SWEEPS = {
    "run": """[a]
width = 16, 64, 128
depth = 12
activation = tanh, relu
seed = range(0, 6)
[b]
width = 32
depth = 80
init = he_normal, xavier_normal, lecun_normal
""",
    "train": "width = 32\ndepth = 3, 5\nsteps = 20\nseed = range(0, 9)\n",
    "attention": "d_k = 16, 64\nscaled = on, off\nseed = range(0, 9)\n"}
RUNS = {"run": 39, "train": 18, "attention": 36}


def start(program, folder, command, *flags, **more):
    return subprocess.Popen(
        [program, command, "x.ini", "--jobs", "1", *flags], cwd=folder,
        env={**os.environ, **more}, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE)


def finish(process):
    """What it said, on stdout and stderr."""
    out, said = process.communicate(timeout=120)
    return process.returncode, out, said


def call(*arguments, **more):
    return finish(start(*arguments, **more))


@pytest.fixture(params=SWEEPS)
def command(request):
    return request.param


@pytest.fixture
def folder(tmp_path, command):
    (tmp_path / "x.ini").write_text(SWEEPS[command])
    return tmp_path


def results(path):
    """What a results file holds, but for how its process was called."""
    return {place: held for place, held in contents(path).items()
            if place not in ("@command_line", "@configuration", "@jobs")}


def unsharded(program, folder, command):
    code, _, said = call(program, folder, command, "--output", "alone.h5")
    assert code == 0, said
    return results(folder / "alone.h5")


def test_all_at_once(program, folder, command):
    shards = [start(program, folder, command, "--shard", f"{i}/8")
              for i in range(1, 9)]
    said = [finish(shard) for shard in shards]
    assert [code for code, _, _ in said] == 8 * [0], "".join(map(str, said))
    assert sum("-> results/x.h5" in text for _, _, text in said) == 1, said
    assert [path.name for path in (folder / "results").iterdir()] == ["x.h5"]
    assert (results(folder / "results/x.h5")
            == unsharded(program, folder, command))
    # One that comes again, as a batch system makes it, has nothing to do.
    code, _, text = call(program, folder, command, "--shard", "3/8")
    assert (code, text) == (
        0, f"all {RUNS[command]} runs are in results/x.h5 already\n")


def test_killed_and_merged(program, folder, command):
    # The first takes its time, so that it can be killed.
    first = start(program, folder, command, "--shard", "1/2")
    lock = folder / "results/x.h5.parts/shard-1-of-2.lock"
    while not lock.exists() or not lock.read_text():
        assert first.poll() is None
        time.sleep(0.001)
    first.send_signal(signal.SIGSTOP)
    code, _, text = call(program, folder, command, "--shard", "1/2")
    assert code == BUSY
    assert f"process {first.pid} on " in text and "computing this shard" in text
    code, _, text = call(program, folder, command)
    assert code == BUSY and f"process {first.pid} on " in text
    code, out, text = call(program, folder, command, "--shard", "2/2", "--json")
    assert code == 0, text
    second = json.loads(out)
    assert second["shard"] == "2/2" and second["runs"] == RUNS[command]
    assert 0 < second["computed"] < RUNS[command]
    status = json.loads(subprocess.run(
        [program, "status", "x.ini", "--json"], cwd=folder, check=True,
        capture_output=True).stdout)
    assert status["complete"] == second["computed"]
    assert status["missing"] == RUNS[command] - second["computed"]
    assert len(status["at_work"]) == 1
    shards = status["shards"]
    assert [shard["shard"] for shard in shards] == ["1/2", "2/2"]
    assert str(first.pid) in shards[0]["at_work"]
    assert shards[0]["complete"] == shards[1]["missing"] == 0
    assert shards[1]["at_work"] == ""
    first.kill()
    first.wait()
    merge = [program, "merge", "x.ini"]
    answer = subprocess.run(merge, cwd=folder, capture_output=True, text=True)
    assert answer.returncode == BUSY
    assert answer.stderr == (
        f"initscope: x.ini: {status['missing']} of {RUNS[command]} runs are "
        f"missing; 'initscope {command}' computes them\n")
    # Another number of shards than before goes on from there.
    codes = [call(program, folder, command, "--shard", f"{i}/3", "--no-lock")
             for i in (1, 2, 3)]
    assert [code for code, _, _ in codes] == [0, 0, 0], codes
    assert not (folder / "results/x.h5").exists()
    subprocess.run(merge, cwd=folder, check=True, capture_output=True)
    assert (results(folder / "results/x.h5")
            == unsharded(program, folder, command))
    assert [path.name for path in (folder / "results").iterdir()] == ["x.h5"]


@pytest.mark.parametrize("command", ["run"], indirect=True)
def test_job_array(program, folder, command):
    for task in (3, 5, 7):
        code, _, text = call(
            program, folder, command, SLURM_ARRAY_TASK_ID=str(task),
            SLURM_ARRAY_TASK_COUNT="3", SLURM_ARRAY_TASK_MIN="3",
            SLURM_ARRAY_TASK_STEP="2")
        assert code == 0 and f"shard {(task - 1) // 2}/3 of 39 runs" in text
    assert (results(folder / "results/x.h5")
            == unsharded(program, folder, command))
    code, _, text = call(program, folder, command, "--output", "y.h5",
                         SLURM_ARRAY_TASK_ID="9", SLURM_ARRAY_TASK_COUNT="3",
                         SLURM_ARRAY_TASK_MIN="0")
    assert code == USAGE and "task 9 of a Slurm job array of 3" in text
    # The array of a task that was started again has one task.
    code, _, text = call(program, folder, command, "--output", "y.h5",
                         SLURM_ARRAY_TASK_ID="9", SLURM_ARRAY_TASK_COUNT="1")
    assert code == 0 and "shard" not in text


@pytest.mark.parametrize("command", ["run"], indirect=True)
@pytest.mark.parametrize("shard", [
    "0/3", "4/3", "3", "/", "1/", "/3", "1/0", "-1/3", "1/2/3", "a/b", "",
    "1/10001", "1.0/3", "99999999999999999999/3"])
def test_no_shard(program, folder, command, shard):
    code, _, text = call(program, folder, command, "--shard", shard)
    assert code == USAGE
    assert text.count("\n") == 1 and "--shard" in text
    assert not (folder / "results").exists()


@pytest.mark.parametrize("command", ["run"], indirect=True)
def test_failed_runs_are_told_by_their_shard(program, folder, command):
    (folder / "x.ini").write_text(
        "init = lsuv, he_normal\ninput_variance = 0\nseed = 1, 2\n"
        "width = 8\ndepth = 2\n")
    answers = [call(program, folder, command, "--shard", f"{i}/4")
               for i in (1, 2, 3, 4)]
    codes = [code for code, _, _ in answers]
    assert codes.count(1) >= 2 and set(codes) == {0, 1}, answers
    assert sum("failed" in text for _, _, text in answers) >= 2
    code, _, said = call(program, folder, command, "--output", "alone.h5")
    assert code == 1 and "2 of 4 runs failed" in said
    assert (results(folder / "results/x.h5")
            == results(folder / "alone.h5"))


@pytest.mark.parametrize("command", ["run"], indirect=True)
def test_merge_of_nothing(program, folder, command):
    answer = subprocess.run([program, "merge", "x.ini"], cwd=folder,
                            capture_output=True, text=True)
    assert answer.returncode == 74
    assert answer.stderr == ("initscope: x.ini: no run of the sweep is there "
                             "yet (there is no results/x.h5.parts)\n")
    answer = subprocess.run([program, "merge", "x.h5"], cwd=folder,
                            capture_output=True, text=True)
    assert answer.returncode == USAGE


@pytest.mark.parametrize("command", ["run"], indirect=True)
def test_what_is_there_can_be_read(program, folder, command):
    """Of a sweep that is not finished."""
    assert call(program, folder, command, "--shard", "2/3")[0] == 0
    status = json.loads(subprocess.run(
        [program, "status", "x.ini", "--json"], cwd=folder, check=True,
        capture_output=True).stdout)
    there = status["complete"]
    assert 0 < there < RUNS[command]
    said = subprocess.run([program, "info", "results/x.h5"], cwd=folder,
                          check=True, capture_output=True, text=True).stdout
    assert (f"{there} runs of {RUNS[command]} (the sweep is not finished)"
            in said)
    output = folder / "results/x.h5"
    results = initscope.read(output)
    assert (results.unfinished ==
            f"{there} of {RUNS[command]} runs, the sweep is not finished")
    assert len(results.runs) == there
    assert set(results.layers["run_index"]) == set(range(there))
    done = run_warm(SCRIPTS / "plot_variance.py", output, "--output",
                    folder / "figure")
    assert done.returncode == 0, done.stderr
    assert done.stderr == f"{output}: {results.unfinished}\n"
    assert (folder / "figure.png").exists()
    subprocess.run([program, "merge", "some.h5", "results/x.h5.parts"],
                   cwd=folder, check=True, capture_output=True)
    assert len(initscope.read(folder / "some.h5").runs) == there
    for shard in ("1/3", "3/3"):
        assert call(program, folder, command, "--shard", shard)[0] == 0
    assert initscope.read(output).unfinished == ""
