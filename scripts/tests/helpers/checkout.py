"""Where the tests find the repository that they test."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
SCRIPTS = ROOT / "scripts"
EXPERIMENTS = ROOT / "experiments"


def measured_program():
    """The program that the command line names, or the one that is built."""
    return (pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else
            ROOT / "build/release/initscope")
