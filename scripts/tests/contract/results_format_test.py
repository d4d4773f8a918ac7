"""The results file of `initscope run`, by DESIGN.md section 4: its structure.

Read by h5py, xarray with both engines, and pandas.
"""

import hashlib
import re

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from initscope.seal import column_digest, contents_digest
from results_columns import STATISTICS, columns, text_of
from union_sweep import RUNS, SWEPT

# The others of section 4 are the keys.
RUN_COLUMNS = set("""run run_id run_id_hex input_index loss_value label_entropy
    cross_entropy kl_divergence first_non_finite_layer wall_seconds
    status""".split())

CATEGORIES = {
    "activation": """linear sigmoid tanh relu leaky_relu elu selu gelu silu
        softplus softsign erf hard_tanh""",
    "init": """zero constant normal uniform lecun_normal lecun_uniform
        xavier_normal xavier_uniform he_normal he_uniform he_fan_out_normal
        he_fan_out_uniform torch_default truncated_lecun_normal
        truncated_xavier_normal truncated_he_normal orthogonal lsuv""",
    "loss": "mse sigmoid_cross_entropy softmax_cross_entropy probe",
    "bias_init": "normal torch_default",
    "standardize": "none features global",
    "precision": "float32 float64",
    "status": "complete",
}
LAYER_INDEX = {"row", "run_index", "step", "layer", "fan_in", "fan_out"}


def sweepable(help_text):
    """The keys that take a list, as --help shows them."""
    return {flag.replace("-", "_") for flag in
            re.findall(r"^  --([\w-]+) LIST", help_text, re.MULTILINE)}


def test_every_sweepable_key_is_a_column(union, run_program, tmp_path):
    keys = sweepable(run_program(["run", "--help"], tmp_path).stdout)
    assert {"activation", "bias_std", "shape", "data_seed"} <= keys
    assert keys <= set(union["runs"])
    run_program(["train", "--depth", 2, "--width", 4, "--steps", 1,
                 "--output", "t.h5"], tmp_path)
    keys = sweepable(run_program(["train", "--help"], tmp_path).stdout)
    assert {"steps", "learning_rate"} <= keys
    with h5py.File(tmp_path / "t.h5") as file:
        assert keys <= set(file["runs"])


def test_groups_and_columns(union):
    assert set(union) == {"runs", "layers", "inputs", "categories"}
    assert RUN_COLUMNS <= set(union["runs"])
    assert STATISTICS | LAYER_INDEX | SWEPT <= set(union["layers"])
    assert {"path", "sha256", "samples", "width", "mean",
            "standard_deviation"} <= set(union["inputs"])
    rest = set(union["layers"]) - STATISTICS - LAYER_INDEX - SWEPT
    assert all(name.startswith("theory_") for name in rest), rest


def test_columns_are_of_equal_length(union):
    for group, length in [("runs", RUNS), ("layers", 5 * RUNS),
                          ("inputs", 1)]:
        for name, data in columns(union[group]).items():
            assert data.shape == (length,), f"{group}/{name}"


@pytest.mark.parametrize("group,scale", [("runs", "run"), ("layers", "row")])
def test_dimension_scales(union, group, scale):
    axis = union[group][scale]
    assert h5py.h5ds.is_scale(axis.id)
    assert (axis[()] == np.arange(len(axis))).all()
    for name, data in columns(union[group]).items():
        if name != scale:
            attached = [s.name for s in data.dims[0].values()]
            assert attached == [f"/{group}/{scale}"], name


def test_every_column_says_what_it_is(union):
    for group in ("runs", "layers", "inputs", "categories"):
        for name, data in columns(union[group]).items():
            assert data.attrs["long_name"].strip(), f"{group}/{name}"
    for name in STATISTICS:
        assert union["layers"][name].attrs["formula"].strip(), name


def test_types(union):
    strings = {"run_id_hex", "shape", "widths", "input", "labels", "classes",
               "error"}
    for name, data in columns(union["runs"]).items():
        kind = h5py.check_string_dtype(data.dtype)
        assert (kind is not None) == (name in strings), name
    assert union["runs/run_id"].dtype == np.uint64
    for name in STATISTICS:
        assert union["layers"][name].dtype == np.float64, name
    for name in CATEGORIES:
        assert union["runs"][name].dtype == np.uint8, name


def test_no_string_has_a_fixed_length(union):
    """netCDF-C crashes on such datasets."""
    found = []

    def visit(name, data):
        if isinstance(data, h5py.Dataset):
            kind = h5py.check_string_dtype(data.dtype)
            if kind is not None:
                found.append(name)
                assert kind.length is None and kind.encoding == "utf-8", name
    union.visititems(visit)
    assert "runs/shape" in found


