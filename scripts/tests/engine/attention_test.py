"""`initscope attention`: the worked example, the sweep and the gradient check.

The sweep is computed a second time here, in NumPy, from the variates up.
"""

import hashlib
import json
import math
import re
import signal
import subprocess
import time
from fractions import Fraction

import h5py
import numpy as np
import pytest
import xarray as xr

import reference_variates as reference
from checkout import ROOT

EXAMPLE = ROOT / "experiments" / "attention_example" / "attention.ini"
SCALE = ROOT / "experiments" / "attention_scale.ini"
ATTENTION = 7  # the stream
EPS = np.finfo(float).eps

SWEEP = """
d_k = 1, 3, 8
tokens = 5
d_model = 6
scaled = on, off
seed = 0, 7

[plain]
init = normal
gain = 0.5

[others]
init = xavier_uniform, truncated_lecun_normal, orthogonal

[base]
softmax_base = 3
sqrt_d_k = 1.5
scaled = on
"""


# --- the worked example

@pytest.fixture(scope="module")
def example(run_program, tmp_path_factory):
    """(what it prints, its results file)"""
    folder = tmp_path_factory.mktemp("example")
    done = run_program(["attention", EXAMPLE, "--output", "x.h5"], folder)
    with h5py.File(folder / "x.h5") as file:
        yield done, file


def test_example_prints_every_step(example):
    done, _ = example
    assert done.stderr.startswith("attention of 4 tokens, d_model 3, d_k 3 ->")
    heads = [line.split("    ")[0] for line in done.stdout.splitlines()
             if re.match(r"\S", line)]
    assert heads == [
        "X", "W_q", "W_k", "W_v", "Q = X W_q", "K = X W_k", "V = X W_v",
        "S = Q Kᵀ", "z = S/√d_k, √d_k = 2", "E_ij = 3^z_ij",
        "P_ij = 3^z_ij / Σ_k 3^z_ik: softmax of each row", "O = P V"]
    assert "4 × 4 (attention weights)" in done.stdout
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ("0.642857 0.0714286 0.0714286 0.214286 = 9/14 1/14 1/14 3/14"
            .split()) in rows
    assert "9.28571 16.4286 = 65/7 115/7".split() in rows


def test_example_stores_every_step(example):
    _, file = example
    tensors = {name: data[()] for name, data in file["tensors"].items()}
    assert list(tensors) == "X W_q W_k W_v Q K V S S_scaled E P O".split()
    x = np.loadtxt(EXAMPLE.parent / "x.csv", delimiter=",")
    assert (tensors["X"] == x).all() and 10 in tensors["W_v"]
    for name in "QKV":
        assert (tensors[name] == x @ tensors[f"W_{name.lower()}"]).all()
    assert (tensors["S"] == tensors["Q"] @ tensors["K"].T).all()
    assert (tensors["S_scaled"] == tensors["S"] / 2).all()
    assert (tensors["E"] == 3 ** tensors["S_scaled"]).all()
    p = tensors["E"] / tensors["E"].sum(1, keepdims=True)
    np.testing.assert_allclose(tensors["P"], p, rtol=4 * EPS)
    np.testing.assert_allclose(tensors["O"], p @ tensors["V"], rtol=16 * EPS)
    assert file["tensors/P"].attrs["exact"] == (
        "3/10 3/10 1/10 3/10; 9/14 1/14 1/14 3/14; 3/8 1/8 1/8 3/8; "
        "1/6 1/2 1/6 1/6")
    assert file["tensors/O"].attrs["exact"] == (
        "9 17; 65/7 115/7; 35/4 55/4; 25/3 65/3")
    assert dict(file["tensors"].attrs) == {
        "d_k": 3, "scaled": "on", "sqrt_d_k": 2, "softmax_base": 3}


def test_example_says_what_it_is(example):
    _, file = example
    assert file.attrs["format"] == "initscope-results"
    assert file.attrs["name"] == "attention"
    assert "sqrt_d_k = 2\n" in file.attrs["configuration"]
    for name, data in file["tensors"].items():
        assert data.attrs["formula"] and data.attrs["long_name"], name
        assert data.attrs["sha256"] == hashlib.sha256(
            data[()].tobytes()).hexdigest()


