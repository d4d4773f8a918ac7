"""A claim of an experiment: what a formula says beside what was measured.

A claim holds if |measured - expected| <= tolerance; a NaN on any side fails.
Claim.below() and Claim.above() are one-sided. Claim.of_mean() and
Claim.of_ratio() take one value per seed and allow 5 standard errors.
"""

import textwrap
from dataclasses import dataclass


import numpy as np

STANDARD_ERRORS = 5
HEADER = ["quantity", "expected", "measured", "tolerance", "", "why"]
WIDTH = 79  # of the reasons under the table


@dataclass(frozen=True)
class Claim:
    """One line of the table. `relation` is "=", "<=" or ">=" (to expected)."""

    quantity: str
    expected: float
    measured: float
    tolerance: float
    reason: str  # of the tolerance, or of the bound
    relation: str = "="

    @classmethod
    def below(cls, quantity, bound, measured, reason):
        """measured <= bound."""
        return cls(quantity, bound, measured, 0.0, reason, "<=")

    @classmethod
    def above(cls, quantity, bound, measured, reason):
        """measured >= bound."""
        return cls(quantity, bound, measured, 0.0, reason, ">=")

    @classmethod
    def of_mean(cls, quantity, expected, values):
        """The mean of `values`, one per seed and independent, is expected."""
        values = np.asarray(values, float)
        error = values.std(ddof=1) / np.sqrt(len(values))
        return cls(quantity, expected, values.mean(), STANDARD_ERRORS * error,
                   _errors_over(len(values)))

    @classmethod
    def of_ratio(cls, quantity, expected, numerators, denominators):
        """mean(numerators) / mean(denominators), pairs by seed, is expected.

        The error is that of numerators - ratio * denominators, to first
        order in 1/sqrt(seeds) (the delta method).
        """
        ratio, error = ratio_of_means(numerators, denominators)
        return cls(quantity, expected, ratio, STANDARD_ERRORS * error,
                   _errors_over(len(numerators)))

    @property
    def holds(self):
        """Whether it is as claimed."""
        if self.relation == "<=":
            return bool(self.measured <= self.expected)
        if self.relation == ">=":
            return bool(self.measured >= self.expected)
        return bool(abs(self.measured - self.expected) <= self.tolerance)


def ratio_of_means(numerators, denominators):
    """mean(numerators)/mean(denominators) and its standard error."""
    a, b = np.asarray(numerators, float), np.asarray(denominators, float)
    ratio = a.mean() / b.mean()
    spread = (a - ratio * b).std(ddof=1) / np.sqrt(len(a))
    return ratio, spread / abs(b.mean())


def _errors_over(seeds):
    return f"{STANDARD_ERRORS} standard errors over {seeds} seeds"


def table(claims, sources=None):
    """The lines of a table of claims, and below it the reasons by number.

    `sources`, one text a claim, make a column in front.
    """
    reasons = list(dict.fromkeys(claim.reason for claim in claims))
    cells = [HEADER]
    for claim in claims:
        sided = claim.relation != "="
        front = {"<=": "\u2264 ", ">=": "\u2265 "}.get(claim.relation, "")
        cells.append([
            claim.quantity, f"{front}{claim.expected:.6g}",
            f"{claim.measured:.6g}",
            "" if sided else f"{claim.tolerance:.2g}",
            "PASS" if claim.holds else "FAIL",
            f"[{reasons.index(claim.reason) + 1}]"])
    left = {0, 4, 5}
    if sources is not None:
        cells = [[source, *row] for source, row in zip(
            ["source", *sources], cells)]
        left = {0, 1, 5, 6}
    widths = [max(map(len, column)) for column in zip(*cells)]
    lines = ["  ".join(cell.ljust(width) if i in left else cell.rjust(width)
                       for i, (cell, width) in enumerate(zip(row, widths))
                       ).rstrip() for row in cells]
    for number, reason in enumerate(reasons, 1):
        mark = f"[{number}] "
        lines += textwrap.wrap(reason, WIDTH, initial_indent=mark,
                               subsequent_indent=" " * len(mark))
    return lines
