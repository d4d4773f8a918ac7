#!/usr/bin/env python3
"""Runs an experiment, checks what it claims, and draws it.

Runs 'initscope COMMAND experiments/NAME.ini' into results/NAME.h5, prints each
claim (what the formula says, what was measured, how far off it may be and
why) and writes results/NAME.png. Exit code 1 if a claim does not hold.

With FILE, an experiment or results file of your own, it draws that as
results/FILE.png and claims nothing of it.
"""

import argparse
import ast
import difflib
import importlib.util
import os
import pathlib
import subprocess
import sys

from initscope import command  # first: says it where a package is missing
import matplotlib
from initscope import claims as show_claims
from initscope.command import ScriptError, USAGE, write
from initscope.program import find_program
from initscope.style import RC, save

ROOT = pathlib.Path(command.SCRIPTS).parent
SHOWS = ROOT / "experiments" / "claims"


def names():
    """The experiments that there are, in alphabetical order."""
    return sorted(path.stem for path in SHOWS.glob("[!_]*.py"))


def summary(name):
    """The first line of what an experiment's module says of itself."""
    tree = ast.parse((SHOWS / f"{name}.py").read_text())
    return ast.get_docstring(tree).splitlines()[0]


def experiment_file(name):
    """experiments/NAME.ini, or the .ini of the folder experiments/NAME."""
    folder = ROOT / "experiments"
    return next((folder / name).glob("*.ini"), folder / f"{name}.ini")


def parse_arguments():
    """The command line."""
    width = max(map(len, names()), default=0)
    listing = "\n".join(f"  {name:<{width}}  {summary(name)}"
                        for name in names())
    parser = command.ArgumentParser(
        description=__doc__, epilog=f"experiments:\n{listing}",
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", metavar="NAME", help="see below")
    parser.add_argument("file", metavar="FILE", nargs="?", type=pathlib.Path,
                        help="your own .ini or .h5 in place of the "
                        "experiment's (attention_example takes one)")
    parser.add_argument("--quick", action="store_true",
                        help="a smaller size, with wider tolerances")
    parser.add_argument("--output", metavar="PREFIX", help="PREFIX.h5 and "
                        "PREFIX.png (default: results/NAME, or FILE's name)")
    return parser.parse_args()


def load(name):
    """The module of an experiment."""
    if name not in names():
        near = difflib.get_close_matches(name, names(), 1)
        hint = (f"did you mean '{near[0]}'?" if near
                else f"there are {', '.join(names())}")
        raise ScriptError(USAGE, f"unknown experiment '{name}'; {hint}")
    spec = importlib.util.spec_from_file_location(name, SHOWS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(program, name, module, prefix, quick, own=None):
    """Runs the experiment, or the user's own; returns its results file."""
    known = subprocess.run([program, module.COMMAND, "--help"], check=False,
                           capture_output=True)
    if known.returncode != 0:
        raise ScriptError(USAGE, f"{program} has no command "
                          f"'{module.COMMAND}', which {name} needs; build "
                          f"the version that this script is of")
    path = f"{prefix}.h5"
    done = subprocess.run(
        [program, module.COMMAND, str(own or experiment_file(name)),
         "--output", path, "--force", *(module.QUICK if quick else [])],
        check=False)
    if done.returncode != 0:  # it has said in one line why
        raise SystemExit(done.returncode if done.returncode > 0
                         else 128 - done.returncode)
    return path


def draw(module, path):
    """The Figure of the results file `path`."""
    with matplotlib.rc_context(RC):
        return module.draw(path)


def draw_own(name, module, path):
    """The same of a file that is not the experiment's."""
    if not hasattr(module, "draw_own"):
        raise ScriptError(USAGE, f"{name} draws its own experiment alone; "
                          "remove FILE, or show attention_example")
    with matplotlib.rc_context(RC):
        return module.draw_own(path)


def main():
    """The whole program."""
    options = parse_arguments()
    module = load(options.name)
    own, prefix = options.file, options.output
    if prefix is None:
        (ROOT / "results").mkdir(exist_ok=True)
        prefix = os.path.relpath(
            ROOT / "results" / (own.stem if own else options.name))
    path = own
    if own is None or own.suffix == ".ini":
        path = run(find_program(), options.name, module, prefix,
                   options.quick, own)
    if own:
        claims = []
        figure = draw_own(options.name, module, path)
    else:
        claims = module.claims(path)
        print("\n".join(show_claims.table(claims)))
        figure = draw(module, path)
    print(path)
    if own:
        command.keep(own, prefix, [f"{prefix}.png"])
    write(f"{prefix}.png", lambda picture: save(figure, picture))
    failed = sum(not claim.holds for claim in claims)
    if failed:
        sys.stdout.flush()
        raise ScriptError(1, f"{failed} of {len(claims)} claims do not hold")


if __name__ == "__main__":
    command.run_main(main)
