"""Where the program initscope is that the scripts call."""

import os
import pathlib

from initscope.command import IO_ERROR, ScriptError

ROOT = pathlib.Path(__file__).resolve().parents[2]


def find_program():
    """$INITSCOPE, else the release build."""
    program = os.environ.get("INITSCOPE") or str(
        ROOT / "build" / "release" / "initscope")
    if not os.access(program, os.X_OK) or os.path.isdir(program):
        raise ScriptError(IO_ERROR, f"{program}: no such program; build it "
                          f"(cmake --build --preset release) or name another "
                          f"in $INITSCOPE")
    return program