def test_example_with_other_numbers(call, tmp_path):
    """√3 and e have no fractions; what comes before them has."""
    text = EXAMPLE.read_text().replace("sqrt_d_k", "# sqrt_d_k").replace(
        "softmax_base", "# softmax_base")
    for path in EXAMPLE.parent.glob("*.csv"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "a.ini").write_text(text)
    said = call(["attention", "a.ini", "--output", "a.h5"]).stdout
    assert "z = S/√d_k, √d_k = 1.73205" in said and "e^z_ij" in said
    assert "/" not in said.split("P_ij")[1].split("\n", 1)[1]
    with h5py.File(tmp_path / "a.h5") as file:
        tensors = {name: data[()] for name, data in file["tensors"].items()}
        assert "exact" in file["tensors/S"].attrs
        for name in ("S_scaled", "E", "P", "O"):
            assert "exact" not in file["tensors"][name].attrs
    z = tensors["S"] / math.sqrt(3)
    np.testing.assert_allclose(tensors["E"], np.exp(z), rtol=4 * EPS)
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    np.testing.assert_allclose(tensors["P"], p, rtol=16 * EPS)
    said = call(["attention", "a.ini", "--scaled", "off", "--output", "b.h5",
                 "--json"]).stdout
    answer = json.loads(said)
    assert answer["output"] == "b.h5"
    assert answer["exact"]["S"] == answer["exact"]["S_scaled"]
    with h5py.File(tmp_path / "b.h5") as file:
        check_steps(answer["steps"], file["tensors"])


def check_steps(steps, tensors):
    """--json has every step that the file has, entry by entry."""
    assert [step["name"] for step in steps] == list(tensors)
    for step in steps:
        data = tensors[step["name"]]
        assert step["formula"] == data.attrs["formula"]
        assert step["title"] == data.attrs["long_name"]
        assert step["shape"] == list(data.shape)
        assert (np.array(step["values"], float) == data[()]).all()
        assert ("exact" in step) == ("exact" in data.attrs)
        if "exact" in step:
            assert data.attrs["exact"] == "; ".join(
                " ".join(row) for row in step["exact"])
            exact = [[float(Fraction(entry)) for entry in row]
                     for row in step["exact"]]
            np.testing.assert_allclose(step["values"], exact, rtol=16 * EPS)


def test_json_of_the_example_has_every_step(call, example):
    said = call(["attention", EXAMPLE, "--output", "j.h5", "--json"]).stdout
    steps = json.loads(said)["steps"]
    check_steps(steps, example[1]["tensors"])
    assert all("exact" in step for step in steps)


def test_powers_beyond_doubles_are_infinite(call, tmp_path):
    """Of z, not of its distance to the largest: P is right all the same."""
    for name, text in {"x": "1000,0\n0,1\n", "w_q": "1,0\n0,1\n",
                       "w_k": "1,0\n0,1\n", "w_v": "1,0\n0,1\n"}.items():
        (tmp_path / f"{name}.csv").write_text(text)
    (tmp_path / "a.ini").write_text("".join(
        f"{name} = {name}.csv\n" for name in ("x", "w_q", "w_k", "w_v")))
    said = call(["attention", "a.ini", "--output", "a.h5", "--json"]).stdout
    steps = {step["name"]: step for step in json.loads(said)["steps"]}
    assert steps["E"]["values"][0] == ["inf", 1.0]
    assert steps["P"]["values"][0] == [1.0, 0.0]


# --- the sweep

@pytest.fixture(scope="module")
def sweep(run_program, tmp_path_factory):
    """The path of SWEEP's results, made with two jobs."""
    folder = tmp_path_factory.mktemp("sweep")
    (folder / "sweep.ini").write_text(SWEEP)
    run_program(["attention", "sweep.ini", "--output", "x.h5", "--jobs", 2],
                folder)
    return folder / "x.h5"


def table(path):
    """{column: values}, with names instead of codes."""
    found = {}
    with h5py.File(path) as file:
        for name, data in file["attention"].items():
            found[name] = data[()]
            if "flag_meanings" in data.attrs:
                meanings = np.array(data.attrs["flag_meanings"].split())
                found[name] = meanings[found[name]]
    return found


