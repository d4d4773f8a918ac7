"""The comparison with PyTorch and NumPy: its arithmetic, and a tiny run."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from bench import (peer_figure, peer_machine, peer_numpy, peer_processes,
                   peer_summary)
from bench.peer_processes import Configuration, Sweep
from checkout import SCRIPTS

SCRIPT = SCRIPTS / "compare_peers.py"
PEERS = ["numpy"] + (["torch"] if importlib.util.find_spec("torch") else [])


# --- ratios

def measurement(program, configuration, seconds, width=256):
    return {"width": width, "program": program, "seconds": seconds,
            "cpu_seconds": [2 * s for s in seconds],
            "configuration": configuration}


MEASURED = [measurement("initscope", "2 jobs", [1.0, 1.1, 0.9]),
            measurement("initscope", "1 job", [0.5, 0.5, 0.5]),
            measurement("torch", "as installed", [12.0, 10.0, 14.0]),
            measurement("torch", "1 thread", [1.0]),  # left out: no median
            measurement("torch", "2 threads", [2.2, 1.5, 1.9]),
            measurement("torch", "2 processes", [3.0, 3.0, 3.0]),
            measurement("numpy", "as installed", [9.0, 9.0, 9.0])]


def test_ratios_are_of_medians_and_refer_to_the_default():
    found = {(r.kind, r.peer): r for r in peer_summary.ratios(MEASURED)}
    installed = found["as installed", "torch"]
    assert installed.ratio == 12.0
    assert (installed.low, installed.high) == (10 / 1.1, 14 / 0.9)
    best = found["at its best", "torch"]
    assert (best.configuration, best.ratio) == ("2 threads", 1.9)
    assert found["at its best", "numpy"].ratio == 9.0
    assert [r.sentence() for r in found.values()] == [
        "width 256: against PyTorch as installed 12.0\u00d7 "
        "(goal 8\u00d7: met)",
        "width 256: against NumPy as installed 9.0\u00d7 "
        "(goal 8\u00d7: met)",
        "width 256: against PyTorch at its best (2 threads) 1.9\u00d7 "
        "(goal 2.5\u00d7: MISSED)",
        "width 256: against NumPy at its best (as installed) 9.0\u00d7 "
        "(goal 2.5\u00d7: met)"]


def test_what_is_clearly_slower_goes_after_the_first_round():
    first = [{**m, "seconds": m["seconds"][:1]} for m in MEASURED]
    slow = peer_summary.slow(first, 256, 1.5)
    assert [m["configuration"] for m in slow] == ["2 threads", "2 processes"]


def test_table_is_aligned():
    lines = list(peer_summary.table(MEASURED))
    assert len({len(line) for line in lines}) == 1
    assert lines[3].split() == ["256", "PyTorch", "as", "installed",
                                "12.000", "12.00", "2.0", "3"]


def test_figure_has_every_ratio_and_goal():
    figure = peer_figure.draw(peer_summary.ratios(MEASURED), "caption")
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert texts == ["12.0\u00d7", "9.0\u00d7", "1.9\u00d7", "9.0\u00d7"]
    goals = [line.get_ydata()[0] for axes in figure.axes
             for line in axes.lines if line.get_zorder() == 3]
    assert goals == [8, 8, 2.5, 2.5]


# --- how the peers are run

def test_configurations():
    found = peer_processes.configurations(4, ["avx2", "avx512f"], True)
    assert [c.label for c in found[:4]] == [
        "as installed", "1 thread", "1 thread, SkylakeX", "1 thread, Haswell"]
    assert [c.label for c in found[4::3]] == ["2 threads", "4 threads",
                                             "4 processes"]
    assert found[0].environment == {}
    assert found[2].environment["OPENBLAS_CORETYPE"] == "SkylakeX"
    assert found[-1].environment == {
        "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
        "BLIS_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE",
        "OPENBLAS_CORETYPE": "Haswell"}
    assert len({c.label for c in found}) == len(found)
    assert [c.label for c in peer_processes.configurations(1, ["avx2"],
                                                           False)] == [
        "as installed", "1 thread"]


def test_nobodys_choice_of_threads_reaches_a_peer(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Prescott")
    assert not {"OMP_NUM_THREADS", "OPENBLAS_CORETYPE"} & set(
        peer_processes.clean_environment())


def test_seeds_are_dealt_out_to_processes():
    sweep = Sweep(4, 2, 3, [0, 1, 2], own_data=True)
    with peer_processes.Workers("numpy", sweep,
                                Configuration(1, 2)) as workers:
        seconds, cpu_seconds, answers = workers.run()
    assert seconds > 0
    assert cpu_seconds > 0
    shapes = [np.shape(answer["second_moments"]) for answer in answers]
    assert shapes == [(2, 3, 3, 2, 4), (1, 3, 3, 2, 4)]


def test_one_float_normal_of_the_benchmarks():
    lines = [{"name": "BM_Variates<double, kNormal>", "items_per_second": 1e9},
             {"name": "BM_Variates<float, kNormal>", "items_per_second": 2e9}]
    assert peer_machine.ns_per_normal(lines) == 0.5
    assert peer_machine.ns_per_normal([]) is None


@pytest.mark.parametrize("said, found", [
    ('{"benchmarks": [{"name": "a"}]}', [{"name": "a"}]),
    ("{}", []), ("Failed to match", [])])
def test_benchmarks_beside_the_program(tmp_path, said, found):
    assert peer_machine.benchmarks(tmp_path / "initscope") == []
    bench = tmp_path / "initscope_bench"
    bench.write_text(f"#!/bin/sh\necho '{said}'\n")
    bench.chmod(0o755)
    assert peer_machine.benchmarks(tmp_path / "initscope") == found


def test_delta_is_the_derivative_of_the_loss():
    """At a linear network of one layer: delta = (X W - Y)/(m c)."""
    peer = peer_numpy.Peer(0)
    inputs, targets = peer.normals(6, 5), peer.normals(6, 5)
    (row,) = peer.run("tanh", "zero", 1, inputs, targets)
    delta = -targets.astype(float) / 30
    gradient = inputs.T @ delta
    eps = np.finfo(np.float32).eps
    for (mean, variance, second), exact in zip(row[2:], (delta, gradient)):
        scale = (exact ** 2).mean()
        assert abs(mean - exact.mean()) <= 30 * eps * scale ** 0.5
        assert abs(variance - exact.var()) <= 30 * eps * scale
        assert abs(second - scale) <= 30 * eps * scale


# --- the script

def compare(folder, *arguments, **environment):
    return subprocess.run(
        [sys.executable, SCRIPT, *map(str, arguments)], cwd=folder, text=True,
        capture_output=True, timeout=600,
        env={**peer_processes.clean_environment(), **environment})


@pytest.mark.parametrize("peer", PEERS)
def test_quick_run(peer, program, tmp_path):
    done = compare(tmp_path, "--quick", "--peers", peer, INITSCOPE=str(program))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    name = peer_processes.NAMES[peer]
    assert lines[0].split()[:3] == ["width", "program", "configuration"]
    assert lines[-2:] == ["results/compare_peers.json",
                          "results/compare_peers.png"]
    assert any(line.startswith(f"width 16: against {name} at its best (")
               for line in lines)
    assert f"initscope and {name} agree: 108 comparisons" in done.stdout
    content = json.loads(
        (tmp_path / "results" / "compare_peers.json").read_text())
    assert content["agreement"]["holds"] is True
    assert content["settings"]["depth"] == 3
    assert set(content["ns_per_normal"]) >= {peer}
    for entry in content["measurements"]:
        assert len(entry["seconds"]) == 1
        assert entry["seconds"][0] > 0
    png = (tmp_path / "results" / "compare_peers.png").read_bytes()
    assert png.startswith(b"\x89PNG")


def test_a_program_that_is_wrong_fails_the_script(program, tmp_path):
    wrong = tmp_path / "initscope"
    wrong.write_text(f'#!/bin/sh\nexec "{program}" "$@" --gain 1.5\n')
    wrong.chmod(0o755)
    done = compare(tmp_path, "--quick", "--peers", "numpy", "--initscope",
                   wrong, "--output", "x")
    assert done.returncode == 1, done.stderr
    assert "initscope and NumPy DISAGREE in " in done.stdout
    assert done.stderr.splitlines()[-1] == (
        "compare_peers.py: the programs disagree on second moments (above)")
    assert not json.loads((tmp_path / "x.json").read_text())[
        "agreement"]["holds"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_leaves_nothing(number, program, tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    # More seeds than it could run before the signal comes.
    process = subprocess.Popen(
        [sys.executable, SCRIPT, "--quick", "--peers", "numpy", "--seeds",
         "100000", "--initscope", program], cwd=tmp_path, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(work)})
    deadline = time.monotonic() + 60
    while not list(work.glob("*/sweep.h5")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    words = {signal.SIGINT: "compare_peers.py: interrupted\n"}
    assert (process.returncode, out, err) == (128 + number, "",
                                              words.get(number, ""))
    assert list(work.iterdir()) == []


def test_missing_torch_is_one_line(program, tmp_path):
    (tmp_path / "torch.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'torch'\")\n")
    done = compare(tmp_path, "--quick", INITSCOPE=str(program),
                   PYTHONPATH=str(tmp_path))
    assert done.returncode == 70
    assert done.stderr == (
        "compare_peers.py: PyTorch cannot be used (No module named 'torch'); "
        "scripts/setup.sh --peers installs it, --peers numpy does without\n")


@pytest.mark.parametrize("code, arguments, words", [
    (64, ["--peers", "jax"], "'jax' is not numpy, torch or numpy,torch"),
    (64, ["--widths", "64,0"], "'0' is not a whole number"),
    (64, ["--widths", "64,64"], "a number twice"),
    (64, ["--agreement-seeds", "1"], "at least 2"),
    (73, ["--output", "missing/x"], "missing: no such folder"),
    (74, ["--initscope", "missing"], "missing: no such program"),
])
def test_bad_command_line(code, arguments, words, program, tmp_path):
    done = compare(tmp_path, *arguments, INITSCOPE=str(program))
    assert done.returncode == code
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []
