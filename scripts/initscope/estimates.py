"""What becomes of a statistic of many seeds: one number and its error.

    z = by_seed(layers, "pre_activation_second_moment", init="he_normal")
    found = ratio(z[[1, 30]])          # a float
    found.error                        # its standard error

Values are a DataFrame of seeds × places; places are layers, or the values of
the key that by_seed() goes along.
"""

import functools

import numpy as np

from initscope.command import BAD_DATA, ScriptError
from initscope.keys import is_numeric

GROUPS = 100  # of seeds, for the jackknife


class Estimate(float):
    """A number with its standard error, NaN where there is one seed."""

    def __new__(cls, value, error):
        """See the class."""
        estimate = super().__new__(cls, value)
        estimate.error = float(error)
        return estimate


def chosen(rows, where):
    """The rows whose keys have the values of `where`; a ScriptError if none.

    Numbers match to 9 digits.
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
    """χ₁ of square layers whose gain is σ_w: gain² E f'(Z)²."""
    return rows["gain"]**2 * rows["slope_second_moment"]


def by_seed(rows, of, along="layer", layers=None, **where):
    """A statistic by seed and place, of the runs that `where` chooses.

    `of` is a column, or a function of the rows. Along another key than the
    layer it is the mean over the layers.
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
    """Makes `reduce`, of an array and its places, one of a DataFrame that
    gives an Estimate: by the delete-a-group jackknife over seeds.

    Exact for a mean, accurate to first order in 1/√seeds for smooth functions
    of means.
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
    """Over seeds and places."""
    return values.mean()


@_with_error
def largest(values, _):
    """Over seeds and places."""
    return values.max()


@_with_error
def ratio(values, _):
    """Mean at the last place / mean at the first."""
    means = values.mean(axis=0)
    return means[-1] / means[0]


@_with_error
def step(values, _):
    """Mean of the ratios of one place to the one before it."""
    return (values[:, 1:] / values[:, :-1]).mean()


@_with_error
def difference(values, places):
    """(mean at the last place - mean at the first) / their distance."""
    means = values.mean(axis=0)
    return (means[-1] - means[0]) / (places[-1] - places[0])


@_with_error
def rate(values, places):
    """Factor per place: e^slope of the line through log |mean|."""
    return np.exp(_slope(places, np.log(np.abs(values.mean(axis=0)))))


@_with_error
def crossing(values, places):
    """The place where the mean goes through 1, between the nearest two."""
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
    """E v² / (E v)² over seeds, at the only place."""
    (moment,) = _relative_second_moments(values)
    return moment


@_with_error
def relative_second_moment_rate(values, places):
    """Factor per place of E v² / (E v)², by a line through its log."""
    return np.exp(_slope(places, np.log(_relative_second_moments(values))))


@_with_error
def relative_variance_slope(values, places):
    """Slope over places of Var v / (E v)²."""
    return _slope(places, _relative_second_moments(values) - 1)


def _relative_second_moments(values):
    return (values**2).mean(axis=0) / values.mean(axis=0)**2


def _slope(x, y):
    x = np.asarray(x, float) - np.mean(x)
    return (x * y).sum() / (x * x).sum()
