"""Tests of results_file.py, on files written here with h5py."""

import h5py
import pytest

import initscope
from initscope import command
from initscope.seal import seal
from plot_harness import GRID, write_file


def test_categories_become_names_in_the_order_of_the_table(tmp_path):
    path = write_file(tmp_path / "a.h5", GRID)
    results = initscope.read(path)
    assert list(results.runs["activation"]) == [r["activation"] for r in GRID]
    assert list(results.runs["init"]) == [r["init"] for r in GRID]
    assert results.values("activation", results.samples) == ["sigmoid",
                                                             "relu"]


def test_code_without_a_name_is_an_error(tmp_path):
    path = write_file(tmp_path / "a.h5", [{}])
    with h5py.File(path, "r+") as file:
        file["runs/init"][0] = 9
        seal(file)
    with pytest.raises(command.ScriptError, match="codes without") as e:
        initscope.read(path)
    assert e.value.code == 65
