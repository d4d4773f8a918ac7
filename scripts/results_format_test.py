"""The results file of `initscope run`, by DESIGN.md section 4.

One sweep, made once, that has a bit of everything: lists, sections, a
duplicate, drawn inputs and labelled data; read back by h5py, xarray with
both engines, and pandas.
"""

import decimal
import gzip
import hashlib
import itertools
import pathlib
import re

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr

DATA = pathlib.Path(__file__).resolve().parent.parent / "data"

SWEEP = """\
# One key per line; sections are a union.
name = union
seed = 0, 7
depth = 4
width = 12
batch = 8

[drawn]
activation = tanh, relu   # a comment
init = xavier_normal, he_uniform
gain = linspace(0.5, 1.5, 3)

[again]   # both are among those above
activation = tanh
init = glorot_normal

[labelled]
activation = sigmoid
init = zero
input = fashion-mnist-sample
classes = 3,7
label_smoothing = 0.1
bias_std = 0.25
precision = float64
"""
DRAWN = list(itertools.product(["tanh", "relu"],
                               ["xavier_normal", "he_uniform"],
                               [.5, 1, 1.5], [0, 7]))
RUNS = len(DRAWN) + 2

SWEPT = {"activation", "init", "gain", "seed", "input", "label_smoothing",
         "bias_std", "precision", "classes"}

# Every sweepable key, and the others of section 4.
KEYS = """activation init gain bias_init bias_std depth width input_width
    output_width shape batch batches input standardize input_variance
    input_correlation loss label_smoothing seed data_seed precision
    engine""".split()
RUN_COLUMNS = set(KEYS) | set("""run run_id run_id_hex input_index loss_value
    label_entropy cross_entropy kl_divergence first_non_finite_layer
    wall_seconds status""".split())

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

LOGGED = """pre_activation_variance pre_activation_second_moment
    activation_variance activation_second_moment slope_second_moment
    pre_activation_unit_variance pre_activation_sample_variance
    delta_variance delta_second_moment delta_unit_variance
    weight_gradient_variance weight_gradient_second_moment
    bias_gradient_variance bias_gradient_second_moment weight_variance
    weight_second_moment""".split()
STATISTICS = set(LOGGED) | {f"log10_{name}" for name in LOGGED} | set("""
    pre_activation_mean pre_activation_abs_mean pre_activation_kurtosis
    activation_mean activation_abs_mean activation_min activation_max
    slope_mean saturated_fraction zero_fraction dead_unit_fraction
    pre_activation_cosine log10_one_minus_cosine delta_mean delta_abs_mean
    delta_cosine weight_gradient_mean bias_gradient_mean weight_mean
    pre_activation_non_finite delta_non_finite""".split())
LAYER_INDEX = {"row", "run_index", "step", "layer", "fan_in", "fan_out"}


@pytest.fixture(scope="module")
def path(run_program, tmp_path_factory):
    folder = tmp_path_factory.mktemp("format")
    (folder / "union.ini").write_text(SWEEP)
    run_program(["run", "union.ini", "--output", "union.h5", "--jobs", 2],
                folder)
    return folder / "union.h5"


@pytest.fixture(scope="module")
def file(path):
    with h5py.File(path, "r") as opened:
        yield opened


def names_of(data):
    """A category column's values as names."""
    meanings = np.array(data.attrs["flag_meanings"].split())
    return meanings[data[()]]


def text_of(data):
    return list(data.asstr()[()])


def idx_bytes(kind, header):
    """The decoded array of a sample file, as bytes."""
    name = f"fashion-mnist-sample-{kind}-ubyte.gz"
    return gzip.open(DATA / name).read()[header:]


IMAGES = idx_bytes("images-idx3", 16)
LABELS = idx_bytes("labels-idx1", 8)


# --- the structure

def columns(group):
    return {name: data for name, data in group.items()
            if isinstance(data, h5py.Dataset)}


def test_groups_and_columns(file):
    assert set(file) == {"runs", "layers", "inputs", "categories"}
    assert RUN_COLUMNS <= set(file["runs"])
    assert STATISTICS | LAYER_INDEX | SWEPT <= set(file["layers"])
    assert {"path", "sha256", "samples", "width", "mean",
            "standard_deviation"} <= set(file["inputs"])
    rest = set(file["layers"]) - STATISTICS - LAYER_INDEX - SWEPT
    assert all(name.startswith("theory_") for name in rest), rest


