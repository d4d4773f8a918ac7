"""The recursions of DESIGN.md section 1 in double, written from it alone.

Activations, losses, and `propagate`, which carries a bound on the program's
error along entry by entry. Shares no code with the program.

u below is the unit roundoff: 2^-24 for float32, 2^-53 for float64.
"""

import math
from typing import Callable, NamedTuple

import numpy as np
from scipy import special

UNIT_ROUNDOFF = {"float32": 2.0**-24, "float64": 2.0**-53}
PRECISIONS = list(UNIT_ROUNDOFF)


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


class Network(NamedTuple):
    w: list  # W_l: q_l × q_{l+1}
    b: list  # b_l: 1 × q_{l+1}
    activation: str
    loss: str


def product(a, a_error, c, c_error, u):
    """a @ c, and the bound on its error."""
    k = a.shape[1] + 6
    gamma = k * u / (1 - k * u)
    a_most, c_most = abs(a) + a_error, abs(c) + c_error
    return a @ c, (a_error @ c_most + a_most @ c_error
                   + gamma * a_most @ c_most)


def propagate(network, x, y, u):
    """Every tensor from X_0 and Y: name -> (value, bound on its error).

    Entrywise, with Ẑ = Z + ΔZ and so on, first to last operation:
      product of inner length k  |Δ(AB)| ≤ |ΔA||B| + |A||ΔB| + γ_k|A||B|
      f                          |ΔX| ≤ max|f'| |ΔZ| + 16u|X|   (8 ulp)
      f'                         |Δf'| ≤ max|f''| |ΔZ| + 16u max|f'|, and its
                                 jump where |ΔZ| reaches a kink
    γ_k = ku/(1 − ku), with k + 6 for k: the scale, the bias and the storing.
    In float64 the reference rounds as the program does, so u counts twice.
    """
    u = 2 * u if u < 1e-12 else u
    w, b = network.w, network.b
    f, depth = ACTIVATIONS[network.activation], len(w)
    exact = np.zeros_like
    tensors = {"X_0": (x, exact(x))}
    slopes = {}
    for l in range(depth):
        z, error = product(*tensors[f"X_{l}"], w[l], exact(w[l]), u)
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

    value, delta = LOSSES[network.loss](z, y)
    value_error, delta_error = loss_errors(network.loss, z, error, y, u)
    tensors[f"delta_{depth}"] = delta, delta_error
    for l in reversed(range(depth)):
        xl, x_error = tensors[f"X_{l}"]
        tensors[f"dW_{l}"] = product(xl.T, x_error.T, delta, delta_error,
                                     u)
        ones = np.ones((1, len(xl)))
        tensors[f"db_{l}"] = product(ones, exact(ones), delta, delta_error,
                                     u)
        delta, delta_error = product(delta, delta_error, w[l].T,
                                     exact(w[l].T), u)
        if l > 0:
            s, s_error = slopes[l]
            delta_error = (delta_error * (abs(s) + s_error)
                           + abs(delta) * s_error + 2 * u * abs(delta * s))
            delta = delta * s
        tensors[f"delta_{l}"] = delta, delta_error
    return tensors, value, value_error
