"""The columns of DESIGN.md section 1 from tensors, written from it alone.

Two passes in long double, each value with the program's tolerance. Shares
no code with the program.

u below is the unit roundoff: 2^-24 for float32, 2^-53 for float64.
"""

import numpy as np

from reference_network import ACTIVATIONS, UNIT_ROUNDOFF


class Sums:
    """What a tolerance is made of.

    tau    relative error of a sum of positive terms: n·2^-53 in double; with
           float32 data partial sums of up to 16 terms may be float.
    eta    relative error of the entries themselves: 0 where the program
           measures what it saves.
    """

    def __init__(self, precision):
        u = UNIT_ROUNDOFF[precision]
        self.u = u
        self.tau = 1e-12 + (16 * u if precision == "float32" else 0)


def moments(entries, sums, eta=0.0, slack=0.0):
    """name -> (value, tolerance) of all `entries`, two passes in long double.

    slack: absolute error of the entries, for slopes that change sign.
    """
    x = np.asarray(entries, np.longdouble).ravel()
    mean, absolute = x.mean(), abs(x).mean()
    centred = x - mean
    variance, second = (centred**2).mean(), (x**2).mean()
    # Even exact entries may be summed about a rounded mean.
    off = float(eta * np.sqrt(second)) + slack
    wide = off + 2.0**-52 * float(np.sqrt(second)) * bool(variance)
    tau = sums.tau
    result = {
        "mean": (mean, tau * absolute + off),
        "variance": (variance, tau * variance
                     + 2 * wide * np.sqrt(variance) + wide**2),
        "second_moment": (second, tau * second + 2 * off * np.sqrt(second)
                          + off**2),
        "abs_mean": (absolute, tau * absolute + off)}
    if variance > 0:
        kurtosis = (centred**4).mean() / variance**2
        result["kurtosis"] = (kurtosis, kurtosis * (
            8 * tau + 16 * wide / np.sqrt(variance)))
    else:
        result["kurtosis"] = (np.nan, 0)
    return result


def one_minus_cosine(batches, sums, eta=0.0):
    """Pairs of one batch only; rows of zeros left out. (value, tolerance)

    A norm has the error of its sum of squares, and lengthens its row.
    """
    total = pairs = 0
    for x in batches:
        x = np.asarray(x, np.longdouble)
        biggest = abs(x).max(1, keepdims=True)
        x = x[biggest[:, 0] > 0] / biggest[biggest[:, 0] > 0]
        if (m := len(x)) < 2:
            continue
        rows = x / np.sqrt((x**2).sum(1, keepdims=True))
        apart = ((rows - rows[0] - (rows - rows[0]).mean(0))**2).sum() / (
            m - 1)
        total += apart * m * (m - 1) / 2
        pairs += m * (m - 1) / 2
    if not pairs:
        return np.nan, 0
    value = total / pairs
    # Unit vectors are rounded, each entry by some 2^-53; those of equal rows
    # alike.
    equal = all((x == x[:1]).all() for x in batches)
    off = 0 if equal else eta + sums.tau / 2 + 16 * 2.0**-53
    return value, 1e-12 * value + 2 * off * np.sqrt(value) + off**2


def row_variance(x):
    """The variance within each row, exactly 0 where a row is constant."""
    d = x - x[:, :1]
    return ((d - d.mean(1, keepdims=True))**2).mean(1)


def spread(rows, sums, eta):
    """Mean variance within the rows of a matrix: (value, tolerance)."""
    x = np.asarray(rows, np.longdouble)
    value = row_variance(x).mean()
    off = float(eta * np.sqrt((x**2).mean()))
    return value, (sums.tau * value + 2 * off * np.sqrt(value) + off**2)


def expected_statistics(batches, depth, activation, precision, eta=0.0):
    """column -> (values, tolerances), each of depth + 1 entries.

    batches: dictionaries of tensors. eta: relative error of their entries,
    beside what follows from the precision.
    """
    f, sums = ACTIVATIONS[activation], Sums(precision)
    columns = {}

    def put(layer, name, pair):
        values, tolerances = columns.setdefault(
            name, (np.full(depth + 1, np.nan, np.longdouble),
                   np.zeros(depth + 1, np.longdouble)))
        values[layer], tolerances[layer] = pair

    def pooled(name):
        return np.concatenate([np.asarray(b[name]) for b in batches])

    def put_moments(layer, prefix, names, found):
        for name in names.split():
            put(layer, f"{prefix}_{name}", found[name])

    rounded = eta + 2 * sums.u  # stored rounded, measured before
    # Those of a homogeneous f are measured at scale 1.
    entry = rounded if f.curvature == 0 else eta
    three = "mean variance second_moment"
    for l in range(depth + 1):
        x, delta = pooled(f"X_{l}"), pooled(f"delta_{l}")
        put_moments(l, "activation", three + " abs_mean",
                    moments(x, sums, eta))
        for name, extreme in ("min", x.min()), ("max", x.max()):
            put(l, f"activation_{name}",
                (extreme, entry * float(abs(x).max())))
        put(l, "zero_fraction", ((x == 0).mean(), 1e-15))
        put_moments(l, "delta", three + " abs_mean",
                    moments(delta, sums, eta))
        put(l, "delta_unit_variance", spread(delta, sums, eta))
        value, tolerance = one_minus_cosine(
            [b[f"delta_{l}"] for b in batches], sums, eta)
        put(l, "delta_cosine", (1 - value, tolerance + 4 * 2.0**-53))
        put(l, "delta_non_finite", ((~np.isfinite(delta)).sum(), 0))
        if l == 0:
            continue
        z = pooled(f"Z_{l}")
        put_moments(l, "pre_activation", three + " abs_mean kurtosis",
                    moments(z, sums, eta))
        value, tolerance = one_minus_cosine(
            [b[f"Z_{l}"] for b in batches], sums, eta)
        put(l, "pre_activation_cosine",
            (1 - value, tolerance + 4 * 2.0**-53))
        put(l, "one_minus_cosine", (value, tolerance))
        put(l, "pre_activation_unit_variance", spread(z, sums, eta))
        put(l, "pre_activation_sample_variance", spread(z.T, sums, eta))
        put(l, "pre_activation_non_finite", ((~np.isfinite(z)).sum(), 0))
        put_moments(l, "weight_gradient", three,
                    moments(pooled(f"dW_{l - 1}"), sums, eta))
        put_moments(l, "bias_gradient", three,
                    moments(pooled(f"db_{l - 1}"), sums, rounded))
        put_moments(l, "weight", three,
                    moments(batches[0][f"W_{l - 1}"], sums, rounded))
        if l == depth:
            continue
        s = f.slope(np.asarray(z, float))  # the program's: 8 ulp
        slack = (16 * sums.u + eta) * f.steepest
        relative = 0.0 if f.signed else 16 * sums.u
        if f.curvature == 0:
            relative = slack = 0.0  # steps are exact
        put_moments(l, "slope", "mean second_moment", moments(
            s, sums, relative, slack if f.signed or eta else 0.0))
        bound = .01 * f.steepest
        surely = (abs(s) < bound * (1 - 1e-6)).mean()
        maybe = (abs(s) < bound * (1 + 1e-6)).mean()
        put(l, "saturated_fraction",
            ((surely + maybe) / 2, (maybe - surely) / 2 + 1e-15))
        put(l, "dead_unit_fraction", ((s == 0).all(0).mean(), 1e-15))
    return columns
