"""What the tests of the benchmarks share."""

import subprocess

import pytest


@pytest.fixture(scope="session")
def names(program):
    """Every benchmark that initscope_bench has."""
    binary = program.with_name("initscope_bench")
    if not binary.exists():
        pytest.fail(f"{binary} is not there: build it")
    done = subprocess.run([binary, "--benchmark_list_tests"], text=True,
                          capture_output=True, check=True)
    return done.stdout.split("\n")[:-1]
