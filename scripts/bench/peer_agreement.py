"""Tests whether several programs draw the layers' second moments from one law.

Each program (initscope, PyTorch, NumPy) gives log10 of a second moment per seed
and cell; a cell is an activation, an init, a layer and a tensor. Seeds and
programs are independent, and in deep layers second moments are nearly
log-normal (Hanin & Nica 2020). So Welch's t-test compares the means of the
logarithms for each pair of programs. All pairs and cells are one family, whose
significance is divided by their number (Bonferroni).

If a program's values do not vary (zero weights), its standard error is that of
rounding: constants must be equal, and only zero equals zero.
"""

import itertools
import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

SIGNIFICANCE = 1e-3
# Error of log10 of a mean that is summed and stored in float32: 20 units in the
# last place; blocked sums of a million entries lose a few.
ROUNDING = 1e-6


@dataclass
class Agreement:
    """The result of compare()."""

    comparisons: int
    threshold: float   # |z| from here on is a disagreement
    largest: float     # the largest |z|
    detectable: float  # ratio of moments that half of the comparisons find
    disagreements: list  # dictionaries, worst first

    @property
    def holds(self):
        """Whether all programs agree."""
        return not self.disagreements


def normal_deviate(t, freedom):
    """The normal deviate that is as improbable as Student's t.

    Wallace (1959); accurate to 1 % in the tails that matter here.
    """
    return ((8 * freedom + 1) / (8 * freedom + 3) * np.sign(t) *
            np.sqrt(freedom * np.log1p(t * t / freedom)))


def difference(one, other):
    """(z, standard error) of the difference of the means, arrays of cells.

    `one` and `other` are log10 values, seeds x cells. z is inf in a cell where
    the two cannot be compared.
    """
    both = one, other
    zero = [(values == -np.inf).all(axis=0) for values in both]
    finite = [np.isfinite(values).all(axis=0) for values in both]
    both = [np.where(good, values, 0) for good, values in zip(finite, both)]
    means = [values.mean(axis=0) for values in both]
    errors = [values.var(axis=0, ddof=1) / len(values) + ROUNDING**2
              for values in both]
    error = errors[0] + errors[1]
    freedom = error**2 / sum(e**2 / (len(values) - 1)
                             for e, values in zip(errors, both))
    z = normal_deviate((means[0] - means[1]) / np.sqrt(error), freedom)
    z = np.where(finite[0] & finite[1], z,
                 np.where(zero[0] & zero[1], 0.0, np.inf))
    return z, np.sqrt(error)


def compare(logs, cells, significance=SIGNIFICANCE):
    """The Agreement of every pair of programs in every cell.

    logs    {program: seeds x cells, log10 of second moments}
    cells   a dictionary per cell, which describes it

    REQUIRES: two seeds or more.
    """
    pairs = list(itertools.combinations(logs, 2))
    comparisons = len(pairs) * len(cells)
    threshold = NormalDist().inv_cdf(1 - significance / comparisons / 2)
    found, random_errors, largest = [], [], 0.0
    for one, other in pairs:
        z, error = difference(logs[one], logs[other])
        random_errors += error[error > 10 * ROUNDING].tolist()
        largest = max(largest, float(np.abs(z).max()))
        for i in np.flatnonzero(~(np.abs(z) <= threshold)):
            with np.errstate(invalid="ignore"):  # a mean of inf and -inf
                means = [float(logs[name][:, i].mean())
                         for name in (one, other)]
            found.append({**cells[i], "programs": [one, other],
                          "z": float(z[i]), "log10": means})
    found.sort(key=lambda entry: -abs(entry["z"]))
    detectable = 10 ** (threshold * float(np.median(random_errors or [0])))
    return Agreement(comparisons, threshold, largest, detectable, found)


def sentences(agreement, programs, seeds):
    """The result as lines of text."""
    names = f"{', '.join(programs[:-1])} and {programs[-1]}"
    test = (f"{agreement.comparisons} comparisons of second moments, "
            f"{seeds} seeds, largest |z| {agreement.largest:.1f}, allowed "
            f"{agreement.threshold:.1f} (significance {SIGNIFICANCE:g} of "
            f"all); half of the tests find a factor of "
            f"{agreement.detectable:.2f}")
    if agreement.holds:
        return [f"{names} agree: {test}"]
    lines = [f"{names} DISAGREE in {len(agreement.disagreements)} of {test}"]
    for entry in agreement.disagreements[:10]:
        one, other = (number(log) for log in entry["log10"])
        lines.append(
            f"  {entry['tensor']} at layer {entry['layer']}, "
            f"{entry['activation']}, {entry['init']}: {one} in "
            f"{entry['programs'][0]}, {other} in {entry['programs'][1]} "
            f"(z {entry['z']:.1f})")
    return lines


def number(log10):
    """The second moment itself, if a double can hold it."""
    if log10 == -math.inf:
        return "0"
    if -300 < log10 < 300:
        return f"{10 ** log10:.4g}"
    return f"10^{log10:.2f}"
