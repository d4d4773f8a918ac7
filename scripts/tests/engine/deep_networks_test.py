"""Depth 1000: the recursions with a power of two per sample beside them."""

import math
from typing import NamedTuple

import numpy as np
import pytest

from reference_checks import check_case_statistics, check_close
from reference_network import ACTIVATIONS, PRECISIONS, UNIT_ROUNDOFF
from reference_variates import INPUTS, PROBES, normals, weights
from simulation import flags


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
