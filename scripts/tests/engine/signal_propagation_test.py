"""What the networks are known to do, in the mean over seeds or exactly."""

import math

import numpy as np
import pytest

from reference_checks import check_close
from reference_network import LOSSES, PRECISIONS


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
