"""A thousand mutations of results files through the plot programs."""

import subprocess

import pytest

import hostile_files
from hostile_files_test import GRID


@pytest.mark.parametrize("seed", range(10))
def test_a_hundred_mutations(program, tmp_path, seed):
    path = tmp_path / "good.h5"
    subprocess.run([program, "run", *GRID, "--output", path, "--quiet"],
                   check=True)
    assert hostile_files.check_mutations(path, 100, 100 + seed) > 50
