"""Every statistic of `initscope trace` and `run`, from the traced tensors."""

import itertools
import math

import numpy as np
import pytest
from scipy import special

from reference_checks import (check_case_statistics, check_close,
                              check_statistics, check_tensors)
from reference_network import (ACTIVATIONS, LOSSES, PRECISIONS, UNIT_ROUNDOFF,
                               Network, propagate, softmax, softplus)
from reference_statistics import expected_statistics
from reference_variates import BIASES, INPUTS, drawn_target, normals, weights
from simulation import Results, flags
from trace_cases import CASES, DATA_SEED, SEED, case_name


@pytest.mark.parametrize("keys", CASES, ids=case_name)
def test_statistics_of_ordinary_runs(traced, keys):
    check_case_statistics(traced(**keys), keys)


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


def reference_batches(keys, widths, batches):
    """Tensors of each batch of a float64 run, from nothing but its keys."""
    m, depth = keys["batch"], len(widths) - 1
    w = [weights(keys["init"], keys["seed"], l, widths[l], widths[l + 1])
         for l in range(depth)]
    b = [keys["bias_std"] * normals(keys["seed"], BIASES, l, 1, widths[l + 1])
         for l in range(depth)]
    network = Network(w, b, keys["activation"], keys["loss"])
    x = normals(keys["data_seed"], INPUTS, 0, m * batches, widths[0])
    y = drawn_target(keys["loss"], keys["data_seed"], m * batches,
                     widths[depth])
    for k in range(batches):
        rows = slice(k * m, (k + 1) * m)
        tensors, value, _ = propagate(network, x[rows], y[rows], 2.0**-53)
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
