"""plot_variance.py as a command: the files it writes, how it refuses."""

import subprocess
import sys

import h5py
import pytest

from initscope.seal import seal
from plot_harness import (SCRIPT, SWEEP, artists, check_figure, figures, load,
                          run_script, texts, write_file)


def test_one_run(tmp_path):
    path = write_file(tmp_path / "a.h5", [{}])
    done = run_script(path, "--output", str(tmp_path / "x"))
    check_figure(done, tmp_path / "x")
    figure, = figures(load(path)[0])
    assert "1 seed." in texts(figure, "caption")
    assert not artists(figure, "band:delta")


def test_svg_is_the_same_each_time(tmp_path):
    path = write_file(tmp_path / "a.h5", [{"seed": s} for s in range(3)])
    run_script(path, "--output", str(tmp_path / "x"))
    run_script(path, "--output", str(tmp_path / "y"))
    first = (tmp_path / "x.svg").read_bytes()
    assert first == (tmp_path / "y.svg").read_bytes()
    assert b"<dc:date>" not in first


@pytest.mark.parametrize("arguments, code, message", [
    (["--rows", "activatoin"], 64, "did you mean 'activation'?"),
    (["--color", "colour"], 64, "has: activation, init, gain"),
    (["--rows", "gain", "--color", "gain"], 64, "asked for twice"),
    (["--filter", "gain"], 64, "not KEY=VALUE"),
    (["--filter", "gain=7"], 64, "gain is 0.5, 1, 2"),
    (["--quantity", "loss"], 64, "invalid choice"),
    (["--dpi", "nan"], 64, "--dpi"),
    (["--output", "/nowhere/x"], 73, "/nowhere/x.csv: cannot write"),
])
def test_usage_errors_are_one_line(tmp_path, arguments, code, message):
    done = run_script(write_file(tmp_path / "a.h5", SWEEP), *arguments)
    assert done.returncode == code and message in done.stderr
    assert done.stderr.count("\n") == 1 and not done.stdout


def test_bad_files(tmp_path):
    done = run_script(str(tmp_path / "none.h5"))
    assert done.returncode == 74 and "no such file" in done.stderr
    (tmp_path / "text.h5").write_text("not HDF5")
    done = run_script(str(tmp_path / "text.h5"))
    assert done.returncode == 65 and "not an HDF5 file" in done.stderr
    with h5py.File(tmp_path / "other.h5", "w"):
        pass
    done = run_script(str(tmp_path / "other.h5"))
    assert done.returncode == 65 and "not an initscope" in done.stderr
    path = write_file(tmp_path / "a.h5", [{}])
    with h5py.File(path, "r+") as file:
        del file["layers/log10_delta_variance"]
        seal(file)
    done = run_script(path)
    assert done.returncode == 65
    assert "has no column /layers/log10_delta_variance" in done.stderr


def test_missing_package_names_the_debian_package(tmp_path):
    (tmp_path / "h5py.py").write_text(
        "raise ModuleNotFoundError('x', name='h5py')")
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "a.h5"], capture_output=True,
        text=True, env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin"})
    assert "apt-get install python3-h5py" in done.stderr
    assert done.returncode == 70 and done.stderr.count("\n") == 1
