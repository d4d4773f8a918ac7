"""The goals of the kernels, for an idle machine, and whether they are reached.

To miss a goal is no failure.
"""

from typing import NamedTuple

from bench.bench_results import OURS

BATCH = 256
PERCENT_OF_PEAK = {64: 90, 128: 95, 256: 95, 512: 95, 1024: 95, 2048: 90,
                   4096: 90}
TIMES_BEST_PEER = 1.02
# Most time of a forward layer, relative to the best peer's product alone.
LAYER_OVERHEAD = {
    "relu": {256: 1.08, 512: 1.03, 1024: 1.03, 2048: 1.03, 4096: 1.03},
    "tanh": {256: 1.15, 512: 1.08, 1024: 1.05, 2048: 1.05, 4096: 1.05},
    "sigmoid": {256: 1.15, 512: 1.08, 1024: 1.05, 2048: 1.05, 4096: 1.05}}
# Most ns per float normal, in the block of a streamed layer and in a long row.
NORMAL_NS = 0.40
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
    for n in PERCENT_OF_PEAK:
        yield from _product(results, n)
    for activation, limits in LAYER_OVERHEAD.items():
        for n, limit in limits.items():
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


def _product(results, n):
    name = f"Product/{OURS}/batch:{BATCH}/n:{n}"
    yield Outcome(f"product, n = {n}: of FMA peak",
                  _value(results, name, "% of peak"), PERCENT_OF_PEAK[n],
                  True, "%")
    title, peer = _peer(results, n, "GFLOP/s")
    yield Outcome(f"product, n = {n}: speed to {title}",
                  _ratio(_value(results, name, "GFLOP/s"), peer),
                  TIMES_BEST_PEER, True, "\u00d7")


def _peer(results, n, column):
    """(name of the best peer, `column` of its product)."""
    peer = results.best_peer(BATCH, n)
    return (("the best peer", None) if peer is None
            else (peer["title"], peer[column]))


def _layer(results, activation, n, limit):
    title, peer = _peer(results, n, "ns")
    # An iteration has several runs, each of which is an item.
    time = _value(results, f"ForwardLayer/{activation}/batch:{BATCH}/n:{n}",
                  "ns per item")
    return Outcome(f"{activation} layer, n = {n}: time to {title}'s product",
                   _ratio(time, peer), limit, False, "\u00d7")


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
