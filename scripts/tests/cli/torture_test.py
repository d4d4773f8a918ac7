"""Sweeps that do not end well, again and again; the file at the end is right.

A short form of scripts/torture.sh, which sets TORTURE=full.
"""

import collections
import contextlib
import errno
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import subprocess
import time

import h5py
import pandas as pd
import pytest

import failing_calls
import initscope
import torture
from checkout import ROOT
from command_line import TINY
from compare_programs import contents
from warm_python import run_warm

FULL = os.environ.get("TORTURE") == "full"
KILLS, SIGNALS = (200, 50) if FULL else (10, 4)
COMMANDS = list(torture.SWEEPS) if FULL else ["run"]
CALLS = list(failing_calls.CALLS) if FULL else ["write", "pwrite", "fsync",
                                                "close", "renameat2", "open"]


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


def calls_of(sweep, library, call):
    """How often the sweep calls a function."""
    counts = sweep.folder.parent / f"{sweep.folder.name}.count"
    torture.fails(sweep, LD_PRELOAD=str(library), FAULT=f"{call}:0:1",
                  FAULT_COUNT=str(counts))
    sweep.again()
    return int(counts.read_text())


@sweeps(COMMANDS)
def test_call(sweep, library):
    codes = {call: collections.Counter() for call in CALLS}
    for call, count in codes.items():
        if call == "pwrite":  # HDF5's, which are those of merging
            sweep.kill_in_merge()
            sweep.begin_here()
        calls = calls_of(sweep, library, call)
        most = 300 if FULL else 1
        chosen = range(1, calls + 1) if calls <= most else {
            1 + int(calls * (i + sweep.draw.random()) / most)
            for i in range(most)}
        for k in sorted(chosen):
            for sticky in (False, True) if FULL else (k % 2 == 1,):
                count[torture.fault(sweep, library, call, k, sticky)] += 1
        print(f"{sweep.command}: {calls} calls of {call}; {count.total()} made "
              f"to fail, exit codes {dict(count)}; every sweep went on to the "
              f"right file")
        sweep.begin_anew()


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
            time.sleep(0.001)
        fill(folder / "filler")
        _, said = process.communicate(timeout=torture.SECONDS)
        assert process.returncode == 74 and "No space left" in said, said
        assert len(said.splitlines()) == 1 and sweep.stored(), said
        (folder / "filler").unlink()
        code, said = torture.fails(sweep)
        assert code == 0, said
        sweep.check()
        sweep.kill_in_merge()
        parts = sweep.stored()
        fill(folder / "filler")
        code, said = torture.fails(sweep, TMPDIR=str(folder))
        assert code == 74 and "No space left" in said, said
        assert sweep.stored() == parts and not sweep.output.exists()
        (folder / "filler").unlink()
        code, said = torture.fails(sweep)
        assert code == 0, said
        sweep.check()
        print("run: a full disk: exit code 73 before the sweep, 74 within it "
              "and while its parts are merged, then the right file")
    finally:
        subprocess.run(["umount", folder], check=True)


def test_folder_that_is_gone(program, tmp_path):
    """Removed or renamed while a sweep runs: one clear line."""
    folder = tmp_path / "x"
    folder.mkdir()
    sweep = torture.Sweep(program, folder, "run")
    for move in (lambda: sweep.parts.rename(tmp_path / "elsewhere"),
                 lambda: next(iter(sweep.stored())).unlink()):
        process = sweep.start()
        while not sweep.stored():
            assert process.poll() is None
            time.sleep(0.001)
        move()
        _, said = process.communicate(timeout=torture.SECONDS)
        # The folder may be there still when its files are not.
        assert process.returncode == 74, said
        assert "is gone" in said or "No such file" in said, said
        assert len(said.splitlines()) == 1, said
        code, said = torture.fails(sweep)
        assert code == 0, said
        sweep.check()


@sweeps(COMMANDS)
def test_quota(sweep, library):
    """The error of a quota, from a write in the middle on."""
    calls = calls_of(sweep, library, "write")
    code, said = torture.fails(
        sweep, LD_PRELOAD=str(library),
        FAULT=f"write:{(1 + calls) // 2}+:{errno.EDQUOT}")
    assert code == 74 and os.strerror(errno.EDQUOT) in said, said
    code, said = torture.fails(sweep)
    assert code == 0, said
    sweep.check()
    print(f"{sweep.command}: a quota that is exceeded: exit code 74, then the "
          f"right file")


class MillionRuns:
    """A sweep of many small runs (the short form: fewer) that is watched."""

    def __init__(self, program, folder, runs):
        self.folder, self.peak = folder, 0
        self.begin = time.monotonic()
        self.process = subprocess.Popen(
            [program, "run", "--width", "4", "--depth", "2", "--batch", "4",
             "--seed", f"range(0, {runs})", "--output", "x.h5", "--quiet",
             *([] if FULL else ["--jobs", "1"])], cwd=folder,
            env={**os.environ, **({} if FULL else torture.PAUSE)})

    def size(self, pattern):
        """Bytes of these files."""
        total = 0
        for path in self.folder.glob(pattern):
            with contextlib.suppress(FileNotFoundError):  # renamed or removed
                total += path.stat().st_size
        return total

    def wait_for(self, event):
        """Seconds since its begin when event() holds, or when it ends."""
        while self.process.poll() is None and not event():
            assert time.monotonic() - self.begin < 10 * torture.SECONDS
            self.peak = max(self.peak, self.memory())
            time.sleep(0.01)
        return time.monotonic() - self.begin

    def memory(self):
        """The most bytes so far; 0 of a process that has ended."""
        with contextlib.suppress(OSError):
            status = pathlib.Path(f"/proc/{self.process.pid}/status")
            found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
            return 1024 * int(found[1]) if found else 0
        return 0

    def kill(self):
        self.process.kill()
        self.process.wait()


