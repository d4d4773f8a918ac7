"""reproduce.py --quick: every claim holds, and every figure is drawn."""

import os
import re
import subprocess

from checkout import SCRIPTS
from initscope import experiments


def test_the_quick_size(program, tmp_path):
    done = subprocess.run(
        [SCRIPTS / "reproduce.py", "--quick", "--output", tmp_path],
        capture_output=True, text=True, timeout=600, check=False,
        env={**os.environ, "INITSCOPE": str(program)})
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(re.findall(r" PASS ", done.stdout)) >= 97
    assert "FAIL" not in done.stdout and "nan" not in done.stdout
    for name in experiments.names(published=True):
        assert f"\n{experiments.load(name).PAPER}, " in done.stdout
        assert (tmp_path / f"{name}.png").stat().st_size > 10_000
        assert ((tmp_path / f"{name}.csv").exists()
                or (tmp_path / f"{name}.h5").exists())
