"""The variates of DESIGN.md section 2, in NumPy, written from it alone.

Philox4x32-10, the laws on top of it (from scipy.special), and what is drawn
by them: weights and targets. Shares no code with the program.
"""

import math
from typing import Callable, NamedTuple

import numpy as np
from scipy import special

WEIGHTS, BIASES, INPUTS, TARGETS, PROBES, SAMPLE_ORDER = range(6)


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


def drawn_target(loss, data_seed, rows, cols):
    if loss == "probe":
        return normals(data_seed, PROBES, 0, rows, cols)
    if loss == "mse":
        return normals(data_seed, TARGETS, 0, rows, cols)
    u = uniforms(data_seed, TARGETS, 0, rows, cols)
    if loss == "sigmoid_cross_entropy":
        return (u < .5) * 1.0
    return np.eye(cols)[(u[:, 0] * cols).astype(int)]
