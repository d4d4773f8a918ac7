"""The files of experiments/claims: which there are, and how one is run.

A file says of itself in its first line what it shows, and has COMMAND and
QUICK, the options of a smaller size. One with a PAPER holds published results
against measurements (reproduce.py):

    COLUMNS          the columns of /layers that it takes, or
    measure(prefix, quick)   which runs it: (table of rows, names of its keys)
    claims(rows)     yields Claims
    panels(rows)     the Panels of its figure

The others (show.py) have claims(results) and draw(results), of Results.
"""

import ast
import difflib
import importlib
import pathlib
import re
import sys

from initscope import program
from initscope.command import SCRIPTS, ScriptError, USAGE
from initscope.results import read

ROOT = pathlib.Path(SCRIPTS).parent
EXPERIMENTS = ROOT / "experiments"


def names(published):
    """The names of the files with a PAPER, or of those without."""
    return [path.stem for path in sorted((EXPERIMENTS / "claims").glob("*.py"))
            if published == bool(re.search("^PAPER = ", path.read_text(),
                                           re.M))]


def summary(name):
    """The first line of what a file says of itself."""
    tree = ast.parse((EXPERIMENTS / "claims" / f"{name}.py").read_text())
    return ast.get_docstring(tree).splitlines()[0]


def listing(known):
    """A line for each of the names `known`, for a program's help."""
    width = max(map(len, known), default=0)
    return "\n".join(f"  {name:<{width}}  {summary(name)}" for name in known)


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
    """The experiment file of a name.

    NAME.ini, the .ini of the folder NAME, or for published results
    reproduce/NAME.ini.
    """
    for path in (EXPERIMENTS / f"{name}.ini",
                 *(EXPERIMENTS / name).glob("*.ini")):
        if path.exists():
            return path
    return EXPERIMENTS / "reproduce" / f"{name}.ini"


def measure(name, prefix, quick):
    """Runs published results: (table, names of its keys)."""
    module = load(name)
    if hasattr(module, "measure"):
        return module.measure(prefix, quick)
    path = f"{prefix}.h5"
    program.call(module.COMMAND, ini(name), "--force", "--quiet",
                 *(module.QUICK if quick else []), "--output", path)
    results = read(path)
    results.check_one_step()
    return results.keyed("layers", module.COLUMNS), results.keys
