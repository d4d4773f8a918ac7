"""Schoenholz et al. 2017: depth scales, and where they diverge."""

import numpy as np

from initscope.claims import claim, errors
from initscope.estimates import (by_seed, chi, crossing, difference, mean,
                                 rate, step)
from initscope.plot.claims_figure import Panel

PAPER = "Schoenholz et al. 2017"
TITLE = "depth scales, and where they diverge"
COMMAND = "run"
QUICK = ["--seed", "range(0, 32)"]
SECOND_MOMENT = "pre_activation_second_moment"
COLUMNS = [SECOND_MOMENT, "slope_second_moment", "pre_activation_cosine",
           "log10_one_minus_cosine"]
BIAS = 0.22360679774997896  # σ_b² = 0.05
TANH_CRITICAL_GAIN = 1.3270097
# What a layer leaves of a distance to the fixed point, at gains 1.1 and 1.6.
ORDERED_RATE_Q, ORDERED_RATE_C = 0.57511721, 0.84887883
CHAOTIC_RATE_Q, CHAOTIC_RATE_C = 0.42237046, 0.91529811
CHAOTIC_C = 0.42371987


def claims(layers):
    """See reproduce.py."""
    yield from _critical_gain(layers)
    yield from _depth_scales(layers)
    yield from _relu(layers)


def _critical_gain(layers):
    width = layers.loc[layers["depth"] == 40, "width"].iloc[0]
    found = crossing(by_seed(
        layers, chi, along="gain", layers=range(15, 40), activation="tanh",
        bias_std=BIAS, depth=40))
    published = np.sqrt(1.76)
    yield claim(
        "critical gain of tanh at σ_b² = 0.05, √1.76", found, published,
        errors(found, 0.005 / (2 * published) + 0.0005,
               ", the rounding of gain² = 1.76, and 0.0005 for the straight "
               "line between gains 0.04 apart and for finite width"),
        f"{PAPER}, order to chaos")
    yield claim(
        "critical gain of tanh at σ_b² = 0.05", found, TANH_CRITICAL_GAIN,
        errors(found, 0.0005 + 1 / width, ", 0.0005 for the straight line "
               "between gains 0.04 apart, and 1/width (χ₁ is 0.28/width off, "
               "its slope by gain is about 1.3)"),
        f"{PAPER}, derived: order to chaos")


def _depth_scales(layers):
    def part(of, last, first=1, **where):
        return by_seed(layers, of, layers=range(first, last),
                       activation="tanh", bias_std=BIAS, **where)
    ordered = {"gain": 1.1, "depth": 10}
    chaotic = {"gain": 1.6, "depth": 10}
    correlated = {"gain": 1.6, "depth": 14}
    for text, expected, values in (
            ("gain 1.1, ordered: q - q* per layer, e^(-1/ξ_q)",
             ORDERED_RATE_Q,
             part(SECOND_MOMENT, 8, input_variance=0.2079871, **ordered)
             - part(SECOND_MOMENT, 8, input_variance=0.1626581, **ordered)),
            ("gain 1.6, chaotic: q - q* per layer, e^(-1/ξ_q)",
             CHAOTIC_RATE_Q,
             part(SECOND_MOMENT, 6, input_variance=0.4559981, **chaotic)
             - part(SECOND_MOMENT, 6, input_variance=0.3695382, **chaotic)),
            ("gain 1.1, ordered: 1 - c per layer, e^(-1/ξ_c)",
             ORDERED_RATE_C,
             part(lambda rows: 10**rows["log10_one_minus_cosine"], 20, 3,
                  gain=1.1, depth=20)),
            ("gain 1.6, chaotic: c - c* per layer, e^(-1/ξ_c)",
             CHAOTIC_RATE_C,
             part("pre_activation_cosine", 13, input_correlation=0.6,
                  **correlated)
             - part("pre_activation_cosine", 13, input_correlation=0.1,
                    **correlated))):
        found = rate(values)
        width = layers["width"].iloc[0]
        yield claim(text, found, expected, errors(
            found, 1 / width + 0.0011, ", 1/width, and 0.0011 for the "
            "curvature of the maps over this range (their recursion, "
            "iterated)"), f"{PAPER}, derived: depth scales")


def _relu(layers):
    critical, below = 1.4142135623730951, 1.378404875209022
    for text, expected, of, reduce, places, gain, bias in (
            ("(2, 0): χ₁", 1, chi, mean, range(1, 20), critical, 0),
            ("(2, 0): q per layer", 1, SECOND_MOMENT, step, range(1, 20),
             critical, 0),
            ("(2, 0.09): q grows by σ_b² a layer, no fixed point", 0.09,
             SECOND_MOMENT, difference, [1, 20], critical, 0.3),
            ("(1.9, 0.09): χ₁, whatever the bias", 0.95, chi, mean,
             range(1, 20), below, 0.3),
            ("(1.9, 0): q per layer", 0.95, SECOND_MOMENT, step, range(1, 20),
             below, 0)):
        found = reduce(by_seed(layers, of, layers=places, activation="relu",
                               gain=gain, bias_std=bias))
        yield claim(f"ReLU at {text}", found, expected, errors(found),
                    f"{PAPER}, derived: order to chaos")


def panels(_):
    """See reproduce.py."""
    return [
        Panel("tanh: χ₁ around the critical gain", chi,
              where={"activation": "tanh", "depth": 40}, theory=(1,)),
        Panel("tanh, gain 1.6: cosine of two samples", "pre_activation_cosine",
              where={"activation": "tanh", "depth": 14}, theory=(CHAOTIC_C,)),
        Panel("ReLU: E Z²", SECOND_MOMENT, where={"activation": "relu"},
              scale="log", theory=(1, lambda l: 0.95**l,
                                   lambda l: 1 + 0.09 * l))]