def test_columns_are_of_equal_length(file):
    for group, length in [("runs", RUNS), ("layers", 5 * RUNS),
                          ("inputs", 1)]:
        for name, data in columns(file[group]).items():
            assert data.shape == (length,), f"{group}/{name}"


@pytest.mark.parametrize("group,scale", [("runs", "run"), ("layers", "row")])
def test_dimension_scales(file, group, scale):
    axis = file[group][scale]
    assert h5py.h5ds.is_scale(axis.id)
    assert (axis[()] == np.arange(len(axis))).all()
    for name, data in columns(file[group]).items():
        if name != scale:
            attached = [s.name for s in data.dims[0].values()]
            assert attached == [f"/{group}/{scale}"], name


def test_every_column_says_what_it_is(file):
    for group in ("runs", "layers", "inputs", "categories"):
        for name, data in columns(file[group]).items():
            assert data.attrs["long_name"].strip(), f"{group}/{name}"
    for name in STATISTICS:
        assert file["layers"][name].attrs["formula"].strip(), name


def test_types(file):
    strings = {"run_id_hex", "shape", "widths", "input", "labels", "classes"}
    for name, data in columns(file["runs"]).items():
        kind = h5py.check_string_dtype(data.dtype)
        assert (kind is not None) == (name in strings), name
    assert file["runs/run_id"].dtype == np.uint64
    for name in STATISTICS:
        assert file["layers"][name].dtype == np.float64, name
    for name in CATEGORIES:
        assert file["runs"][name].dtype == np.uint8, name


def test_no_string_has_a_fixed_length(file):
    """netCDF-C crashes on such datasets."""
    found = []

    def visit(name, data):
        if isinstance(data, h5py.Dataset):
            kind = h5py.check_string_dtype(data.dtype)
            if kind is not None:
                found.append(name)
                assert kind.length is None and kind.encoding == "utf-8", name
    file.visititems(visit)
    assert "runs/shape" in found


def test_category_codes(file):
    for group in ("runs", "layers"):
        for name, data in columns(file[group]).items():
            if (data.dtype == np.uint8) != ("flag_values" in data.attrs):
                raise AssertionError(f"{group}/{name}")
            if data.dtype != np.uint8:
                continue
            values = data.attrs["flag_values"]
            meanings = data.attrs["flag_meanings"].split(" ")
            assert values.dtype == np.uint8
            assert list(values) == list(range(len(meanings))), name
            assert data[()].max() < len(meanings)
            assert meanings == text_of(file["categories"][name]), name


@pytest.mark.parametrize("name", CATEGORIES)
def test_codes_are_never_given_to_something_else(file, name):
    """Names may be appended only."""
    released = CATEGORIES[name].split()
    assert text_of(file["categories"][name])[:len(released)] == released


def digest(data):
    if h5py.check_string_dtype(data.dtype):
        raw = b"".join(text.encode() + b"\0" for text in data.asstr()[()])
    else:
        raw = data[()].astype(data.dtype.newbyteorder("<")).tobytes()
    return hashlib.sha256(raw).hexdigest()


def test_digests(file):
    count = 0
    for group in file.values():
        for name, data in columns(group).items():
            assert data.attrs["sha256"] == digest(data), name
            count += 1
    assert count > len(RUN_COLUMNS) + len(STATISTICS)


def test_any_change_of_content_changes_the_digest(file):
    """The recomputation itself notices one bit."""
    data = file["layers/delta_mean"]
    raw = bytearray(data[()].tobytes())
    raw[0] ^= 1
    assert hashlib.sha256(raw).hexdigest() != digest(data)


def test_root_attributes(file):
    attributes = dict(file.attrs)
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


def test_layout_is_old_enough_for_every_reader(path):
    """Superblocks up to version 2 are those of HDF5 1.8."""
    head = path.read_bytes()[:9]
    assert head[:8] == b"\x89HDF\r\n\x1a\n" and head[8] <= 2


# --- the contents

def test_runs_are_the_union_of_the_sections(file):
    runs = file["runs"]
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


