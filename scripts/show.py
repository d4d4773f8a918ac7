#!/usr/bin/env python3
"""Runs an experiment, checks what it claims, and draws it.

Runs 'initscope COMMAND experiments/NAME.ini' into results/NAME.h5. Prints each
claim: the value from the formula, the measured value, the tolerance and its
reason. Writes results/NAME.png. Exit code 1 if a claim does not hold.

With FILE, an experiment or results file of your own, it draws that into
results/FILE.png and checks no claims.
"""

import os
import pathlib
import subprocess
import sys

from initscope import command  # first: it reports missing packages
from initscope import claims, experiments, program, results
from initscope.command import USAGE, ScriptError
from initscope.style import in_style, write_figure


def parse_arguments():
    """The parsed command line."""
    known = experiments.names(published=False)
    parser = experiments.parser(__doc__, known)
    parser.add_argument("name", metavar="NAME", help="see below")
    parser.add_argument("file", metavar="FILE", nargs="?", type=pathlib.Path,
                        help="your own .ini or .h5 in place of the "
                        "experiment's (attention_example takes one)")
    parser.add_argument("--quick", action="store_true",
                        help="a smaller size, with wider tolerances")
    parser.add_argument("--output", metavar="PREFIX", help="PREFIX.h5 and "
                        "PREFIX.png (default: results/NAME, or FILE's name)")
    options = parser.parse_args()
    experiments.check(options.name, known)
    return options


def run(name, module, prefix, quick, own=None):
    """Runs the experiment, or the user's own; returns its results file."""
    initscope = program.find_program()
    known = subprocess.run([initscope, module.COMMAND, "--help"], check=False,
                           capture_output=True)
    if known.returncode != 0:
        raise ScriptError(USAGE, f"{initscope} has no command "
                          f"'{module.COMMAND}', which {name} needs; build "
                          f"the version that this script is of")
    path = f"{prefix}.h5"
    done = subprocess.run(
        [initscope, module.COMMAND, str(own or experiments.ini(name)),
         "--output", path, "--force", *(module.QUICK if quick else [])],
        check=False)
    if done.returncode != 0:  # the program has printed the reason
        raise SystemExit(done.returncode if done.returncode > 0
                         else 128 - done.returncode)
    return path


def main():
    """Runs the program."""
    options = parse_arguments()
    module = experiments.load(options.name)
    own, prefix = options.file, options.output
    if own and not hasattr(module, "draw_own"):
        raise ScriptError(USAGE, f"{options.name} draws its own experiment "
                          "alone; remove FILE, or show attention_example")
    if prefix is None:
        folder = program.ROOT / "results"
        folder.mkdir(exist_ok=True)
        prefix = os.path.relpath(folder / (own.stem if own else options.name))
    path = own
    if own is None or own.suffix == ".ini":
        path = run(options.name, module, prefix, options.quick, own)
    measured = results.read(path)
    made = [] if own else list(module.claims(measured))
    if not own:
        print("\n".join(claims.table(made)))
    with in_style():
        figure = (module.draw_own if own else module.draw)(measured)
    print(path)
    if own:
        command.keep(own, prefix, [f"{prefix}.png"])
    write_figure(figure, prefix, [".png"])
    failed = sum(not claim.holds for claim in made)
    if failed:
        sys.stdout.flush()
        raise ScriptError(1, f"{failed} of {len(made)} claims do not hold")


if __name__ == "__main__":
    command.run_main(main)
