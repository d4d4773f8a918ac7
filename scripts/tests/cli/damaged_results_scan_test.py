"""3,600 damaged results files, as damaged_results_test.py."""

import pytest

from damage import FILES, check_mutants, good_files


@pytest.mark.parametrize("name", FILES)
def test_many(program, tmp_path_factory, name):
    good = good_files(program, tmp_path_factory.mktemp("good"))
    outcomes = check_mutants(program, {name: good[name]},
                             tmp_path_factory.mktemp("mutants"),
                             range(-(-3600 // len(FILES))))
    print(f"{name}: {dict(outcomes)}")