def test_layers_need_no_join(file):
    """Rows 0 … L of each run in turn, with its swept keys beside them."""
    runs, layers = file["runs"], file["layers"]
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


def test_where_statistics_are_absent(file):
    """NaN where the tensor does not exist, and nowhere else."""
    layers = file["layers"]
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
                names_of(file["runs/init"]) == "zero"))
            values, absent = values[~zero_init], absent[~zero_init]
        assert (values == absent).all(), name


def test_logarithms_are_those_of_the_plain_columns(file):
    for name in LOGGED:
        plain = file["layers"][name][()]
        log = file["layers"][f"log10_{name}"][()]
        assert (np.isnan(log) == np.isnan(plain)).all(), name
        assert (np.isneginf(log) == (plain == 0)).all(), name
        there = plain > 0
        assert there.any()
        # 1e-15 in log10 is 2.3e-15 in the value, and 10^x rounds too.
        np.testing.assert_allclose(10**log[there], plain[there], rtol=1e-13)
    assert (file["layers/log10_delta_second_moment"][()] == -np.inf).any()


def test_second_moments_are_variance_plus_squared_mean(file):
    layers = file["layers"]
    for name in ("pre_activation", "activation", "delta", "weight",
                 "weight_gradient", "bias_gradient"):
        mean, variance, second = (layers[f"{name}_{moment}"][()] for moment
                                  in ("mean", "variance", "second_moment"))
        np.testing.assert_allclose(second, variance + mean**2, rtol=1e-12)


def test_inputs(file):
    """Of all samples of the file, whatever classes were kept."""
    inputs = file["inputs"]
    pixels = np.frombuffer(IMAGES, np.uint8) / 255
    assert text_of(inputs["path"]) == ["fashion-mnist-sample"]
    assert text_of(inputs["sha256"]) == [hashlib.sha256(IMAGES).hexdigest()]
    assert list(inputs["samples"]) == [1024]
    assert list(inputs["width"]) == [784]
    np.testing.assert_allclose(inputs["mean"], [pixels.mean()], rtol=1e-12)
    np.testing.assert_allclose(inputs["standard_deviation"], [pixels.std()],
                               rtol=1e-12)


def shortest(number):
    """As std::to_chars: the shortest text that reads back the same.

    0.001 but 1e-04, 10000 but 1e+05: plain where neither is shorter.
    """
    digits = decimal.Decimal(repr(float(number))).normalize()
    mantissa, _, exponent = f"{digits:e}".partition("e")
    scientific = f"{mantissa}e{int(exponent or 0):+03d}"
    return min(f"{digits:f}", scientific, key=len)


def canonical(runs, index):
    """The sorted key=value lines that a run_id is made of.

    Keys at their default are left out; the shape never is.
    """
    lines = [f"shape={text_of(runs['shape'])[index]}"]

    def add(key, value, default):
        if value != default:
            lines.append(f"{key}={value}")

    for key, default in [("activation", "tanh"), ("init", "xavier_normal"),
                         ("bias_init", "normal"), ("precision", "float32"),
                         ("engine", "packed")]:
        add(key, names_of(runs[key])[index], default)
    for key, default in [("batch", 256), ("batches", 1), ("seed", 0),
                         ("data_seed", 0)]:
        add(key, str(runs[key][index]), str(default))
    for key, default in [("gain", 1), ("bias_std", 0), ("label_smoothing", 0)]:
        add(key, shortest(runs[key][index]), shortest(default))
    data = runs["input_index"][index] >= 0
    if data:
        add("input", f"sha256:{hashlib.sha256(IMAGES).hexdigest()}/255", "")
        add("labels", f"sha256:{hashlib.sha256(LABELS).hexdigest()}", "")
        add("classes", text_of(runs["classes"])[index], "")
        add("standardize", names_of(runs["standardize"])[index], "global")
    else:
        add("input", text_of(runs["input"])[index], "gaussian")
        for key, default in [("input_variance", 1), ("input_correlation", 0)]:
            add(key, shortest(runs[key][index]), shortest(default))
    add("loss", names_of(runs["loss"])[index],
        "softmax_cross_entropy" if data else "probe")
    return "".join(f"{line}\n" for line in sorted(lines))


