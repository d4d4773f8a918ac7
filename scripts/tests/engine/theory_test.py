"""initscope theory: what it prints and writes, and how it refuses."""

import json
import math
import subprocess

import h5py
import numpy as np
import pytest

KEYS = ["--activation", "tanh,relu", "--init", "lecun_normal,orthogonal",
        "--gain", "0.8,1.5", "--bias-std", "0.2", "--shape", "20x30x30x12",
        "--batch", "9", "--loss", "probe"]


@pytest.fixture
def theory(run_program, tmp_path):
    """theory(arguments…) -> the parsed JSON."""
    def call(*arguments):
        done = run_program(["theory", *arguments, "--json"], tmp_path)
        return json.loads(done.stdout)["networks"]
    return call


def number(value):
    return float(value.replace("NaN", "nan")) if isinstance(
        value, str) else value


def test_json_is_what_run_stores(theory, run_program, tmp_path):
    """Forward to the bit; backward up to the delta_L that run measured."""
    networks = theory(*KEYS)
    run_program(["run", *KEYS, "--seed", "3,4", "--output", "x.h5"], tmp_path)
    with h5py.File(tmp_path / "x.h5") as file:
        layers = file["layers"]
        stored = {name: layers[name][()].reshape(-1, 4) for name in layers
                  if name.startswith("theory_")}
        measured = layers["delta_second_moment"][()].reshape(-1, 4)[:, 3]
    assert len(networks) == 8 and len(measured) == 16
    for i, network in enumerate(networks):
        assert set(network["layers"]) == set(stored)
        for name, values in network["layers"].items():
            values = np.array([number(value) for value in values])
            found = stored[name][2 * i]
            if "delta" not in name and "weight_gradient" not in name:
                np.testing.assert_array_equal(values, found, name)
        ratio = (stored["theory_delta_second_moment"][2 * i]
                 / network["layers"]["theory_delta_second_moment"])
        # delta_L · Z_L is one draw's in the one, its mean in the other.
        np.testing.assert_allclose(ratio, measured[2 * i], rtol=0.15)


def test_output_has_the_same(theory, run_program, tmp_path):
    networks = theory(*KEYS)
    run_program(["theory", *KEYS, "--output", "t.h5"], tmp_path)
    with h5py.File(tmp_path / "t.h5") as file:
        assert file["runs/run_id"].shape == (8,)
        assert "pre_activation_variance" not in file["layers"]
        for name in networks[0]["layers"]:
            expected = [number(value) for network in networks
                        for value in network["layers"][name]]
            np.testing.assert_array_equal(file["layers"][name][()], expected)


def test_asymptotics(theory):
    """Poole et al. 2016 at gain 2.5, bias_std 0.3; relu off criticality."""
    network, = theory("--activation", "tanh", "--init", "lecun_normal",
                      "--gain", "2.5", "--bias-std", "0.3")
    point, = network["asymptotics"]["fixed_points"]
    assert point["phase"] == "chaotic"
    for key, value in (("q", 4.079124), ("chi_1", 1.585225),
                       ("c", 0.12210375)):
        assert math.isclose(point[key], value, rel_tol=1e-6), key
    network, = theory("--activation", "relu", "--init", "he_normal",
                      "--bias-std", "0.3")
    text = network["asymptotics"]["text"]
    assert "nan" not in json.dumps(network["asymptotics"]).lower(), text
    assert "grows" in text or "no fixed point" in text, text


def test_table_for_people(run_program, tmp_path):
    done = run_program(["theory", *KEYS], tmp_path)
    assert done.stdout.count("lecun_normal") == 4
    assert "χ_1" in done.stdout and "critical at" in done.stdout
    assert "nan" not in done.stdout.lower()
    assert list(tmp_path.iterdir()) == []
    deep = run_program(["theory", "--activation", "sigmoid", "--depth",
                        "1000", "--width", "64"], tmp_path).stdout
    assert "10^-" in deep and deep.count("\n") < 60


def shown(text):
    """The rows of a table for people, as lists of words."""
    lines = [line.split() for line in text.splitlines()]
    (start,) = [i for i, words in enumerate(lines) if words[:1] == ["layer"]]
    return lines[start + 1:lines.index([], start)]