def test_million(program, tmp_path):
    """A million small runs: going on from half, memory, what merging takes."""
    runs = 1_000_000 if FULL else 20_000
    parts, merged = "x.h5.parts/*.h5", ".x.h5.initscope*"
    first = MillionRuns(program, tmp_path, runs)
    # A run takes 2.4 kB.
    first.wait_for(lambda: first.size(parts) > (1200 * runs if FULL else 0))
    first.kill()
    before = first.size(parts)
    assert before > 0 and not (tmp_path / "x.h5").exists()
    second = MillionRuns(program, tmp_path, runs)
    try:
        stored = second.wait_for(lambda: second.size(parts) > before)
        computed = second.wait_for(lambda: second.size(merged) > 100_000)
        ended = second.wait_for(lambda: False)
    finally:
        second.kill()
    assert second.process.returncode == 0 and os.listdir(tmp_path) == ["x.h5"]
    begin = time.monotonic()
    with h5py.File(tmp_path / "x.h5") as file:
        seeds = pd.Series(file["runs/seed"][()])
    read = time.monotonic() - begin
    assert seeds.equals(pd.Series(range(runs), dtype=seeds.dtype))
    print(f"{runs} runs: killed at half, the first new part after {stored:.1f} "
          f"s; {computed:.1f} s of computing the rest, {ended - computed:.1f} "
          f"s of merging all; peak {second.peak / 2**20:.0f} MiB; a column is "
          f"in pandas after {read:.2f} s")
    if FULL:
        # A part is stored a second after the first of its runs.
        assert stored < 11 and second.peak < 500 << 20 and read < 2


def reader_calls(program, folder):
    """{name: a function that has d.h5 read}; status: as a part.

    The plot programs read as "read" does, which takes a tenth of their time.
    """
    def call(*arguments):
        return subprocess.run([program, *arguments], cwd=folder, text=True,
                              capture_output=True, timeout=torture.SECONDS)

    def status():
        (folder / "s.h5.parts").mkdir(exist_ok=True)
        shutil.copy(folder / "d.h5", folder / "s.h5.parts/1.h5")
        return call("status", *TINY, "--output", "s.h5")

    def read():
        code, said = 0, ""
        try:
            initscope.read(folder / "d.h5").layers
        except initscope.ScriptError as error:
            code, said = error.code, str(error)
        return subprocess.CompletedProcess([], code, "", said)

    return {"verify": lambda: call("verify", "d.h5"),
            "info": lambda: call("info", "d.h5"),
            "merge": lambda: call("merge", "m.h5", "d.h5", "--force"),
            "status": status,
            "read": read,
            "plot": lambda: run_warm(ROOT / "scripts/plot_variance.py",
                                     folder / "d.h5", "--output",
                                     folder / "p")}


@pytest.mark.parametrize("damage", ["cut", "flip"])
def test_damage(program, tmp_path, damage):
    """No reader crashes or hangs; verify finds what has changed."""
    subprocess.run([program, "run", *TINY, "--quiet", "--output", "d.h5"],
                   cwd=tmp_path, check=True)
    path = tmp_path / "d.h5"
    whole, expected = path.read_bytes(), contents(path)
    draw = random.Random(damage)
    step = 64 if FULL else len(whole) // 6
    sizes = range(0, len(whole), step)
    calls = reader_calls(program, tmp_path)
    counts = collections.Counter()
    for i, size in enumerate(sizes if damage == "cut" else
                             range(10_000 if FULL else 8)):
        changed = bytearray(whole)
        if damage == "cut":
            del changed[size:]
        else:
            changed[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
        path.write_bytes(changed)
        for name, call in calls.items():
            if name == "plot" and i % 20:
                continue
            done = call()
            assert done.returncode in (0, 65, 74), (size, name, done)
            assert "Traceback" not in done.stderr, (size, name, done)
            assert done.stderr.count("\n") <= 2, (size, name, done)
            counts[name, done.returncode == 0] += 1
            if name == "verify" and done.returncode == 0:
                assert contents(path) == expected, "unnoticed"
                break  # nothing that is stored has changed
    print(f"{damage}: {counts['verify', False]} files were found damaged, "
          f"{counts['verify', True]} had all that is stored; no reader "
          f"crashed: {dict(counts)}")


def of_a_value(part):
    with h5py.File(part) as file:
        return file["layers/delta_mean"].id.get_offset()


def of_an_attribute(part):
    return part.read_bytes().index(b"run_id in hexadecimal")


@pytest.mark.parametrize("place", [of_a_value, of_an_attribute])
def test_a_part_that_has_changed(program, tmp_path, place):
    """It is named once, with what to do; that leads to the right file."""
    sweep = torture.Sweep(program, tmp_path, "run")
    process = sweep.start()
    while not sweep.stored():
        assert process.poll() is None
        time.sleep(0.001)
    process.kill()
    process.communicate()
    (part, *_) = sorted(sweep.stored())
    changed = bytearray(part.read_bytes())
    changed[place(part)] ^= 4
    part.write_bytes(changed)
    _, said = torture.fails(sweep, codes=[65])
    assert said.count(part.name) == 1, said
    assert "is damaged" in said and said.count("remove it") == 1, said
    part.unlink()
    code, said = torture.fails(sweep)
    assert code == 0, said
    sweep.check()
