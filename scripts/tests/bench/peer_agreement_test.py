"""The test whether programs agree, on drawn numbers."""

import numpy as np
import pytest

from bench import peer_agreement

CELLS = [{"activation": "tanh", "init": "zero", "layer": layer,
          "tensor": "delta"} for layer in range(1, 41)]


def programs(count=16, **changes):
    """log10 of second moments of one law; changes(values) spoil a program."""
    random = np.random.default_rng(7)
    logs = {}
    for name in ("initscope", "PyTorch", "NumPy"):
        logs[name] = random.normal(-3, 0.2, (count, len(CELLS)))
        logs[name][:, 5] = -np.inf      # zero weights: exact zeros
        logs[name][:, 6] = np.log10(0.25)  # and sigmoid(0)^2
        changes.get(name, lambda values: None)(logs[name])
    return logs


def spoil(column, value):
    def change(values):
        values[:, column] = value
    return change


def shift(column, by):
    def change(values):
        values[:, column] += by
    return change


def spoil_a_seed(column, value):
    def change(values):
        values[3, column] = value
    return change


def test_programs_of_one_law_agree():
    found = peer_agreement.compare(programs(), CELLS)
    assert found.holds
    assert found.comparisons == 3 * len(CELLS)
    assert 1 < found.largest < found.threshold
    # Two standard errors of 0.2/sqrt(16) each; 10 % for their estimation.
    exact = found.threshold * 0.2 / 16 ** 0.5 * 2 ** 0.5
    assert abs(np.log10(found.detectable) - exact) <= 0.1 * exact
    (line,) = peer_agreement.sentences(found, list(programs()), 16)
    assert line.startswith("initscope, PyTorch and NumPy agree: 120 ")


@pytest.mark.parametrize("column, change", [
    (9, shift(9, np.log10(4))),              # twice the loss
    (5, spoil(5, -60.0)),                    # not quite zero
    (5, spoil_a_seed(5, -60.0)),
    (9, spoil(9, -np.inf)),                  # zero where nobody else is
    (9, spoil_a_seed(9, -np.inf)),
    (6, spoil(6, np.log10(0.25) + 2e-5)),    # a constant that differs
    (9, spoil_a_seed(9, np.nan)),
    (9, spoil_a_seed(9, np.inf)),
])
def test_a_disagreement_is_found_and_named(column, change):
    logs = programs(PyTorch=change)
    found = peer_agreement.compare(logs, CELLS)
    assert {entry["layer"] for entry in found.disagreements} == {column + 1}
    assert {name for entry in found.disagreements
            for name in entry["programs"]} >= {"initscope", "PyTorch"}
    assert ["initscope", "NumPy"] not in [entry["programs"] for entry
                                          in found.disagreements]
    lines = peer_agreement.sentences(found, list(logs), 16)
    assert "DISAGREE in 2 of 120" in lines[0]
    assert f"delta at layer {column + 1}, tanh, zero" in lines[1]


def test_normal_deviate_is_as_improbable_as_students_t():
    from scipy import stats  # only here: setup.sh --tests installs it
    for freedom in (7, 15, 31, 62):
        p = 10.0 ** -np.arange(1, 8)
        z = peer_agreement.normal_deviate(stats.t.isf(p, freedom), freedom)
        expected = stats.norm.isf(p)
        assert (abs(z - expected) <= 0.01 * expected).all()


def test_the_significance_is_that_of_all_comparisons_together():
    random = np.random.default_rng(3)
    families, significance = 400, 0.05
    alarms = 0
    for _ in range(families):
        logs = {name: random.normal(0, 1, (8, len(CELLS)))
                for name in ("initscope", "NumPy")}
        alarms += not peer_agreement.compare(logs, CELLS, significance).holds
    expected = families * significance
    # Five standard errors of a count.
    assert abs(alarms - expected) <= 5 * expected ** 0.5
