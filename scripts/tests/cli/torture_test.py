"""Sweeps that do not end well, again and again; the file at the end is right.

A short form of scripts/torture.sh, which sets TORTURE=full.
"""

import collections
import os
import resource
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


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
@pytest.mark.parametrize("kilobytes", [100, 400, 1000] if FULL else [400])
def test_disk_that_is_full(program, tmp_path, kilobytes):
    """A real one, on which the sweep goes on when there is room."""
    folder = tmp_path / "disk"
    folder.mkdir()
    sweep = torture.Sweep(program, folder, "run")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "none", folder]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        code, said = torture.fails(sweep, TMPDIR=str(folder))
        assert code in (73, 74) and "No space left" in said, said
        subprocess.run([*mount[:4], "remount,size=100m", folder], check=True)
        code, said = torture.fails(sweep)
        assert code == 0, said
        sweep.check()
        print(f"run: a disk of {kilobytes} kB: exit code 74, then the right "
              f"file")
    finally:
        subprocess.run(["umount", folder], check=True)
