"""`initscope train` against steps of gradient descent in NumPy.

trace with steps = k shows the network after k steps, on minibatch k.
"""

import json

import numpy as np
import pytest

from reference_checks import check_close, check_tensors, target_name
from reference_network import ACTIVATIONS, LOSSES, Network, propagate
from simulation import Results

RULES = [{}, {"momentum": 0.9}, {"weight_decay": 0.05},
         {"momentum": 0.5, "weight_decay": 0.01}]
SHAPE = {"shape": "13x9x17x5", "batch": 11, "precision": "float64",
         "gain": 1.3, "seed": 5}
INITS = ["xavier_normal", "torch_default", "orthogonal", "lsuv", "zero",
         "constant"]


def cases():
    """Every activation and loss; rules, inits and biases go round."""
    losses = list(LOSSES)
    for i, activation in enumerate(ACTIVATIONS):
        yield {**SHAPE, "activation": activation, "loss": losses[i % 4],
               "init": INITS[i % len(INITS)], "learning_rate": 0.1,
               "bias_std": 0.2 * (i % 2), **RULES[i % len(RULES)]}


def rule(keys):
    return (keys["learning_rate"], keys.get("momentum", 0),
            keys.get("weight_decay", 0))


@pytest.mark.parametrize("keys", cases(), ids=lambda k: k["activation"])
def test_steps_are_those_of_numpy(traced, keys):
    """Three steps to 1e-12 of each tensor's largest entry (float64).

    The reference takes the minibatches from the traces, and its weights from
    the first one alone.
    """
    rate, momentum, decay = rule(keys)
    start = traced(**keys)
    depth, target = start.depth, target_name(keys["loss"])
    w, b, v = ([], [], {})
    for l in range(depth):
        w.append(start.tensors[f"W_{l}"].copy())
        b.append(start.tensors[f"b_{l}"].copy())
    for step in range(4):
        trace = traced(**keys, steps=step) if step else start
        check_tensors(trace, keys)
        for l in range(depth):
            for name, mine in (("W", w[l]), ("b", b[l])):
                check_close(trace.tensors[f"{name}_{l}"], mine,
                            1e-12 * max(abs(mine).max(), 1e-300),
                            f"step {step}: {name}_{l}")
        found, value, _ = propagate(
            Network(w, b, keys["activation"], keys["loss"]),
            trace.tensors["X_0"], trace.tensors[target], 2.0**-53)
        check_close(trace.attributes["loss_value"], value,
                    1e-12 * max(abs(value), 1), f"step {step}: loss")
        for l in range(depth):
            for name, mine in (("W", w[l]), ("b", b[l])):
                g = found[f"d{name}_{l}"][0] + decay * mine
                v[name, l] = momentum * v.get((name, l), 0) + g
                mine -= rate * v[name, l]


def test_wrong_rules_are_seen(traced):
    """The comparison is not blind: a tenth of the decay left out is seen."""
    keys = {**SHAPE, "loss": "mse", "activation": "tanh",
            "learning_rate": 0.1, "weight_decay": 0.05}
    before, after = traced(**keys).tensors, traced(**keys, steps=1).tensors
    for decay, good in ((0.05, True), (0.045, False)):
        mine = before["W_0"] - 0.1 * (before["dW_0"] + decay * before["W_0"])
        error = abs(after["W_0"] - mine).max() / abs(mine).max()
        assert (error <= 1e-12) == good


@pytest.fixture(scope="module")
def trained(simulate):
    return lambda **keys: simulate("train", keys)


def test_step_zero_is_what_run_sees(trained, swept):
    """But for the rounding of s·U to the run's precision."""
    keys = {**SHAPE, "loss": "softmax_cross_entropy"}
    run, train = swept(**keys).layers, trained(**keys, steps=3).layers
    first = train["step"] == 0
    assert first.sum() == len(run["step"])
    for name, values in run.items():
        if values.dtype.kind != "f" or name.startswith("theory_"):
            continue  # only run has theory
        np.testing.assert_allclose(train[name][first], values, rtol=1e-9,
                                   atol=1e-12, err_msg=name)


