"""`initscope trace --print`: the steps that a reader can follow by hand.

The network has two hidden sigmoid layers, a linear output and mse: every
printed matrix is computed anew from the printed X_0, W, b and Y.
"""

import json
import re

import numpy as np
import pytest

from checkout import ROOT

CHAIN_RULE = (ROOT
              / "experiments/chain_rule.ini")


def steps(text):
    """[(formula, shapes, matrix)] of each step, in order."""
    found = []
    for block in text.split("\n\n"):
        head, *rows = block.strip("\n").split("\n")
        if not rows:  # "Forward pass", "Loss", "Backward pass"
            continue
        formula, shapes = re.fullmatch(r"(.*?) {4}(\d+ × \d+.*)", head).groups()
        matrix = np.array([[float(x) for x in row.split()] for row in rows])
        shape = tuple(map(int, re.match(r"(\d+) × (\d+)", shapes).groups()))
        assert matrix.shape == shape
        found.append((formula, shapes, matrix))
    return found


@pytest.fixture
def printed(call):
    def run(*arguments):
        done = call(["trace", *arguments, "--print", "--quiet", "--output",
                     "x.h5"])
        return done.stdout
    return run


# The formula that a step begins with, and its shapes.
CHAIN_RULE_STEPS = [
    ("X_0: the batch", "3 × 4"),
    ("W_0: xavier_normal, s = ", "4 × 5"), ("b_0", "1 × 5"),
    ("Z_1 = X_0 W_0 + 1 b_0", "3 × 5 = (3 × 4)(4 × 5)"),
    ("X_1 = f(Z_1), f = sigmoid: 1/(1 + e^-z)", "3 × 5"),
    ("W_1: xavier_normal, s = ", "5 × 3"), ("b_1", "1 × 3"),
    ("Z_2 = X_1 W_1 + 1 b_1", "3 × 3 = (3 × 5)(5 × 3)"),
    ("X_2 = f(Z_2), f = sigmoid: 1/(1 + e^-z)", "3 × 3"),
    ("W_2: xavier_normal, s = ", "3 × 2"), ("b_2", "1 × 2"),
    ("Z_3 = X_2 W_2 + 1 b_2", "3 × 2 = (3 × 3)(3 × 2)"),
    ("X_3 = Z_3 (linear output)", "3 × 2"),
    ("Y: the targets", "3 × 2"),
    ("X_3 - Y", "3 × 2"),
    ("loss = ‖X_L - Y‖²/(2 m c), m = 3, c = 2", "1 × 1"),
    ("delta_3 = ∂loss/∂Z_3 = (X_L - Y)/(m c) (mse)", "3 × 2"),
    ("dW_2 = X_2ᵀ delta_3", "3 × 2 = (3 × 3)(3 × 2)"),
    ("db_2 = 1ᵀ delta_3", "1 × 2 = (1 × 3)(3 × 2)"),
    ("∂loss/∂X_2 = delta_3 W_2ᵀ", "3 × 3 = (3 × 2)(2 × 3)"),
    ("f'(Z_2)", "3 × 3"),
    ("delta_2 = (delta_3 W_2ᵀ) ⊙ f'(Z_2)", "3 × 3 = (3 × 3) ⊙ (3 × 3)"),
    ("dW_1 = X_1ᵀ delta_2", "5 × 3 = (5 × 3)(3 × 3)"),
    ("db_1 = 1ᵀ delta_2", "1 × 3 = (1 × 3)(3 × 3)"),
    ("∂loss/∂X_1 = delta_2 W_1ᵀ", "3 × 5 = (3 × 3)(3 × 5)"),
    ("f'(Z_1)", "3 × 5"),
    ("delta_1 = (delta_2 W_1ᵀ) ⊙ f'(Z_1)", "3 × 5 = (3 × 5) ⊙ (3 × 5)"),
    ("dW_0 = X_0ᵀ delta_1", "4 × 5 = (4 × 3)(3 × 5)"),
    ("db_0 = 1ᵀ delta_1", "1 × 5 = (1 × 3)(3 × 5)"),
    ("delta_0 = ∂loss/∂X_0 = delta_1 W_0ᵀ", "3 × 4 = (3 × 5)(5 × 4)"),
]


