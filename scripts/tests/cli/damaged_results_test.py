"""Damaged results files: noticed, or of no consequence, and one clear line.

damaged_results_scan_test.py takes 3,600 of them.
"""

import pytest

from damage import check_mutants, good_files


@pytest.fixture(scope="module", name="good")
def fixture_good(program, tmp_path_factory):
    return good_files(program, tmp_path_factory.mktemp("good"))


def test_some_of_each_file(program, good, tmp_path):
    outcomes = check_mutants(program, good, tmp_path, range(6))
    assert outcomes["noticed"] > outcomes["same"] > 0