def test_the_table_has_means_and_medians(theory, run_program, tmp_path):
    """Means are theory_S and medians 10^theory_log10_S, to three digits."""
    keys = ["--activation", "relu", "--init", "he_normal", "--depth", "20",
            "--width", "30", "--loss", "probe"]
    network, = theory(*keys)
    done = run_program(["theory", *keys], tmp_path)
    assert max(map(len, done.stdout.splitlines())) <= 101
    rows = shown(done.stdout)
    assert len(rows) == 21
    for columns, name in (((1, 2, 3), "pre_activation_second_moment"),
                          ((8, 9, 10), "delta_second_moment")):
        mean, log10, spread = (
            [number(value) for value in network["layers"][key]] for key in (
                f"theory_{name}", f"theory_log10_{name}",
                f"theory_log10_{name}_std"))
        for row in rows[1:-1]:
            layer = int(row[0])
            for column, expected in zip(columns, (
                    mean[layer], 10**log10[layer], 10**spread[layer])):
                assert math.isclose(float(row[column]), expected,
                                    rel_tol=0.006), (name, row)
    assert float(rows[19][2]) < 0.8 * float(rows[19][1])


def test_means_that_no_double_holds(run_program, tmp_path):
    """A lognormal's: ln 10 · variance / 2 above the median, in decades."""
    keys = ["--activation", "sigmoid", "--depth", "1000", "--width", "64"]
    row = shown(run_program(["theory", *keys], tmp_path).stdout)[1]
    mean, median = (float(text.removeprefix("10^")) for text in row[8:10])
    assert math.isclose(mean - median, math.log(10) / 2 * math.log10(
        float(row[10]))**2, abs_tol=0.2)
    assert mean < -1200


HALF_STABLE = {"gelu": (0.17292239, 1.98305826, 3.56155281),
               "silu": (0.55514317, 1.98800468, 14.3201736)}


@pytest.mark.parametrize("activation", HALF_STABLE)
def test_half_stable_points(theory, run_program, tmp_path, activation):
    """Roberts, Yaida & Hanin 2022, section 5.3.4."""
    bias, weight, q = HALF_STABLE[activation]
    keys = ["--activation", activation, "--init", "lecun_normal", "--gain",
            repr(math.sqrt(weight)), "--bias-std", repr(math.sqrt(bias))]
    asymptotics = theory(*keys)[0]["asymptotics"]
    point, = [point for point in asymptotics["fixed_points"]
              if point["stability"] == "half-stable"]
    assert math.isclose(point["q"], q, rel_tol=5e-5)
    assert math.isclose(point["chi_1"], 1, rel_tol=1e-6)
    assert math.isclose(point["chi_q"], 1, rel_tol=1e-8)
    critical, = asymptotics["critical_weight_variance"]
    assert math.isclose(critical, weight, abs_tol=8e-9)
    text = run_program(["theory", *keys], tmp_path).stdout
    assert "half-stable fixed point: q = " in text
    assert f"critical at σ_w² = {weight:.6g}, q = " in text


def test_unstable_points(theory, run_program, tmp_path):
    keys = ["--init", "lecun_normal", "--gain", "1.5", "--width", "8"]
    network, = theory("--activation", "tanh", *keys)
    points = {point["stability"]: point
              for point in network["asymptotics"]["fixed_points"]}
    assert set(points) == {"stable", "unstable"}
    assert points["unstable"]["q"] == 0
    assert math.isclose(points["unstable"]["chi_1"], 2.25, rel_tol=1e-9)
    text = run_program(["theory", "--activation", "tanh", *keys],
                       tmp_path).stdout
    assert "unstable fixed point: q = 0, χ_1 = 2.25, χ_q = 2.25" in text


def test_relu_is_critical_without_biases_alone(theory, run_program, tmp_path):
    """Hayou et al. 2019: at (σ_b, σ_w) = (0, √2)."""
    keys = ["--activation", "relu", "--init", "lecun_normal"]
    critical = theory(*keys)[0]["asymptotics"]["critical_weight_variance"]
    assert math.isclose(*critical, 2, rel_tol=1e-12)
    keys += ["--bias-std", "0.3"]
    asymptotics = theory(*keys)[0]["asymptotics"]
    assert asymptotics["critical_weight_variance"] == []
    point, = asymptotics["critical_points"]
    assert math.isclose(point["weight_variance"], 2, rel_tol=1e-12)
    text = run_program(["theory", *keys], tmp_path).stdout
    assert "no gain is critical with these biases" in text
    assert ("not critical at σ_w² = 2, where χ_1 = 1 but q grows without "
            "end: gain 1.41421") in text


