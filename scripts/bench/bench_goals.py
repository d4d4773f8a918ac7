"""The goals of the kernels, for an idle machine, and whether they are reached.

To miss a goal is no failure.
"""

import statistics
from typing import NamedTuple

from bench.bench_results import OURS

BATCH = 256
# Least speed of a product relative to the best peer's: of each, and median.
PRODUCT_SHAPES = [(batch, n) for batch in (256, 512, 1024, 2048)
                  for n in (128, 256, 512, 1024, 2048, 4096)]
TIMES_BEST_PEER, MEDIAN_TIMES_BEST_PEER = 1.0, 1.03
# Least speed of dW, which a product over samples forms, relative to the
# product of the same shape.
FORMED = 80  # %
LARGE = [512, 1024, 2048, 4096]
# Most time of a forward layer, relative to the product of the same shape.
LAYER_OVERHEAD = {"relu": 1.08, "tanh": 1.12, "sigmoid": 1.12}
# Most ns per float normal with AVX-512, in the block of a streamed layer and in
# a long row.
NORMAL_NS = 0.45
NORMAL_SHAPES = ["rows:8/cols:192", "rows:1/cols:65536"]
TRAINING_OVERHEAD = 1.5  # most time of a layer relative to its three products
TRAINING_N = 1024


class Outcome(NamedTuple):
    """A goal, and the measured value or None if there is none."""

    what: str
    measured: float | None
    goal: float
    at_least: bool  # else: at most
    unit: str       # "%", "\u00d7" or " ns"

    @property
    def reached(self):
        """A goal without a measurement is missed."""
        if self.measured is None:
            return False
        return (self.measured >= self.goal if self.at_least
                else self.measured <= self.goal)

    def cells(self):
        """The cells of its line in a table."""
        digits = 1 if self.unit == "%" else 2 if self.goal < 1 else 3
        sign = "\u2265" if self.at_least else "\u2264"
        measured = ("not measured" if self.measured is None
                    else f"{self.measured:.{digits}f}{self.unit}")
        return [self.what, measured, f"{sign} {self.goal:g}{self.unit}",
                "reached" if self.reached else "missed"]


def outcomes(results):
    """Yields the Outcome of every goal, also without a measurement."""
    yield from _products(results)
    for n in LARGE:
        yield _formed(results, n)
    for activation, limit in LAYER_OVERHEAD.items():
        for n in LARGE:
            yield _layer(results, activation, n, limit)
    yield _training(results)
    for shape in NORMAL_SHAPES:
        name = f"Variates/normal/float/{shape}"
        yield Outcome(name, _value(results, name, "ns per item"), NORMAL_NS,
                      False, " ns")


def _value(results, name, column):
    """The column of our benchmark `name`, or None."""
    rows = results.table[(results.table["name"] == name)
                         & results.table[column].notna()]
    return None if rows.empty else rows.iloc[0][column]


def _ratio(over, under):
    return None if over is None or under is None else over / under


def _own(results, batch, n, column):
    return _value(results, f"Product/{OURS}/batch:{batch}/n:{n}", column)


def _products(results):
    ratios = []
    for batch, n in PRODUCT_SHAPES:
        peer = results.best_peer(batch, n)
        title = "the best peer" if peer is None else peer["title"]
        ratios.append(_ratio(_own(results, batch, n, "GFLOP/s"),
                             None if peer is None else peer["GFLOP/s"]))
        yield Outcome(f"product, batch {batch}, n = {n}: speed to {title}",
                      ratios[-1], TIMES_BEST_PEER, True, "\u00d7")
    yield Outcome("product, to n = 4096: median of these",
                  None if None in ratios else statistics.median(ratios),
                  MEDIAN_TIMES_BEST_PEER, True, "\u00d7")


def _formed(results, n):
    formed = _value(results, f"WeightGradient/formed/batch:{BATCH}/n:{n}",
                    "GFLOP/s")
    ratio = _ratio(formed, _own(results, BATCH, n, "GFLOP/s"))
    return Outcome(f"dW formed, n = {n}: speed to the product",
                   ratio and 100 * ratio, FORMED, True, "%")


def _layer(results, activation, n, limit):
    # An iteration has several runs, each of which is an item.
    time = _value(results, f"ForwardLayer/{activation}/batch:{BATCH}/n:{n}",
                  "ns per item")
    return Outcome(f"{activation} layer, n = {n}: time to its product",
                   _ratio(time, _own(results, BATCH, n, "ns")), limit, False,
                   "\u00d7")


def _training(results):
    shape = f"batch:{BATCH}/n:{TRAINING_N}"
    products = [_value(results, f"{name}/{shape}", "ns") for name in
                (f"Product/{OURS}", "ProductTransposed",
                 "WeightGradient/formed")]
    total = None if None in products else sum(products)
    return Outcome(f"training a layer, n = {TRAINING_N}: time to its three "
                   f"products",
                   _ratio(_value(results, f"TrainingLayer/tanh/{shape}",
                                 "ns"), total),
                   TRAINING_OVERHEAD, False, "\u00d7")