def by_hand(given):
    """Every step's matrix, from the printed X_0, W, b and Y."""
    x, w, b, z = [given["X_0"]], [], [], [None]
    for l in range(3):
        w.append(given[f"W_{l}"])
        b.append(given[f"b_{l}"])
        z.append(x[l] @ w[l] + b[l])
        x.append(1 / (1 + np.exp(-z[-1])) if l < 2 else z[-1])
        yield from (x[l], w[l], b[l], z[-1])[0 if l == 0 else 1:]
        yield x[-1]
    y = given["Y"]
    yield from (y, x[3] - y, np.array([[((x[3] - y)**2).sum() / 12]]))
    delta = (x[3] - y) / 6
    yield delta
    for l in (2, 1, 0):
        yield from (x[l].T @ delta, delta.sum(0, keepdims=True))
        back = delta @ w[l].T
        if l == 0:
            yield back
            return
        slope = x[l] * (1 - x[l])
        delta = back * slope
        yield from (back, slope, delta)


def test_two_hidden_layers_step_by_step(printed):
    text = printed(CHAIN_RULE)
    found = steps(text)
    assert len(found) == len(CHAIN_RULE_STEPS)
    for (formula, shapes, _), (begin, expected) in zip(found,
                                                       CHAIN_RULE_STEPS):
        assert formula.startswith(begin) and shapes == expected
    given = {re.split(r"[: ]", formula)[0]: matrix
             for formula, _, matrix in found}
    for (formula, _, matrix), expected in zip(found, by_hand(given)):
        # Inputs of five digits: 5e-6 of each factor, a few of them in a row.
        assert abs(matrix - expected).max() <= 1e-4 * abs(expected).max(), (
            formula)
    order = [text.index(f"\n{part}\n" if part[0] != "F" else part)
             for part in ("Forward pass", "Loss", "Backward pass")]
    assert order == sorted(order) and order[0] == 0


def test_loss_is_the_files(call):
    done = call(["trace", CHAIN_RULE, "--print", "--json", "--output", "x.h5"])
    steps_text, json_text = done.stdout.split("\n{", 1)
    value = float(re.search(r"^loss = .*\n +(\S+)$", steps_text, re.M)[1])
    assert value == pytest.approx(json.loads("{" + json_text)["loss_value"],
                                  rel=1e-9)


@pytest.mark.parametrize("loss, head", [
    ("softmax_cross_entropy", "softmax"), ("sigmoid_cross_entropy", "σ")])
def test_predictions_of_the_cross_entropies(printed, loss, head):
    found = steps(printed("--shape", "3x4x2", "--batch", "3", "--loss", loss))
    matrix = {formula: matrix for formula, _, matrix in found}
    z, predicted = matrix["Z_2 = X_1 W_1 + 1 b_1"], matrix[f"ŷ = {head}(Z_2)"]
    y = matrix["Y: the targets"]
    if head == "σ":
        expected = 1 / (1 + np.exp(-z))
        losses = -(y * np.log(predicted) + (1 - y) * np.log(1 - predicted))
    else:
        expected = np.exp(z) / np.exp(z).sum(1, keepdims=True)
        losses = -y * np.log(predicted)
    assert abs(predicted - expected).max() < 1e-4
    assert abs(matrix["ŷ - Y"] - (predicted - y)).max() < 1e-4
    (value,) = (m for f, _, m in found if f.startswith("loss = "))
    assert value[0, 0] == pytest.approx(losses.sum() / 3, abs=1e-4)


def test_probe_has_a_loss_and_no_prediction(printed):
    text = printed("--shape", "3x4x2", "--batch", "3", "--loss", "probe")
    assert "ŷ" not in text and " - Y" not in text
    found = {formula: matrix for formula, _, matrix in steps(text)}
    (value,) = (m for f, m in found.items() if f.startswith("loss = "))
    expected = (found["R: the probe"] * found["Z_2 = X_1 W_1 + 1 b_1"]).sum()
    assert value[0, 0] == pytest.approx(expected, abs=1e-3)


def test_large_matrices_are_cut(printed):
    text = printed("--shape", "20x30x20x12", "--batch", "9", "--loss", "mse")
    assert "∂loss/∂X_2 = delta_3 W_2ᵀ    9 × 20 = (9 × 12)(12 × 20)" in text
    rows = text.split("f'(Z_1)    9 × 30\n")[1].split("\n\n")[0].split("\n")
    assert len(rows) == 9 and rows[-1].strip() == "…"
    assert all(len(row.split()) == 9 and row.endswith("…")
               for row in rows[:-1])
