"""`initscope trace` and `run` against NumPy, written from DESIGN.md alone.

Four references, none of which shares code with the program:

  variates    Philox4x32-10 and the laws of section 2, from scipy.special
  tensors     section 1's recursions in double, with an error bound carried
              along entry by entry (see `propagate`)
  statistics  section 1's columns in long double from the traced tensors
  depth 1000  the recursions with a power of two per sample beside them

u below is the unit roundoff: 2^-24 for float32, 2^-53 for float64.
"""

import functools
import gzip
import itertools
import math
import pathlib
import struct
from typing import Callable, NamedTuple

import h5py
import numpy as np
import pytest
from scipy import special

DATA = pathlib.Path(__file__).resolve().parent.parent / "data"
UNIT_ROUNDOFF = {"float32": 2.0**-24, "float64": 2.0**-53}
WEIGHTS, BIASES, INPUTS, TARGETS, PROBES, SAMPLE_ORDER = range(6)


# --- variates (DESIGN section 2)

def philox(counter, key):
    """The four words of Philox4x32-10 as uint64 arrays below 2^32."""
    mask = np.uint64(0xFFFFFFFF)
    c = [np.asarray(word, np.uint64) for word in counter]
    k0, k1 = key & 0xFFFFFFFF, key >> 32
    for _ in range(10):
        p0 = c[0] * np.uint64(0xD2511F53)
        p1 = c[2] * np.uint64(0xCD9E8D57)
        c = [(p1 >> np.uint64(32)) ^ c[1] ^ np.uint64(k0), p1 & mask,
             (p0 >> np.uint64(32)) ^ c[3] ^ np.uint64(k1), p0 & mask]
        k0 = (k0 + 0x9E3779B9) & 0xFFFFFFFF
        k1 = (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c


def uniforms(seed, stream, layer, rows, cols):
    """u at (seed, stream, layer, row, col), rows × cols."""
    row, col = np.meshgrid(np.arange(rows), np.arange(cols), indexing="ij")
    words = np.array(np.broadcast_arrays(
        *philox([col // 4, row, layer, stream], seed)))
    word = np.take_along_axis(words, (col % 4)[None], 0)[0]
    return (word.astype(float) + 0.5) * 2.0**-32


def normal_law(u):
    return special.ndtri(u)


def uniform_law(u):
    return math.sqrt(3) * (2 * u - 1)


def truncated_law(u):
    low, high = special.ndtr(-2), special.ndtr(2)
    return special.ndtri(low + u * (high - low)) / .87962566103423978


def normals(seed, stream, layer, rows, cols):
    return normal_law(uniforms(seed, stream, layer, rows, cols))


def haar(seed, layer, rows, cols):
    """Q with the signs of R fixed, times √max(rows, cols)."""
    draw = normals(seed, WEIGHTS, layer, rows, cols)
    q, r = np.linalg.qr(draw.T if rows < cols else draw)
    q = q * np.sign(np.diag(r)) * math.sqrt(max(rows, cols))
    return q.T if rows < cols else q


class Initializer(NamedTuple):
    law: Callable  # of u; None: haar
    scale: Callable  # s of (fan_in, fan_out)


def table_of_initializers():
    scales = {"": lambda i, o: 1.0, "lecun_": lambda i, o: math.sqrt(1 / i),
              "xavier_": lambda i, o: math.sqrt(2 / (i + o)),
              "he_": lambda i, o: math.sqrt(2 / i),
              "he_fan_out_": lambda i, o: math.sqrt(2 / o)}
    table = {}
    for name, scale in scales.items():
        table[name + "normal"] = Initializer(normal_law, scale)
        table[name + "uniform"] = Initializer(uniform_law, scale)
        if name in ("lecun_", "xavier_", "he_"):
            table[f"truncated_{name}normal"] = Initializer(truncated_law,
                                                           scale)
    table["torch_default"] = Initializer(
        uniform_law, lambda i, o: 1 / math.sqrt(3 * i))
    table["orthogonal"] = Initializer(
        None, lambda i, o: 1 / math.sqrt(max(i, o)))
    table["zero"] = Initializer(np.zeros_like, lambda i, o: 1.0)
    table["constant"] = Initializer(np.ones_like, lambda i, o: 1 / i)
    return table


INITIALIZERS = table_of_initializers()  # but lsuv, whose scale is measured


def unit_weights(init, seed, layer, fan_in, fan_out):
    law = INITIALIZERS[init].law
    if law is None:
        return haar(seed, layer, fan_in, fan_out)
    return law(uniforms(seed, WEIGHTS, layer, fan_in, fan_out))


def weights(init, seed, layer, fan_in, fan_out, gain=1.0):
    return (gain * INITIALIZERS[init].scale(fan_in, fan_out)
            * unit_weights(init, seed, layer, fan_in, fan_out))


# --- activations and losses (DESIGN section 1)

class Activation(NamedTuple):
    value: Callable
    slope: Callable    # the left derivative
    steepest: float    # max |f'|
    curvature: float   # max |f''| where it exists
    jumps: tuple = ()  # (z, height) of the jumps of f'
    signed: bool = False  # does f' change its sign?


def phi(z):
    return np.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def tanh_slope(z):
    e = np.exp(-2 * np.abs(z))
    return 4 * e / (1 + e)**2


LAMBDA, ALPHA = 1.0507009873554805, 1.6732632423543772
ACTIVATIONS = {
    "linear": Activation(lambda z: z, np.ones_like, 1, 0),
    "sigmoid": Activation(
        special.expit, lambda z: special.expit(z) * special.expit(-z),
        .25, .0963),
    "tanh": Activation(np.tanh, tanh_slope, 1, .77),
    "relu": Activation(lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0,
                       1, 0, ((0, 1),)),
    "leaky_relu": Activation(
        lambda z: np.where(z > 0, z, .01 * z),
        lambda z: np.where(z > 0, 1, .01), 1, 0, ((0, .99),)),
    "elu": Activation(
        lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
        lambda z: np.exp(np.minimum(z, 0)), 1, 1),
    "selu": Activation(
        lambda z: LAMBDA * np.where(z > 0, z,
                                    ALPHA * np.expm1(np.minimum(z, 0))),
        lambda z: LAMBDA * np.where(z > 0, 1,
                                    ALPHA * np.exp(np.minimum(z, 0))),
        LAMBDA * ALPHA, LAMBDA * ALPHA, ((0, LAMBDA * (ALPHA - 1)),)),
    # f' is largest where f'' is 0: gelu at √2, silu at 2.3994.
    "gelu": Activation(
        lambda z: z * special.ndtr(z),
        lambda z: special.ndtr(z) + z * phi(z), 1.1289043, .8, (), True),
    "silu": Activation(
        lambda z: z * special.expit(z),
        lambda z: special.expit(z) * (1 + z * special.expit(-z)),
        1.0998393, .5, (), True),
    "softplus": Activation(lambda z: np.logaddexp(0, z), special.expit,
                           1, .25),
    "softsign": Activation(lambda z: z / (1 + np.abs(z)),
                           lambda z: (1 + np.abs(z))**-2, 1, 2),
    "erf": Activation(
        special.erf, lambda z: 2 / math.sqrt(math.pi) * np.exp(-z * z),
        2 / math.sqrt(math.pi), .97),
    "hard_tanh": Activation(
        lambda z: np.clip(z, -1, 1),
        lambda z: ((z > -1) & (z <= 1)) * 1.0, 1, 0, ((-1, 1), (1, 1))),
}


def softmax(z):
    return special.softmax(z, axis=1)


def softplus(z):
    return np.logaddexp(0, z)


def mse(z, y):
    return ((z - y)**2).sum() / (2 * z.size), (z - y) / z.size


def sigmoid_cross_entropy(z, y):
    value = (y * softplus(-z) + (1 - y) * softplus(z)).sum() / len(z)
    return value, (special.expit(z) - y) / len(z)


def softmax_cross_entropy(z, y):
    value = -(y * special.log_softmax(z, axis=1)).sum() / len(z)
    return value, (softmax(z) - y) / len(z)


def probe(z, r):
    return (r * z).sum(), r


LOSSES = {function.__name__: function for function in
          (mse, sigmoid_cross_entropy, softmax_cross_entropy, probe)}


def loss_errors(loss, z, z_error, y, u):
    """Bounds on the errors of (value, delta_L) where Z is off by z_error.

    Y is stored rounded, and the head is evaluated with at most 16 roundings
    of its terms.
    """
    m = len(z)
    if loss == "probe":
        return (abs(y) * z_error + 4 * u * abs(y * z)).sum(), 2 * u * abs(y)
    if loss == "mse":
        off = z_error + 2 * u * (abs(y) + abs(z))
        value = ((abs(z - y) + off) * off).sum() / z.size
        return value + 16 * u * mse(z, y)[0], off / z.size
    size = abs(y) + 1
    if loss == "sigmoid_cross_entropy":
        ascent = z_error / 4
        terms = abs(y) * softplus(-z) + (1 + abs(y)) * softplus(z)
    else:
        # |Δ log ŷ_j| ≤ 2 max_k |Δz_k| for every j of the row.
        ascent = softmax(z) * np.expm1(2 * z_error.max(1, keepdims=True))
        terms = abs(y * special.log_softmax(z, axis=1)) + abs(z)
    value = (z_error * size + 16 * u * terms).sum() / m
    return value, (ascent + 16 * u * size) / m


def propagate(x, w, b, y, activation, loss, u):
    """Every tensor from X_0, W, b, Y: name -> (value, bound on its error).

    Entrywise, with Ẑ = Z + ΔZ and so on, first to last operation:
      product of inner length k  |Δ(AB)| ≤ |ΔA||B| + |A||ΔB| + γ_k|A||B|
      f                          |ΔX| ≤ max|f'| |ΔZ| + 16u|X|   (8 ulp)
      f'                         |Δf'| ≤ max|f''| |ΔZ| + 16u max|f'|, and its
                                 jump where |ΔZ| reaches a kink
    γ_k = ku/(1 − ku), with k + 6 for k: the scale, the bias and the storing.
    In float64 the reference rounds as the program does, so u counts twice.
    """
    u = 2 * u if u < 1e-12 else u
    f, depth = ACTIVATIONS[activation], len(w)

    def product(a, a_error, c, c_error):
        k = a.shape[1] + 6
        gamma = k * u / (1 - k * u)
        a_most, c_most = abs(a) + a_error, abs(c) + c_error
        return a @ c, (a_error @ c_most + a_most @ c_error
                       + gamma * a_most @ c_most)

    exact = np.zeros_like
    tensors = {"X_0": (x, exact(x))}
    slopes = {}
    for l in range(depth):
        z, error = product(*tensors[f"X_{l}"], w[l], exact(w[l]))
        z, error = z + b[l], error + 2 * u * (abs(z + b[l]) + abs(b[l]))
        tensors[f"Z_{l + 1}"] = tensors[f"X_{l + 1}"] = z, error
        if l + 1 == depth:
            break
        a = f.value(z)
        tensors[f"X_{l + 1}"] = a, f.steepest * error + 16 * u * abs(a)
        s_error = f.curvature * error + 16 * u * f.steepest
        for kink, height in f.jumps:
            s_error = s_error + height * (abs(z - kink) <= error)
        slopes[l + 1] = f.slope(z), s_error

    value, delta = LOSSES[loss](z, y)
    value_error, delta_error = loss_errors(loss, z, error, y, u)
    tensors[f"delta_{depth}"] = delta, delta_error
    for l in reversed(range(depth)):
        xl, x_error = tensors[f"X_{l}"]
        tensors[f"dW_{l}"] = product(xl.T, x_error.T, delta, delta_error)
        ones = np.ones((1, len(xl)))
        tensors[f"db_{l}"] = product(ones, exact(ones), delta, delta_error)
        delta, delta_error = product(delta, delta_error, w[l].T,
                                     exact(w[l].T))
        if l > 0:
            s, s_error = slopes[l]
            delta_error = (delta_error * (abs(s) + s_error)
                           + abs(delta) * s_error + 2 * u * abs(delta * s))
            delta = delta * s
        tensors[f"delta_{l}"] = delta, delta_error
    return tensors, value, value_error


# --- statistics (DESIGN section 1)

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


def one_minus_cosine(batches, eta=0.0):
    """Pairs of one batch only; rows of zeros left out. (value, tolerance)"""
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
    off = 0 if equal else eta + 16 * 2.0**-53
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
    three = "mean variance second_moment"
    for l in range(depth + 1):
        x, delta = pooled(f"X_{l}"), pooled(f"delta_{l}")
        put_moments(l, "activation", three + " abs_mean",
                    moments(x, sums, eta))
        for name, extreme in ("min", x.min()), ("max", x.max()):
            put(l, f"activation_{name}",
                (extreme, eta * float(abs(x).max())))
        put(l, "zero_fraction", ((x == 0).mean(), 1e-15))
        put_moments(l, "delta", three + " abs_mean",
                    moments(delta, sums, eta))
        put(l, "delta_unit_variance", spread(delta, sums, eta))
        value, tolerance = one_minus_cosine(
            [b[f"delta_{l}"] for b in batches], eta)
        put(l, "delta_cosine", (1 - value, tolerance + 4 * 2.0**-53))
        put(l, "delta_non_finite", ((~np.isfinite(delta)).sum(), 0))
        if l == 0:
            continue
        z = pooled(f"Z_{l}")
        put_moments(l, "pre_activation", three + " abs_mean kurtosis",
                    moments(z, sums, eta))
        value, tolerance = one_minus_cosine(
            [b[f"Z_{l}"] for b in batches], eta)
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


INDEX_COLUMNS = ("row run_index step layer fan_in fan_out activation init "
                 "seed").split()


def check_statistics(results, expected):
    """Compares every statistic column of the file; log10_ columns too."""
    statistics = {name for name in results.layers
                  if name not in INDEX_COLUMNS
                  and not name.startswith("theory_")}
    names = set(expected) - {"one_minus_cosine"}
    assert {n for n in statistics if not n.startswith("log10_")} == names
    logs = {f"log10_{name}" for name in expected
            if name.endswith(("variance", "second_moment"))}
    logs.add("log10_one_minus_cosine")
    assert {n for n in statistics if n.startswith("log10_")} == logs
    for name in sorted(names | logs):
        values, tolerances = expected[name.removeprefix("log10_")]
        if name.startswith("log10_"):
            found = results.layers[name]
            with np.errstate(divide="ignore", invalid="ignore"):
                relative = np.where(values > 0, tolerances / values, 0)
                # Nothing but rounding: any value that is as small will do.
                lost = ((tolerances > .1 * values)
                        & (found <= np.log10(values + tolerances)))
                values = np.where(lost, found, np.log10(values))
            tolerances = relative + 4e-16 * np.where(
                np.isfinite(values), abs(values), 0)
        check_close(results.layers[name], values, tolerances, name)


def check_close(found, values, tolerances, what):
    """NaN matches NaN and −inf matches −inf, nothing else."""
    found = np.asarray(found, np.longdouble)
    values, tolerances = np.broadcast_arrays(values, tolerances)
    assert found.shape == values.shape, what
    plain = np.isfinite(values)
    same = np.where(np.isnan(values), np.isnan(found), found == values)
    good = same.copy()
    with np.errstate(invalid="ignore"):
        good[plain] = abs(found[plain] - values[plain]) <= tolerances[plain]
    if good.all():
        return
    at = tuple(np.argwhere(~good)[0])
    raise AssertionError(
        f"{what}{[int(i) for i in at]} is {found[at]:.18g}, expected "
        f"{values[at]:.18g} ± {tolerances[at]:.3g}; "
        f"{(~good).sum()} of {good.size} are off")


# --- the program

class Results:
    """A results file. Groups are {name: values}, read when first used."""

    def __init__(self, path):
        self.path = path

    def group(self, name):
        with h5py.File(self.path, "r") as file:
            return {name: data[()] for name, data in file[name].items()}

    @functools.cached_property
    def runs(self):
        return self.group("runs")

    @functools.cached_property
    def layers(self):
        return self.group("layers")

    @functools.cached_property
    def stored(self):
        return self.group("tensors")

    @functools.cached_property
    def attributes(self):
        with h5py.File(self.path, "r") as file:
            return dict(file["tensors"].attrs)

    @functools.cached_property
    def tensors(self):
        return {name: values.astype(float)
                for name, values in self.stored.items()}

    @property
    def dtypes(self):
        return {values.dtype for values in self.stored.values()}

    @property
    def depth(self):
        return sum(name.startswith("W_") for name in self.stored)


@pytest.fixture(scope="module")
def simulate(run_program, tmp_path_factory):
    """simulate(command, keys) -> Results."""
    folder = tmp_path_factory.mktemp("results")
    count = itertools.count()

    def run(command, keys):
        path = folder / f"{next(count)}.h5"
        run_program([command, *flags(keys), "--output", path, "--quiet"],
                    folder)
        return Results(path)
    return run


@pytest.fixture(scope="module")
def traced(simulate):
    """traced(**keys) -> Results with tensors; each made once."""
    found = {}

    def trace(**keys):
        name = repr(sorted(keys.items()))
        if name not in found:
            found[name] = simulate("trace", keys)
        return found[name]
    return trace


@pytest.fixture(scope="module")
def swept(simulate):
    """swept(**keys) -> Results of `run`."""
    return lambda **keys: simulate("run", keys)


def flags(keys):
    return [text for key, value in keys.items()
            for text in (f"--{key.replace('_', '-')}", str(value))]


def target_name(loss):
    return "R" if loss == "probe" else "Y"


SHAPE = "7x13x5x11x4"
FASHION = {"input": "fashion-mnist-sample", "shape": "784x13x5x11x10"}
PRECISIONS = ["float32", "float64"]
INPUTS_OF_CASES = [{"shape": SHAPE}, FASHION]


def cases():
    """Every activation, initializer, loss; others go round beside them."""
    inits = [*INITIALIZERS, "lsuv"]
    losses, smoothing = list(LOSSES), itertools.cycle([0, .1, .25])
    biases = itertools.cycle([{"bias_std": .3}, {"bias_init":
                                                 "torch_default"}, {}])
    inputs = itertools.cycle(INPUTS_OF_CASES[:1] * 3 + INPUTS_OF_CASES[1:])
    lists = itertools.chain(
        itertools.product(ACTIVATIONS, [None], [None], PRECISIONS),
        itertools.product([None], inits, [None], PRECISIONS),
        itertools.product([None], [None], losses, PRECISIONS * 2))
    usable = [i for i in inits if i not in ("zero", "constant", "normal",
                                            "uniform")]
    for i, (activation, init, loss, precision) in enumerate(lists):
        yield {
            "activation": activation or list(ACTIVATIONS)[i % 13],
            "init": init or usable[i % len(usable)],
            "loss": loss or losses[(i // 2 + i) % 4],
            "precision": precision, "batch": 6, "seed": 2**40 + i,
            "data_seed": i, "gain": 1.25, "label_smoothing": next(smoothing),
            **next(biases), **next(inputs)}


def case_name(keys):
    return "-".join(str(keys.get(key)) for key in (
        "activation", "init", "loss", "precision", "shape") if key in keys)


CASES = list(cases())


def test_cases_cover_the_tables(run_program, tmp_path):
    """The program has nothing that these tests do not know."""
    for topic, key, table in [
            ("inits", "init", [*INITIALIZERS, "lsuv"]),
            ("activations", "activation", ACTIVATIONS),
            ("losses", "loss", LOSSES)]:
        text = run_program(["list", topic], tmp_path).stdout
        names = {line.strip() for line in text.splitlines()
                 if line.startswith("  ") and line[2] != " "}
        assert names == set(table)
        assert {case[key] for case in CASES} == names


@pytest.mark.parametrize("keys", CASES, ids=case_name)
def test_tensors(traced, keys):
    """All tensors from X_0, W, b and Y, by two tolerances.

    Each entry within the bound that `propagate` carries along, in either
    precision; and in float64 to 1e-12 of its tensor's largest entry.
    """
    trace = traced(**keys)
    expected = check_tensors(trace, keys)
    if keys["precision"] == "float64":
        for name, (tensor, _) in expected.items():
            check_close(trace.tensors[name], tensor,
                        1e-12 * abs(tensor).max(), name)
    elif (not ACTIVATIONS[keys["activation"]].jumps
          and keys["loss"] in ("mse", "probe")):
        # Where nothing jumps or saturates, the bounds are small: they mean
        # something.
        ratios = [bound.max() / abs(tensor).max()
                  for tensor, bound in expected.values()]
        assert np.median(ratios) < 1e-3


def check_tensors(trace, keys):
    stored, depth = trace.tensors, trace.depth
    assert trace.dtypes == {np.dtype(keys["precision"])}
    target = target_name(keys["loss"])
    expected, value, value_error = propagate(
        stored["X_0"], [stored[f"W_{l}"] for l in range(depth)],
        [stored[f"b_{l}"] for l in range(depth)], stored[target],
        keys["activation"], keys["loss"], UNIT_ROUNDOFF[keys["precision"]])
    assert set(stored) == {*expected, target, *(
        f"{name}_{l}" for name in "Wb" for l in range(depth))}
    for name, (tensor, bound) in expected.items():
        check_close(stored[name], tensor, bound, name)
    attributes = trace.attributes
    assert attributes["activation"] == keys["activation"]
    assert attributes["loss"] == keys["loss"]
    check_close(attributes["loss_value"], value, value_error, "loss_value")
    assert trace.runs["loss_value"][0] == attributes["loss_value"]
    if keys["precision"] == "float64":
        check_close(attributes["loss_value"], value, 1e-12 * max(
            abs(value), abs(stored[target]).max()), "loss_value")
    assert np.array_equal(stored[f"X_{depth}"], stored[f"Z_{depth}"])
    return expected


def test_bound_is_tight_enough_to_see_a_transposition(traced):
    """The comparison fails for W instead of Wᵀ, and for a wrong divisor."""
    keys = {"shape": "6x6x6x6", "batch": 4, "loss": "mse",
            "activation": "tanh", "precision": "float32"}
    stored = traced(**keys).tensors
    w = [stored[f"W_{l}"] for l in range(3)]
    b = [stored[f"b_{l}"] for l in range(3)]
    good, _, _ = propagate(stored["X_0"], w, b, stored["Y"], "tanh", "mse",
                           2.0**-24)
    for name, (tensor, bound) in good.items():
        check_close(stored[name], tensor, bound, name)
    wrong = stored["delta_2"] @ w[1]  # should be w[1].T
    wrong *= 1 - np.tanh(stored["Z_1"])**2
    for corrupted, name in [(wrong, "delta_1"),
                            (stored["delta_3"] * 6, "delta_3"),
                            (stored["dW_0"] * (1 + 1e-4), "dW_0")]:
        with pytest.raises(AssertionError):
            check_close(corrupted, *good[name], name)


@pytest.mark.parametrize("keys", CASES, ids=case_name)
def test_statistics_of_ordinary_runs(traced, keys):
    check_case_statistics(traced(**keys), keys)


def check_case_statistics(trace, keys):
    check_statistics(trace, expected_statistics(
        [trace.tensors], trace.depth, keys["activation"], keys["precision"]))


# Where the entries nearly cancel: in both precisions.
DEEP = "x".join(["64"] * 13)
DEEP_EDGES = [
    {"activation": "sigmoid", "shape": DEEP, "loss": "softmax_cross_entropy"},
    {"activation": "sigmoid", "shape": DEEP, "loss": "mse"},
    {"activation": "sigmoid", "shape": DEEP, "label_smoothing": .3,
     "loss": "softmax_cross_entropy", "init": "he_uniform"},
    {"activation": "sigmoid", "shape": DEEP, "loss": "sigmoid_cross_entropy",
     "init": "orthogonal", "bias_std": 1},
    {"activation": "softplus", "shape": DEEP, "loss": "probe"},
    {"activation": "tanh", "shape": DEEP, "gain": 3, "bias_std": 2},
]
# Where a definition has an edge: in turn.
SMALL_EDGES = [
    *({"activation": activation, "init": init, "shape": "6x5x5x3",
       **bias, "loss": loss}
      for activation, loss in [("relu", "softmax_cross_entropy"),
                               ("sigmoid", "mse"), ("selu", "probe"),
                               ("hard_tanh", "sigmoid_cross_entropy"),
                               ("leaky_relu", "softmax_cross_entropy")]
      for init in ("zero", "constant") for bias in ({}, {"bias_std": .5})),
    *({"activation": "relu", "init": "he_normal", "batch": batch,
       "shape": "5x4x3x3", "loss": loss}
      for batch in (1, 2) for loss in LOSSES),
    {"activation": "hard_tanh", "gain": 10, "shape": "5x40x40x3"},
    {"activation": "relu", "shape": "5x3x3x3x3x3x3", "batch": 3, "seed": 4},
]
EDGES = [{"loss": "probe", "batch": 16, **keys, "precision": precision}
         for keys, precision in [
             *itertools.product(DEEP_EDGES, PRECISIONS),
             *zip(SMALL_EDGES, itertools.cycle([*PRECISIONS,
                                                *PRECISIONS[::-1]]))]]


@pytest.mark.parametrize("keys", EDGES, ids=case_name)
def test_statistics_at_the_edges(traced, keys):
    trace = traced(**keys)
    check_tensors(trace, keys)
    check_case_statistics(trace, keys)


def test_deep_sigmoid_nearly_cancels(traced):
    """The edge cases are as extreme as they are meant to be."""
    layers = traced(**EDGES[0]).layers
    assert layers["log10_one_minus_cosine"][12] < -8
    sample = layers["pre_activation_sample_variance"][12]
    assert 0 < sample < 1e-7 * layers["pre_activation_second_moment"][12]
    assert layers["log10_delta_second_moment"][1] < -12


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("activation,at", [("hard_tanh", [0, 1, 1]),
                                           ("relu", [0, 0, 1]),
                                           ("leaky_relu", [.01, .01, 1]),
                                           ("elu", [math.exp(-1), 1, 1])])
def test_slope_at_a_kink_is_the_left_one(run_program, tmp_path, activation,
                                         at, precision):
    """Z is -1, 0 and 1 exactly; `at` are the slopes there."""
    assert np.allclose(
        ACTIVATIONS[activation].slope(np.array([-1., 0., 1.])), at)
    np.save(tmp_path / "x.npy", np.repeat([[-1.], [0.], [1.]], 4, axis=1))
    path = tmp_path / "out.h5"
    run_program(["trace", *flags({
        "input": "x.npy", "standardize": "none", "batch": 3,
        "init": "constant", "shape": "4x2x2", "activation": activation,
        "precision": precision, "output": path})], tmp_path)
    results = Results(path)
    assert sorted(results.tensors["Z_1"][:, 0]) == [-1, 0, 1]
    check_close(results.layers["slope_mean"][1:2], [np.mean(at)],
                16 * UNIT_ROUNDOFF[precision], "slope_mean")
    order = results.tensors["Z_1"][:, 0].astype(int) + 1
    back = results.tensors["R"].sum(1, keepdims=True) / 2
    delta = back * np.array(at)[order][:, None]
    check_close(results.tensors["delta_1"], np.repeat(delta, 2, axis=1),
                32 * UNIT_ROUNDOFF[precision] * abs(back), "delta_1")


# --- random numbers: the contract, number by number

def test_philox_gives_the_published_vectors():
    ones = 0xFFFFFFFF
    for counter, key, words in [
            ([0] * 4, 0, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
            ([ones] * 4, 2**64 - 1, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
            ([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
             0x299f31d0a4093822, "d16cfe09 94fdcceb 5001e420 24126ea1")]:
        found = " ".join(f"{int(word):08x}" for word in philox(counter, key))
        assert found == words


def check_drawn(found, law, u, scale, precision, what):
    """float64: to 1e-14; float32: the double rounded, times s, to 1 ulp.

    The truncated law is a difference of two numbers near 1/2, so its 1e-14
    is absolute, in units of s.
    """
    drawn = law(u) if callable(law) else law
    if precision == "float64":
        size = abs(drawn) if law is not truncated_law else 1 + abs(drawn)
        check_close(found, scale * drawn, 1e-14 * abs(scale) * size, what)
    else:
        expected = np.float32(scale * np.float32(drawn).astype(float))
        check_close(found, expected, np.spacing(abs(expected)), what)


SEED, DATA_SEED = 0xFEDCBA9876543210, 0x0123456789ABCDEF


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("init", [i for i in INITIALIZERS
                                  if i != "orthogonal"])
def test_weights_follow_the_contract(traced, init, precision):
    widths = [6, 9, 5, 8]
    tensors = traced(
        init=init, seed=SEED, gain=1.5, precision=precision, batch=3,
        shape="6x9x5x8").tensors
    for l, (fan_in, fan_out) in enumerate(zip(widths, widths[1:])):
        law, scale = INITIALIZERS[init]
        check_drawn(tensors[f"W_{l}"], law,
                    uniforms(SEED, WEIGHTS, l, fan_in, fan_out),
                    1.5 * scale(fan_in, fan_out), precision, f"W_{l}")


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("init", ["orthogonal", "lsuv"])
def test_orthogonal_weights(traced, init, precision):
    """Q to 1e-12 (its condition: that of a small normal matrix, < 1e3).

    lsuv has orthogonal's U, and X_l W_l of variance gain².
    """
    widths, gain = [6, 9, 5, 5, 8], 1.5
    tensors = traced(
        init=init, seed=SEED, gain=gain, precision=precision, batch=30,
        shape="6x9x5x5x8", bias_std=.7).tensors
    u = UNIT_ROUNDOFF[precision]
    for l, (fan_in, fan_out) in enumerate(zip(widths, widths[1:])):
        expected = haar(SEED, l, fan_in, fan_out)
        w = tensors[f"W_{l}"]
        scale = gain / math.sqrt(max(fan_in, fan_out))
        if init == "lsuv":
            # Var(X U) in the program's arithmetic: γ_k with k ≤ 9 + 6.
            product = (tensors[f"X_{l}"] @ w).var()
            check_close(product, gain**2, gain**2 * 100 * u, f"Var {l}")
            scale = gain / (tensors[f"X_{l}"] @ expected).std()
        tolerance = scale * abs(expected).max() * (1e-12 + 100 * u)
        check_close(w, scale * expected, tolerance, f"W_{l}")
        if init == "orthogonal":
            gram = w @ w.T if fan_in < fan_out else w.T @ w
            check_close(gram, gain**2 * np.eye(len(gram)), 100 * u, "gram")


@pytest.mark.parametrize("precision", PRECISIONS)
def test_biases_follow_the_contract(traced, precision):
    keys = {"shape": "6x9x5", "seed": SEED, "precision": precision}
    for l, (fan_in, fan_out) in enumerate([(6, 9), (9, 5)]):
        u = uniforms(SEED, BIASES, l, 1, fan_out)
        check_drawn(traced(**keys, bias_std=.25).tensors[f"b_{l}"],
                    normal_law, u, .25, precision, "normal bias")
        check_drawn(
            traced(**keys, bias_init="torch_default").tensors[f"b_{l}"],
            uniform_law, u, 1 / math.sqrt(3 * fan_in), precision, "U bias")
        assert not traced(**keys).tensors[f"b_{l}"].any()


@pytest.mark.parametrize("precision", PRECISIONS)
def test_drawn_inputs_follow_the_contract(traced, precision):
    keys = {"shape": "9x4", "data_seed": DATA_SEED, "batch": 7,
            "precision": precision, "input_variance": 2.25}
    u = uniforms(DATA_SEED, INPUTS, 0, 7, 9)
    x = traced(**keys).tensors["X_0"]
    if precision == "float64":
        check_drawn(x, normal_law, u, 1.5, precision, "X_0")
    else:
        check_drawn(x, 1.5 * normal_law(u), u, 1, precision, "X_0")
    x = traced(**keys, input="sphere").tensors["X_0"]
    normal = normal_law(u)
    expected = 1.5 * 3 * normal / np.sqrt((normal**2).sum(1, keepdims=True))
    tolerance = (1e-14 + 2 * UNIT_ROUNDOFF[precision]) * abs(expected)
    check_close(x, expected, tolerance, "sphere")


def test_input_correlation(traced):
    """Every pair of samples shares the variate of layer 1, row 0."""
    keys = {"shape": "4096x1", "data_seed": DATA_SEED, "batch": 4,
            "precision": "float64", "input_correlation": .36,
            "input_variance": 4}
    x = traced(**keys).tensors["X_0"]
    own = normals(DATA_SEED, INPUTS, 0, 4, 4096)
    shared = normals(DATA_SEED, INPUTS, 1, 1, 4096)
    check_close(x, 2 * (.8 * own + .6 * shared), 1e-13, "X_0")
    # 5 standard errors of a correlation from 4096 pairs.
    correlation = np.corrcoef(x)[np.triu_indices(4, 1)]
    check_close(correlation, np.full(6, .36), 5 / 64, "correlation")


def drawn_target(loss, data_seed, rows, cols):
    if loss == "probe":
        return normals(data_seed, PROBES, 0, rows, cols)
    if loss == "mse":
        return normals(data_seed, TARGETS, 0, rows, cols)
    u = uniforms(data_seed, TARGETS, 0, rows, cols)
    if loss == "sigmoid_cross_entropy":
        return (u < .5) * 1.0
    return np.eye(cols)[(u[:, 0] * cols).astype(int)]


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("loss", LOSSES)
def test_drawn_targets_follow_the_contract(traced, loss, precision):
    tensors = traced(
        shape="6x5", data_seed=DATA_SEED, batch=40, loss=loss,
        precision=precision, label_smoothing=.2).tensors
    y = drawn_target(loss, DATA_SEED, 40, 5)
    if loss.endswith("entropy"):
        uniform = .5 if loss.startswith("sigmoid") else 1 / 5
        y = .8 * y + .2 * uniform
    check_close(tensors[target_name(loss)], y,
                (1e-14 + UNIT_ROUNDOFF[precision]) * abs(y), "targets")


def reference_batches(keys, widths, batches):
    """Tensors of each batch of a float64 run, from nothing but its keys."""
    m, depth = keys["batch"], len(widths) - 1
    w = [weights(keys["init"], keys["seed"], l, widths[l], widths[l + 1])
         for l in range(depth)]
    b = [keys["bias_std"] * normals(keys["seed"], BIASES, l, 1, widths[l + 1])
         for l in range(depth)]
    x = normals(keys["data_seed"], INPUTS, 0, m * batches, widths[0])
    y = drawn_target(keys["loss"], keys["data_seed"], m * batches,
                     widths[depth])
    for k in range(batches):
        rows = slice(k * m, (k + 1) * m)
        tensors, value, _ = propagate(x[rows], w, b, y[rows],
                                      keys["activation"], keys["loss"],
                                      2.0**-53)
        plain = {name: tensor for name, (tensor, _) in tensors.items()}
        plain |= {f"W_{l}": w[l] for l in range(depth)}
        yield plain, value, y[rows]


@pytest.mark.parametrize("loss", LOSSES)
def test_batches_are_pooled(swept, loss):
    """A run of 3 batches from its keys alone: every statistic, the loss.

    Here the reference's own rounding counts: entries to 1e-12.
    """
    keys = {"activation": "tanh", "init": "lecun_normal", "bias_std": .4,
            "shape": "7x13x5x4", "batch": 5, "batches": 3, "loss": loss,
            "seed": SEED, "data_seed": DATA_SEED, "precision": "float64"}
    batches, values, targets = zip(
        *reference_batches(keys, [7, 13, 5, 4], 3))
    results = swept(**keys)
    check_statistics(results, expected_statistics(
        batches, 3, "tanh", "float64", eta=1e-12))
    check_close(results.runs["loss_value"], [np.mean(values)], 1e-11,
                "loss_value")
    y = np.concatenate(targets)
    z = np.concatenate([batch["Z_3"] for batch in batches])
    if loss == "softmax_cross_entropy":
        q = softmax(z)
        entropy, cross = special.entr(y).sum(1), -(y * np.log(q)).sum(1)
    elif loss == "sigmoid_cross_entropy":
        entropy = (special.entr(y) + special.entr(1 - y)).sum(1)
        cross = (y * softplus(-z) + (1 - y) * softplus(z)).sum(1)
    else:
        entropy = cross = np.array([np.nan])
    for name, value in [("label_entropy", entropy), ("cross_entropy", cross),
                        ("kl_divergence", cross - entropy)]:
        check_close(results.runs[name], [value.mean()], 1e-12, name)


# --- depth 1000

def test_trace_of_a_thousand_layers(traced):
    """Where nothing grows or shrinks, 1000 layers fit and can be checked.

    Each step from the operands that the file has: bounds that are carried
    along, entry by entry, would exceed everything.
    """
    keys = {"activation": "tanh", "init": "orthogonal", "depth": 1000,
            "width": 8, "batch": 3, "precision": "float64", "loss": "probe"}
    trace = traced(**keys)
    check_steps(trace, "tanh")
    check_case_statistics(trace, keys)


def check_steps(trace, activation):
    """Products of length 8 to 32u of the entries' natural scale."""
    stored, depth = trace.tensors, trace.depth
    f = ACTIVATIONS[activation]

    def check(name, value, scale):
        check_close(stored[name], value, 32 * 2.0**-53 * scale, name)

    for l in range(depth):
        x, w, z = (stored[name] for name in (f"X_{l}", f"W_{l}",
                                             f"Z_{l + 1}"))
        check(f"Z_{l + 1}", x @ w + stored[f"b_{l}"], abs(x) @ abs(w))
        if l + 1 < depth:
            check(f"X_{l + 1}", f.value(z), abs(f.value(z)))
        delta = stored[f"delta_{l + 1}"]
        check(f"dW_{l}", x.T @ delta, abs(x.T) @ abs(delta))
        check(f"db_{l}", delta.sum(0, keepdims=True), abs(delta).sum(0))
        slope = f.slope(stored[f"Z_{l}"]) if l > 0 else 1.0
        check(f"delta_{l}", (delta @ w.T) * slope,
              (abs(delta) @ abs(w.T)) * slope)
    assert np.array_equal(stored[f"delta_{depth}"], stored["R"])


class Scaled(NamedTuple):
    """x · 2^e, one e per row."""

    x: np.ndarray
    e: np.ndarray

    def normal(self):
        # Rows of zeros stay as they are.
        _, e = np.frexp(abs(self.x).max(1, keepdims=True))
        return Scaled(np.ldexp(self.x, -e), self.e + e)

    def log10_second_moment(self):
        # A weight below 2^-1000 of the largest has no say.
        top = self.e.max()
        weight = np.ldexp(1.0, np.maximum(2 * (self.e - top), -1000))
        return (math.log10((self.x**2 * weight).mean())
                + 2 * int(top) * math.log10(2))


def extended_backward(keys, depth, width):
    """log10 E[Z_l²] and log10 E[delta_l²], l = 0 … L, of a probed network."""
    m = keys["batch"]
    f = ACTIVATIONS[keys["activation"]]
    w = [weights(keys["init"], keys["seed"], l, width, width)
         for l in range(depth)]
    x = Scaled(normals(0, INPUTS, 0, m, width), np.zeros((m, 1), int))
    slopes, forward = [], [np.nan]
    for l in range(depth):
        z = Scaled(x.x @ w[l], x.e).normal()
        forward.append(z.log10_second_moment())
        if keys["activation"] == "relu":  # homogeneous
            x = Scaled(np.maximum(z.x, 0), z.e)
            slopes.append((z.x > 0) * 1.0)
        else:
            plain = np.ldexp(z.x, z.e)
            x = Scaled(f.value(plain), np.zeros((m, 1), int))
            slopes.append(f.slope(plain))
    delta = Scaled(normals(0, PROBES, 0, m, width), np.zeros((m, 1), int))
    backward = [delta.log10_second_moment()]
    for l in reversed(range(depth)):
        x = delta.x @ w[l].T
        delta = Scaled(x * slopes[l - 1] if l > 0 else x, delta.e).normal()
        backward.append(delta.log10_second_moment())
    return np.array(forward), np.array(backward[::-1])


@pytest.mark.parametrize("activation,init", [
    ("sigmoid", "xavier_normal"), ("tanh", "xavier_normal"),
    ("relu", "xavier_uniform"), ("relu", "he_normal"),
    ("sigmoid", "normal")])
def test_depth_1000_has_the_right_logarithms(swept, activation, init):
    """log10 of the second moments of Z and delta, at every layer.

    A relative error ε in each of 1000 layers, in random directions, moves
    the logarithm by some √1000 ε, and a product of length 32 has ε ≈ √32 u:
    the tolerance is ten times 180u. Where a sample meets relu's kink
    float32 may differ by more.
    """
    keys = {"activation": activation, "init": init, "depth": 1000,
            "width": 32, "batch": 4, "seed": 11, "loss": "probe"}
    forward, backward = extended_backward(keys, 1000, 32)
    for precision in PRECISIONS:
        layers = swept(**keys, precision=precision).layers
        u = UNIT_ROUNDOFF[precision]
        if activation == "relu" and precision == "float32":
            tolerance = .05
        else:
            tolerance = 1800 * u + 1e-13 * abs(backward).max()
        check_close(layers["log10_delta_second_moment"], backward, tolerance,
                    f"{precision} log10_delta_second_moment")
        check_close(layers["log10_pre_activation_second_moment"], forward,
                    tolerance, f"{precision} log10 Z")
        assert np.isfinite(layers["log10_weight_gradient_variance"][1:]).all()
        assert not layers["delta_non_finite"].any()


def test_what_does_not_fit_is_refused(run_program, swept, tmp_path):
    keys = {"activation": "sigmoid", "depth": 1000, "width": 32, "batch": 4,
            "loss": "probe"}
    for precision, advice in [("float32", "float64"), ("float64", "fewer")]:
        done = run_program(
            ["trace", *flags(keys), "--precision", precision, "--output",
             tmp_path / "out.h5", "--quiet"], tmp_path, expect=64)
        assert "delta_" in done.stderr and advice in done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert not list(tmp_path.iterdir())
    layers = swept(**keys, precision="float64").layers
    assert layers["delta_second_moment"][1] == 0  # the plain double is lost
    assert layers["log10_delta_second_moment"][1] < -1000


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("gain", [.125, 8])
def test_a_power_of_two_as_gain_shifts_logarithms(swept, gain, precision):
    """relu is homogeneous: Z_l scales as gain^l, exactly; probe's delta_l as
    gain^(L − l). Far outside of any floating-point range."""
    keys = {"activation": "relu", "init": "he_normal", "depth": 1000,
            "width": 16, "batch": 4, "loss": "probe", "seed": 2,
            "precision": precision}
    one = swept(**keys).layers
    scaled = swept(**keys, gain=gain).layers
    layer = one["layer"]
    shift = 2 * math.log10(gain)
    for name, power in [("pre_activation", layer), ("activation", layer),
                        ("delta", 1000 - layer),
                        ("weight_gradient", 999 + 0 * layer)]:
        column = f"log10_{name}_second_moment"
        check_close(scaled[column], one[column] + power * shift,
                    1e-15 * 4000, column)
    assert not scaled["pre_activation_non_finite"][1:].any()
    assert (scaled["slope_mean"][1:-1] == one["slope_mean"][1:-1]).all()


# --- data

def read_idx(name):
    raw = gzip.open(DATA / name).read()
    dimensions = struct.unpack(f">{raw[3]}I", raw[4:4 + 4 * raw[3]])
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(
        dimensions)


@pytest.fixture(scope="module")
def fashion():
    """Images as rows divided by 255, and labels."""
    images = read_idx("fashion-mnist-sample-images-idx3-ubyte.gz")
    labels = read_idx("fashion-mnist-sample-labels-idx1-ubyte.gz")
    return images.reshape(len(images), -1) / 255, labels


def sample_order(count, data_seed):
    words = philox([0, np.arange(count), 0, SAMPLE_ORDER], data_seed)
    high, low = (np.broadcast_to(word, count) for word in words[:2])
    return np.lexsort((low, high))


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("standardize", ["global", "features", "none"])
@pytest.mark.parametrize("classes", [None, "3,7", "7,3"])
def test_data_input(traced, fashion, precision, standardize, classes):
    """X_0 and Y of the shipped images, in the order of the permutation.

    The statistics are those of all samples that are kept, whether or not
    they are in the batch: sums of a million terms, to 1e-12.
    """
    x, labels = fashion
    count = 10
    if classes:
        kept = [int(name) for name in classes.split(",")]
        x, labels = (a[np.isin(labels, kept)] for a in fashion)
        labels = np.array([kept.index(label) for label in labels])
        count = 2
    if standardize != "none":
        axis = 0 if standardize == "features" else None
        constant = np.ptp(x, axis=axis) == 0
        with np.errstate(divide="ignore", invalid="ignore"):
            x = np.where(constant, 0, (x - x.mean(axis)) / x.std(axis))
    order = sample_order(len(x), DATA_SEED)[:50]
    trace = traced(
        input="fashion-mnist-sample", depth=2, width=5, batch=50,
        data_seed=DATA_SEED, standardize=standardize, precision=precision,
        label_smoothing=.1, **({"classes": classes} if classes else {}))
    tensors = trace.tensors
    u = UNIT_ROUNDOFF[precision]
    scale = abs(x).max(0) if standardize == "features" else abs(x).max()
    check_close(tensors["X_0"], x[order], 1e-12 * scale + u * abs(x[order]),
                "X_0")
    y = .9 * np.eye(count)[labels[order]] + .1 / count
    check_close(tensors["Y"], y, (1e-15 + u) * y, "Y")
    assert trace.attributes["loss"] == "softmax_cross_entropy"


def test_constant_features_become_zero(traced, fashion):
    """Some kept classes never reach the corners of the image."""
    x, labels = fashion
    kept = x[np.isin(labels, [1, 7])]
    constant = np.ptp(kept, axis=0) == 0
    assert constant.any()
    found = traced(
        input="fashion-mnist-sample", depth=2, width=5, batch=50,
        standardize="features", classes="1,7").tensors["X_0"]
    assert not found[:, constant].any() and found[:, ~constant].any(0).all()


# --- what the networks are known to do

@pytest.mark.parametrize("init,factor", [("xavier_normal", .5),
                                         ("he_normal", 1)])
def test_relu_keeps_or_halves_the_second_moment(swept, init, factor):
    """E Z_l²/E Z_1² = factor^(l−1) in the mean over seeds.

    The mean over weights is exact at any width, by the signs' symmetry. One
    sample's log ratio has mean −5/(2n) and variance 5/n per layer, up to
    O(1/n²) (Hanin & Nica 2020), so the ratio's relative variance is
    e^(5(l−1)/n) − 1; 5 standard errors. The mean logarithm, which pools
    layers and seeds, knows the factor to 2.4 %.
    """
    width, depth, seeds = 128, 30, 64
    layers = swept(activation="relu", init=init, width=width, depth=depth,
                   batch=1, seed=f"range(0, {seeds})").layers
    q = layers["pre_activation_second_moment"].reshape(seeds, depth + 1)[:, 1:]
    ratio = (q / q[:, :1]).mean(0)
    steps = np.arange(depth)
    error = np.sqrt(np.expm1(5 * steps / width) / seeds)
    check_close(ratio / factor**steps, np.ones(depth), 5 * error + 1e-12,
                init)
    rate = np.log(q[:, -1] / q[:, 0]).mean() / (depth - 1)
    error = math.sqrt(5 / width / (depth - 1) / seeds)
    check_close([rate], [math.log(factor) - 5 / (2 * width)],
                5 * error + 10 / width**2, "rate")


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
@pytest.mark.parametrize("bias_std", [0, .5])
def test_zero_initialization_lets_nothing_through(swept, activation,
                                                  bias_std):
    """Exactly: all units the same, and no gradient but at the output."""
    columns = swept(activation=activation, init="zero",
                    loss=",".join(LOSSES), precision=",".join(PRECISIONS),
                    bias_std=bias_std, shape="7x9x9x9x4", batch=8).layers
    for run in range(8):
        layers = {name: data[columns["run_index"] == run]
                  for name, data in columns.items()}
        if bias_std == 0:
            assert (layers["pre_activation_unit_variance"][1:] == 0).all()
            assert (layers["pre_activation_second_moment"][1:] == 0).all()
        assert (layers["pre_activation_sample_variance"][1:] == 0).all()
        assert (layers["delta_unit_variance"][:4] == 0).all()
        assert (layers["delta_second_moment"][:4] == 0).all()
        assert layers["delta_second_moment"][4] > 0
        for name in ("weight_gradient", "bias_gradient"):
            for moment in ("mean", "variance", "second_moment"):
                assert (layers[f"{name}_{moment}"][1:4] == 0).all()
            log = layers[f"log10_{name}_second_moment"]
            assert (log[1:4] == -np.inf).all()


@pytest.mark.parametrize("activation,init", [
    ("tanh", "xavier_normal"), ("relu", "he_normal"),
    ("sigmoid", "lecun_uniform"), ("gelu", "he_uniform")])
def test_measured_chi_is_the_ratio_of_successive_deltas(swept, activation,
                                                        init):
    """E delta_l²/E delta_{l+1}² ≈ fan_out · Var(w) · E f'(Z_l)².

    The probe is independent of the slopes. One layer's ratio has a relative
    variance of at most 5/n (relu's, Hanin & Nica 2020); 5 standard errors of
    the mean over seeds.
    """
    width, depth, seeds = 128, 8, 32
    layers = swept(activation=activation, init=init, width=width,
                   depth=depth, batch=8, loss="probe",
                   seed=f"range(0, {seeds})").layers
    table = {name: layers[name].reshape(seeds, depth + 1) for name in (
        "delta_second_moment", "slope_second_moment", "weight_variance",
        "fan_in", "fan_out")}
    delta = table["delta_second_moment"]
    chi = (table["slope_second_moment"][:, 1:-1]
           * table["fan_out"][:, 2:] * table["weight_variance"][:, 2:])
    quotient = (delta[:, 1:-1] / delta[:, 2:] / chi).mean(0)
    check_close(quotient, np.ones(depth - 1),
                5 * math.sqrt(5 / width / seeds), "ratio/chi")
