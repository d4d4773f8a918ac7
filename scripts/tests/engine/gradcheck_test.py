"""`initscope gradcheck`: what it says, and with which exit code."""

import json
import re
import signal
import subprocess
import time

import numpy as np
import pytest

from checkout import ROOT
from command_line import CSV, write

CHAIN_RULE = ROOT / "experiments/chain_rule.ini"
SMALL = "--shape 3x4x3x2 --batch 3 --bias-std 0.5".split()


def checked(call, *arguments, expect=0):
    return json.loads(call(["gradcheck", *arguments, "--json"],
                           expect=expect).stdout)


def names(depth):
    """The tensors in the order of the backward pass."""
    return [f"delta_{depth}", *(f"{tensor}_{l}" for l in reversed(range(depth))
                                for tensor in ("dW", "db", "delta"))]


def test_two_hidden_layers_of_sigmoid(call):
    said = checked(call, CHAIN_RULE)
    (run,) = said["runs"]
    assert said["ok"] and run["ok"]
    assert run["loss"] == pytest.approx(run["plain_loss"], rel=1e-14)
    assert [row["gradient"] for row in run["gradients"]] == names(3)
    shapes = dict(delta_3=(3, 2), dW_2=(3, 2), db_2=(1, 2), delta_2=(3, 3),
                  dW_1=(5, 3), db_1=(1, 3), delta_1=(3, 5), dW_0=(4, 5),
                  db_0=(1, 5), delta_0=(3, 4))
    for row in run["gradients"]:
        shape = row["rows"], row["columns"]
        assert shape == shapes[row["gradient"]]
        assert row["checked"] == np.prod(shape)
        assert row["ok"] and row["resolved"] and row["failed"] == 0
        assert row["relative_error"] <= row["relative_bound"]
        assert row["relative_bound"] <= row["loosest_relative_bound"] < 1e-6
        assert abs(row["analytic"] - row["numeric"]) == pytest.approx(
            row["relative_error"] * row["largest"], rel=1e-12)


def test_table(call):
    done = call(["gradcheck", CHAIN_RULE])
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert re.match(r"run [0-9a-f]{16} \(sigmoid, xavier_normal, gain 1, seed "
                    r"0; 4x5x3x2; mse\), batch 3, in float64$", lines[0])
    assert re.match(r"loss 1\.377374638\d+; the plain forward pass differs by "
                    r".*: ok$", lines[1])
    rows = [line for line in lines if re.match(r"(delta|d[Wb])_\d ", line)]
    assert [row.split()[0] for row in rows] == names(3)
    for row in rows:
        assert re.match(r"\w+ +\d × \d +\d+ +[\d.]+ +\d\.\de-\d\d "
                        r"+\(\d, \d\) +\d\.\de-\d\d +\d\.\de-\d\d +ok$", row)


def test_logits_predictions_and_targets(call):
    """∂ℓ/∂β = ŷ − y for sigmoid and softmax, (ŷ − y)/c for mse, R for probe."""
    for loss, divisor in [("sigmoid_cross_entropy", 1), ("mse", 2),
                          ("softmax_cross_entropy", 1), ("probe", None)]:
        keys = [*SMALL, "--loss", loss, "--label-smoothing", "0.3", "--print"]
        (run,) = checked(call, *keys)["runs"]
        assert len(run["samples"]) == 3
        for sample in run["samples"]:
            beta, predicted, y, analytic, numeric, bound = (
                np.array([row[name] for row in sample["outputs"]])
                for name in ("logit", "prediction", "target", "analytic",
                             "numeric", "bound"))
            if loss == "sigmoid_cross_entropy":
                expected = 1 / (1 + np.exp(-beta))
            elif loss == "softmax_cross_entropy":
                expected = np.exp(beta) / np.exp(beta).sum()
            else:
                expected = beta
            assert np.allclose(predicted, expected, rtol=1e-14, atol=0)
            slope = (predicted - y) / divisor if divisor else y
            assert np.allclose(analytic, slope, rtol=1e-14, atol=1e-15)
            # Four bounds: the truncation in them is an estimate.
            assert (abs(numeric - slope) <= 4 * bound).all()
            assert bound.max() < 1e-9
        text = call(["gradcheck", *keys]).stdout
        assert loss in text
        head = re.search(r"^ +j +β +ŷ +(y|R) +ŷ − \1 +m·delta_L +∂ℓ/∂β "
                         r"numeric +±$", text, re.M)
        assert head[1] == ("R" if loss == "probe" else "y")
        assert text.count("sample ") >= 3
        printed = re.findall(r"^ +\d((?: +[-\d.e]+){6}) +\d+e-\d+$", text,
                             re.M)
        assert len(printed) == 6
        for row in printed:
            *_, y, difference, analytic, numeric = map(float, row.split())
            expected = difference / divisor if divisor else y
            assert analytic == pytest.approx(expected, rel=1e-6, abs=1e-9)
            assert numeric == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_every_activation_loss_and_initializer(call):
    """The full product, of two hidden layers, in one command."""
    rows = json.loads(call(["list", "--json"]).stdout)
    keys = {key: [row["name"] for row in rows[topic]] for key, topic in [
        ("activation", "activations"), ("loss", "losses"), ("init", "inits")]}
    flags = [word for key, values in keys.items()
             for word in (f"--{key}", ", ".join(values))]
    said = checked(call, *SMALL, *flags, "--data-seed", "5",
                   "--label-smoothing", "0.2")
    assert len(said["runs"]) == np.prod([len(v) for v in keys.values()])
    assert said["ok"] and all(run["ok"] for run in said["runs"])
    tensors = [row for run in said["runs"] for row in run["gradients"]]
    # Symmetry cancels the gradients behind `constant`; all others are seen.
    assert sum(row["resolved"] for row in tensors) > 0.98 * len(tensors)
    assert max(row["loosest_relative_bound"] for row in tensors
               if row["resolved"] and row["largest"] > 0) < 1e-5


