"""Tests of variance_notes.py: the words for what a curve does."""

import numpy as np
import pandas as pd
import pytest

from initscope.plot import variance_notes


@pytest.mark.parametrize("values, backward, words", [
    ([0] * 10, False, "constant within 5 %"),
    ([0, 0.1, 0.2] * 3, False, "constant within 1.6\u00d7"),
    (-np.arange(12.), False, "falls 10\u00d7 a layer (1.00 decades)"),
    (-np.arange(12.), True,
     "grows 10\u00d7 a layer towards the input (1.00 decades)"),
    ([0, -1] + [-2] * 10, False, "settles near 0.01 by layer 3"),
    (-np.log10(np.arange(1, 21)), False, "falls 20\u00d7 from layer 1 to 20"),
    ([0, 1] * 5 + [0], False, "varies by 10\u00d7, not steadily"),
    ([1, 2], False, ""),
])
def test_trend(values, backward, words):
    curve = pd.DataFrame({"layer": np.arange(1, len(values) + 1),
                          "log10_median": np.asarray(values, float),
                          "output": False})
    assert variance_notes.trend(curve, backward) == words
