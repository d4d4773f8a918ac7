"""The tensors of `initscope trace` against the recursions in double."""

import numpy as np
import pytest

from reference_checks import check_close, check_tensors
from reference_network import ACTIVATIONS, LOSSES, Network, propagate
from reference_variates import INITIALIZERS
from trace_cases import CASES, case_name


def test_cases_cover_the_tables(run_program, tmp_path):
    """The program has nothing that these tests do not know."""
    for topic, key, table in [
            ("inits", "init", [*INITIALIZERS, "lsuv"]),
            ("activations", "activation", ACTIVATIONS),
            ("losses", "loss", LOSSES)]:
        text = run_program(["list", topic], tmp_path).stdout
        names = {line.strip() for line in text.splitlines()
                 if line.startswith("  ") and line[2] != " "}
        assert names == set(table)
        assert {case[key] for case in CASES} == names


@pytest.mark.parametrize("keys", CASES, ids=case_name)
def test_tensors(traced, keys):
    """All tensors from X_0, W, b and Y, by two tolerances.

    Each entry within the bound that `propagate` carries along, in either
    precision; and in float64 to 1e-12 of its tensor's largest entry.
    """
    trace = traced(**keys)
    expected = check_tensors(trace, keys)
    if keys["precision"] == "float64":
        for name, (tensor, _) in expected.items():
            check_close(trace.tensors[name], tensor,
                        1e-12 * abs(tensor).max(), name)
    elif (not ACTIVATIONS[keys["activation"]].jumps
          and keys["loss"] in ("mse", "probe")):
        # Where nothing jumps or saturates, the bounds are small: they mean
        # something.
        ratios = [bound.max() / abs(tensor).max()
                  for tensor, bound in expected.values()]
        assert np.median(ratios) < 1e-3


def test_denormals_are_saved(traced):
    """Rows of float32 whose largest entries are normal keep the small ones.

    Off by at most half of the last denormal bit, 2^-150, and by what 60
    layers round, each entry's 2^-24 times 20 or so; float64 is the reference.
    """
    keys = {"activation": "sigmoid", "depth": 60, "width": 16, "batch": 4,
            "loss": "probe"}
    short = traced(**keys, precision="float32").tensors
    exact = traced(**keys, precision="float64").tensors
    smallest = np.finfo(np.float32).smallest_normal
    found = 0
    for name, tensor in short.items():
        denormal = (tensor != 0) & (abs(tensor) < smallest)
        found += denormal.sum()
        rows = abs(exact[name]).max(axis=1, keepdims=True)
        allowed = 2.0**-150 + 60 * 20 * 2.0**-24 * np.broadcast_to(
            rows, tensor.shape)
        difference = abs(tensor.astype(float) - exact[name])
        assert not (difference > allowed)[denormal].any(), name
    assert found > 5


def test_bound_is_tight_enough_to_see_a_transposition(traced):
    """The comparison fails for W instead of Wᵀ, and for a wrong divisor."""
    keys = {"shape": "6x6x6x6", "batch": 4, "loss": "mse",
            "activation": "tanh", "precision": "float32"}
    stored = traced(**keys).tensors
    w = [stored[f"W_{l}"] for l in range(3)]
    b = [stored[f"b_{l}"] for l in range(3)]
    good, _, _ = propagate(Network(w, b, "tanh", "mse"), stored["X_0"],
                           stored["Y"], 2.0**-24)
    for name, (tensor, bound) in good.items():
        check_close(stored[name], tensor, bound, name)
    wrong = stored["delta_2"] @ w[1]  # should be w[1].T
    wrong *= 1 - np.tanh(stored["Z_1"])**2
    for corrupted, name in [(wrong, "delta_1"),
                            (stored["delta_3"] * 6, "delta_3"),
                            (stored["dW_0"] * (1 + 1e-4), "dW_0")]:
        with pytest.raises(AssertionError):
            check_close(corrupted, *good[name], name)
