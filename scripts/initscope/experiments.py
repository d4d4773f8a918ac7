"""The files in experiments/claims: finds them and runs their experiments.

The first line of a file's docstring says what it shows. It defines COMMAND (of
the program) and QUICK (the options of a smaller size). A file that defines
PAPER compares published results with measurements (reproduce.py):

    COLUMNS          the columns of /layers that it needs, or
    measure(prefix, quick)   runs it; returns (DataFrame, names of its keys)
    claims(rows)     yields Claims
    panels(rows)     returns the Panels of its figure

The others (show.py) define claims(results), which yields Claims, and
draw(results), which returns a figure.
"""

import argparse
import ast
import difflib
import importlib
import re
import sys

from initscope import program
from initscope.command import ArgumentParser, ScriptError, USAGE
from initscope.results import read

EXPERIMENTS = program.ROOT / "experiments"


def names(published):
    """The names of the files with a PAPER, or of those without one."""
    return [path.stem for path in sorted((EXPERIMENTS / "claims").glob("*.py"))
            if published == bool(re.search("^PAPER = ", path.read_text(),
                                           re.M))]


def summary(name):
    """The first line of a file's docstring."""
    tree = ast.parse((EXPERIMENTS / "claims" / f"{name}.py").read_text())
    return ast.get_docstring(tree).splitlines()[0]


def parser(description, known):
    """The parser of a program; its help has a line for each name of `known`."""
    width = max(map(len, known), default=0)
    return ArgumentParser(
        description=description, epilog="\n".join(["experiments:", *(
            f"  {name:<{width}}  {summary(name)}" for name in known)]),
        formatter_class=argparse.RawDescriptionHelpFormatter)


def check(name, known):
    """Raises a ScriptError unless `name` is one of `known`."""
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        hint = (f"did you mean '{near[0]}'?" if near
                else f"there are {', '.join(known)}")
        raise ScriptError(USAGE, f"unknown experiment '{name}'; {hint}")


def load(name):
    """The module of a file; it may import its neighbours."""
    folder = str(EXPERIMENTS / "claims")
    if folder not in sys.path:
        sys.path.append(folder)
    return importlib.import_module(name)


def ini(name):
    """The path of an experiment file.

    NAME.ini, the .ini in the folder NAME, or for published results
    reproduce/NAME.ini.
    """
    return [*EXPERIMENTS.glob(f"{name}.ini"),
            *(EXPERIMENTS / name).glob("*.ini"),
            EXPERIMENTS / "reproduce" / f"{name}.ini"][0]


def measure(name, prefix, quick):
    """Runs the experiment of a published result.

    Returns (DataFrame of /layers with all keys, names of the keys). Writes
    PREFIX.h5, or what the file's own measure() writes.
    """
    module = load(name)
    if hasattr(module, "measure"):
        return module.measure(prefix, quick)
    path = f"{prefix}.h5"
    program.call(module.COMMAND, ini(name), "--force", "--quiet",
                 *(module.QUICK if quick else []), "--output", path)
    results = read(path)
    results.check_one_step()
    return results.keyed("layers", module.COLUMNS), results.keys
