"""What becomes of a statistic of many seeds: one number and its error.

A reduction takes a matrix, seeds × places, and the places: layers, or the
values of the key that a claim goes along.
"""


import numpy as np

GROUPS = 100  # of seeds, for the jackknife


def mean(values, _):
    """Over seeds and places."""
    return values.mean()


def largest(values, _):
    """Over seeds and places."""
    return values.max()


def ratio(values, _):
    """Mean at the last place / mean at the first."""
    means = values.mean(axis=0)
    return means[-1] / means[0]


def step(values, _):
    """Mean of the ratios of one place to the one before it."""
    return (values[:, 1:] / values[:, :-1]).mean()


def difference(values, places):
    """(mean at the last place - mean at the first) / their distance."""
    means = values.mean(axis=0)
    return (means[-1] - means[0]) / (places[-1] - places[0])


def rate(values, places):
    """Factor per place: e^slope of the line through log |mean|."""
    return np.exp(_slope(places, np.log(np.abs(values.mean(axis=0)))))


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


def relative_second_moment(values, places):
    """E v² / (E v)² over seeds, at the only place."""
    (moment,) = _relative_second_moments(values)
    return moment


def relative_second_moment_rate(values, places):
    """Factor per place of E v² / (E v)², by a line through its log."""
    return np.exp(_slope(places, np.log(_relative_second_moments(values))))


def relative_variance_slope(values, places):
    """Slope over places of Var v / (E v)²."""
    return _slope(places, _relative_second_moments(values) - 1)


REDUCTIONS = {function.__name__: function for function in (
    mean, largest, ratio, step, difference, rate, crossing,
    relative_second_moment, relative_second_moment_rate,
    relative_variance_slope)}


def _relative_second_moments(values):
    return (values**2).mean(axis=0) / values.mean(axis=0)**2


def _slope(x, y):
    x = np.asarray(x, float) - np.mean(x)
    return (x * y).sum() / (x * x).sum()


def estimate(name, values, places):
    """(value, standard error): the delete-a-group jackknife over seeds.

    Exact for a mean, right to first order in 1/√seeds for what is smooth in
    means. NaN for one seed.
    """
    reduce = REDUCTIONS[name]
    seeds = len(values)
    groups = min(seeds, GROUPS)
    with np.errstate(all="ignore"):  # a NaN fails the claim by itself
        whole = reduce(values, places)
        if groups < 2:
            return whole, np.nan
        group = np.arange(seeds) * groups // seeds
        without = np.array([reduce(values[group != k], places)
                            for k in range(groups)])
        return whole, np.sqrt((groups - 1) * without.var())
