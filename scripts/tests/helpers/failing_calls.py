"""The program while a call of the C library fails: no result is lost unsaid.

Whatever fails, the program says in one line, and says where the results are;
exit code 0 only with a file that holds what it should.
"""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess

import h5py
import numpy as np

from checkout import ROOT
from command_line import CANNOT_CREATE, DATA, IO

EXAMPLE = ROOT / "experiments/attention_example/attention.ini"
COMMANDS = {
    "run": ["run", *"--depth 30 --width 16 --batch 16".split(),
            *"--seed range(0,3)".split(),
            *"--init he_normal,xavier_normal --activation tanh,relu".split()],
    "train": ["train", *"--depth 3 --width 8 --batch 8 --steps 5".split()],
    "trace": ["trace", *"--depth 3 --width 70 --batch 70".split()],
    "theory": ["theory", *"--depth 5 --width 8 --batch 4".split()],
    "sweep": ["attention", *"--d-k 2,4 --tokens 4".split()],
    "example": ["attention", EXAMPLE],
}
# Each with the error of its last, that is worst, hour.
CALLS = {"write": "ENOSPC", "pwrite": "ENOSPC", "fsync": "EIO",
         "renameat2": "EIO", "open": "EMFILE", "close": "EIO",
         "ftruncate": "EIO", "mkstemp": "ENOSPC", "fchmod": "EIO",
         "flock": "ENOLCK", "unlink": "EIO", "lseek": "EIO", "pread": "EIO",
         "fstat": "EIO"}


def build(folder):
    """The library to be preloaded."""
    library = folder / "failing_calls.so"
    source = pathlib.Path(__file__).with_name("failing_calls.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra",
                    "-Werror", "-o", library, source, "-ldl"], check=True)
    return library


def contents(path):
    """{object: (digest of its values, names of its attributes)}.

    Every dataset agrees with its own digest. Times, which differ from run to
    run, are left out.
    """
    found = {}

    def visit(name, item):
        digest = None
        if isinstance(item, h5py.Dataset):
            values = item[()]
            digest = hashlib.sha256()
            if h5py.check_string_dtype(item.dtype):
                for text in values:
                    digest.update(text + b"\0")
            else:
                digest.update(np.ascontiguousarray(values).tobytes())
            digest = digest.hexdigest()
            assert item.attrs["sha256"] == digest, f"{path}: {name}"
        if not name.endswith("wall_seconds"):
            found[name] = digest, sorted(item.attrs)

    with h5py.File(path, "r", locking=False) as file:
        found["/"] = None, sorted(file.attrs)
        file.visititems(visit)
    return found


class Command:
    """One of COMMANDS, started again and again in a folder of its own."""

    def __init__(self, program, library, name, folder):
        self.program, self.library, self.folder = program, library, folder
        self.arguments = COMMANDS[name]
        self.output = folder / "x.h5"
        assert self.start({}).returncode == 0
        self.good = contents(self.output)

    def start(self, environment):
        shutil.rmtree(self.folder)
        self.folder.mkdir()
        return subprocess.run(
            [self.program, *self.arguments, "--output", "x.h5", "--quiet",
             "--jobs", "1"], cwd=self.folder, timeout=60, capture_output=True,
            text=True, check=False,
            env={**os.environ, **environment, "TMPDIR": str(self.folder),
                 "LD_PRELOAD": str(self.library)})

    def calls(self, call):
        """How often the program calls it."""
        count = self.folder.parent / "count"
        self.start({"FAULT": f"{call}:0:1", "FAULT_COUNT": str(count)})
        return int(count.read_text())

    def check(self, fault):
        """What became of it: "unharmed", "rescued", "in place" or "lost"."""
        done = self.start({"FAULT": fault})
        where = f"{fault}: exit code {done.returncode}, {done.stderr}"
        assert done.returncode in (0, DATA, CANNOT_CREATE, IO), where
        if done.returncode == 0:
            assert done.stderr == "", where
            assert contents(self.output) == self.good, where
            fate = "unharmed"
        else:
            (line,) = done.stderr.splitlines()
            rescued = re.search(r"the results are in (\S+)$", line)
            if rescued:
                fate = "rescued"
                assert contents(self.folder / rescued[1]) == self.good, where
                assert not self.output.exists(), where
            elif "is in place and whole" in line:
                fate = "in place"
                assert contents(self.output) == self.good, where
            else:
                fate = "lost"
                assert not self.output.exists(), where
        if not fault.startswith("unlink"):
            assert not list(self.folder.glob(".*")), where
        return fate