def recomputed(run):
    """The statistics of one run, in NumPy."""
    rows, d, d_k = run["tokens"], run["d_model"], run["d_k"]
    init = reference.INITIALIZERS[run["init"]]
    scale = run["gain"] * init.scale(d, d_k)

    def weights(layer):
        if init.law is None:
            draw = reference.normals(run["seed"], ATTENTION, layer, d, d_k)
            q, r = np.linalg.qr(draw.T if d < d_k else draw)
            q = q * np.sign(np.diag(r)) * math.sqrt(max(d, d_k))
            return scale * (q.T if d < d_k else q)
        return scale * init.law(reference.uniforms(
            run["seed"], ATTENTION, layer, d, d_k))
    x = reference.normals(run["seed"], ATTENTION, 0, rows, d)
    w_q, w_k, w_v = map(weights, (1, 2, 3))
    d_o = reference.normals(run["seed"], ATTENTION, 4, rows, d_k)
    q, k, v = x @ w_q, x @ w_k, x @ w_v
    slope = math.log(run["softmax_base"]) / run["sqrt_d_k"]
    z = slope * q @ k.T
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    d_p = d_o @ v.T
    d_s = slope * p * (d_p - (p * d_p).sum(1, keepdims=True))
    d_q, d_key = d_s @ k, d_s.T @ q
    through_s = d_q @ w_q.T + d_key @ w_k.T
    jacobian = [np.linalg.norm(np.diag(row) - np.outer(row, row))
                for row in p]
    return {
        "query_variance": q.var(), "key_variance": k.var(),
        "score_variance": (q @ k.T).var(), "logit_variance": z.var(),
        "entropy_mean": -(p * np.log(p)).sum(1).mean(),
        "largest_probability_mean": p.max(1).mean(),
        "saturated_row_fraction": (p.max(1) > 0.99).mean(),
        "jacobian_norm_mean": np.mean(jacobian),
        "jacobian_norm_median": np.median(jacobian),
        "score_gradient_second_moment": (d_s**2).mean(),
        "query_gradient_second_moment": (d_q**2).mean(),
        "query_gradient_row_median": np.median((d_q**2).mean(1)),
        "key_gradient_second_moment": (d_key**2).mean(),
        "value_gradient_second_moment": ((p.T @ d_o)**2).mean(),
        "input_gradient_second_moment":
            ((through_s + p.T @ d_o @ w_v.T)**2).mean(),
        "input_gradient_through_scores_second_moment":
            (through_s**2).mean()}


def test_sweep_is_what_numpy_computes(sweep):
    found = table(sweep)
    count = len(found["run"])
    assert count == 4 * 3 * 2 * 2 + 3 * 2
    statistics = None
    for i in range(count):
        run = {name: values[i] for name, values in found.items()}
        expected = recomputed({**run, "seed": int(run["seed"])})
        statistics = set(expected)
        for name, value in expected.items():
            # Sums of a few hundred products, through a softmax whose logits
            # are of size 10: 1e4 roundings are far more than there are.
            assert math.isclose(run[name], value, rel_tol=1e4 * EPS,
                                abs_tol=1e4 * EPS), (i, name)
    keys = set("""run run_id run_id_hex init gain weight_scale d_k tokens
        d_model scaled sqrt_d_k softmax_base seed wall_seconds status error"""
               .split())
    assert set(found) == keys | statistics


