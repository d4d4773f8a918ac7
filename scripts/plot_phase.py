#!/usr/bin/env python3
"""Draws the phase diagram of a sweep over gain and bias_std.

Reads a results file of 'initscope run', or one step (--filter step=N) of
'initscope train'. Writes PREFIX.png, PREFIX.svg and PREFIX.csv, which has every
number that is drawn. The figure has three maps over gain and bias_std: the
measured chi_1 (slope_second_moment * gain^2), the depth at which the gradient
is lost, and the depth at which the inputs' correlation is lost. If the file has
theory, a line shows where chi_1 = 1 in the last hidden layer.
"""

import sys

from initscope import command  # first: it reports missing packages
from initscope import results
from initscope.plot import phase_diagram, phase_figure
from initscope.style import write_figure


def main():
    """Runs the program."""
    options = command.plot_options(command.plot_parser(__doc__, "phase"))
    diagram = phase_diagram.measure(results.read_and_tell(options.file),
                                    options.filter)
    figure = phase_figure.draw(diagram, options.dpi)
    command.keep(options.file, options.output, [
        options.output + suffix for suffix in (".png", ".svg", ".csv")])
    command.write(f"{options.output}.csv",
                  lambda path: diagram.table().to_csv(path, index=False))
    write_figure(figure, options.output)
    if diagram.theory is None:
        print(f"plot_phase.py: {options.file} has no "
              f"/layers/theory_{phase_diagram.SLOPE}, so there is no critical "
              f"line", file=sys.stderr)


if __name__ == "__main__":
    command.run_main(main)
