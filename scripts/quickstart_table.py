#!/usr/bin/env python3
"""Prints a table of a results file: do the signal and the gradient survive?

It has a line for each activation, init and other swept keys, with medians over
the seeds. Variance is that of the activations in the first, middle and last
hidden layer. Delta is log10 of the second moment of ∂loss/∂Z in the first
hidden layer relative to that in the last: -6 is a millionth. The verdict is
that of `initscope info` on the runs at step 0; `initscope info --help` explains
its words.
"""

import argparse
import math

from initscope import command  # first: it reports missing packages
import numpy as np

import initscope
from initscope import verdicts
from initscope.command import ScriptError
from initscope.keys import REPETITION_KEYS
from initscope.keys import independent as independent_keys
from initscope.text import aligned, text_of

STATISTICS = ["log10_activation_variance", "log10_delta_second_moment"]


def median(logs):
    """The median over seeds of log10 values.

    -inf if most values are exactly 0, NaN if most are not finite.
    """
    if 2 * (logs == -np.inf).sum() > len(logs):
        return -math.inf
    if 2 * (logs.isna() | (logs == np.inf)).sum() > len(logs):
        return math.nan
    return logs[np.isfinite(logs)].median()


def number(log10):
    """A variance as short text, from its log10."""
    if log10 == -math.inf:
        return "0"
    if not math.isfinite(log10):
        return "not finite"
    if -3 <= log10 < 4:
        return f"{10 ** log10:.3g}"
    exponent = math.floor(log10)  # the plain number may not fit a double
    mantissa = f"{10 ** (log10 - exponent):.1f}"
    if mantissa == "10.0":
        mantissa, exponent = "1.0", exponent + 1
    return f"{mantissa}e{exponent:+03d}"


def lines(results):
    """Yields the rows of the table as lists of texts, the heading first."""
    others = [key for key in results.keys
              if key not in ("activation", "init", *REPETITION_KEYS)]
    independent = independent_keys(
        results.samples, ["step", "activation", "init", *others])
    keys = ["activation", "init", *(key for key in independent
                                    if key not in ("activation", "init"))]
    of_run = [key for key in keys if key != "step"]
    layers = results.table("layers", STATISTICS).join(
        results.runs[of_run], on="run_index")
    run = layers.groupby(["run_index", "step"])
    output = layers["layer"] == run["layer"].transform("max")
    layers["delta"] = layers[STATISTICS[1]]
    hidden = layers[~output & (layers["layer"] > 0)]
    yield [*keys, "variance: first", "middle", "last", "log10 delta",
           "verdict"]
    judged = verdicts.read(results.path)
    for line, rows in hidden.groupby(keys, sort=False, dropna=False):
        by_layer = rows.groupby("layer")
        values = [median(logs) for _, logs in
                  by_layer[STATISTICS[0]]]
        first, middle, last = (values[0], values[(len(values) - 1) // 2],
                               values[-1])
        # Both are zero if no gradient comes back from the output.
        gradient = rows.pivot(index="run_index", columns="layer",
                              values="delta")
        delta = median((gradient.iloc[:, 0] - gradient.iloc[:, -1])
                       .where(gradient.iloc[:, 0] > -np.inf, -np.inf))
        yield [*map(text_of, line),
               number(first), number(middle), number(last),
               f"{delta:+.1f}" if math.isfinite(delta)
               else "zero" if delta < 0 else "not finite",
               judged.words(rows["run_index"], rows["step"].max())]


def main():
    """Runs the program."""
    parser = command.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("file", help="results file, FILE.h5")
    path = parser.parse_args().file
    results = initscope.read(path)
    results.check_measured()
    if results.runs.empty:
        raise ScriptError(command.BAD_DATA, f"{path}: has no runs")
    table = list(lines(results))
    last = len(table[0]) - 1
    numbers = range(last - 4, last)  # the keys before, the verdict behind
    print("\n".join(aligned(table, set(range(last + 1)) - set(numbers))))


if __name__ == "__main__":
    command.run_main(main)
