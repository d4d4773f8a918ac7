"""What the results file of `initscope run` holds, by DESIGN.md section 4."""

import hashlib
import re

import h5py
import numpy as np

from results_columns import LOGGED, STATISTICS, names_of, text_of
from union_sweep import DRAWN, IMAGES, RUNS, SWEPT


def test_runs_are_the_union_of_the_sections(union):
    runs = union["runs"]
    drawn = set(zip(names_of(runs["activation"]), names_of(runs["init"]),
                    runs["gain"][()], runs["seed"][()]))
    assert drawn == set(DRAWN) | {("sigmoid", "zero", 1, 0),
                                  ("sigmoid", "zero", 1, 7)}
    assert len(set(runs["run_id"][()])) == RUNS
    assert set(names_of(runs["status"])) == {"complete"}
    assert (runs["first_non_finite_layer"][()] == -1).all()
    labelled = names_of(runs["activation"]) == "sigmoid"
    for name, data_value, drawn_value in [
            ("shape", "784x12x12x12x2", "12x12x12x12x12"),
            ("input", "fashion-mnist-sample", "gaussian"),
            ("classes", "3,7", "")]:
        assert text_of(runs[name]) == [
            data_value if one else drawn_value for one in labelled], name
    for name, data_value, drawn_value in [
            ("depth", 4, 4), ("width", 12, 12), ("input_width", 784, 12),
            ("output_width", 2, 12), ("batch", 8, 8), ("batches", 1, 1),
            ("input_index", 0, -1), ("label_smoothing", .1, 0),
            ("bias_std", .25, 0), ("data_seed", 0, 0)]:
        expected = np.where(labelled, data_value, drawn_value)
        assert (runs[name][()] == expected).all(), name
    assert (runs["wall_seconds"][()] > 0).all()


def test_layers_need_no_join(union):
    """Rows 0 … L of each run in turn, with its swept keys beside them."""
    runs, layers = union["runs"], union["layers"]
    index = layers["run_index"][()]
    assert (index == np.repeat(np.arange(RUNS), 5)).all()
    assert (layers["layer"][()] == np.tile(np.arange(5), RUNS)).all()
    assert not layers["step"][()].any()
    for name in SWEPT:
        if h5py.check_string_dtype(runs[name].dtype):
            of_run = np.array(text_of(runs[name]))
            assert text_of(layers[name]) == list(of_run[index]), name
        else:
            assert (layers[name][()] == runs[name][()][index]).all(), name
    widths = [[int(width) for width in shape.split("x")]
              for shape in text_of(runs["shape"])]
    assert list(layers["fan_in"]) == [
        fan for shape in widths for fan in [0, *shape[:-1]]]
    assert list(layers["fan_out"]) == [
        fan for shape in widths for fan in [0, *shape[1:]]]


def test_where_statistics_are_absent(union):
    """NaN where the tensor does not exist, and nowhere else."""
    layers = union["layers"]
    layer = layers["layer"][()]
    in_row_0 = re.compile(r"(log10_)?(activation|delta|zero)_")
    slopes = re.compile(r"(log10_)?(slope|saturated|dead)_")
    # Undefined without variance, or where every row is zero.
    undefined = re.compile(r".*(kurtosis|cosine)")
    for name in STATISTICS:
        absent = np.zeros(len(layer), bool)
        if not in_row_0.match(name):
            absent |= layer == 0
        if slopes.match(name):
            absent |= layer == 4
        values = np.isnan(layers[name][()])
        if undefined.match(name):
            zero_init = np.isin(layers["run_index"][()], np.flatnonzero(
                names_of(union["runs/init"]) == "zero"))
            values, absent = values[~zero_init], absent[~zero_init]
        assert (values == absent).all(), name


def test_logarithms_are_those_of_the_plain_columns(union):
    for name in LOGGED:
        plain = union["layers"][name][()]
        log = union["layers"][f"log10_{name}"][()]
        assert (np.isnan(log) == np.isnan(plain)).all(), name
        assert (np.isneginf(log) == (plain == 0)).all(), name
        there = plain > 0
        assert there.any()
        # 1e-15 in log10 is 2.3e-15 in the value, and 10^x rounds too.
        np.testing.assert_allclose(10**log[there], plain[there], rtol=1e-13)
    assert (union["layers/log10_delta_second_moment"][()] == -np.inf).any()


def test_second_moments_are_variance_plus_squared_mean(union):
    layers = union["layers"]
    for name in ("pre_activation", "activation", "delta", "weight",
                 "weight_gradient", "bias_gradient"):
        mean, variance, second = (layers[f"{name}_{moment}"][()] for moment
                                  in ("mean", "variance", "second_moment"))
        np.testing.assert_allclose(second, variance + mean**2, rtol=1e-12)


def test_inputs(union):
    """Of all samples of the file, whatever classes were kept."""
    inputs = union["inputs"]
    pixels = np.frombuffer(IMAGES, np.uint8) / 255
    assert text_of(inputs["path"]) == ["fashion-mnist-sample"]
    assert text_of(inputs["sha256"]) == [hashlib.sha256(IMAGES).hexdigest()]
    assert list(inputs["samples"]) == [1024]
    assert list(inputs["width"]) == [784]
    np.testing.assert_allclose(inputs["mean"], [pixels.mean()], rtol=1e-12)
    np.testing.assert_allclose(inputs["standard_deviation"], [pixels.std()],
                               rtol=1e-12)