@pytest.mark.parametrize("arguments, words", [
    (["--init", "constant"], "no theory for init = constant"),
    (["--gain", "nan"], "gain = nan"),
    (["--gain", "-1"], "gain = -1 is out of range"),
    (["--bias-std", "inf"], "bias_std = inf"),
    (["--bias-std", "-0.1"], "bias_std = -0.1 is out of range"),
    (["--learning-rate", "1"], "learning_rate"),
    (["--output", "no/x.h5"], "no/x.h5"),
])
def test_refusals_are_one_line(program, tmp_path, arguments, words):

    done = subprocess.run([program, "theory", *arguments], cwd=tmp_path,
                          capture_output=True, text=True, check=False)
    assert done.returncode in (64, 73) and done.stdout == ""
    assert words in done.stderr and done.stderr.count("\n") == 1, done.stderr


def test_switch(run_program, program, tmp_path):

    small = ["run", "--depth", "3", "--width", "8", "--batch", "4"]
    run_program([*small, "--theory", "off", "--output", "x.h5"], tmp_path)
    with h5py.File(tmp_path / "x.h5") as file:
        assert not [n for n in file["layers"] if n.startswith("theory")]
    run_program([*small, "--init", "constant", "--output", "y.h5"], tmp_path)
    done = subprocess.run([program, *small, "--theory", "maybe"],
                          cwd=tmp_path, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 64
    assert "--theory: theory = maybe is neither on nor off" in done.stderr


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_data_of_any_size(run_program, tmp_path, precision):
    """Theory and measurement are those of the data times 10^±200."""
    sizes = {"plain": 0, "huge": 200, "tiny": -200}
    rows = np.random.default_rng(1).normal(size=(12, 3))
    logs = {}
    for name, power in sizes.items():
        (tmp_path / f"{name}.csv").write_text("".join(
            ",".join(f"{x:.17g}e{power}" for x in row) + "\n"
            for row in rows))
        run_program(["run", "--input", f"{name}.csv", "--standardize", "none",
                     "--activation", "relu", "--depth", 4, "--width", 30,
                     "--init", "he_normal,lsuv", "--batch", 12, "--precision",
                     precision, "--output", f"{name}.h5"], tmp_path)
        with h5py.File(tmp_path / f"{name}.h5") as file:
            logs[name] = {key: data[()].reshape(2, 5)
                          for key, data in file["layers"].items()
                          if "log10" in key}
    # Of a logarithm near 400; the decimal powers are rounded.
    exact = {"rtol": 0, "atol": 1e-11 if precision == "float64" else 1e-6}
    for name, power in sizes.items():
        for key, of_init in logs[name].items():
            he, lsuv = of_init - logs["plain"][key]
            moves = (not key.endswith("_std") and (
                "activation_" in key or "weight_gradient" in key))
            np.testing.assert_allclose(
                he[1:][np.isfinite(he[1:])], 2 * power * moves, **exact,
                err_msg=key)
            if "activation_" in key:  # lsuv scales the first layer's back
                np.testing.assert_allclose(lsuv[1:][np.isfinite(lsuv[1:])], 0,
                                           **exact, err_msg=key)
        theory = logs[name]["theory_log10_pre_activation_second_moment"][0]
        assert np.isfinite(theory[1:]).all()
        assert not np.isnan(theory[1:]).any()


def test_no_theory_where_lsuv_has_nothing_to_scale(theory):
    """`run` refuses it; here each number is NaN."""
    for activation in ("tanh", "relu", "sigmoid"):
        network, = theory("--init", "lsuv", "--input-variance", "0",
                          "--activation", activation, "--width", "4",
                          "--depth", "3")
        for name, values in network["layers"].items():
            assert values == ["NaN"] * 4, name
