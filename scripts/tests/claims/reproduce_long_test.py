"""reproduce.py --quick: every claim holds, and every figure is drawn."""

import os
import re
import subprocess
from pathlib import Path

import reproduce
from initscope.reproduce_claims import Claims


def test_the_quick_size(program, tmp_path):
    claims = Claims(reproduce.FOLDER / "claims.toml")
    done = subprocess.run(
        [Path(reproduce.__file__), "--quick", "--output", tmp_path],
        capture_output=True, text=True, timeout=600, check=False,
        env={**os.environ, "INITSCOPE": str(program)})
    assert done.returncode == 0, done.stdout + done.stderr
    asserted = sum("not_asserted" not in claim for experiment
                   in claims.experiments.values()
                   for claim in experiment["claims"])
    assert len(re.findall(r" PASS ", done.stdout)) == asserted >= 70
    assert "FAIL" not in done.stdout and "nan" not in done.stdout
    for name, experiment in claims.experiments.items():
        assert f"\n{experiment['source']}, " in done.stdout
        assert (tmp_path / f"{name}.png").stat().st_size > 10_000
        made = "csv" if experiment["command"] in ("trace", "theory") else "h5"
        assert (tmp_path / f"{name}.{made}").exists()
