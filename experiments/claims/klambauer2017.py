"""Klambauer et al. 2017: SELU's fixed point has mean 0 and variance 1."""

from initscope.claims import claim, errors
from initscope.estimates import by_seed, mean
from initscope.plot.claims_figure import Panel

PAPER = "Klambauer et al. 2017"
TITLE = "SELU's fixed point: mean 0, variance 1"
COMMAND = "run"
QUICK = ["--seed", "range(0, 32)"]
COLUMNS = ["activation_mean", "activation_variance"]


def claims(layers):
    """See reproduce.py."""
    for variance in (0.5, 2):
        for name, expected in (("mean", 0), ("variance", 1)):
            found = mean(by_seed(layers, f"activation_{name}",
                                 layers=range(25, 40),
                                 input_variance=variance))
            yield claim(
                f"from inputs of variance {variance}: {name}", found, expected,
                errors(found, 3 / layers["width"].iloc[0],
                       ", and 3/width: to leading order the second moment is "
                       "-1.6/width off and the variance loses the mean's "
                       "spread besides"), f"{PAPER}, fixed point")


def panels(_):
    """See reproduce.py."""
    return [Panel("mean of the activations", COLUMNS[0], theory=(0,)),
            Panel("variance of the activations", COLUMNS[1], theory=(1,))]
