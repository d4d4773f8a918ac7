"""Compares results files of `initscope` with the reference, entry by entry."""

import numpy as np

from reference_network import UNIT_ROUNDOFF, Network, propagate
from reference_statistics import expected_statistics


def check_close(found, values, tolerances, what):
    """NaN matches NaN and −inf matches −inf, nothing else."""
    found = np.asarray(found, np.longdouble)
    values, tolerances = np.broadcast_arrays(values, tolerances)
    assert found.shape == values.shape, what
    plain = np.isfinite(values)
    same = np.where(np.isnan(values), np.isnan(found), found == values)
    good = same.copy()
    with np.errstate(invalid="ignore"):
        good[plain] = abs(found[plain] - values[plain]) <= tolerances[plain]
    if good.all():
        return
    at = tuple(np.argwhere(~good)[0])
    raise AssertionError(
        f"{what}{[int(i) for i in at]} is {found[at]:.18g}, expected "
        f"{values[at]:.18g} ± {tolerances[at]:.3g}; "
        f"{(~good).sum()} of {good.size} are off")


def target_name(loss):
    return "R" if loss == "probe" else "Y"


def check_tensors(trace, keys):
    stored, depth = trace.tensors, trace.depth
    assert trace.dtypes == {np.dtype(keys["precision"])}
    target = target_name(keys["loss"])
    w, b = ([stored[f"{name}_{l}"] for l in range(depth)] for name in "Wb")
    expected, value, value_error = propagate(
        Network(w, b, keys["activation"], keys["loss"]), stored["X_0"],
        stored[target], UNIT_ROUNDOFF[keys["precision"]])
    assert set(stored) == {*expected, target, *(
        f"{name}_{l}" for name in "Wb" for l in range(depth))}
    for name, (tensor, bound) in expected.items():
        check_close(stored[name], tensor, bound, name)
    attributes = trace.attributes
    assert attributes["activation"] == keys["activation"]
    assert attributes["loss"] == keys["loss"]
    check_close(attributes["loss_value"], value, value_error, "loss_value")
    assert trace.runs["loss_value"][0] == attributes["loss_value"]
    if keys["precision"] == "float64":
        check_close(attributes["loss_value"], value, 1e-12 * max(
            abs(value), abs(stored[target]).max()), "loss_value")
    assert np.array_equal(stored[f"X_{depth}"], stored[f"Z_{depth}"])
    return expected


INDEX_COLUMNS = ("row run_index step layer fan_in fan_out activation init "
                 "seed").split()


def check_statistics(results, expected):
    """Compares every statistic column of the file; log10_ columns too."""
    statistics = {name for name in results.layers
                  if name not in INDEX_COLUMNS
                  and not name.startswith("theory_")}
    names = set(expected) - {"one_minus_cosine"}
    assert {n for n in statistics if not n.startswith("log10_")} == names
    logs = {f"log10_{name}" for name in expected
            if name.endswith(("variance", "second_moment"))}
    logs.add("log10_one_minus_cosine")
    assert {n for n in statistics if n.startswith("log10_")} == logs
    for name in sorted(names | logs):
        values, tolerances = expected[name.removeprefix("log10_")]
        if name.startswith("log10_"):
            found = results.layers[name]
            with np.errstate(divide="ignore", invalid="ignore"):
                relative = np.where(values > 0, tolerances / values, 0)
                # Nothing but rounding: any value that is as small will do.
                lost = ((tolerances > .1 * values)
                        & (found <= np.log10(values + tolerances)))
                values = np.where(lost, found, np.log10(values))
            tolerances = relative + 4e-16 * np.where(
                np.isfinite(values), abs(values), 0)
        check_close(results.layers[name], values, tolerances, name)


def check_case_statistics(trace, keys):
    check_statistics(trace, expected_statistics(
        [trace.tensors], trace.depth, keys["activation"], keys["precision"]))
