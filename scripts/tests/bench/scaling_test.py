"""No quantity of a sweep costs more than in proportion to it."""

import subprocess
import sys

import pytest

from bench.bench_scaling import QUANTITIES
from checkout import ROOT


# 8 times as much takes 8 times as long; where it was quadratic, 64 times. CPU
# time, so that other programs do not count.
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_cost_is_proportional(program, quantity):
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/bench/bench_scaling.py", "--program",
         program, "--doublings", "3", "--most", "1.5", quantity],
        capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert quantity in done.stdout
