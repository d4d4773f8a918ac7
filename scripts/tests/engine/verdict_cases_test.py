"""Networks whose fate is known, and what `initscope info` says of them.

What is expected was written down before the program was asked, from what the
field knows of each: factors a layer are those of mean-field theory (chi_1 of
Schoenholz et al. 2017; q of Poole et al. 2016; a ReLU keeps sigma_w^2/2 of its
second moment). Every word is expected, and no other, but for the one that says
whether theory agrees: "drifts" would be a wrong theory, not a wrong verdict on
the network, unless a case says what it has to be.
"""

import json

import pytest

from simulation import flags

USUAL = {"depth": 12, "width": 128, "batch": 32, "seed": "range(0, 4)",
         "input": "fashion-mnist-sample", "loss": "probe"}
ON_THEORY = {"drifts", "consistent", "no band", "no theory"}


def case(words, activation, init, expected=None, **keys):
    name = "-".join([activation, init, *(
        f"{key}={value}" for key, value in keys.items())])
    return pytest.param({"activation": activation, "init": init, **keys},
                        words.split(", ") if words else [], expected, id=name)


FINE = [  # factors near 1, or few layers
    case("", "tanh", "xavier_normal", "consistent", depth=10),
    case("", "tanh", "xavier_normal", "consistent", depth=20),
    case("", "relu", "he_normal", "consistent", depth=10),
    case("", "relu", "he_normal", "consistent", depth=50, width=256),
    case("", "relu", "he_uniform", "consistent", depth=20, width=256),
    case("", "relu", "he_normal", "consistent",
         shape="784x256x128x64x10", depth=None, width=None),
    case("", "leaky_relu", "he_normal", "consistent", depth=30, width=256),
    # E f'^2 = 1.07 at its fixed point: 6 times over 27 layers.
    case("", "selu", "lecun_normal", "consistent", depth=30, width=256),
    case("", "elu", "he_normal", "consistent", depth=10),
    case("", "erf", "lecun_normal", "consistent", gain=0.886, depth=20),
    case("", "hard_tanh", "lecun_normal", "consistent", depth=10),
    case("", "gelu", "he_normal", depth=12),
    case("", "sigmoid", "xavier_normal", "consistent", depth=3),
    case("", "tanh", "xavier_normal", "consistent", depth=1),
    case("", "linear", "orthogonal", "no band", depth=100),
    case("", "tanh", "orthogonal", "no band", depth=20),
    case("", "relu", "lsuv", "no band", depth=10),
    case("", "relu", "he_normal", "no theory", theory="off"),
]
VANISHING = [
    case("vanishes, collapsed samples", "sigmoid", "xavier_normal"),
    case("vanishes, collapsed samples", "sigmoid", "he_normal"),
    # The network that "lags far behind" (He et al. 2015, figure 2).
    case("vanishes", "relu", "xavier_normal", depth=22),
    case("vanishes", "linear", "lecun_normal", gain=0.5, depth=10),
    case("vanishes", "gelu", "lecun_normal", depth=20),
    # As 1/l and 1/l^2, which is slow, but more than 30 over 97 layers.
    case("vanishes", "tanh", "xavier_normal", depth=100),
    case("vanishes", "softsign", "xavier_normal", depth=100),
    # PyTorch's default has biases, which outlive the signal.
    case("vanishes, collapsed samples", "sigmoid", "torch_default", depth=6),
    case("vanishes, collapsed samples", "relu", "torch_default", depth=20),
    case("vanishes, collapsed samples", "tanh", "torch_default", depth=20),
    case("vanishes, collapsed samples", "elu", "torch_default", depth=30),
    # The ordered phase: chi_1 = 0.1 for gradients and for what tells samples.
    case("vanishes, collapsed samples", "tanh", "lecun_normal", gain=0.5,
         bias_std=1, depth=20),
]
EXPLODING = [
    case("explodes", "relu", "he_normal", gain=2, depth=10),
    case("explodes", "linear", "he_normal"),
    case("explodes", "tanh", "lecun_normal", gain=2, depth=30),
    case("explodes", "selu", "he_normal", depth=60),
    case("explodes", "elu", "he_normal", gain=1.5, depth=20),
    case("explodes", "softplus", "he_normal", gain=1.5),
    case("explodes, saturated", "tanh", "normal", width=256, depth=10),
    case("explodes, saturated", "hard_tanh", "normal", width=256, depth=5),
]
DEAD = [
    case("dead", "tanh", "zero"),
    # Z is the bias, whatever the sample.
    case("dead, collapsed samples", "relu", "zero", bias_std=0.1),
    # Alive with probability (3/4)^39 for a sample.
    case("dead", "relu", "he_normal", width=2, depth=40),
    # Softmax's delta sums to 0 over the outputs, whose weights are all equal.
    case("dead, identical units", "sigmoid", "constant", depth=6, width=64,
         loss="softmax_cross_entropy"),
    case("dead, identical units", "tanh", "constant", precision="float64",
         loss="softmax_cross_entropy"),
    case("dead, identical units", "relu", "constant",
         loss="softmax_cross_entropy"),
]
OTHERS = [
    case("saturated", "tanh", "lecun_normal", input="gaussian",
         input_variance=1e4, depth=5),
    case("saturated", "sigmoid", "normal", width=256, depth=5),
    case("identical units", "tanh", "constant", "no theory",
         input="gaussian"),
    case("identical units", "relu", "constant", "no theory"),
    case("identical units", "relu", "constant", "no theory", loss="mse"),
    case("identical units, explodes", "relu", "constant", "no theory",
         gain=2),
    case("collapsed samples", "relu", "he_normal", input="gaussian",
         input_correlation=0.99999999, depth=5),
]


@pytest.mark.parametrize("keys, words, expected", [
    *FINE, *VANISHING, *EXPLODING, *DEAD, *OTHERS])
def test_case(call, keys, words, expected):
    keys = {key: value for key, value in {**USUAL, **keys}.items()
            if value is not None}
    call(["run", *flags(keys), "--output", "a.h5", "--quiet"])
    (group,) = json.loads(call(["info", "a.h5", "--json"]).stdout)["verdicts"]
    found = [word for word in group["verdict"] if word not in ON_THEORY]
    assert found == words, group["text"]
    if expected:
        assert group["verdict"][-1] == expected, group["text"]
