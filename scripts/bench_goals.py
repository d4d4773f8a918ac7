"""What the kernels are meant to reach, and whether they do.

Goals are for an idle machine; they are shown, and fail nothing.
"""

from typing import NamedTuple

from bench_results import OURS

BATCH = 256
NS = [64, 128, 256, 512, 1024, 2048, 4096]
PERCENT_OF_PEAK = {64: 90, 128: 95, 256: 95, 512: 95, 1024: 95, 2048: 90,
                   4096: 90}
TIMES_BEST_PEER = 1.02
# Of a forward layer's time to that of the best peer's product alone.
LAYER_OVERHEAD = {
    "relu": {256: 1.08, 512: 1.03, 1024: 1.03, 2048: 1.03, 4096: 1.03},
    "tanh": {256: 1.15, 512: 1.08, 1024: 1.05, 2048: 1.05, 4096: 1.05},
    "sigmoid": {256: 1.15, 512: 1.08, 1024: 1.05, 2048: 1.05, 4096: 1.05}}
NORMAL_NS = 0.40
TRAINING_OVERHEAD = 1.5  # of its three products' time, at batch 256 and
TRAINING_N = 1024


class Outcome(NamedTuple):
    """One goal beside what was measured."""

    what: str
    measured: float
    goal: float
    at_least: bool  # else: at most
    unit: str       # "%", "\u00d7" or " ns"

    @property
    def reached(self):
        return (self.measured >= self.goal if self.at_least
                else self.measured <= self.goal)

    def cells(self):
        """What to print."""
        digits = 1 if self.unit == "%" else 2 if self.goal < 1 else 3
        sign = "\u2265" if self.at_least else "\u2264"
        return [self.what, f"{self.measured:.{digits}f}{self.unit}",
                f"{sign} {self.goal:g}{self.unit}",
                "reached" if self.reached else "missed"]


def outcomes(results):
    """Of every goal whose benchmarks are there."""
    for n in NS:
        yield from _product(results, n)
    for activation, limits in LAYER_OVERHEAD.items():
        for n, limit in limits.items():
            yield from _layer(results, activation, n, limit)
    yield from _training(results)
    normals = results.family("Variates")
    normals = normals[normals["kernel"].str.startswith("normal/float")]
    for _, row in normals.iterrows():
        yield Outcome(row["name"], row["ns per item"], NORMAL_NS, False,
                      " ns")


def _product(results, n):
    rows = results.products(BATCH, n)
    rows = rows[rows["kernel"] == OURS]
    if rows.empty:
        return
    ours = rows.iloc[0]
    yield Outcome(f"product, n = {n}: of FMA peak", ours["% of peak"],
                  PERCENT_OF_PEAK[n], True, "%")
    peer = results.best_peer(BATCH, n)
    if peer is not None:
        yield Outcome(f"product, n = {n}: speed to {peer['title']}",
                      ours["GFLOP/s"] / peer["GFLOP/s"], TIMES_BEST_PEER,
                      True, "\u00d7")


def _layer(results, activation, n, limit):
    rows = results.family("ForwardLayer")
    rows = rows[(rows["kernel"] == activation) & (rows["batch"] == BATCH)
                & (rows["n"] == n)]
    peer = results.best_peer(BATCH, n)
    if rows.empty or peer is None:
        return
    layer = rows.iloc[0]
    # Where an iteration is of several runs or layers, items are those.
    several = layer["ns per item"] == layer["ns per item"]
    time = layer["ns per item"] if several else layer["ns"]
    yield Outcome(f"{activation} layer, n = {n}: time to {peer['title']}'s "
                  f"product", time / peer["ns"], limit, False, "\u00d7")


def _training(results):
    times = []
    for family, kernel in (("TrainingLayer", "tanh"), ("Product", OURS),
                           ("ProductTransposed", None),
                           ("WeightGradient", "formed")):
        rows = results.family(family)
        rows = rows[(rows["batch"] == BATCH) & (rows["n"] == TRAINING_N)]
        if kernel:
            rows = rows[rows["kernel"] == kernel]
        if rows.empty:
            return
        times.append(rows.iloc[0]["ns"])
    yield Outcome(f"training a layer, n = {TRAINING_N}: time to its three "
                  f"products", times[0] / sum(times[1:]), TRAINING_OVERHEAD,
                  False, "\u00d7")
