#!/usr/bin/env python3
"""Reproduces published results, and says whether each came out.

Runs the experiments of experiments/reproduce, holds what was measured against
the claims of claims.toml, draws a figure for each and prints one table:
source, quantity, expected and measured value, tolerance and where it comes
from, PASS or FAIL. Exit code 1 if anything fails.
"""

import argparse
import difflib
import os
import pathlib
import sys
import time

from initscope import command  # first: says it where a package is missing
from initscope import reproduce_figure, reproduce_tables
from initscope import claims as show_claims
from initscope.command import BAD_DATA, CANNOT_CREATE, ScriptError, USAGE, write
from initscope.formula import FormulaError
from initscope.reproduce_claims import Claims
from show import ROOT, find_program
from initscope.style import save

FOLDER = ROOT / "experiments" / "reproduce"


def parse_arguments(claims):
    """The command line."""
    width = max(map(len, claims.experiments), default=0)
    listing = "\n".join(f"  {name:<{width}}  {experiment['source']}"
                        for name, experiment in claims.experiments.items())
    parser = command.ArgumentParser(
        description=__doc__, epilog=f"experiments:\n{listing}",
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", metavar="NAME", nargs="*",
                        help="what to reproduce (default: all; see below)")
    parser.add_argument("--quick", action="store_true",
                        help="smaller sizes, with wider tolerances")
    parser.add_argument("--output", metavar="DIR", help="where results and "
                        "figures go (default: results/reproduce)")
    return parser.parse_args()


def chosen(names, claims):
    """The experiments that were named, in the file's order; else all."""
    for name in names:
        if name not in claims.experiments:
            near = difflib.get_close_matches(name, claims.experiments, 1)
            hint = (f"did you mean '{near[0]}'?" if near
                    else f"there are {', '.join(claims.experiments)}")
            raise ScriptError(USAGE, f"unknown experiment '{name}'; {hint}")
    return [name for name in claims.experiments if not names or name in names]


def output_folder(named):
    """DIR as named, which must be there; else results/reproduce, made."""
    if named is None:
        folder = ROOT / "results" / "reproduce"
        folder.mkdir(parents=True, exist_ok=True)
        return pathlib.Path(os.path.relpath(folder))
    if not os.path.isdir(named):
        raise ScriptError(CANNOT_CREATE, f"{named}: no such folder; make it, "
                          f"or leave out --output")
    return pathlib.Path(named)


def reproduce(program, claims, name, folder, quick):
    """[(source, Claim)] of one experiment; its results and its figure."""
    experiment = claims.experiments[name]
    prefix = str(folder / name)
    read = reproduce_tables.run(program, experiment,
                                FOLDER / experiment["file"], f"{prefix}.h5",
                                quick)
    table = read(claims.statistics(name))
    found = claims.asserted(name, table, quick)
    try:
        figure = reproduce_figure.draw(experiment, claims.constants, table,
                                       [claim for _, claim in found])
    except FormulaError as error:
        raise ScriptError(BAD_DATA, f"its figure: {error}") from error
    write(f"{prefix}.png", lambda picture: save(figure, picture))
    return found


def main():
    """The whole program."""
    claims = Claims(os.path.relpath(FOLDER / "claims.toml"))
    options = parse_arguments(claims)
    names = chosen(options.names, claims)
    program = find_program()
    folder = output_folder(options.output)
    found, broken = [], []
    for name in names:
        start = time.monotonic()
        try:
            found += reproduce(program, claims, name, folder, options.quick)
        except ScriptError as error:  # must not hide the other experiments
            broken.append(f"{name}: {error}")
        print(f"{name}: {time.monotonic() - start:.1f} s", file=sys.stderr)
    report(claims, names, found, broken)


def report(claims, names, found, broken):
    """Prints what was found; a ScriptError if anything is not as claimed."""
    print("\n".join(show_claims.table([claim for _, claim in found],
                                      [source for source, _ in found])))
    for name in names:
        for source, quantity, why in claims.not_asserted(name):
            print(f"not asserted: {source}: {quantity}: {why}")
    sys.stdout.flush()
    for line in broken:
        print(f"could not be judged: {line}", file=sys.stderr)
    failed = sum(not claim.holds for _, claim in found)
    if failed or broken:
        raise ScriptError(1, f"{failed} of {len(found)} claims do not hold, "
                          f"{len(broken)} of {len(names)} experiments could "
                          f"not be judged")


if __name__ == "__main__":
    command.run_main(main)