def check_run_ids(runs):
    for index, run_id in enumerate(runs["run_id"][()]):
        text = canonical(runs, index)
        expected = hashlib.sha256(text.encode()).hexdigest()[:16]
        assert f"{run_id:016x}" == expected, text
        assert text_of(runs["run_id_hex"])[index] == expected


def test_run_ids(file):
    check_run_ids(file["runs"])


def test_run_ids_of_other_keys(run_program, tmp_path):
    """Each key away from its default; 18-digit seeds; awkward numbers."""
    (tmp_path / "a.ini").write_text("""
shape = 6x5x3
batch = 4
seed = 18446744073709551615
[a]
gain = 0.1, 1e-5, 1e22, 0.30000000000000004, 123456789, 0.0001, 100000, 2.50
[b]
bias_std = 1e-7
loss = mse, sigmoid_cross_entropy, softmax_cross_entropy
label_smoothing = 0.5
[c]
input = sphere
input_variance = 3
batches = 2
data_seed = 9007199254740993
[d]
input_correlation = 0.25
bias_init = torch_default
[e]
input = fashion-mnist-sample
shape = 784x4x10
standardize = features, none
loss = mse, softmax_cross_entropy
""".replace("shape = 6x5x3\n", "", 1).replace("[a]", "[a]\nshape = 6x5x3")
        .replace("[b]", "[b]\nshape = 6x5x3").replace(
            "[c]", "[c]\nshape = 6x5x3").replace(
                "[d]", "[d]\nshape = 6x5x3"))
    run_program(["run", "a.ini", "--output", "a.h5"], tmp_path)
    with h5py.File(tmp_path / "a.h5") as opened:
        assert len(opened["runs/run_id"]) == 8 + 3 + 1 + 1 + 4
        check_run_ids(opened["runs"])


def test_run_id_does_not_depend_on_where_the_data_is(run_program, tmp_path,
                                                     file):
    """By content: the same file elsewhere, under another name."""
    for kind in ("images-idx3", "labels-idx1"):
        name = f"fashion-mnist-sample-{kind}-ubyte.gz"
        (tmp_path / f"other-{kind}-ubyte.gz").write_bytes(
            (DATA / name).read_bytes())
    (tmp_path / "a.ini").write_text(
        SWEEP.split("[drawn]")[0] + SWEEP.split("[labelled]")[1].replace(
            "fashion-mnist-sample",
            "other-images-idx3-ubyte.gz\n"
            "labels = other-labels-idx1-ubyte.gz"))
    run_program(["run", "a.ini", "--output", "a.h5"], tmp_path)
    with h5py.File(tmp_path / "a.h5") as opened:
        found = set(opened["runs/run_id"][()])
        check_run_ids(opened["runs"])
    assert found == set(file["runs/run_id"][24:])


def test_run_id_tells_bytes_from_signed_bytes(run_program, tmp_path):
    pixels = np.arange(60).reshape(10, 6)
    np.save(tmp_path / "unsigned.npy", pixels.astype(np.uint8))
    np.save(tmp_path / "signed.npy", pixels.astype(np.int8))
    run_program(["run", "--input", "unsigned.npy,signed.npy", "--depth", 2,
                 "--width", 4, "--batch", 5, "--standardize", "none",
                 "--output", "a.h5"], tmp_path)
    with h5py.File(tmp_path / "a.h5") as opened:
        assert len(opened["runs/run_id"]) == 2


# --- readers

@pytest.mark.parametrize("engine", ["netcdf4", "h5netcdf"])
def test_xarray(path, file, engine):
    for group, scale in [("layers", "row"), ("runs", "run")]:
        with xr.open_dataset(path, group=group, engine=engine) as data:
            data.load()
        assert set(data.variables) == set(file[group])
        assert set(data.dims) == {scale}
        for name, values in columns(file[group]).items():
            if h5py.check_string_dtype(values.dtype):
                assert list(data[name].values) == text_of(values), name
            else:
                np.testing.assert_array_equal(data[name], values[()], name)
        assert data["activation"].attrs["flag_meanings"].split()[2] == "tanh"


