"""Random numbers: the contract of DESIGN.md section 2, number by number."""

import math
from typing import Callable, NamedTuple

import numpy as np
import pytest

from reference_checks import check_close, target_name
from reference_network import LOSSES, PRECISIONS, UNIT_ROUNDOFF
from reference_variates import (BIASES, INITIALIZERS, INPUTS, WEIGHTS,
                                drawn_target, haar, normal_law, normals,
                                philox, truncated_law, uniform_law, uniforms)
from trace_cases import DATA_SEED, SEED


def test_philox_gives_the_published_vectors():
    ones = 0xFFFFFFFF
    for counter, key, words in [
            ([0] * 4, 0, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
            ([ones] * 4, 2**64 - 1, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
            ([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
             0x299f31d0a4093822, "d16cfe09 94fdcceb 5001e420 24126ea1")]:
        found = " ".join(f"{int(word):08x}" for word in philox(counter, key))
        assert found == words


# Unit weights in float32 are drawn by vector arithmetic, to so many ulps of
# the exact variate (src/random/float_variates.h); all else is drawn in double.
UNIT_WEIGHT_ULPS = {normal_law: 4, truncated_law: 4, uniform_law: 2.5}


class Draw(NamedTuple):
    """scale · variate. In float32 the variate is a float within `ulps`."""
    law: Callable  # of uniform numbers
    uniforms: np.ndarray
    scale: float
    ulps: float = 0


def check_drawn(found, draw, precision, what):
    """float64: to 1e-14; float32: scale times a float, to 1 ulp.

    The truncated law is a difference of two numbers near 1/2, so its 1e-14
    is absolute, in units of the scale.
    """
    law, u, scale, ulps = draw
    drawn = law(u)
    if precision == "float64":
        size = abs(drawn) if law is not truncated_law else 1 + abs(drawn)
        check_close(found, scale * drawn, 1e-14 * abs(scale) * size, what)
    else:
        unit = np.float32(drawn)
        expected = np.float32(scale * unit.astype(float))
        check_close(found, expected, np.spacing(abs(expected))
                    + ulps * abs(scale) * np.spacing(abs(unit)), what)


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
        draw = Draw(law, uniforms(SEED, WEIGHTS, l, fan_in, fan_out),
                    1.5 * scale(fan_in, fan_out), UNIT_WEIGHT_ULPS.get(law, 0))
        check_drawn(tensors[f"W_{l}"], draw, precision, f"W_{l}")


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
                    Draw(normal_law, u, .25), precision, "normal bias")
        check_drawn(
            traced(**keys, bias_init="torch_default").tensors[f"b_{l}"],
            Draw(uniform_law, u, 1 / math.sqrt(3 * fan_in)), precision,
            "U bias")
        assert not traced(**keys).tensors[f"b_{l}"].any()


@pytest.mark.parametrize("precision", PRECISIONS)
def test_drawn_inputs_follow_the_contract(traced, precision):
    keys = {"shape": "9x4", "data_seed": DATA_SEED, "batch": 7,
            "precision": precision, "input_variance": 2.25}
    u = uniforms(DATA_SEED, INPUTS, 0, 7, 9)
    x = traced(**keys).tensors["X_0"]
    # Scaled in double, and rounded then.
    check_drawn(x, Draw(lambda u: 1.5 * normal_law(u), u, 1), precision,
                "X_0")
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