def test_rows_and_steps(trained):
    """Recorded steps, losses of all steps, and their meaning in a trace."""
    keys = {**SHAPE, "input": "fashion-mnist-sample", "shape": "784x9x10",
            "batch": 256, "steps": 9, "learning_rate": 0.05,
            "record": "0,2,9", "seed": "3,4"}
    results = trained(**keys)
    layers, steps = results.layers, results.group("steps")
    assert layers["step"].tolist() == [0] * 3 + [2] * 3 + [9] * 3 + \
        [0] * 3 + [2] * 3 + [9] * 3
    assert layers["run_index"].tolist() == [0] * 9 + [1] * 9
    assert layers["layer"].tolist() == [0, 1, 2] * 6
    assert layers["seed"].tolist() == [3] * 9 + [4] * 9
    assert steps["step"].tolist() == [*range(10)] * 2
    assert steps["run_index"].tolist() == [0] * 10 + [1] * 10
    assert (results.runs["loss_value"] == steps["loss_value"][9::10]).all()
    assert np.isfinite(steps["loss_value"]).all()
    # The minibatches are 256 samples: accuracies are multiples of 1/256.
    assert ((steps["accuracy"] * 256) % 1 == 0).all()
    assert (steps["accuracy"][9::10] > steps["accuracy"][::10]).all()


def test_epochs_take_every_sample_once_in_new_orders(traced):
    """1,024 samples in minibatches of 256: 4 steps an epoch."""
    keys = {"input": "fashion-mnist-sample", "shape": "784x3x10",
            "batch": 256, "learning_rate": 0.01}
    batches = [traced(**keys, **({"steps": k} if k else {})).tensors["X_0"]
               for k in range(8)]
    epochs = [np.vstack(batches[i:i + 4]) for i in (0, 4)]
    assert not np.array_equal(*epochs)
    first, second = (epoch[np.lexsort(epoch.T)] for epoch in epochs)
    assert np.array_equal(first, second)
    assert len(np.unique(first, axis=0)) == 1024


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_jobs_and_company_change_no_bit(run_program, tmp_path, precision):
    """Runs alone, in a sweep, with 1 and 2 workers inside or beside."""
    common = ["--shape", "40x70x33", "--batch", "50", "--steps", "5",
              "--precision", precision, "--momentum", ".9", "--quiet"]
    run_program(["train", *common, "--seed", "0,1,2", "--jobs", 2,
                 "--output", "all.h5"], tmp_path)
    together = Results(tmp_path / "all.h5").layers
    for jobs in (1, 2):
        run_program(["train", *common, "--seed", "1", "--jobs", jobs,
                     "--output", f"{jobs}.h5"], tmp_path)
        alone = Results(tmp_path / f"{jobs}.h5").layers
        mine = together["run_index"] == 1
        for name, values in alone.items():
            if values.dtype.kind == "f":
                assert np.array_equal(values, together[name][mine],
                                      equal_nan=True), name


def test_diverged_runs_are_recorded_and_stop_nothing(trained):
    results = trained(**{**SHAPE, "precision": "float32"},
                      loss="mse", activation="relu", steps=60,
                      learning_rate="1e-3,1e30")
    assert results.runs["status"].tolist() == [0, 1]
    steps = results.group("steps")
    kept, lost = ((steps["run_index"] == i) for i in (0, 1))
    assert kept.sum() == 61 and np.isfinite(steps["loss_value"][kept]).all()
    assert 1 < lost.sum() < 61
    assert not np.isfinite(steps["loss_value"][lost][-1])
    layers = results.layers
    assert layers["step"][layers["run_index"] == 0].max() == 60
    assert layers["step"][layers["run_index"] == 1].max() < lost.sum()


def test_info_judges_a_trained_run_at_its_start(run_program, tmp_path):
    """Not after steps that raise its pre-activations by 12 decades."""
    keys = ["--width", 8, "--depth", 6, "--activation", "linear", "--gain",
            "0.05", "--loss", "mse", "--precision", "float64"]

    def verdicts(*arguments):
        run_program([*arguments, *keys, "--output", "x.h5", "--force"],
                    tmp_path)
        done = run_program(["info", "x.h5", "--json"], tmp_path)
        found = json.loads(done.stdout)["verdicts"]
        assert len(found) == 1
        return [(group["verdict"], group["forward"], group["backward"])
                for group in found]

    trained = verdicts("train", "--steps", 50, "--learning-rate", 1)
    assert trained[0][0][0] == "vanishes"
    assert trained == verdicts("run", "--theory", "off")


def test_help_says_what_decays(run_program, tmp_path):
    """Weights and biases alike (trained_weights_test.cc)."""
    text = " ".join(run_program(["train", "--help"], tmp_path).stdout.split())
    assert "multiple of each weight and bias is added to its gradient" in text
