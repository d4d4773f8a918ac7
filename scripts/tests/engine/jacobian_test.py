"""The end-to-end Jacobian of `initscope run` against NumPy.

J is formed again from the tensors that `trace` saves of the same run: W_l, and
f'(Z_l) by the reference's own formulas.
"""

import json

import h5py
import numpy as np
import pytest

from command_line import USAGE, write
from reference_network import ACTIVATIONS, UNIT_ROUNDOFF
from simulation import Results, flags

EPS = 2.0**-52
RUN_COLUMNS = ["jacobian_second_moment", "jacobian_largest",
               "jacobian_squared_variance"]


def norm(matrix):
    return np.linalg.norm(matrix, 2) if matrix.size else 0


def factors(tensors, depth, sample, keys):
    """W_0, D_1, W_1 … of a sample, each with a bound on its error's norm.

    A stored W is s·U rounded: u of each entry, and s itself is rounded once
    more where it meets the product. f' is within 8 ulp of its largest value.
    """
    f = ACTIVATIONS[keys["activation"]]
    u = UNIT_ROUNDOFF[keys["precision"]]
    for l in range(depth):
        if l > 0:
            slope = f.slope(tensors[f"Z_{l}"][sample])
            yield np.diag(slope), 16 * u * f.steepest
        w = tensors[f"W_{l}"]
        yield w, 2 * u * np.linalg.norm(w)


def spectrum(tensors, depth, sample, keys):
    """(singular values, bound): NumPy's, and how far off others may be.

    Weyl: no s moves by more than the norm of what J is off by. That is, to
    first order, the sum over factors of ‖those before‖·error·‖those after‖,
    with the rounding of each product, n·eps of the norms, on both sides; and
    the SVD's own.
    """
    parts = list(factors(tensors, depth, sample, keys))
    before = [np.eye(len(parts[0][0]))]
    for matrix, _ in parts:
        before.append(before[-1] @ matrix)
    j, after, bound = before[-1], np.eye(before[-1].shape[1]), 0
    for (matrix, error), ahead in zip(reversed(parts), reversed(before[:-1])):
        rounding = 2 * max(matrix.shape) * EPS * np.linalg.norm(matrix)
        bound += norm(ahead) * (error + rounding) * norm(after)
        after = matrix @ after
    values = np.linalg.svd(j, compute_uv=False)
    return values, 1.1 * bound + 100 * EPS * max(j.shape) * values[0]


