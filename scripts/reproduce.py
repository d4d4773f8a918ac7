#!/usr/bin/env python3
"""Reproduces published results, and says whether each came out.

Runs the experiments in experiments/reproduce, compares the measurements with
the claims in experiments/claims, draws a figure for each, prints one table:
source, quantity, expected and measured value, tolerance and its reason, PASS or
FAIL. Exit code 1 if anything fails.
"""

import os
import pathlib
import sys
import time

from initscope import command  # first: it reports missing packages
from initscope import claims, experiments, program
from initscope.command import CANNOT_CREATE, ScriptError
from initscope.plot import claims_figure
from initscope.style import write_figure


def parse_arguments(known):
    """The parsed command line."""
    parser = experiments.parser(__doc__, known)
    parser.add_argument("names", metavar="NAME", nargs="*",
                        help="what to reproduce (default: all; see below)")
    parser.add_argument("--quick", action="store_true",
                        help="smaller sizes, with wider tolerances")
    parser.add_argument("--output", metavar="DIR", help="where results and "
                        "figures go (default: results/reproduce)")
    options = parser.parse_args()
    for name in options.names:
        experiments.check(name, known)
    return options


def output_folder(named):
    """The folder DIR, which must exist, or a new results/reproduce."""
    if named is None:
        folder = program.ROOT / "results" / "reproduce"
        folder.mkdir(parents=True, exist_ok=True)
        return pathlib.Path(os.path.relpath(folder))
    if not os.path.isdir(named):
        raise ScriptError(CANNOT_CREATE, f"{named}: no such folder; make it, "
                          f"or leave out --output")
    return pathlib.Path(named)


def reproduce(name, folder, quick):
    """The claims of one experiment; writes its results and its figure."""
    prefix = str(folder / name)
    measured = experiments.measure(name, prefix, quick)
    module = experiments.load(name)
    found = list(module.claims(measured[0]))
    figure = claims_figure.draw(
        f"{module.PAPER}: {module.TITLE}", measured,
        module.panels(measured[0]),
        [each for each in found if isinstance(each, claims.Claim)])
    write_figure(figure, prefix, [".png"])
    return found


def main():
    """Runs the program."""
    known = experiments.names(published=True)
    options = parse_arguments(known)
    names = [name for name in known
             if not options.names or name in options.names]
    program.find_program()
    folder = output_folder(options.output)
    found, broken = [], []
    for name in names:
        start = time.monotonic()
        try:
            found += reproduce(name, folder, options.quick)
        except ScriptError as error:  # the other experiments go on
            broken.append(f"{name}: {error}")
        print(f"{name}: {time.monotonic() - start:.1f} s", file=sys.stderr)
    report(found, broken, len(names))


def report(found, broken, count):
    """Prints all claims; raises a ScriptError if one does not hold."""
    judged = [each for each in found if isinstance(each, claims.Claim)]
    print("\n".join(claims.table(judged)))
    for each in found:
        if isinstance(each, claims.NotAsserted):
            print(f"not asserted: {each.source}: {each.text}: {each.why}")
    sys.stdout.flush()
    for line in broken:
        print(f"could not be judged: {line}", file=sys.stderr)
    failed = sum(not each.holds for each in judged)
    if failed or broken:
        raise ScriptError(1, f"{failed} of {len(judged)} claims do not hold, "
                          f"{len(broken)} of {count} experiments could not be "
                          f"judged")


if __name__ == "__main__":
    command.run_main(main)
