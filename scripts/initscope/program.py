"""Finds the program initscope, and calls it."""

import os
import pathlib
import shutil
import subprocess
import tempfile

from initscope.command import BAD_DATA, IO_ERROR, ScriptError
from initscope.text import visible

ROOT = pathlib.Path(__file__).resolve().parents[2]


def find_program():
    """$INITSCOPE, else the release build of this checkout.

    Where the package is installed outside a checkout: initscope on the PATH.
    """
    built = str(ROOT / "build" / "release" / "initscope")
    program = os.environ.get("INITSCOPE") or (
        built if (ROOT / "CMakePresets.json").exists()
        else shutil.which("initscope") or built)
    if not os.access(program, os.X_OK) or os.path.isdir(program):
        raise ScriptError(IO_ERROR, f"{program}: no such program; build it "
                          f"(cmake --build --preset release) or name another "
                          f"in $INITSCOPE")
    return program


def call(*words):
    """What the program says on stdout; a ScriptError with its own words."""
    done = subprocess.run([find_program(), *map(str, words)], check=False,
                          capture_output=True, text=True, errors="replace",
                          stdin=subprocess.DEVNULL)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["said nothing"]
        raise ScriptError(
            done.returncode if done.returncode > 0 else BAD_DATA,
            visible(said[-1].removeprefix("initscope: ")))
    return done.stdout


def flags(keys):
    """The command line's words for {key: value}; lists are swept."""
    return [word for key, value in keys.items()
            for word in (f"--{key.replace('_', '-')}", _text(value))]


def _text(value):
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, (str, os.PathLike)) or not hasattr(value,
                                                            "__iter__"):
        return str(value)
    return ",".join(map(_text, value))


def run(command="run", experiment=None, output=None, **keys):
    """Calls 'initscope COMMAND' and returns its results, as read() does.

        initscope.run(activation=["tanh", "relu"], depth=20)
        initscope.run("train", steps=100, learning_rate=0.1)

    A list is a sweep; `experiment` is an .ini file that the keys override. The
    results file is `output`, else a temporary one that lasts as long as the
    results that are returned.
    """
    from initscope.results import read  # pandas takes its time
    folder = None
    if output is None:
        folder = tempfile.TemporaryDirectory(prefix="initscope-")
        output = os.path.join(folder.name, "results.h5")
    call(command, *([experiment] if experiment else []), *flags(keys),
         "--output", output, "--quiet")
    results = read(output)
    results.folder = folder  # removed with the results
    return results