def test_category_codes(union):
    for group in ("runs", "layers"):
        for name, data in columns(union[group]).items():
            if (data.dtype == np.uint8) != ("flag_values" in data.attrs):
                raise AssertionError(f"{group}/{name}")
            if data.dtype != np.uint8:
                continue
            values = data.attrs["flag_values"]
            meanings = data.attrs["flag_meanings"].split(" ")
            assert values.dtype == np.uint8
            assert list(values) == list(range(len(meanings))), name
            assert data[()].max() < len(meanings)
            assert meanings == text_of(union["categories"][name]), name


@pytest.mark.parametrize("name", CATEGORIES)
def test_codes_are_never_given_to_something_else(union, name):
    """Names may be appended only."""
    released = CATEGORIES[name].split()
    assert text_of(union["categories"][name])[:len(released)] == released


def test_digests(union):
    count = 0
    for group in union.values():
        for name, data in columns(group).items():
            assert data.attrs["sha256"] == column_digest(data), name
            count += 1
    assert count > len(RUN_COLUMNS) + len(STATISTICS)


def test_the_digest_of_all_contents(union):
    assert union.attrs["contents_sha256"] == contents_digest(union)


def test_any_change_of_content_changes_the_digest(union):
    """The recomputation itself notices one bit."""
    data = union["layers/delta_mean"]
    raw = bytearray(data[()].tobytes())
    raw[0] ^= 1
    assert hashlib.sha256(raw).hexdigest() != column_digest(data)


def test_root_attributes(union):
    attributes = dict(union.attrs)
    assert attributes["format"] == "initscope-results"
    assert attributes["format_version"] == 1
    for name in """program_version numerics_version git_commit git_dirty
            command_line configuration host cpu kernel_target compiler
            compiler_flags libraries started_utc finished_utc""".split():
        assert str(attributes[name]).strip(), name
    for name in ("started_utc", "finished_utc"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
                            attributes[name])
    assert attributes["started_utc"] <= attributes["finished_utc"]
    assert "run union.ini --output union.h5" in attributes["command_line"]
    assert "he_uniform" in attributes["configuration"]


def test_layout_is_old_enough_for_every_reader(union_path):
    """Superblocks up to version 2 are those of HDF5 1.8."""
    head = union_path.read_bytes()[:9]
    assert head[:8] == b"\x89HDF\r\n\x1a\n" and head[8] <= 2


# --- readers

@pytest.mark.parametrize("engine", ["netcdf4", "h5netcdf"])
def test_xarray(union_path, union, engine):
    for group, scale in [("layers", "row"), ("runs", "run")]:
        with xr.open_dataset(union_path, group=group, engine=engine) as data:
            data.load()
        assert set(data.variables) == set(union[group])
        assert set(data.dims) == {scale}
        for name, values in columns(union[group]).items():
            if h5py.check_string_dtype(values.dtype):
                assert list(data[name].values) == text_of(values), name
            else:
                np.testing.assert_array_equal(data[name], values[()], name)
        assert data["activation"].attrs["flag_meanings"].split()[2] == "tanh"


def test_pandas_in_three_lines(union_path, union):
    with h5py.File(union_path) as f:
        frame = pd.DataFrame({k: v[()] for k, v in f["layers"].items()})
    means = frame[frame.layer == 4].groupby("run_index").delta_second_moment
    assert len(frame) == 5 * RUNS and len(means.mean()) == RUNS


# --- larger files

def test_many_rows_and_long_attributes(run_program, tmp_path):
    """More than a chunk of rows, and a configuration beyond 64 KiB."""
    gains = ", ".join(f"{1 + i / 1000:.350f}" for i in range(201))
    (tmp_path / "a.ini").write_text(f"""
width = 1
batch = 1
depth = 99
precision = float64
activation = linear, tanh
gain = {gains}
""")
    run_program(["run", "a.ini", "--output", "a.h5", "--quiet"], tmp_path)
    with h5py.File(tmp_path / "a.h5") as opened:
        assert len(opened["runs/run_id"]) == 402
        assert len(opened["layers/row"]) == 402 * 100
        for name in ("row", "delta_mean", "gain", "activation"):
            data = opened["layers"][name]
            assert data.attrs["sha256"] == column_digest(data), name
        assert (opened["runs/gain"][:201] == 1 + np.arange(201) / 1000).all()
        assert len(opened.attrs["configuration"]) > 64 * 1024
        assert gains in opened.attrs["configuration"]
    with xr.open_dataset(tmp_path / "a.h5", group="layers") as data:
        assert data.sizes["row"] == 402 * 100
