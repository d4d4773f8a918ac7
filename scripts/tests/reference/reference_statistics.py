"""The columns of DESIGN.md section 1 from tensors, written from it alone.

Two passes in long double, each value with the program's tolerance. Shares
no code with the program.

u below is the unit roundoff: 2^-24 for float32, 2^-53 for float64.
"""

import numpy as np

from reference_network import ACTIVATIONS, UNIT_ROUNDOFF


THREE = "mean variance second_moment"


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


class Columns:
    """column -> (values, tolerances), each of depth + 1 entries."""

    def __init__(self, batches, depth, activation, precision, eta):
        self.batches, self.depth, self.eta = batches, depth, eta
        self.f, self.sums = ACTIVATIONS[activation], Sums(precision)
        self.rounded = eta + 2 * self.sums.u  # stored rounded, measured before
        self.columns = {}

    def pooled(self, name):
        return np.concatenate([np.asarray(b[name]) for b in self.batches])

    def put(self, layer, name, pair):
        values, tolerances = self.columns.setdefault(
            name, (np.full(self.depth + 1, np.nan, np.longdouble),
                   np.zeros(self.depth + 1, np.longdouble)))
        values[layer], tolerances[layer] = pair

    def put_moments(self, layer, prefix, names, found):
        for name in names.split():
            self.put(layer, f"{prefix}_{name}", found[name])

    def put_signal(self, l, tensor, prefix, names):
        """Moments and spread of a tensor that has a row for each sample."""
        x = self.pooled(f"{tensor}_{l}")
        self.put_moments(l, prefix, names, moments(x, self.sums, self.eta))
        self.put(l, f"{prefix}_unit_variance", spread(x, self.sums, self.eta))
        self.put(l, f"{prefix}_non_finite", ((~np.isfinite(x)).sum(), 0))
        value, tolerance = one_minus_cosine(
            [b[f"{tensor}_{l}"] for b in self.batches], self.sums, self.eta)
        self.put(l, f"{prefix}_cosine",
                 (1 - value, tolerance + 4 * 2.0**-53))
        return value, tolerance

    def put_activation(self, l):
        x = self.pooled(f"X_{l}")
        self.put_moments(l, "activation", THREE + " abs_mean",
                         moments(x, self.sums, self.eta))
        # Those of a homogeneous f are measured at scale 1.
        entry = self.rounded if self.f.curvature == 0 else self.eta
        for name, extreme in ("min", x.min()), ("max", x.max()):
            self.put(l, f"activation_{name}",
                     (extreme, entry * float(abs(x).max())))
        self.put(l, "zero_fraction", ((x == 0).mean(), 1e-15))

    def put_weights(self, l):
        """Of the layer's own weights, and of the gradients by them."""
        for prefix, tensor, eta in [
                ("weight_gradient", self.pooled(f"dW_{l - 1}"), self.eta),
                ("bias_gradient", self.pooled(f"db_{l - 1}"), self.rounded),
                ("weight", self.batches[0][f"W_{l - 1}"], self.rounded)]:
            self.put_moments(l, prefix, THREE, moments(tensor, self.sums, eta))

    def put_slope(self, l):
        f, u = self.f, self.sums.u
        s = f.slope(self.pooled(f"Z_{l}").astype(float))  # the program's: 8 ulp
        slack = (16 * u + self.eta) * f.steepest
        relative = 0.0 if f.signed else 16 * u
        if f.curvature == 0:
            relative = slack = 0.0  # steps are exact
        self.put_moments(l, "slope", "mean second_moment", moments(
            s, self.sums, relative, slack if f.signed or self.eta else 0.0))
        bound = .01 * f.steepest
        surely = (abs(s) < bound * (1 - 1e-6)).mean()
        maybe = (abs(s) < bound * (1 + 1e-6)).mean()
        self.put(l, "saturated_fraction",
                 ((surely + maybe) / 2, (maybe - surely) / 2 + 1e-15))
        self.put(l, "dead_unit_fraction", ((s == 0).all(0).mean(), 1e-15))


def expected_statistics(batches, depth, activation, precision, eta=0.0):
    """column -> (values, tolerances), each of depth + 1 entries.

    batches: dictionaries of tensors. eta: relative error of their entries,
    beside what follows from the precision.
    """
    found = Columns(batches, depth, activation, precision, eta)
    for l in range(depth + 1):
        found.put_activation(l)
        found.put_signal(l, "delta", "delta", THREE + " abs_mean")
        if l == 0:
            continue
        found.put(l, "one_minus_cosine", found.put_signal(
            l, "Z", "pre_activation", THREE + " abs_mean kurtosis"))
        found.put(l, "pre_activation_sample_variance",
                  spread(found.pooled(f"Z_{l}").T, found.sums, eta))
        found.put_weights(l)
        if l < depth:
            found.put_slope(l)
    return found.columns