def stored_spectra(results, run=0):
    """samples × min(d, c) of one run, plain and log10."""
    group = results.group("jacobian")
    at = group["run_index"] == run
    samples = group["sample"][at].max() + 1
    assert (group["index"][at].reshape(samples, -1)
            == np.arange(at.sum() // samples)).all()
    return [group[name][at].reshape(samples, -1)
            for name in ("singular_value", "log10_singular_value")]


def case(**keys):
    return {"shape": "7x13x5x11x4", "batch": 6, "seed": 5, "gain": 1.25,
            "activation": "tanh", "init": "he_normal", "loss": "probe",
            "precision": "float64", "jacobian": "on",
            "jacobian_samples": 3, **keys}


CASES = [
    # J with fewer columns than rows, and with more.
    *(case(activation=activation, precision=precision, shape=shape)
      for activation in ACTIVATIONS for precision, shape in (
          ("float32", "7x13x5x11x4"), ("float64", "4x11x5x13x7"))),
    case(shape="4x9x12"), case(shape="12x9x4"), case(shape="5x6"),
    case(shape="1x8x8"), case(shape="8x8x1"), case(shape="1x1"),
    case(shape="3x20x2x20x3"), case(shape="33x33x33x33"),
    *(case(init=init) for init in (
        "xavier_uniform", "truncated_he_normal", "orthogonal", "lsuv",
        "constant", "zero", "torch_default")),
    case(init="lsuv", activation="relu", precision="float32"),
    case(init="orthogonal", activation="linear", precision="float32"),
    case(bias_std=0.5, activation="relu"),
    case(bias_init="torch_default", activation="relu", precision="float32"),
    case(input="fashion-mnist-sample", shape="784x20x20x10",
         loss="softmax_cross_entropy"),
    case(activation="leaky_relu", shape="x".join(["8"] * 301), gain=1),
]


def case_name(keys):
    return "-".join(str(keys.get(key)) for key in (
        "activation", "init", "precision", "shape"))[:60]


@pytest.mark.parametrize("keys", CASES, ids=case_name)
def test_spectrum(traced, keys):
    trace = traced(**keys)
    found, logs = stored_spectra(trace)
    for sample in range(keys["jacobian_samples"]):
        values, bound = spectrum(trace.tensors, trace.depth, sample, keys)
        assert not (abs(found[sample] - values) > bound).any()
        assert np.isfinite(found[sample]).all()
        assert (np.diff(found[sample]) <= 0).all() and found[sample].min() >= 0
        if keys["init"] != "zero" and keys["precision"] == "float64":
            # The bound means something.
            assert bound < 1e-9 * values[0]
        with np.errstate(divide="ignore"):
            assert np.allclose(logs[sample], np.log10(found[sample]),
                               rtol=1e-14, atol=1e-15)
    squares = found**2
    means = squares.mean(axis=1)
    with np.errstate(invalid="ignore"):
        variance = (squares / means[:, None] - 1).var(axis=1).mean()
    for name, expected in zip(RUN_COLUMNS,
                              (means.mean(), found[:, 0].mean(), variance)):
        # Sums of at most 33 terms that are not negative; a variance is known
        # to eps of 1.
        assert np.allclose(trace.runs[name], expected, rtol=1e-13, atol=1e-14,
                           equal_nan=True), name
        if name != "jacobian_squared_variance":
            with np.errstate(divide="ignore"):
                assert np.allclose(trace.runs[f"log10_{name}"],
                                   np.log10(expected), rtol=1e-13, atol=1e-14)


def test_the_bound_sees_a_missing_slope(traced):
    keys = case(precision="float32")
    trace = traced(**keys)
    found, _ = stored_spectra(trace)
    wrong = dict(trace.tensors, Z_2=0 * trace.tensors["Z_2"])
    for tensors, good in ((trace.tensors, True), (wrong, False)):
        values, bound = spectrum(tensors, trace.depth, 0, keys)
        assert (abs(found[0] - values) <= bound).all() == good


def test_zero_weights_have_zeros(traced):
    trace = traced(**case(init="zero"))
    plain, logs = stored_spectra(trace)
    assert (plain == 0).all() and (logs == -np.inf).all()
    assert trace.runs["jacobian_second_moment"] == 0
    assert np.isneginf(trace.runs["log10_jacobian_second_moment"])
    assert np.isneginf(trace.runs["log10_jacobian_largest"])
    assert np.isnan(trace.runs["jacobian_squared_variance"])


# --- runs that share a forward pass

@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_each_run_of_a_sweep_has_its_own(swept, traced, activation):
    """ReLU without biases shares one pass among gains and inits."""
    keys = case(activation=activation)
    sweep = swept(**{**keys, "gain": "0.5,1,3", "init":
                     "he_normal,lecun_normal,orthogonal"})
    count = 0
    for run, (gain, init) in enumerate(zip(sweep.runs["gain"],
                                           sweep.runs["init"])):
        name = {8: "he_normal", 4: "lecun_normal", 16: "orthogonal"}[init]
        alone = traced(**{**keys, "gain": gain, "init": name})
        found, expected = stored_spectra(sweep, run), stored_spectra(alone)
        assert (found[0] == expected[0]).all()  # to the bit
        assert (found[1] == expected[1]).all()
        count += 1
    assert count == 9


def test_jobs_change_no_bit(run_program, tmp_path):
    """Narrow layers take a job each, wide ones share all jobs."""
    for shape, batch in (("20x20x20x20", 4), ("300x300x300", 256)):
        keys = case(shape=shape, batch=batch, precision="float32",
                    activation="tanh,relu", seed="0,1",
                    init="he_normal,orthogonal")
        files = []
        for jobs in (1, 2, 3):
            path = tmp_path / f"{batch}-{jobs}.h5"
            run_program(["run", *flags(keys), "--jobs", jobs, "--output",
                         path, "--quiet"], tmp_path)
            files.append(Results(path))
        first = files[0].group("jacobian")
        assert len(first["row"]) == 8 * 3 * int(shape.split("x")[0])
        for other in files[1:]:
            group = other.group("jacobian")
            assert all((group[name] == first[name]).all() for name in first)
            for name in RUN_COLUMNS:
                assert (other.runs[name] == files[0].runs[name]).all()


# --- 1,000 layers

def deep(**keys):
    keys = case(depth=1000, width=8, **keys)
    del keys["shape"]
    return keys


@pytest.mark.parametrize("activation, gain", [
    ("sigmoid", 1.25), ("tanh", 8), ("leaky_relu", 0.1), ("softplus", 1.25)])
def test_a_thousand_layers_to_one_output(swept, activation, gain):
    """J is d × 1: s² is |δ_0|²/δ_L², whatever their exponents.

    The backward pass rounds 1,000 sums of 8 terms in float64, J's product the
    same ones in another order: 1e-10 leaves room for a loss of two digits.
    """
    results = swept(**deep(activation=activation, gain=gain, batch=1,
                           output_width=1, jacobian_samples=1))
    delta = results.layers["log10_delta_second_moment"]
    log = results.runs["log10_jacobian_largest"][0]
    expected = (delta[0] - delta[-1] + np.log10(8)) / 2
    assert abs(log) > 60
    assert abs(log - expected) <= 1e-10


def test_a_thousand_layers_scale_with_the_gain(swept):
    """W is gain·s·U: J of a leaky ReLU is gain^1000 of that of gain 1."""
    results = swept(**deep(activation="leaky_relu", batch=2,
                           jacobian_samples=2, gain="1,0.001,1000"))
    logs = [stored_spectra(results, run)[1] for run in range(3)]
    for run, shift in ((1, -3000), (2, 3000)):
        # 1,000 factors, each rounded; and the logarithm's own rounding.
        assert np.allclose(logs[run][:, 0] - shift, logs[0][:, 0], rtol=0,
                           atol=1e-11)
    plain = [stored_spectra(results, run)[0][:, 0] for run in range(3)]
    assert (plain[1] == 0).all() and np.isinf(plain[2]).all()
    assert np.isfinite(results.runs["jacobian_squared_variance"]).all()


# --- files

def test_files_without_jacobians_do_not_mention_them(union):
    assert "jacobian" not in union
    assert not any("jacobian" in name for name in union["runs"])


def test_a_file_with_both_kinds_of_runs(run_program, tmp_path):
    """In sections; the others' columns are NaN, and their run_ids the same."""
    write(tmp_path, {"both.ini": "width = 5\ndepth = 3\nbatch = 4\n"
                     "[plain]\n[with]\njacobian = on\n[more]\njacobian = on\n"
                     "jacobian_samples = 2\n",
                     "plain.ini": "width = 5\ndepth = 3\nbatch = 4\n"})
    for name in ("both", "plain"):
        run_program(["run", f"{name}.ini", "--output", f"{name}.h5"], tmp_path)
    with h5py.File(tmp_path / "both.h5") as both, \
            h5py.File(tmp_path / "plain.h5") as plain:
        assert list(both["runs/jacobian_samples"]) == [0, 1, 2]
        assert list(np.isnan(both["runs/jacobian_largest"])) == [1, 0, 0]
        assert list(both["jacobian/run_index"]) == [1] * 5 + [2] * 10
        assert list(both["jacobian/sample"]) == [0] * 10 + [1] * 5
        ids = list(both["runs/run_id"])
        assert len(set(ids)) == 3 and ids[0] == plain["runs/run_id"][0]
        s = both["jacobian/singular_value"][()]
        assert (s[:5] == s[5:10]).all()  # a sample's, however many there are
        for name, data in both["jacobian"].items():
            assert data.attrs["long_name"] and data.attrs["sha256"], name
        for name in ("activation", "init", "seed"):
            assert len(both["jacobian"][name]) == 15


def test_plan_counts_them(call, tmp_path):
    figures = []
    for switch in ("off", "on"):
        text = call(["plan", "--width", "512", "--depth", "4", "--batch", "16",
                     "--jacobian", switch, "--jacobian-samples", "16",
                     "--json"]).stdout
        figures.append(json.loads(text))
    # J and its successor, 16 samples; U twice.
    more = figures[1]["memory_bytes"] - figures[0]["memory_bytes"]
    assert more > 16 * 2 * 512**2 * 8
    assert figures[1]["expected_seconds"] > 5 * figures[0]["expected_seconds"]


# --- nonsense

@pytest.mark.parametrize("text, patterns", [
    ("jacobian = maybe\n", [r"exp\.ini:1: unknown jacobian 'maybe'"]),
    ("jacobian = on, off\n", [r"exp\.ini:1: unknown jacobian 'on, off'"]),
    ("jacobian = on\njacobian_samples = 0\n", [
        r"exp\.ini:2: jacobian_samples = 0 is out of range"]),
    ("jacobian = on\njacobian_samples = all\n", [
        r"exp\.ini:2: jacobian_samples = all is not a whole number"]),
    ("jacobian = on\nbatch = 4\njacobian_samples = 5\n", [
        r"exp\.ini:3: jacobian_samples = 5 is more than the batch has: 4"]),
    ("width = 2048\njacobian = on\n", [
        r"exp\.ini:2: jacobian = on takes widths up to 1024, .* has 2048"]),
    ("shape = 1025x3x3\njacobian = on\n", [r"exp\.ini:2: .* 1025"]),
])
@pytest.mark.parametrize("command", ["run", "plan"])
def test_nonsense(refuse, tmp_path, command, text, patterns):
    write(tmp_path, {"exp.ini": text})
    refuse([command, "exp.ini"], USAGE, patterns)


def test_training_has_none(refuse, tmp_path):
    write(tmp_path, {"exp.ini": "depth = 2\njacobian = on\n"})
    refuse(["train", "exp.ini"], USAGE, [r"exp\.ini:2: ", "jacobian", "run"])
    refuse(["trace", "exp.ini", "--steps", "2"], USAGE, [
        r"exp\.ini:2: .*remove jacobian or steps"])


def test_1024_is_wide_enough(call):
    call(["plan", "--width", "1024", "--depth", "2", "--jacobian", "on"])


def test_columns_of_runs_say_that_they_are_means(run_program, tmp_path):
    run_program(["run", "--depth", 3, "--width", 4, "--batch", 4,
                 "--jacobian", "on", "--jacobian-samples", 3, "--output",
                 "x.h5"], tmp_path)
    with h5py.File(tmp_path / "x.h5") as file:
        sample = file["jacobian/sample"][()]
        values = file["jacobian/singular_value"][()]
        largest = [values[sample == k].max() for k in range(3)]
        assert file["runs/jacobian_largest"][0] == pytest.approx(
            np.mean(largest), rel=1e-12)
        for name in RUN_COLUMNS:
            for column in (f"runs/{name}", f"runs/log10_{name}"):
                if column in file:
                    said = file[column].attrs["long_name"]
                    assert "mean over samples" in said, column
