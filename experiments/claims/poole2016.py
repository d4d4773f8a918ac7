"""Poole et al. 2016: order and chaos in tanh networks."""

from initscope.claims import claim, errors, near_mean_field
from initscope.estimates import by_seed, chi, mean
from initscope.plot.claims_figure import Panel

PAPER = "Poole et al. 2016"
TITLE = "order and chaos in tanh networks, bias_std 0.3"
COMMAND = "run"
QUICK = ["--seed", "range(0, 32)", "--width", "256"]
COLUMNS = ["pre_activation_second_moment", "slope_second_moment",
           "pre_activation_cosine"]
# By σ_w: E Z² and χ₁ at the fixed point, the cosine of the chaotic phase.
Q_1_3, Q_2_5, Q_4 = 0.60704679, 4.0791239, 12.604149
CHI_1_3, CHI_2_5, CHI_4 = 0.93980743, 1.5852248, 2.3672610
C_2_5, C_4 = 0.12210375, 0.029695922
POINTS = {1.3: (Q_1_3, CHI_1_3), 2.5: (Q_2_5, CHI_2_5), 4: (Q_4, CHI_4)}
COSINES = {2.5: C_2_5, 4: C_4}


def claims(layers):
    """See reproduce.py."""
    width = layers["width"].iloc[0]
    for gain, (q, slope) in POINTS.items():
        for where, what, of, expected in (
                ("length map", "q*", "pre_activation_second_moment", q),
                ("its slope at 1", "χ₁", chi, slope)):
            found = mean(by_seed(layers, of, layers=range(20, 40), gain=gain,
                                 input="sphere"))
            yield claim(f"σ_w = {gain}: {what}", found, expected,
                        near_mean_field(found, width),
                        f"{PAPER}, derived: {where}")
        yield (_chaotic(layers, gain, width) if gain in COSINES
               else _ordered(layers, gain, width))


def _ordered(layers, gain, width):
    found = mean(by_seed(layers, "pre_activation_cosine", layers=[79],
                         gain=gain, input="gaussian"))
    return claim(
        f"σ_w = {gain}: c* (ordered)", found, 1,
        errors(found, 0.15 * CHI_1_3**78 + 2 / width,
               ", 2/width, and what is left after so many layers of less than "
               "0.15 in the first: 1 - c shrinks by χ₁ = 0.94"),
        f"{PAPER}, correlation map")


def _chaotic(layers, gain, width):
    found = mean(by_seed(layers, "pre_activation_cosine",
                         layers=range(30, 40), gain=gain, input="sphere"))
    return claim(
        f"σ_w = {gain}: c* (chaotic)", found, COSINES[gain],
        errors(found, 2 / width, ", and 2/width for a cosine's finite-width "
               "correction, which is of the order of 1/width"),
        f"{PAPER}, derived: correlation map")


def panels(_):
    """See reproduce.py."""
    sphere = {"input": "sphere"}
    return [
        Panel("E Z²", "pre_activation_second_moment", where=sphere,
              theory=(Q_1_3, Q_2_5, Q_4)),
        Panel("χ₁ = gain² E f'(Z)²", chi, where=sphere,
              theory=(CHI_1_3, CHI_2_5, CHI_4)),
        Panel("cosine of two samples", "pre_activation_cosine",
              theory=(1, C_2_5, C_4))]
