"""Glorot & Bengio 2010: Xavier does not save a sigmoid."""

from initscope.claims import claim, errors, near_gradient_rate, near_mean_field
from initscope.estimates import by_seed, mean, rate
from initscope.plot.claims_figure import Panel

PAPER = "Glorot & Bengio 2010"
TITLE = "Xavier does not save a sigmoid"
COMMAND = "run"
QUICK = ["--seed", "range(0, 16)"]
COLUMNS = ["pre_activation_second_moment", "slope_second_moment",
           "delta_second_moment"]
SIGMOID_Q, SIGMOID_CHI = 0.26468688, 0.055720707


def claims(layers):
    """See reproduce.py."""
    width, source = layers["width"].iloc[0], f"{PAPER}, derived: mean field"
    q = mean(by_seed(layers, COLUMNS[0], layers=range(4, 14)))
    yield claim("q*", q, SIGMOID_Q, near_mean_field(q, width), source)
    slope = mean(by_seed(layers, COLUMNS[1], layers=range(4, 14)))
    yield claim("χ₁", slope, SIGMOID_CHI, errors(
        slope, 0.001 / width, ", and 0.001/width (to leading order χ₁ is "
        "0.0002/width off)"), source)
    factor, expected = rate(by_seed(layers, COLUMNS[2], layers=range(
        3, 14))), 1 / SIGMOID_CHI
    yield claim(
        "E δ², factor per layer towards the output: 1/χ₁, 18-fold", factor,
        expected, near_gradient_rate(factor, width, expected), source)


def panels(_):
    """See reproduce.py."""
    return [Panel("E Z²", COLUMNS[0], theory=(SIGMOID_Q,)),
            Panel("χ₁ = E f'(Z)²", COLUMNS[1], theory=(SIGMOID_CHI,)),
            Panel("E δ²", COLUMNS[2], scale="log",
                  theory=(lambda l: SIGMOID_CHI**(14 - l),))]
