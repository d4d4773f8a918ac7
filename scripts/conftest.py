"""What the tests of the program's output share.

The program is $INITSCOPE, by default build/release/initscope.
"""

import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent


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
