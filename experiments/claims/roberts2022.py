"""Roberts, Yaida & Hanin 2022: the spread of E Z² grows with depth/width."""

from initscope.claims import claim, errors, of_moments
from initscope.estimates import (by_seed, relative_second_moment_rate,
                                 relative_variance_slope)
from initscope.plot.claims_figure import Panel

PAPER = "Roberts, Yaida & Hanin 2022"
TITLE = "the spread of E Z² grows with depth/width"
COMMAND = "run"
QUICK = ["--seed", "range(0, 3000)", "--depth", "15", "--width", "128"]
MOMENT = "pre_activation_second_moment"
COLUMNS = [MOMENT]
# Of tanh, over layers 10 to 29, and 5 to 14 of the quick size.
TANH_VERTEX_SLOPE, TANH_VERTEX_SLOPE_QUICK = 0.64914314, 0.63089213


def claims(layers):
    """See reproduce.py."""
    depth, width = layers["depth"].iloc[0], layers["width"].iloc[0]
    for name, activation, growth, where in (("ReLU", "relu", 5, "ch. 5"),
                                            ("linear", "linear", 2, "ch. 3")):
        found = relative_second_moment_rate(by_seed(
            layers, MOMENT, layers=range(1, 2 * depth // 3 + 1),
            activation=activation))
        yield claim(
            f"{name}: E q²/(E q)² per layer, 1 + {growth}/n", found,
            1 + growth / width, of_moments(found), f"{PAPER}, {where}")
    found = relative_variance_slope(by_seed(
        layers, MOMENT, layers=range(depth // 3, depth), activation="tanh"))
    expected = (TANH_VERTEX_SLOPE if depth == 30
                else TANH_VERTEX_SLOPE_QUICK) / width
    yield claim(
        "tanh: Var q/(E q)² per layer, towards (2/3)/n", found, expected,
        errors(found, 2 * (depth - 1) / width * expected,
               ", and a relative 2·depth/width for the orders of depth/width "
               "beyond the first, which is what the formula gives"),
        f"{PAPER}, derived: ch. 5")


def panels(layers):
    """See reproduce.py."""
    width = layers["width"].iloc[0]
    return [Panel("q = E Z², over the seeds: Var q/(E q)²", MOMENT,
                  spread=True, theory=(
                      lambda l: (1 + 5 / width)**(l - 1) * (1 + 2 / width) - 1,
                      lambda l: (1 + 2 / width)**l - 1))]