def test_sweep_has_a_line_per_run(call, tmp_path):
    write(tmp_path, {"exp.ini": "shape = 3x4x2\nbatch = 2\nbatches = 7\n"
                     "precision = float32, float64\n"
                     "activation = tanh, relu\nseed = range(0, 3)\n"})
    done = call(["gradcheck", "exp.ini"])
    lines = done.stdout.splitlines()
    assert len(lines) == 6 and done.stderr == ""
    for line, (f, seed) in zip(lines, [(f, s) for f in ("tanh", "relu")
                                       for s in range(3)]):
        assert re.match(rf"ok +run \w+ \({f}, xavier_normal, gain 1, seed "
                        rf"{seed}; 3x4x2; probe\): \d\.\de-\d\d at \w+ "
                        r"\(\d, \d\), bound \d\.\de-\d\d$", line)
    assert not list(tmp_path.glob("*.h5"))
    assert not (tmp_path / "results").exists()


def test_jobs_do_not_change_it(call):
    sweep = [*SMALL, "--activation", "gelu, selu", "--seed", "range(0, 3)"]
    one = checked(call, *sweep, "--jobs", "1")
    assert checked(call, *sweep, "--jobs", "5") == one
    alone = checked(call, *SMALL, "--activation", "selu", "--seed", "2",
                    "--jobs", "2")
    assert alone["runs"][0] == one["runs"][-1]


def test_quiet(call):
    done = call(["gradcheck", *SMALL, "--quiet"])
    assert (done.stdout, done.stderr) == ("", "")


def test_zero_gradients_are_seen_to_be_zero(call):
    done = call(["gradcheck", *SMALL, "--init", "zero", "--loss", "mse"])
    assert re.search(r"^dW_0 .*  ok: all 0$", done.stdout, re.M)
    assert re.search(r"^delta_3 .*  ok$", done.stdout, re.M)


def test_vanished_gradients_are_said_to_be_too_small(call):
    done = call(["gradcheck", "--activation", "sigmoid", "--depth", "20",
                 "--width", "4", "--batch", "2", "--init", "lecun_normal"])
    assert re.search(r"^dW_0 .* - .*  too small: below \d\.\de-\d\d$",
                     done.stdout, re.M)


def test_kinks_are_counted(call, tmp_path):
    """A feature of zeros and no biases: Z_1 is 0, where relu has no slope."""
    write(tmp_path, {"x.csv": "0,0\n0,0\n1,2\n"})
    keys = ["--input", "x.csv", "--standardize", "none", "--loss", "mse",
            "--shape", "2x3x2", "--batch", "3"]
    (run,) = checked(call, *keys, "--activation", "relu")["runs"]
    found = {row["gradient"]: row for row in run["gradients"]}
    assert run["ok"]
    assert found["delta_1"]["at_kink"] == 6  # two of three samples
    assert found["delta_1"]["checked"] == 3
    assert found["db_0"]["at_kink"] == 3 and found["db_0"]["checked"] == 0
    text = call(["gradcheck", *keys, "--activation", "relu"]).stdout
    assert re.search(r"^delta_1 .* 3 of 9 .*  ok; 6 at a kink$", text, re.M)
    assert re.search(r"^db_0 .* 0 of 3 .*  not differentiable; 3 at a kink$",
                     text, re.M)
    (run,) = checked(call, *keys, "--activation", "elu")["runs"]
    assert run["ok"] and not any(row["at_kink"] for row in run["gradients"])


def test_entries_of_a_large_tensor(call):
    (run,) = checked(call, "--input", "fashion-mnist-sample", "--shape",
                     "784x100x10", "--batch", "8")["runs"]
    found = {row["gradient"]: row for row in run["gradients"]}
    assert run["ok"]
    assert found["dW_0"]["checked"] == 200
    assert found["dW_1"]["checked"] == 100 * 10
    text = call(["gradcheck", "--input", "fashion-mnist-sample", "--shape",
                 "784x100x10", "--batch", "8"]).stdout
    assert re.search(r"^dW_0 +784 × 100 +200 of 78400 ", text, re.M)


def test_two_classes_in_one_output(call, tmp_path):
    write(tmp_path, {"x.csv": CSV})
    said = checked(call, "--input", "x.csv", "--labels", "column:y", "--batch",
                   "4", "--shape", "2x3x1", "--loss", "sigmoid_cross_entropy")
    assert said["ok"]


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130),
                                          (signal.SIGTERM, 143)])
@pytest.mark.parametrize("keys", [["--seed", "range(0, 1000)"], []])
def test_interrupt(program, tmp_path, number, code, keys):
    process = subprocess.Popen(
        [program, "gradcheck", "--depth", "5", "--width", "200", "--batch",
         "64", *keys], cwd=tmp_path, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)
    time.sleep(0.7)
    assert process.poll() is None
    begin = time.monotonic()
    process.send_signal(number)
    said = process.communicate(timeout=30)
    assert time.monotonic() - begin < 5
    assert process.returncode == code
    assert said[0] == ""
    assert re.fullmatch(r"initscope: heard the signal, stopping\n"
                        r"initscope: interrupted after \d+ of \d+ runs\n",
                        said[1])
