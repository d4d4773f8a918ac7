"""Roberts, Yaida & Hanin 2022: erf is critical at σ_w² = π/4."""

import numpy as np

from initscope.claims import claim, errors
from initscope.estimates import by_seed, chi, crossing, ratio
from initscope.plot.claims_figure import Panel

PAPER = "Roberts, Yaida & Hanin 2022"
TITLE = "erf is critical at σ_w² = π/4"
COMMAND = "run"
QUICK = ["--seed", "range(0, 64)"]
COLUMNS = ["pre_activation_second_moment", "delta_second_moment",
           "slope_second_moment"]
CRITICAL_GAIN = np.sqrt(np.pi) / 2
SOURCE = f"{PAPER}, derived: sec. 5.3.3"


def claims(layers):
    """See reproduce.py."""
    for symbol, column in zip("Zδ", COLUMNS):
        found = ratio(by_seed(layers, column, gain=CRITICAL_GAIN)[[1, 9]])
        yield claim(
            f"small signals at σ_w² = π/4: E {symbol}_9²/E {symbol}_1²", found,
            1, errors(found, 1e-6, ", and 1e-6 = 2 q for erf's curvature; the "
                      "expectation is exact at any width"), SOURCE)
    found = crossing(by_seed(layers, chi, along="gain", layers=range(1, 9)))
    yield claim(
        "small signals: the gain at which χ₁ = 1, √π/2", found, CRITICAL_GAIN,
        errors(found, 0.0005, ", and 0.04²/8 of a parabola's second "
               "derivative over its first (1/gain) for the straight line "
               "between gains 0.04 apart"), SOURCE)


def panels(_):
    """See reproduce.py."""
    return [Panel("E Z² of a small signal", COLUMNS[0], scale="log"),
            Panel("E δ²", COLUMNS[1], scale="log")]
