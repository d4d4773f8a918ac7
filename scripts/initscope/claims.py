"""Claims: a measurement beside what a formula or a paper says.

    claim("E Z_30²/E Z_1²", measured, expected, tolerance, source)

A claim holds if |measured - expected| <= tolerance; NaN anywhere fails it.
at_most() and at_least() are one-sided; of_mean() and of_ratio() take one value
per seed and allow 5 standard errors. The files in experiments/claims make the
claims.
"""

import textwrap
from dataclasses import dataclass

import numpy as np

from initscope.text import aligned

STANDARD_ERRORS = 5
HEADER = ["quantity", "expected", "measured", "tolerance", "", "why"]
WIDTH = 79  # of the reasons under the table
LAST = 20  # steps whose mean loss is the final one


class Tolerance(float):
    """The distance that a measurement may be off, with its `reason`."""

    def __new__(cls, value, reason):
        """A Tolerance of `value`, for `reason`."""
        tolerance = super().__new__(cls, value)
        tolerance.reason = reason
        return tolerance


@dataclass(frozen=True)
class Claim:
    """A line of the table. `relation` is "=", "<=" or ">=" (to expected)."""

    text: str
    measured: float
    expected: float
    tolerance: float
    reason: str  # of the tolerance, or of the bound
    source: str = ""
    relation: str = "="

    @property
    def holds(self):
        """Whether the measurement is as claimed."""
        if self.relation == "<=":
            return bool(self.measured <= self.expected)
        if self.relation == ">=":
            return bool(self.measured >= self.expected)
        return bool(abs(self.measured - self.expected) <= self.tolerance)


@dataclass(frozen=True)
class NotAsserted:
    """A statement of a source that is not judged, with the reason."""

    text: str
    why: str
    source: str


def claim(text, measured, expected, tolerance, source=""):
    """The Claim that `measured` is `expected` within a Tolerance."""
    return Claim(text, float(measured), float(expected), float(tolerance),
                 tolerance.reason, source)


def at_most(text, measured, bound, reason):
    """The Claim that measured <= bound."""
    return Claim(text, measured, bound, 0.0, reason, relation="<=")


def at_least(text, measured, bound, reason):
    """The Claim that measured >= bound."""
    return Claim(text, measured, bound, 0.0, reason, relation=">=")


def errors(found, beyond=0.0,
           reason="; the expectation is exact at any width"):
    """A Tolerance: 5 standard errors of an Estimate, plus `beyond`."""
    return Tolerance(
        STANDARD_ERRORS * found.error + beyond,
        f"{STANDARD_ERRORS} standard errors over seeds{reason}")


def near_mean_field(found, width):
    """The Tolerance of a mean of q = E Z² or χ₁ about its infinite-width value.
    """
    return errors(found, 1 / width, ", and 1/width: to leading order in "
                  "1/width means of q and χ₁ are off their infinite-width "
                  "values by less than 0.35/width (q'' times half the spread "
                  "of q)")


def near_gradient_rate(found, width, expected):
    """The Tolerance of the factor by which E δ² changes per layer."""
    return errors(found, 2 / width * expected, ", and a relative 2/width: the "
                  "slopes of successive layers are not independent at finite "
                  "width")


def of_moments(found):
    """The Tolerance of a relative second moment over draws of weights."""
    return errors(found, reason="; the formula is exact at any width; the "
                  "logarithm spreads so little (by 0.6 or less) that the "
                  "sample has what the fourth moments in the error are made "
                  "of")


def errors_over(seeds, error):
    """A Tolerance of 5 standard errors, from the `error` over `seeds`."""
    return Tolerance(STANDARD_ERRORS * error, f"{STANDARD_ERRORS} standard "
                     f"errors over {seeds} seeds")


def of_mean(text, expected, values):
    """The Claim that the mean of `values`, one per seed, is `expected`."""
    values = np.asarray(values, float)
    error = values.std(ddof=1) / np.sqrt(len(values))
    return claim(text, values.mean(), expected,
                 errors_over(len(values), error))


def of_ratio(text, expected, numerators, denominators):
    """The Claim that mean(numerators) / mean(denominators) is `expected`.

    Numerators and denominators come in pairs, one per seed. The error is that
    of numerators - ratio * denominators, accurate to first order in
    1/sqrt(seeds) (the delta method).
    """
    ratio, error = ratio_of_means(numerators, denominators)
    return claim(text, ratio, expected, errors_over(len(numerators), error))


def ratio_of_means(numerators, denominators):
    """mean(numerators)/mean(denominators) and its standard error."""
    a, b = np.asarray(numerators, float), np.asarray(denominators, float)
    ratio = a.mean() / b.mean()
    spread = (a - ratio * b).std(ddof=1) / np.sqrt(len(a))
    return ratio, spread / abs(b.mean())


def losses(results):
    """The runs of a training, with first_loss (of step 0) and last_loss (the
    mean over the last 20 steps)."""
    by_run = results.steps.groupby("run_index")["loss_value"]
    return results.runs.assign(
        first_loss=by_run.first(),
        last_loss=by_run.agg(lambda loss: loss[-LAST:].mean()))


def table(claims):
    """The lines of a table of claims, then its numbered reasons.

    The first column is the source, if any claim has one.
    """
    reasons = list(dict.fromkeys(claim.reason for claim in claims))
    cells = [["source", *HEADER]]
    for each in claims:
        front = {"<=": "\u2264 ", ">=": "\u2265 "}.get(each.relation, "")
        cells.append([
            each.source, each.text, f"{front}{each.expected:.6g}",
            f"{each.measured:.6g}", "" if front else f"{each.tolerance:.2g}",
            "PASS" if each.holds else "FAIL",
            f"[{reasons.index(each.reason) + 1}]"])
    unnamed = 0 if any(each.source for each in claims) else 1
    lines = aligned([row[unnamed:] for row in cells],
                    {0, 1 - unnamed, 5 - unnamed, 6 - unnamed})
    for number, reason in enumerate(reasons, 1):
        mark = f"[{number}] "
        lines += textwrap.wrap(reason, WIDTH, initial_indent=mark,
                               subsequent_indent=" " * len(mark))
    return lines
