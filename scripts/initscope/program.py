"""Finds the program initscope and calls it."""

import os
import pathlib
import shutil
import subprocess
import tempfile

from initscope.command import BAD_DATA, IO_ERROR, ScriptError
from initscope.text import visible

ROOT = pathlib.Path(__file__).resolve().parents[2]
RELEASE = str(ROOT / "build" / "release" / "initscope")


def find_program():
    """The path of the program: $INITSCOPE, else this checkout's release build.

    If the package is installed outside a checkout: `initscope` on the PATH.
    Raises a ScriptError if there is none.
    """
    program = os.environ.get("INITSCOPE") or (
        RELEASE if (ROOT / "CMakePresets.json").exists()
        else shutil.which("initscope") or RELEASE)
    if not os.access(program, os.X_OK) or os.path.isdir(program):
        raise ScriptError(IO_ERROR, f"{program}: no such program; build it "
                          f"(cmake --build --preset release) or name another "
                          f"in $INITSCOPE")
    return program


def call(*words):
    """Runs the program with these words; returns what it prints on stdout.

    Raises a ScriptError with the program's message and exit code.
    """
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
    """The command line of {key: value}; a list is a sweep."""
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

    command      "run", "train", "trace", "theory" or "attention"
    experiment   an .ini file; `keys` override it
    output       the results file; None makes a temporary one, which lasts as
                 long as the results that are returned
    keys         as `initscope COMMAND --help` lists them; a list is a sweep

    Raises a ScriptError with the program's message if it fails.
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
