#!/usr/bin/env python3
"""Plots how the variance changes from layer to layer, forward and backward.

Reads a results file of 'initscope run', 'train', 'trace' or 'theory' and writes
PREFIX.png, PREFIX.svg and PREFIX.csv, the last with every number that is drawn
(as log10). Each panel is one activation with one init; a swept key such as
gain, or the training step, becomes the colour (--filter step=0 chooses one).
Runs that differ in their seed alone are pooled: median and 10-90 % band. What
the theory predicts of both is drawn dotted, where the file has it.
"""

import argparse
import math
import os
import sys

from initscope import command  # first: says it where a package is missing
from initscope import results as results_file
from initscope import verdicts
from initscope.plot import variance_curves
from initscope.command import ScriptError
from initscope.style import write_figure
from initscope.plot.variance_figure import Painter


def parse_arguments():
    """The command line, checked as far as that needs no file."""
    parser = command.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("file", help="results file, FILE.h5")
    parser.add_argument("--output", metavar="PREFIX",
                        help="default: beside FILE.h5, FILE_variance")
    for name, default in (("rows", "activation"), ("columns", "init"),
                          ("color", "another swept key")):
        parser.add_argument(f"--{name}", metavar="KEY",
                            help=f"default: {default}")
    parser.add_argument("--filter", metavar="KEY=VALUE", action="append",
                        default=[], help="only these runs; repeatable (one "
                        "key twice: either value)")
    parser.add_argument("--moment", default="variance",
                        choices=["variance", "second_moment"])
    parser.add_argument("--quantity", action="append", dest="quantities",
                        choices=variance_curves.QUANTITIES,
                        help="repeatable; default: all four")
    parser.add_argument("--delta", default="relative",
                        choices=["relative", "absolute"],
                        help="relative to the output's delta_L (default), "
                        "or absolute")
    parser.add_argument("--no-theory", action="store_false", dest="theory",
                        help="leaves out what the theory predicts")
    parser.add_argument("--dpi", type=float, default=150)
    parser.add_argument("--max-pages", type=int, default=20, metavar="N",
                        help="what does not fit is in the CSV file, and "
                        "said (default: %(default)s)")
    options = parser.parse_args()
    if not 10 <= options.dpi <= 1200:
        parser.error(f"--dpi {options.dpi:g} is not within 10 to 1200")
    if options.max_pages < 1:
        parser.error("--max-pages must be at least 1")
    options.quantities = [q for q in variance_curves.QUANTITIES
                          if q in (options.quantities or [q])]
    options.relative_delta = options.delta == "relative"
    return options


def load(options):
    """Reads the file; the Painter of its pages and the CSV's table."""
    columns = [f"log10_{quantity}_{options.moment}"
               for quantity in options.quantities]
    theory = [f"theory_{column}{suffix}" for column in columns
              for suffix in ("", "_std")]
    results = results_file.read(options.file, columns, theory)
    if not options.theory:
        results.check_measured()
        results.layers = results.layers.drop(columns=theory, errors="ignore")
    samples = results.filtered(options.filter)
    if samples.empty:
        raise ScriptError(command.BAD_DATA,
                          f"{options.file}: has no runs")
    layout = variance_curves.choose_layout(
        results, samples, options.rows, options.columns, options.color)
    values = variance_curves.collect(results, samples, layout,
                                     options.moment, options.quantities,
                                     options.relative_delta)
    curves = variance_curves.summarize(values, layout.keys)
    judged = (verdicts.Verdicts([]), "") if results.theory_alone else (
        verdicts.read_if_possible(options.file))
    painter = Painter(results, samples, layout, values, curves, options,
                      *judged)
    return painter, csv_table(curves, samples, layout, options)


def csv_table(curves, samples, layout, options):
    """The curves as the CSV file has them: tidy, the keys first."""
    table = curves.sort_values([*layout.keys, "quantity", "layer"],
                               kind="stable")
    for key in ("init", "activation"):
        if key not in table:
            add_dependent_key(table, samples, key, layout.keys)
    at = table.columns.get_loc("quantity") + 1
    table.insert(at, "moment", options.moment)
    relative = (table["quantity"] == "delta") & options.relative_delta
    table.insert(at + 1, "relative_to",
                 relative.map({True: "delta_L", False: ""}))
    table["output"] = table["output"].astype(int)
    silent = [column for column in table if column.startswith("theory_")
              and table[column].isna().all()]
    return table.drop(columns=[*silent, "n_measured"])


def add_dependent_key(table, samples, key, keys):
    """Puts `key` in front of the table, if the other keys determine it."""
    if not keys:
        table.insert(0, key, samples[key].iloc[0])
    elif samples.groupby(keys)[key].nunique().max() == 1:
        first = samples.groupby(keys)[key].first().rename("value")
        table.insert(0, key, table.join(first, on=keys)["value"])


def main():
    """The whole program."""
    options = parse_arguments()
    painter, table = load(options)
    prefix = options.output or (
        os.path.splitext(options.file)[0] + "_variance")
    pages = painter.pages()
    total = min(len(pages), options.max_pages)
    names = [prefix] if total == 1 else [
        f"{prefix}_{i + 1:0{int(math.log10(total)) + 1}d}"
        for i in range(total)]
    command.keep(options.file, prefix, [
        f"{prefix}.csv", *(name + suffix for name in names
                           for suffix in (".png", ".svg"))])
    command.write(f"{prefix}.csv",
                  lambda path: table.to_csv(path, index=False))
    for i, (name, page) in enumerate(zip(names, pages)):
        write_figure(painter.draw(page, i + 1, total), name)
    if len(pages) > total:
        print(f"plot_variance.py: drew {total} of {len(pages)} pages; "
              f"--filter or a larger --max-pages shows the others, and "
              f"{prefix}.csv has all numbers", file=sys.stderr)


if __name__ == "__main__":
    command.run_main(main)
