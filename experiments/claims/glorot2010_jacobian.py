"""Glorot & Bengio 2010: the singular values of a layer's Jacobian."""

import numpy as np

from initscope import experiments, traces
from initscope.claims import Tolerance, claim
from initscope.estimates import by_seed, mean
from initscope.plot.claims_figure import Panel

PAPER = "Glorot & Bengio 2010"
TITLE = "singular values of a layer's Jacobian"
EACH = {"activation": ["tanh", "linear"],
        "init": ["torch_default", "xavier_uniform"], "seed": [0]}
STANDARD_SINGULAR = 0.47957183
NORMALIZED_SINGULAR = 0.76436017
LINEAR = 8 / (3 * np.pi)  # of the quarter circle, σ = 1
INITS = {  # published, of tanh, of the linear limit
    "torch_default": ("standard", 0.5, STANDARD_SINGULAR, LINEAR / np.sqrt(3)),
    "xavier_uniform": ("normalized", 0.8, NORMALIZED_SINGULAR, LINEAR)}
PUBLISHED = Tolerance(
    0.05, "published as 'around 0.8' and 'drops down to 0.5': half a unit of "
    "the digit")


def measure(prefix, quick):
    """See experiments.py."""
    words = [experiments.ini("glorot2010"), *(["--batch", "1"] * quick)]
    return traces.measure("layer", words, EACH, f"{prefix}.csv")


def claims(rows):
    """See reproduce.py."""
    expected = Tolerance(
        5 / rows["width"].iloc[0], "a mean singular value varies by 0.6/width "
        "between draws of a square matrix (NumPy, widths 64 to 1000)")
    for init, (name, published, tanh, linear) in INITS.items():
        found = _mean(rows, "tanh", init)
        yield claim(f"tanh, {name}: mean singular value", found, published,
                    PUBLISHED, f"{PAPER}, sec. 4.2.2")
        yield claim(f"tanh, {name}: mean singular value", found, tanh,
                    expected, f"{PAPER}, derived: sec. 4.2.2")
        yield claim(
            f"linear limit, {name}: mean singular value, 8σ/(3π)",
            _mean(rows, "linear", init), linear, expected,
            f"{PAPER}, derived: sec. 4.2.2")


def _mean(rows, activation, init):
    return mean(by_seed(rows, "singular_mean", layers=[1, 2, 3, 4],
                        activation=activation, init=init))


def panels(_):
    """See reproduce.py."""
    return [Panel("mean singular value", "singular_mean",
                  theory=(LINEAR, LINEAR / np.sqrt(3)))]
