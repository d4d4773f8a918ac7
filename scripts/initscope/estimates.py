"""Reduces a statistic over many seeds to one number with its standard error.

    z = by_seed(layers, "pre_activation_second_moment", init="he_normal")
    found = ratio(z[[1, 30]])          # a float
    found.error                        # its standard error

Values are a DataFrame of seeds × places. Places are layers, or the values of
the key `along` which by_seed() goes.
"""

import functools

import numpy as np

from initscope.command import BAD_DATA, ScriptError
from initscope.keys import is_numeric

GROUPS = 100  # of seeds, for the jackknife


class Estimate(float):
    """A number with its standard `error`, which is NaN for a single seed."""

    def __new__(cls, value, error):
        """An Estimate of `value` with the standard error `error`."""
        estimate = super().__new__(cls, value)
        estimate.error = float(error)
        return estimate


def chosen(rows, where):
    """The rows whose keys have the values of `where`, numbers to 9 digits.

    Raises a ScriptError if there is no such key or no such row.
    """
    for key, value in where.items():
        if key not in rows:
            raise ScriptError(BAD_DATA, f"there is no key '{key}'")
        if is_numeric(rows[key]) == isinstance(value, str):
            raise ScriptError(BAD_DATA, f"{key} cannot be {value!r}")
        rows = rows[rows[key] == value if isinstance(value, str) else
                    np.isclose(rows[key], value, rtol=1e-9, atol=0)]
    if rows.empty:
        raise ScriptError(BAD_DATA, f"no run has {where}")
    return rows


def chi(rows):
    """χ₁ = gain² E f'(Z)² of square layers whose gain is σ_w."""
    return rows["gain"]**2 * rows["slope_second_moment"]


def by_seed(rows, of, along="layer", layers=None, **where):
    """A statistic of the runs that `where` chooses: DataFrame seeds × places.

    of       a column, or a function of the rows
    along    "layer", or a key; then the statistic is the mean over `layers`
    layers   only these; None takes all

    Raises a ScriptError if a layer is missing or a seed has several runs.
    """
    rows = chosen(rows, where)
    if layers is not None:
        if not set(layers) <= set(rows["layer"]):
            raise ScriptError(BAD_DATA, f"layers {list(layers)} are not all "
                              f"there")
        rows = rows[rows["layer"].isin(layers)]
    with np.errstate(all="ignore"):  # a NaN fails the claim by itself
        values = rows.assign(of=of(rows) if callable(of) else rows[of])
    if along != "layer":
        values = values.groupby(["seed", along], as_index=False)["of"].agg(
            lambda column: column.mean(skipna=False))
    if values.duplicated(["seed", along]).any():
        raise ScriptError(BAD_DATA, f"{where} is more than one run of a seed")
    return values.set_index(["seed", along])["of"].unstack()


def _with_error(reduce):
    """Turns reduce(array, places) into a function DataFrame → Estimate.

    The error is that of the delete-a-group jackknife over seeds: exact for a
    mean, accurate to first order in 1/√seeds for smooth functions of means.
    """
    @functools.wraps(reduce)
    def estimate(values):
        places = values.columns.to_numpy(float)
        values = values.to_numpy()
        seeds = len(values)
        groups = min(seeds, GROUPS)
        with np.errstate(all="ignore"):
            whole = reduce(values, places)
            if groups < 2:
                return Estimate(whole, np.nan)
            group = np.arange(seeds) * groups // seeds
            without = np.array([reduce(values[group != k], places)
                                for k in range(groups)])
            return Estimate(whole, np.sqrt((groups - 1) * without.var()))
    return estimate


@_with_error
def mean(values, _):
    """The mean over seeds and places."""
    return values.mean()


@_with_error
def largest(values, _):
    """The maximum over seeds and places."""
    return values.max()


@_with_error
def ratio(values, _):
    """The mean at the last place divided by that at the first."""
    means = values.mean(axis=0)
    return means[-1] / means[0]


@_with_error
def step(values, _):
    """The mean ratio of a value to that of the place before it."""
    return (values[:, 1:] / values[:, :-1]).mean()


@_with_error
def difference(values, places):
    """The mean slope: (mean at the last place - at the first) / distance."""
    means = values.mean(axis=0)
    return (means[-1] - means[0]) / (places[-1] - places[0])


@_with_error
def rate(values, places):
    """The factor per place: e^slope of a line through log |mean|."""
    return np.exp(_slope(places, np.log(np.abs(values.mean(axis=0)))))


@_with_error
def crossing(values, places):
    """The place where the mean crosses 1, by linear interpolation; NaN unless
    it does so once."""
    means = values.mean(axis=0) - 1
    sign = np.sign(means)
    changes = np.flatnonzero(sign[:-1] * sign[1:] < 0)
    if len(changes) != 1:
        return np.nan
    (left,) = changes
    share = means[left] / (means[left] - means[left + 1])
    return places[left] + share * (places[left + 1] - places[left])


@_with_error
def relative_second_moment(values, _):
    """E v² / (E v)² over seeds; there must be one place."""
    (moment,) = _relative_second_moments(values)
    return moment


@_with_error
def relative_second_moment_rate(values, places):
    """The factor per place of E v² / (E v)²: e^slope of its logarithm."""
    return np.exp(_slope(places, np.log(_relative_second_moments(values))))


@_with_error
def relative_variance_slope(values, places):
    """The slope of Var v / (E v)² over places, by least squares."""
    return _slope(places, _relative_second_moments(values) - 1)


def _relative_second_moments(values):
    return (values**2).mean(axis=0) / values.mean(axis=0)**2


def _slope(x, y):
    x = np.asarray(x, float) - np.mean(x)
    return (x * y).sum() / (x * x).sum()
