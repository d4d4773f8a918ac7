"""What a sweep survives: it is killed, gets signals, meets a full disk and
failing calls, at random, and goes on each time.

A run that was stored stays: a part is never gone before all are merged, and the
file at the end is that of a sweep left alone.
"""

import contextlib
import errno
import os
import random
import re
import shutil
import signal
import subprocess
import time

from compare_programs import contents
from failing_calls import CALLS

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGUSR1: 75}
SECONDS = 120  # a hang
# Some tenths of a second each, with many parts.
SWEEPS = {
    "run": ["--depth", "20", "--width", "100", "--activation", "tanh, relu",
            "--seed", "range(0, 20)"],
    "train": ["--depth", "5", "--width", "64", "--steps", "20", "--activation",
              "tanh, relu", "--seed", "range(0, 15)", "--record", "0,20"],
    "attention": ["--d-k", "128", "--tokens", "128", "--scaled", "on, off",
                  "--seed", "range(0, 30)"]}
PAUSE = {"INITSCOPE_STORE_SECONDS": "0.1"}


def results(path):
    """All of a file but the number of jobs."""
    found = contents(path)
    for place in ("@command_line", "@configuration"):
        found[place] = re.sub(r"jobs( = | )\d+", "jobs", found[place])
    return found


class Sweep:
    """One of SWEEPS in a folder of its own, started again and again."""

    def __init__(self, program, folder, command):
        self.program, self.command, self.folder = program, command, folder
        self.output = folder / "x.h5"
        self.parts = folder / "x.h5.parts"
        self.draw = random.Random(command)
        self.begun = None  # a copy of the parts that again() leaves
        process = self.start()
        begin = time.monotonic()
        _, said = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, said
        self.seconds = time.monotonic() - begin
        self.whole = results(self.output)
        self.again()

    def again(self):
        """Leaves an empty folder, or the parts of begin_here()."""
        for path in self.folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        if self.begun:
            shutil.copytree(self.begun, self.parts)

    def begin_here(self):
        """Has every sweep begin with the parts of this moment."""
        self.begun = self.folder.parent / f"{self.folder.name}.begun"
        shutil.copytree(self.parts, self.begun)
        self.again()

    def begin_anew(self):
        if self.begun:
            shutil.rmtree(self.begun)
        self.begun = None
        self.again()

    def start(self, jobs=1, **environment):
        return subprocess.Popen(
            [self.program, self.command, *SWEEPS[self.command], "--output",
             "x.h5", "--jobs", str(jobs), "--quiet"], cwd=self.folder,
            stderr=subprocess.PIPE, text=True,
            env={**os.environ, **PAUSE, **environment})

    def is_merging(self):
        with contextlib.suppress(FileNotFoundError):  # renamed
            return any(path.stat().st_size > 1000 for path in
                       self.folder.glob(".x.h5.initscope*"))
        return False

    def kill_in_merge(self):
        """Leaves all runs as parts, and no output."""
        process = self.start()
        while process.poll() is None:
            if self.is_merging():
                process.kill()
            time.sleep(0.001)
        process.communicate()
        if self.output.exists():  # too late
            self.again()
            self.kill_in_merge()

    def stored(self):
        return set(self.parts.glob("*.h5"))

    def check(self):
        """That the sweep has ended as one left alone, and begins another."""
        assert results(self.output) == self.whole
        left = [str(path) for path in self.folder.rglob("*")]
        assert left == [str(self.output)], left
        self.again()

    def interrupted(self, number, wait):
        """Whether a signal after `wait` seconds met the sweep; its message.

        Else the sweep is at its end, and right.
        """
        before = self.stored()
        process = self.start(jobs=self.draw.choice([1, 2, 8]))
        try:
            _, said = process.communicate(timeout=wait)
        except subprocess.TimeoutExpired:
            pass
        else:
            assert process.returncode == 0, said
            self.check()
            return False
        begin = time.monotonic()
        process.send_signal(number)
        _, said = process.communicate(timeout=SECONDS)
        code = process.returncode
        assert code in (0, CODES.get(number, -number)), said
        assert time.monotonic() - begin < 5
        if code == 0 or self.output.exists() and not self.parts.exists():
            self.check()  # it was at its end
            return False
        if self.output.exists():  # between merging and removing the parts
            process = self.start()
            _, said = process.communicate(timeout=SECONDS)
            assert process.returncode == 0, said
            self.check()
            return True
        assert before <= self.stored(), "a part is gone"
        return True

    def storm(self, count, numbers):
        """Signals at random moments; how many sweeps came to their end."""
        met = ended = 0
        while met < count:
            wait = self.draw.uniform(0.05, 1.1 * self.seconds)
            if self.interrupted(self.draw.choice(numbers), wait):
                met += 1
            else:
                ended += 1
        process = self.start()
        _, said = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, said
        self.check()
        return ended + 1


def fails(sweep, codes=(0, 73, 74), **environment):
    """The exit code and the message of a sweep that a fault may stop."""
    before = sweep.stored()
    process = sweep.start(**environment)
    _, said = process.communicate(timeout=SECONDS)
    code = process.returncode
    assert code in codes, (environment, code, said)
    if code:
        assert len(said.splitlines()) == 1, (environment, said)
    if not sweep.output.exists():
        assert before <= sweep.stored(), (environment, "a part is gone")
    return code, said


def fault(sweep, library, call, k, sticky):
    """One call fails, or all from it on; then the sweep goes on without.

    Returns what the failure was: an exit code.
    """
    number = getattr(errno, CALLS[call])
    code, said = fails(sweep, LD_PRELOAD=str(library),
                       FAULT=f"{call}:{k}{'+' * sticky}:{number}")
    if sweep.output.exists() and not sweep.parts.exists():
        assert results(sweep.output) == sweep.whole, said
        sweep.again()
        return code
    for rescued in sweep.folder.glob("*.rescued-*"):
        assert results(rescued) == sweep.whole, said
        rescued.unlink()
    code_after, said = fails(sweep)
    assert code_after == 0, said
    sweep.check()
    return code
