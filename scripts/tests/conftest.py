"""What the tests of the program's output share.

The program is $INITSCOPE, by default build/release/initscope.
"""

import itertools
import os
import pathlib
import re
import subprocess

import h5py
import pytest

from checkout import ROOT
from command_line import listing
from simulation import Results, flags
from union_sweep import SWEEP

os.environ["MPLBACKEND"] = "agg"
# Its asserts say what they compared, as those of a test do.
pytest.register_assert_rewrite("reference_checks")



@pytest.fixture(scope="session")
def program():
    path = pathlib.Path(os.environ.get("INITSCOPE",
                                       ROOT / "build/release/initscope"))
    if not path.is_file():
        pytest.fail(f"{path} is not there: build it (cmake --build --preset "
                    f"release) or name another in $INITSCOPE")
    return path.resolve()


@pytest.fixture(scope="session")
def run_program(program):
    """run_program(arguments, cwd) -> the finished process.

    Fails the test unless the exit code is `expect`. Colour and machine
    settings do not reach the program.
    """
    def run(arguments, cwd, expect=0):
        done = subprocess.run(
            [program, *map(str, arguments)], cwd=cwd, text=True,
            capture_output=True, timeout=60,
            env={**os.environ, "NO_COLOR": "1"})
        assert done.returncode == expect, (
            f"initscope {' '.join(map(str, arguments))}\n"
            f"exit code {done.returncode}, expected {expect}\n{done.stderr}")
        return done
    return run


# --- results to be read

@pytest.fixture(scope="module")
def simulate(run_program, tmp_path_factory):
    """simulate(command, keys) -> Results."""
    folder = tmp_path_factory.mktemp("results")
    count = itertools.count()

    def run(command, keys):
        path = folder / f"{next(count)}.h5"
        run_program([command, *flags(keys), "--output", path, "--quiet"],
                    folder)
        return Results(path)
    return run


@pytest.fixture(scope="module")
def traced(simulate):
    """traced(**keys) -> Results with tensors; each made once."""
    found = {}

    def trace(**keys):
        name = repr(sorted(keys.items()))
        if name not in found:
            found[name] = simulate("trace", keys)
        return found[name]
    return trace


@pytest.fixture(scope="module")
def swept(simulate):
    """swept(**keys) -> Results of `run`."""
    return lambda **keys: simulate("run", keys)


@pytest.fixture(scope="session")
def union_path(run_program, tmp_path_factory):
    """The results file of union_sweep.SWEEP, made with two jobs."""
    folder = tmp_path_factory.mktemp("union")
    (folder / "union.ini").write_text(SWEEP)
    run_program(["run", "union.ini", "--output", "union.h5", "--jobs", 2],
                folder)
    return folder / "union.h5"


@pytest.fixture(scope="session")
def union(union_path):
    """The same file, open."""
    with h5py.File(union_path, "r") as opened:
        yield opened


# --- command lines, good and bad

@pytest.fixture
def call(program, tmp_path):
    """call(arguments) -> the finished process, started in tmp_path.

    The exit code is `expect`, or anything if that is None.
    """
    def run(arguments, expect=0, **settings):
        given = [a if isinstance(a, bytes) else str(a) for a in arguments]
        done = subprocess.run([program, *given], cwd=tmp_path,
                              capture_output=True, text=True, timeout=60,
                              errors="replace", **settings)
        assert expect in (None, done.returncode), done.stderr
        return done
    return run


@pytest.fixture
def refuse(call, tmp_path):
    """refuse(arguments, code, patterns): the program says so in one line.

    One line on stderr, nothing on stdout, no file created or changed.
    """
    def check(arguments, code, patterns):
        before = listing(tmp_path)
        done = call(arguments, expect=code)
        assert done.stdout == ""
        assert done.stderr.endswith("\n")
        (line,) = done.stderr[:-1].split("\n")
        assert line.startswith("initscope: ")
        assert not re.search(r"[\x00-\x1f\x7f]", line)
        for pattern in patterns:
            assert re.search(pattern, line), f"{pattern!r} is not in {line!r}"
        assert listing(tmp_path) == before
        return line
    return check
