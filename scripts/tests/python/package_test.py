"""The package initscope: what a notebook does with it."""

import subprocess
import sys

import h5py
import numpy as np
import pytest

import initscope
from checkout import SCRIPTS
from initscope.seal import seal

SMALL = {"depth": 3, "width": 8, "batch": 4}
COMMANDS = {"run": {**SMALL, "jacobian": True}, "train": {**SMALL, "steps": 2},
            "theory": SMALL, "attention": {"tokens": 4, "d_k": [2, 4]},
            "trace": SMALL}


@pytest.fixture(scope="module", autouse=True)
def program_of_the_tests(program):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INITSCOPE", str(program))
        yield


@pytest.fixture(scope="module")
def swept():
    return initscope.run(activation=["tanh", "relu"], seed=range(3), **SMALL)


def stored(results, name):
    """A column of the file as h5py has it; codes as names."""
    with h5py.File(results.path) as file:
        data = file[name]
        if "flag_meanings" not in data.attrs:
            return data[()]
        return np.array(data.attrs["flag_meanings"].split())[data[()]]


def test_importing_takes_no_package_that_is_slow():
    code = ("import sys, initscope; sys.exit(any(name in sys.modules for name "
            "in ('pandas', 'matplotlib', 'h5py', 'numpy')))")
    assert subprocess.run([sys.executable, "-c", code], cwd=SCRIPTS,
                          check=False).returncode == 0


def test_importing_leaves_the_users_settings_alone():
    code = ("import matplotlib, signal, sys; matplotlib.rcParams['font.size']"
            " = 31; import initscope, initscope.plot; sys.exit("
            "matplotlib.rcParams['font.size'] != 31 or "
            "signal.getsignal(signal.SIGTERM) != signal.SIG_DFL or "
            "sys.excepthook != sys.__excepthook__)")
    assert subprocess.run([sys.executable, "-c", code], cwd=SCRIPTS,
                          check=False).returncode == 0


def test_it_says_what_it_has():
    assert {"read", "run", "plot", "Results"} <= set(dir(initscope))
    with pytest.raises(AttributeError, match="no attribute 'reed'"):
        initscope.reed


@pytest.mark.parametrize("command", COMMANDS)
def test_every_commands_file_opens(command):
    results = initscope.run(command, **COMMANDS[command])
    table = results.attention if command == "attention" else results.runs
    assert len(table) == (2 if command == "attention" else 1)
    assert results.swept == (["d_k", "sqrt_d_k"] if command == "attention"
                             else [])
    if command != "attention":
        assert list(results.layers["layer"][:4]) == [0, 1, 2, 3]
        assert {"depth", "width", "activation"} <= set(results.keys)
    assert results.attributes["command_line"].startswith(f"initscope "
                                                         f"{command}")


def test_tables_have_what_the_file_has(swept):
    assert swept.swept == ["activation", "seed"]
    assert list(swept.runs["activation"]) == ["tanh"] * 3 + ["relu"] * 3
    layers = swept.layers
    assert len(layers) == 6 * 4 and "row" not in layers
    for name in ("run_index", "layer", "activation", "seed", "delta_variance",
                 "log10_activation_second_moment"):
        assert np.array_equal(
            layers[name].to_numpy(), stored(swept, f"layers/{name}"),
            equal_nan=layers[name].dtype.kind == "f"), name
    few = swept.keyed("layers", ["delta_variance"])
    assert (few["width"] == 8).all() and "delta_mean" not in few


def test_steps_and_jacobian():
    trained = initscope.run("train", learning_rate=[0.1, 0.2], steps=3,
                            **SMALL)
    assert trained.swept == ["learning_rate"]
    assert list(trained.steps["step"]) == [0, 1, 2, 3] * 2
    assert set(trained.layers["learning_rate"]) == {0.1, 0.2}
    measured = initscope.run(jacobian=True, gain=[1, 2], **SMALL).jacobian
    assert len(measured) == 2 * 8 and set(measured["gain"]) == {1, 2}
    assert (measured.groupby("run_index")["singular_value"].max() > 0).all()


def test_tensors():
    traced = initscope.run("trace", **SMALL)
    assert traced.tensors["W_0"].shape == (8, 8)
    assert np.array_equal(traced.tensors["Z_1"], stored(traced, "tensors/Z_1"))
    assert traced.attributes_of("tensors")["activation"] == "tanh"


