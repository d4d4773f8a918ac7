"""Klambauer et al. 2017: the Jacobian of SELU's map of mean and variance."""

import numpy as np

from initscope.claims import Tolerance, claim, errors
from initscope.estimates import by_seed, mean
from initscope.plot.claims_figure import Panel

PAPER = "Klambauer et al. 2017"
TITLE = "the Jacobian of SELU's map of mean and variance"
COMMAND = "run"
QUICK = ["--seed", "range(0, 32)"]
MEAN, VARIANCE = COLUMNS = ["activation_mean", "activation_variance"]
COLUMNS = [*COLUMNS, *(f"theory_{name}" for name in COLUMNS)]
# As published.
SLOPES = {VARIANCE: ("∂ν'/∂ν", 0.782648), MEAN: ("∂μ'/∂ν", 0.088834)}
NORM = 0.7877
SOURCE = f"{PAPER}, stable fixed point (0, 1)"


def claims(layers):
    """See reproduce.py."""
    for name, (symbol, expected) in SLOPES.items():
        yield claim(
            f"{symbol}, of `theory`",
            _slope(layers, f"theory_{name}", 1.0001, 0.9999, 0.0002), expected,
            Tolerance(1e-6, "half a unit of the sixth digit, and (2e-4)² of "
                      "the derivative for a central difference over ±1e-4"),
            SOURCE)
    yield claim(
        "norm: √(∂μ'/∂ν² + ∂ν'/∂ν²), of `theory`",
        mean(by_seed(layers, _distance, layers=[1], input_variance=1.0001)),
        NORM, Tolerance(1e-4, "half a unit of the fourth digit, and half of "
                        "1e-4 for a step of 1e-4 on one side"), SOURCE)
    for name, (symbol, expected) in SLOPES.items():
        found = _slope(layers, name, 1.05, 0.95, 0.1)
        yield claim(
            f"{symbol}, measured", found, expected,
            errors(found, 2e-4 + 0.25 / layers["width"].iloc[0],
                   ", 2e-4 for a central difference over ±0.05 (quadrature: "
                   "1.1e-4), and 0.25/width: the variance loses that of the "
                   "mean"), SOURCE)


def _slope(layers, name, above, below, width):
    values = [by_seed(layers, lambda rows: rows[name] / width, layers=[1],
                      input_variance=variance) for variance in (above, below)]
    return mean(values[0] - values[1])


def _distance(rows):
    return np.sqrt(rows["theory_activation_mean"]**2
                   + (rows["theory_activation_variance"] - 1)**2) / 0.0001


def panels(_):
    """See reproduce.py."""
    along = {"along": "input_variance", "layers": [1]}
    return [Panel("mean of the activations", MEAN, **along,
                  theory=(lambda v: SLOPES[MEAN][1] * (v - 1),)),
            Panel("variance of the activations", VARIANCE, **along,
                  theory=(lambda v: 1 + SLOPES[VARIANCE][1] * (v - 1),))]
