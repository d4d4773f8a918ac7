"""The program when it is interrupted, or not listened to."""

import os
import re
import signal
import subprocess
import time

import h5py
import pytest

from command_line import IO, TINY, USAGE

LONG = ["--depth", "100", "--width", "512", "--batch", "256"]


@pytest.mark.parametrize("command, keys", [
    ("run", ["--seed", "range(0, 1000)"]), ("trace", ["--width", "768"])])
@pytest.mark.parametrize("number, code", [
    (signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129),
    (signal.SIGQUIT, 131)])
def test_signal(program, tmp_path, command, keys, number, code):
    arguments = [*LONG, *keys] if command == "run" else [
        *LONG[:2], *keys, *LONG[4:]]
    process = subprocess.Popen(
        [program, command, *arguments, "--output", "x.h5"],
        cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    while not temporary_files(tmp_path):
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(0.1)
    begin = time.monotonic()
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert time.monotonic() - begin < 2
    assert process.returncode == code
    heard, line = said.splitlines()
    assert heard == "initscope: heard the signal, stopping"
    assert re.match(r"initscope: interrupted.*; (nothing was written|"
                    r"x\.h5\.parts holds them)", line)
    assert {path.name for path in tmp_path.iterdir()} <= {"x.h5.parts"}


def temporary_files(folder):
    return {path for path in folder.iterdir() if path.name.startswith(".")}


def start(program, folder, **settings):
    """A sweep that lasts, when its temporary file is there."""
    before = temporary_files(folder)
    process = subprocess.Popen(
        [program, "run", *LONG, "--seed", "range(0, 1000)", "--output",
         "long.h5", "--quiet"], cwd=folder, stderr=subprocess.PIPE, text=True,
        **settings)
    while not temporary_files(folder) - before:
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(0.1)
    return process


def test_nohup(program, tmp_path):
    """A signal that is ignored when the program starts stays ignored."""
    process = start(program, tmp_path, preexec_fn=lambda: signal.signal(
        signal.SIGHUP, signal.SIG_IGN))
    process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    assert process.poll() is None
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == 143


def test_what_killed_processes_leave(program, call, tmp_path):
    """The next one in the folder removes it, but nothing of the living."""
    for _ in range(3):
        process = start(program, tmp_path)
        process.kill()
        process.communicate(timeout=30)
    left = temporary_files(tmp_path)
    assert left
    strangers = {tmp_path / ".x.h5.initscope-elsewhere-abcdef",
                 tmp_path / ".x.h5.abcdef", tmp_path / ".profile"}
    for stranger in strangers:
        stranger.write_text("theirs")
    alive = start(program, tmp_path)
    temporary = temporary_files(tmp_path) - left - strangers
    assert len(temporary) == 1
    call(["run", *TINY, "--output", "x.h5"])
    assert temporary_files(tmp_path) == strangers | temporary
    alive.terminate()
    alive.communicate(timeout=30)
    assert temporary_files(tmp_path) == strangers
    assert (tmp_path / "x.h5").exists()


# Where one layer, or the theory behind all of them, takes many seconds.
@pytest.mark.parametrize("command, keys", [
    ("run", "--init orthogonal --width 3000 --depth 2"),
    ("run", "--init lsuv --width 3000 --depth 2"),
    ("train", "--init orthogonal --width 3000 --depth 2"),
    ("run", "--jacobian on --width 1024 --depth 2 --seed range(0,10)"),
    ("run", "--width 4096 --depth 2 --batch 8192 --init uniform"),
    ("attention", "--init orthogonal --d-k 3000 --d-model 3000 --tokens 8")])
def test_signal_within_a_layer(program, tmp_path, command, keys):
    process = subprocess.Popen(
        [program, command, *keys.split(), "--output", "x.h5"],
        cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    while not temporary_files(tmp_path):
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(0.7)
    assert process.poll() is None
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert time.monotonic() - begin < 2
    assert process.returncode == 130
    assert len(said.splitlines()) == 2
    assert {path.name for path in tmp_path.iterdir()} <= {"x.h5.parts"}


def shell(program, line, cwd):
    return subprocess.run(["bash", "-c", f"set -o pipefail; {line}"], cwd=cwd,
                          env={**os.environ, "P": str(program)}, timeout=60,
                          capture_output=True, text=True, check=False)


def test_reader_that_has_seen_enough(program, tmp_path):
    for line in ('"$P" list --json | head -1', '"$P" list | true',
                 '"$P" trace --shape 300x300 --print --output x.h5 --quiet '
                 '| head -1'):
        done = shell(program, line, tmp_path)
        assert done.returncode in (0, 128 + signal.SIGPIPE)
        assert done.stderr == ""
    done = shell(program, '"$P" nonsense 2>&1 | true', tmp_path)
    assert done.returncode in (USAGE, 128 + signal.SIGPIPE)
    assert [p for p in tmp_path.iterdir() if p.name != "x.h5"] == []


def test_closed_streams(program, tmp_path):
    flags = " ".join(TINY)
    done = shell(program, f'"$P" run {flags} --json --output x.h5 >&-',
                 tmp_path)
    assert done.returncode == IO
    assert "stdout" in done.stderr or "write" in done.stderr
    done = shell(program, f'"$P" run {flags} --output y.h5 <&- >&- 2>&-',
                 tmp_path)
    assert done.returncode == 0
    for name in ("x.h5", "y.h5"):  # nothing was printed into them
        with h5py.File(tmp_path / name) as file:
            assert file["runs/seed"][0] == 0


def test_stdout_on_a_full_device(program, tmp_path):
    done = shell(program, '"$P" list >/dev/full', tmp_path)
    assert done.returncode == IO
    assert len(done.stderr.splitlines()) == 1


def test_a_terminal_that_goes_away(program, tmp_path):
    """As a laptop that closes does to a sweep started with nohup or disown."""
    master, slave = os.openpty()
    process = subprocess.Popen(
        [program, "run", "--depth", "30", "--width", "64", "--seed",
         "range(0, 200)", "--output", "x.h5"], cwd=tmp_path, stderr=slave,
        env={**os.environ, "TERM": "xterm"},
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    os.close(slave)
    assert os.read(master, 10)  # the progress
    os.close(master)
    assert process.wait(timeout=60) == 0
    with h5py.File(tmp_path / "x.h5") as file:
        assert len(file["runs/seed"]) == 200


def test_stderr_on_a_full_device(program, tmp_path):
    words = f"run {' '.join(TINY)} --output x.h5"
    done = shell(program, f'"$P" {words} 2>/dev/full', tmp_path)
    assert done.returncode == 0
    assert (tmp_path / "x.h5").exists()
