#!/usr/bin/env python3
"""Plots how the variance changes from layer to layer, forward and backward.

Reads a results file of 'initscope run', 'train', 'trace' or 'theory'. Writes
PREFIX.png, PREFIX.svg and PREFIX.csv, which has every number that is drawn (as
log10). Each panel is one activation with one init; another swept key, such as
gain or the training step, becomes the colour (--filter step=0 chooses one
value). Runs that differ in their seeds alone are pooled: median and 10-90 %
band. The theory is dotted, with a hatched band, if the file has it.
"""

import sys

from initscope import command  # first: it reports missing packages
from initscope import results, verdicts
from initscope.plot.variance_curves import (MOMENTS, QUANTITIES, Options,
                                               Selection)
from initscope.plot.variance_figure import Painter
from initscope.style import write_figure


def parse_arguments():
    """The parsed command line, checked as far as that needs no file."""
    parser = command.plot_parser(__doc__, "variance")
    for name, default in (("rows", "activation"), ("columns", "init"),
                          ("color", "another swept key")):
        parser.add_argument(f"--{name}", metavar="KEY",
                            help=f"default: {default}")
    parser.add_argument("--moment", default="variance",
                        choices=MOMENTS)
    parser.add_argument("--quantity", action="append", dest="quantities",
                        choices=QUANTITIES,
                        help="repeatable; default: all four")
    parser.add_argument("--delta", default="relative",
                        choices=["relative", "absolute"],
                        help="relative to the output's delta_L (default), "
                        "or absolute")
    parser.add_argument("--no-theory", action="store_false", dest="theory",
                        help="leaves out the theory")
    parser.add_argument("--max-pages", type=int, default=20, metavar="N",
                        help="most pages to draw; the CSV file always has "
                        "everything (default: %(default)s)")
    options = command.plot_options(parser)
    if options.max_pages < 1:
        parser.error("--max-pages must be at least 1")
    return options


def main():
    """Runs the program."""
    options = parse_arguments()
    prefix = options.output
    selection = Selection(results.read_and_tell(options.file), Options(
        rows=options.rows, columns=options.columns, color=options.color,
        filter=options.filter, moment=options.moment, dpi=options.dpi,
        quantities=[q for q in QUANTITIES
                    if q in (options.quantities or [q])],
        relative_delta=options.delta == "relative", theory=options.theory))
    painter = Painter(selection, verdicts.read_if_possible(selection.results))
    pages = painter.pages()
    total = min(len(pages), options.max_pages)
    names = [prefix] if total == 1 else [
        f"{prefix}_{i + 1:0{len(str(total))}d}" for i in range(total)]
    command.keep(options.file, prefix, [
        f"{prefix}.csv", *(name + suffix for name in names
                           for suffix in (".png", ".svg"))])
    command.write(f"{prefix}.csv", lambda path: selection.table().to_csv(
        path, index=False))
    for i, (name, page) in enumerate(zip(names, pages)):
        write_figure(painter.draw(page, i + 1, total), name)
    if len(pages) > total:
        print(f"plot_variance.py: drew {total} of {len(pages)} pages; "
              f"--filter or a larger --max-pages shows the others, and "
              f"{prefix}.csv has all numbers", file=sys.stderr)


if __name__ == "__main__":
    command.run_main(main)