def test_columns_that_are_marked_are_the_keys(swept, tmp_path):
    """role and swept are believed, also of a name that nobody knew."""
    path = tmp_path / "marked.h5"
    with open(swept.path, "rb") as source:
        path.write_bytes(source.read())
    with h5py.File(path, "r+") as file:
        file["runs/temperature"] = np.arange(6)
        for data in file["runs"].values():
            data.attrs.pop("role", None)
        for name, several in (("width", 0), ("temperature", 1), ("seed", 1)):
            file[f"runs/{name}"].attrs["role"] = "key"
            file[f"runs/{name}"].attrs["swept"] = several
        seal(file)
    marked = initscope.read(path)
    assert set(marked.keys) == {"width", "temperature", "seed"}
    assert set(marked.swept) == {"temperature", "seed"}
    assert list(marked.layers["temperature"][::4]) == list(range(6))


def test_without_marks_the_rules_of_version_1_hold(swept, tmp_path):
    path = tmp_path / "old.h5"
    with open(swept.path, "rb") as source:
        path.write_bytes(source.read())
    with h5py.File(path, "r+") as file:
        for data in file["runs"].values():
            for name in ("role", "swept"):
                data.attrs.pop(name, None)
        seal(file)
    old = initscope.read(path)
    assert set(old.keys) == set(swept.keys) and old.swept == swept.swept
    assert (old.layers == swept.layers)["activation"].all()


def test_another_format_version_is_refused(swept, tmp_path):
    path = tmp_path / "next.h5"
    with open(swept.path, "rb") as source:
        path.write_bytes(source.read())
    with h5py.File(path, "r+") as file:
        file.attrs["format_version"] = 2
        seal(file)
    with pytest.raises(initscope.ScriptError, match="format version 2"):
        initscope.read(path)


def test_a_file_that_changes_under_its_reader(tmp_path):
    first, second = (initscope.run(output=tmp_path / f"{seed}.h5", seed=seed,
                                   **SMALL) for seed in (0, 1))
    (tmp_path / "1.h5").replace(first.path)
    with pytest.raises(initscope.ScriptError, match="has changed since"):
        first.layers
    with pytest.raises(initscope.ScriptError, match="no such file"):
        second.layers


def test_a_table_that_is_not_there(swept):
    for name, words in (("attention", "has no group /attention"),
                        ("steps", "has no group /steps"),
                        ("tensors", "has no group /tensors")):
        with pytest.raises(initscope.ScriptError, match=words):
            getattr(swept, name)


def test_what_the_program_says_is_the_error():
    with pytest.raises(initscope.ScriptError, match="did you mean 'relu'"):
        initscope.run(activation="rely")
    with pytest.raises(initscope.ScriptError, match="width"):
        initscope.run(width=-1)


def test_figures(swept):
    figure = initscope.plot.variance(swept, color="activation",
                                     quantities="delta")
    assert len([axes for axes in figure.axes if axes.has_data()]) == 1
    for wrong in ({"quantities": ["deltas"]}, {"moment": "mean"},
                  {"color": "colour"}):
        with pytest.raises(initscope.ScriptError, match="unknown "):
            initscope.plot.variance(swept, **wrong)
    with pytest.raises(ValueError, match="page 2 is not within 1 to 1"):
        initscope.plot.variance(swept, page=2)
    grid = initscope.run(init="lecun_normal", gain=[1, 2], bias_std=[0, 1],
                         **{**SMALL, "depth": 6})
    assert "Order and chaos" in initscope.plot.phase(grid).texts[0].get_text()


def test_installed_from_the_folder(tmp_path, program):
    """Offline, with Debian's packages; a notebook elsewhere finds it."""
    source, environment = tmp_path / "scripts", tmp_path / "environment"
    subprocess.run(["cp", "-r", SCRIPTS, source], check=True)
    python = environment / "bin" / "python"
    subprocess.run(["/usr/bin/python3", "-m", "venv", "--without-pip",
                    "--system-site-packages", environment], check=True)
    subprocess.run([python, "-m", "pip", "install", "--no-build-isolation",
                    "--no-index", "--quiet", source],
                   check=True, capture_output=True)
    code = ("import initscope; r = initscope.run(depth=2, width=4, batch=4); "
            "initscope.plot.variance(r); print(initscope.__file__, "
            "len(r.layers))")
    done = subprocess.run(
        [python, "-c", code], cwd=tmp_path, check=True, text=True,
        capture_output=True, env={"INITSCOPE": str(program)})
    assert done.stdout.startswith(f"{environment}/lib/")
    assert done.stdout.endswith("/initscope/__init__.py 3\n")
