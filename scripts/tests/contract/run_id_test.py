"""The run_id of every run, computed again from the keys in its row."""

import decimal
import hashlib

import h5py
import numpy as np

from results_columns import names_of, text_of
from union_sweep import DATA, IMAGES, LABELS, SWEEP


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


def test_run_ids(union):
    check_run_ids(union["runs"])


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
                                                     union):
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
    assert found == set(union["runs/run_id"][24:])


def test_run_id_tells_bytes_from_signed_bytes(run_program, tmp_path):
    pixels = np.arange(60).reshape(10, 6)
    np.save(tmp_path / "unsigned.npy", pixels.astype(np.uint8))
    np.save(tmp_path / "signed.npy", pixels.astype(np.int8))
    run_program(["run", "--input", "unsigned.npy,signed.npy", "--depth", 2,
                 "--width", 4, "--batch", 5, "--standardize", "none",
                 "--output", "a.h5"], tmp_path)
    with h5py.File(tmp_path / "a.h5") as opened:
        assert len(opened["runs/run_id"]) == 2
