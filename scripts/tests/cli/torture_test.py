"""Sweeps that do not end well, again and again; the file at the end is right.

A short form of scripts/torture.sh, which sets TORTURE=full.
"""

import collections
import errno
import os
import resource
import shutil
import signal
import subprocess

import pytest

import failing_calls
import torture

FULL = os.environ.get("TORTURE") == "full"
KILLS, SIGNALS = (200, 50) if FULL else (10, 4)
COMMANDS = list(torture.SWEEPS) if FULL else ["run"]
CALLS = list(failing_calls.CALLS) if FULL else ["pwrite", "fsync", "close",
                                                "renameat2"]


@pytest.fixture(name="sweep")
def fixture_sweep(request, program, tmp_path):
    return torture.Sweep(program, tmp_path, request.param)


def sweeps(commands):
    return pytest.mark.parametrize("sweep", commands, indirect=True)


@pytest.fixture(scope="module", name="library")
def fixture_library(tmp_path_factory):
    return failing_calls.build(tmp_path_factory.mktemp("library"))


@sweeps(COMMANDS if FULL else ["run", "train"])
def test_kill(sweep):
    ended = sweep.storm(KILLS, [signal.SIGKILL])
    print(f"{sweep.command}: {KILLS} kills, {ended} sweeps came to their end, "
          f"all right; no part was lost")


@sweeps(COMMANDS)
def test_signal(sweep):
    ended = sweep.storm(SIGNALS, list(torture.CODES))
    print(f"{sweep.command}: {SIGNALS} signals, each heeded within 5 s, "
          f"{ended} sweeps came to their end, all right")


@sweeps(COMMANDS)
def test_call(sweep, library):
    codes = collections.Counter()
    for call in CALLS:
        counts = sweep.folder.parent / f"{sweep.folder.name}.count"
        torture.fails(sweep, LD_PRELOAD=str(library), FAULT=f"{call}:0:1",
                      FAULT_COUNT=str(counts))
        sweep.again()
        calls = int(counts.read_text())
        chosen = range(1, calls + 1) if FULL and calls < 200 else {
            1 + calls * i // 200 for i in range(200)} if FULL else {
            1 + int(calls * sweep.draw.random())}
        for k in sorted(chosen):
            for sticky in (False, True) if FULL else (k % 2 == 1,):
                codes[torture.fault(sweep, library, call, k, sticky)] += 1
    print(f"{sweep.command}: {codes.total()} failing calls, exit codes "
          f"{dict(codes)}; every sweep went on to the right file")


def limited(sweep, size):
    """Runs the sweep with a limit on the size of its files."""
    process = subprocess.run(
        [sweep.program, sweep.command, *torture.SWEEPS[sweep.command],
         "--output", "x.h5", "--jobs", "1", "--quiet"], cwd=sweep.folder,
        capture_output=True, text=True, timeout=torture.SECONDS,
        env={**os.environ, **torture.PAUSE},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE,
                                              (size, size)))
    assert process.returncode in (73, 74), process.stderr
    assert len(process.stderr.splitlines()) == 1, process.stderr
    assert not sweep.output.exists()
    code, said = torture.fails(sweep)
    assert code == 0, said
    sweep.check()


@sweeps(COMMANDS)
def test_disk(sweep):
    sizes = [1, 3000, 60_000, 200_000] if FULL else [60_000]
    for size in sizes:
        limited(sweep, size)
    print(f"{sweep.command}: files of at most {sizes} bytes; each sweep went "
          f"on to the right file")


def fill(path):
    """Leaves no room on a disk."""
    with open(path, "wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(4096))
        except OSError as error:
            assert error.errno == errno.ENOSPC


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_disk_that_is_full(program, tmp_path):
    """A real one, before and while a sweep runs, which then goes on."""
    folder = tmp_path / "disk"
    folder.mkdir()
    sweep = torture.Sweep(program, folder, "run")
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "none", folder]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    remount = ["mount", "-o", "remount,size=20m", folder]
    try:
        code, said = torture.fails(sweep, TMPDIR=str(folder))
        assert code == 74 and "No space left" in said, said
        subprocess.run(remount, check=True)
        # Of 100,000 runs it is known before.
        done = subprocess.run(
            [program, "run", "--width", "4", "--depth", "2", "--batch", "4",
             "--seed", "range(0, 100000)", "--output", "y.h5"], cwd=folder,
            capture_output=True, text=True, check=False)
        assert done.returncode == 73, done.stderr
        assert "of disk space before they are joined" in done.stderr
        assert done.stderr.count("\n") == 1, done.stderr
        assert not list(folder.glob("y.h5*"))
        process = sweep.start(TMPDIR=str(folder))
        while not sweep.stored():
            assert process.poll() is None
        fill(folder / "filler")
        _, said = process.communicate(timeout=torture.SECONDS)
        assert process.returncode == 74 and "No space left" in said, said
        assert len(said.splitlines()) == 1 and sweep.stored(), said
        (folder / "filler").unlink()
        code, said = torture.fails(sweep)
        assert code == 0, said
        sweep.check()
        print("run: a full disk: exit code 73 before the sweep, 74 within it, "
              "then the right file")
    finally:
        subprocess.run(["umount", folder], check=True)


def test_folder_that_is_gone(program, tmp_path):
    """Removed or renamed while a sweep runs: one clear line."""
    folder = tmp_path / "x"
    folder.mkdir()
    sweep = torture.Sweep(program, folder, "run")
    for move in (lambda: shutil.rmtree(sweep.parts),
                 lambda: sweep.parts.rename(tmp_path / "elsewhere"),
                 lambda: next(iter(sweep.stored())).unlink()):
        process = sweep.start()
        while not sweep.stored():
            assert process.poll() is None
        move()
        _, said = process.communicate(timeout=torture.SECONDS)
        # The folder may be there still when its files are not.
        assert process.returncode == 74, said
        assert "is gone" in said or "No such file" in said, said
        assert len(said.splitlines()) == 1, said
        code, said = torture.fails(sweep)
        assert code == 0, said
        sweep.check()
