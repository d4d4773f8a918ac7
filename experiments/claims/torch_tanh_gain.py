"""torch calculate_gain: tanh's recommended gain, 5/3, is beyond critical."""

from initscope.claims import claim, near_gradient_rate, near_mean_field
from initscope.estimates import by_seed, chi, mean, rate
from initscope.plot.claims_figure import Panel

PAPER = "torch calculate_gain"
TITLE = "tanh's recommended gain, 5/3"
COMMAND = "run"
QUICK = ["--seed", "range(0, 32)"]
COLUMNS = ["pre_activation_second_moment", "slope_second_moment",
           "delta_second_moment"]
TORCH_Q, TORCH_CHI = 1.1784805, 1.2098313


def claims(layers):
    """See reproduce.py."""
    width, source = layers["width"].iloc[0], f"{PAPER}, derived: mean field"
    for text, of, expected in (("q*", COLUMNS[0], TORCH_Q),
                               ("χ₁", chi, TORCH_CHI)):
        found = mean(by_seed(layers, of, layers=range(10, 30)))
        yield claim(text, found, expected, near_mean_field(found, width),
                    source)
    factor, expected = rate(by_seed(layers, COLUMNS[2], layers=range(
        8, 30))), 1 / TORCH_CHI
    yield claim("E δ², factor per layer towards the output: 1/χ₁", factor,
                expected, near_gradient_rate(factor, width, expected), source)


def panels(_):
    """See reproduce.py."""
    return [Panel("E Z²", COLUMNS[0], theory=(TORCH_Q,)),
            Panel("χ₁ = gain² E f'(Z)²", chi, theory=(TORCH_CHI, 1)),
            Panel("E δ²", COLUMNS[2], scale="log",
                  theory=(lambda l: TORCH_CHI**(30 - l),))]
