"""Saxe et al. 2014: the singular values of deep linear networks."""

from initscope import experiments, traces
from initscope.claims import Tolerance, claim, errors
from initscope.estimates import by_seed, largest, mean
from initscope.plot.claims_figure import Panel

PAPER = "Saxe et al. 2014"
TITLE = "singular values of deep linear networks"
INITS = ["orthogonal", "lecun_normal"]
DEPTH = 10
LINEAR_FOURTH_MOMENT = 11.460706  # of 10 layers of width 128
EXACT = Tolerance(
    1e-12, "rounding: 10 products and an SVD of 128 × 128 in double, some "
    "10 · 128 · 2^-53 of the largest")


def measure(prefix, quick):
    """See experiments.py."""
    return traces.measure("product", [experiments.ini("saxe2014")], {
        "init": INITS, "seed": range(8 if quick else 32)}, f"{prefix}.csv")


def claims(rows):
    """See reproduce.py."""
    source = f"{PAPER}, dynamical isometry"
    for end in ("largest", "smallest"):
        off = largest(by_seed(
            rows, lambda rows: (rows[f"singular_{end}"] - 1).abs(),
            layers=[DEPTH], init="orthogonal"))
        yield claim(f"orthogonal: {end} singular value of 10 layers, less 1",
                    off, 0, EXACT, source)
    second, fourth = (mean(by_seed(
        rows, f"singular_{moment}_moment", layers=[DEPTH],
        init="lecun_normal")) for moment in ("second", "fourth"))
    yield claim("Gaussian: mean square of the singular values, 10 layers",
                second, 1, errors(second), source)
    yield claim("Gaussian: mean of s⁴, 10 layers (11 + O(1/n); if all were 1: "
                "1)", fourth, LINEAR_FOURTH_MOMENT, errors(fourth),
                f"{PAPER}, derived: dynamical isometry")


def panels(_):
    """See reproduce.py."""
    return [Panel("largest singular value", "singular_largest", scale="log"),
            Panel("mean square", "singular_second_moment", theory=(1,)),
            Panel("smallest singular value", "singular_smallest",
                  scale="log")]