def test_pandas_in_three_lines(path, file):
    with h5py.File(path) as f:
        frame = pd.DataFrame({k: v[()] for k, v in f["layers"].items()})
    means = frame[frame.layer == 4].groupby("run_index").delta_second_moment
    assert len(frame) == 5 * RUNS and len(means.mean()) == RUNS


# --- the same bits, whatever runs beside

LISTS = {"activation": ["tanh", "relu", "sigmoid"],
         "init": ["xavier_normal", "he_normal", "orthogonal", "lsuv"],
         "gain": ["0.5", "1.3"], "seed": ["0", "1"], "batches": ["1", "3"]}
SAME = {"shape": "9x33x17x5", "batch": "19", "loss": "softmax_cross_entropy"}


def run_lists(run_program, folder, lists, **options):
    path = folder / "same.h5"
    keys = {**SAME, **{key: ",".join(names) for key, names in lists.items()},
            **options, "output": path}
    run_program(["run", "--quiet", "--force", *itertools.chain.from_iterable(
        (f"--{key.replace('_', '-')}", str(value))
        for key, value in keys.items())], folder)
    return bits_by_run(path)


def bits_by_run(path):
    """run_id -> {column: bytes}, everything but the time that it took."""
    with h5py.File(path) as file:
        runs = {name: data[()] for name, data in file["runs"].items()
                if name not in ("run", "wall_seconds")}
        layers = {name: data[()] for name, data in file["layers"].items()
                  if name in STATISTICS}
        index = file["layers/run_index"][()]
    bits = {}
    for i, run_id in enumerate(runs["run_id"]):
        bits[run_id] = {
            name: values[i] if values.dtype == object else values[i].tobytes()
            for name, values in runs.items()}
        bits[run_id] |= {f"layers/{name}": values[index == i].tobytes()
                         for name, values in layers.items()}
    assert len(bits) == len(runs["run_id"])
    return bits


@pytest.fixture(scope="module", params=["float32", "float64"])
def alone_or_not(request, run_program, tmp_path_factory):
    """(precision, bits of a sweep with one job)."""
    folder = tmp_path_factory.mktemp("same")
    return request.param, run_lists(run_program, folder, LISTS, jobs=1,
                                    precision=request.param)


def check_same(found, expected):
    for run_id, columns_found in found.items():
        for name, value in columns_found.items():
            assert value == expected[run_id][name], (f"{run_id:016x}", name)


@pytest.mark.parametrize("jobs", [2, 5])
def test_jobs_change_no_bit(run_program, tmp_path, alone_or_not, jobs):
    precision, expected = alone_or_not
    found = run_lists(run_program, tmp_path, LISTS, jobs=jobs,
                      precision=precision)
    assert set(found) == set(expected) and len(found) == 96
    check_same(found, expected)


def test_order_changes_no_bit(run_program, tmp_path, alone_or_not):
    precision, expected = alone_or_not
    backwards = {key: names[::-1]
                 for key, names in reversed(LISTS.items())}
    found = run_lists(run_program, tmp_path, backwards, jobs=2,
                      precision=precision)
    assert list(found) != list(expected) and set(found) == set(expected)
    check_same(found, expected)


def test_a_run_alone_has_the_same_bits(run_program, tmp_path, alone_or_not):
    precision, expected = alone_or_not
    everything = list(itertools.product(*LISTS.values()))
    for values in everything[::17]:
        found = run_lists(run_program, tmp_path,
                          {key: [value] for key, value in zip(LISTS, values)},
                          precision=precision)
        assert len(found) == 1
        check_same(found, expected)


def test_bits_tell_runs_apart(alone_or_not):
    """The comparison above is not of constants."""
    _, expected = alone_or_not
    moments = {bits["layers/delta_second_moment"]
               for bits in expected.values()}
    assert len(moments) > 40
    first, second = list(expected)[:2]
    with pytest.raises(AssertionError):
        check_same({first: expected[second]}, expected)


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
            assert data.attrs["sha256"] == digest(data), name
        assert (opened["runs/gain"][:201] == 1 + np.arange(201) / 1000).all()
        assert len(opened.attrs["configuration"]) > 64 * 1024
        assert gains in opened.attrs["configuration"]
    with xr.open_dataset(tmp_path / "a.h5", group="layers") as data:
        assert data.sizes["row"] == 402 * 100