def test_sweep_file_is_tidy(sweep):
    with h5py.File(sweep) as file:
        assert set(file) == {"attention", "categories"}
        assert file.attrs["format"] == "initscope-results"
        group = file["attention"]
        assert h5py.h5ds.is_scale(group["run"].id)
        for name, data in group.items():
            assert data.shape == (len(group["run"]),), name
            assert data.attrs["long_name"], name
            if name != "run":
                assert [s.name for s in data.dims[0].values()] == [
                    "/attention/run"]
            is_statistic = data.dtype == float and name not in (
                "gain", "weight_scale", "sqrt_d_k", "softmax_base",
                "wall_seconds")
            assert ("formula" in data.attrs) == is_statistic, name
            if data.dtype == np.uint8:
                meanings = data.attrs["flag_meanings"].split()
                assert list(data.attrs["flag_values"]) == list(
                    range(len(meanings)))
                assert list(file[f"categories/{name}"].asstr()) == meanings
        assert file["categories/scaled"].asstr()[()].tolist() == ["off", "on"]
        ids = group["run_id"][()]
        assert len(set(ids)) == len(ids)
    for engine in ("netcdf4", "h5netcdf"):
        with xr.open_dataset(sweep, group="attention", engine=engine) as data:
            assert data["entropy_mean"].dims == ("run",)


@pytest.mark.parametrize("flags", [["--jobs", "1"], ["--jobs", "5"]])
def test_jobs_change_no_bit(sweep, run_program, tmp_path, flags):
    (tmp_path / "sweep.ini").write_text(SWEEP)
    run_program(["attention", "sweep.ini", "--output", "y.h5", *flags],
                tmp_path)
    first, second = table(sweep), table(tmp_path / "y.h5")
    for name in set(first) - {"wall_seconds"}:
        assert (first[name] == second[name]).all(), name


def test_flags_and_duplicates(call, tmp_path):
    done = call(["attention", "--d-k", "2, 2", "--d-model", "3", "--tokens",
                 "4", "--scaled", "on, off", "--output", "z.h5", "--json"])
    answer = json.loads(done.stdout)
    assert (answer["runs"], answer["duplicates_dropped"]) == (2, 2)
    assert "2 duplicate runs were dropped" in done.stderr
    assert list(table(tmp_path / "z.h5")["sqrt_d_k"]) == [math.sqrt(2), 1]
    call(["attention", "--d-k", "2", "--output", "z.h5"], expect=73)
    call(["attention", "--d-k", "2", "--output", "z.h5", "--force"])


def test_info(sweep, call, tmp_path):
    said = call(["info", sweep]).stdout
    assert "attention: 54 runs" in said
    assert re.search(r"scaled +off, on\n", said)
    assert json.loads(call(["info", sweep, "--json"]).stdout)["runs"] == 54
    call(["attention", EXAMPLE, "--output", "e.h5", "--quiet"])
    assert "every step in /tensors" in call(["info", "e.h5"]).stdout


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130),
                                          (signal.SIGTERM, 143)])
def test_interruption(program, tmp_path, number, code):
    process = subprocess.Popen(
        [program, "attention", SCALE, "--seed", "range(0, 1000)", "--d-k",
         "256", "--output", "x.h5"], cwd=tmp_path, stderr=subprocess.PIPE,
        text=True)
    while not list(tmp_path.iterdir()):  # the temporary file
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(0.1)
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert process.returncode == code
    assert re.fullmatch(r"initscope: heard the signal, stopping\n"
                        r"initscope: interrupted after \d+ of 4000 runs; "
                        r"x\.h5\.parts holds them, and .*\n", said)
    assert [path.name for path in tmp_path.iterdir()] == ["x.h5.parts"]


# --- the gradient check

TENSORS = "P S Q K V W_q W_k W_v X".split()


@pytest.mark.parametrize("flags", [
    [EXAMPLE], [EXAMPLE, "--softmax-base", "e"],
    ["--tokens", "5", "--d-model", "4", "--d-k", "3", "--seed", "3"],
    ["--tokens", "3", "--d-model", "2", "--d-k", "1", "--init", "normal",
     "--gain", "30", "--scaled", "off"]])
def test_check(call, tmp_path, flags):
    said = call(["attention", *flags, "--check"]).stdout
    lines = [line.split() for line in said.splitlines()[3:]]
    assert [line[0] for line in lines] == TENSORS
    assert all(line[-1] == "ok" for line in lines)
    assert call(["gradcheck", *flags]).stdout == said
    found = json.loads(call(["attention", *flags, "--check", "--json"]).stdout)
    for tensor in found:
        assert tensor["ok"]
        assert abs(tensor["analytic"] - tensor["numeric"]) <= tensor["allowed"]
    assert not list(tmp_path.iterdir())
