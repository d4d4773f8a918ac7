"""Glorot & Bengio 2010: what standard and normalized initialization keep."""

from initscope.claims import NotAsserted, claim, errors
from initscope.estimates import by_seed, ratio
from initscope.plot.claims_figure import Panel

PAPER = "Glorot & Bengio 2010"
TITLE = "what standard and normalized initialization keep"
COMMAND = "run"
QUICK = ["--seed", "range(0, 8)"]
COLUMNS = ["activation_variance", "delta_variance", "weight_gradient_variance"]
# Ratios over the five hidden layers of tanh networks.
STANDARD_ACTIVATION = 0.011671892
STANDARD_DELTA = 0.010417825
STANDARD_GRADIENT = 1.0005208
NORMALIZED_ACTIVATION = 0.50013017
NORMALIZED_DELTA = 0.45637605
NORMALIZED_GRADIENT = 1.0298877
TANH = {
    "standard": ("torch_default", STANDARD_ACTIVATION, STANDARD_DELTA,
                 STANDARD_GRADIENT),
    "normalized": ("xavier_uniform", NORMALIZED_ACTIVATION, NORMALIZED_DELTA,
                   NORMALIZED_GRADIENT)}


def claims(layers):
    """See reproduce.py."""
    yield from _linear(layers)
    for name, (init, activation, delta, gradient) in TANH.items():
        for column, first, expected, figure, what in (
                ("activation_variance", 1, activation, 6,
                 "variance of activations, layer 5/1"),
                ("delta_variance", 1, 1 / delta, 7,
                 "variance of delta, layer 5/1"),
                ("weight_gradient_variance", 2, 1 / gradient, 8,
                 "variance of the weights' gradient, 5/2")):
            found = ratio(by_seed(layers, column, activation="tanh",
                                  init=init)[[first, 5]])
            width = layers["width"].iloc[0]
            yield claim(
                f"tanh, {name}: {what}", found, expected,
                errors(found, 5 / width * expected, ", and a relative 5/width "
                       "over the five layers, 1/width each"),
                f"{PAPER}, derived: fig. {figure}")
    yield NotAsserted(
        "the variances themselves, on Shapeset-3x2",
        "the paper draws histograms of a data set that is not there; ratios "
        "of variances are derived for inputs of mean square 0.2 instead",
        f"{PAPER}, fig. 6-8")


def _linear(layers):
    for column, first, expected, what in (
            ("activation_variance", 1, (1 / 3)**4,
             "variance of activations, layer 5/1"),
            ("delta_variance", 1, 3**4, "variance of delta, layer 5/1"),
            ("weight_gradient_variance", 2, 1,
             "of the weights' gradient, 5/2")):
        found = ratio(by_seed(layers, column, activation="linear")[[first, 5]])
        yield claim(f"linear limit, standard: {what}", found, expected,
                    errors(found), f"{PAPER}, sec. 4.2.1")


def panels(layers):
    """See reproduce.py."""
    return [Panel(title, column, scale="log") for title, column in zip(
        ("variance of the activations", "variance of delta",
         "variance of the weights' gradient"), COLUMNS)]
