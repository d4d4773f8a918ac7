"""Cho & Saul 2009: the cosine of two samples in ReLU networks under He."""

import numpy as np

from initscope.claims import claim, errors
from initscope.estimates import by_seed, mean
from initscope.plot.claims_figure import Panel

PAPER = "Cho & Saul 2009"
TITLE = "the cosine of two samples in ReLU networks under He"
COMMAND = "run"
QUICK = ["--seed", "range(0, 64)"]
COLUMNS = ["pre_activation_cosine"]
COSINE_2, COSINE_10, COSINE_50 = 0.49373109, 0.87153552, 0.98786194
COSINES = {1: 1 / np.pi, 2: COSINE_2, 10: COSINE_10, 50: COSINE_50}


def claims(layers):
    """See reproduce.py."""
    for count, expected in COSINES.items():
        found = mean(by_seed(layers, COLUMNS[0], layers=[count + 1]))
        yield claim(
            f"c after {count} layer{'s' * (count > 1)} of ReLU, from c = 0",
            found, expected, errors(
                found, 1 / layers["width"].iloc[0], ", and 1/width: the "
                "cosine of the layer before has variance 1/width about c, and "
                "the map is curved"), f"{PAPER}, derived: kernel of order 1")


def panels(_):
    """See reproduce.py."""
    return [Panel("cosine of two samples", COLUMNS[0]),
            Panel("1 - cosine", lambda rows: 1 - rows[COLUMNS[0]],
                  scale="log")]
