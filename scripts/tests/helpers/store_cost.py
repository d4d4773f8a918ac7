"""What storing results while they are computed takes of a short sweep's time.

python3 scripts/tests/helpers/store_cost.py [PROGRAM] prints the ratio of the
times of the quickstart with a part each second and with none, which writes all
at the end: quartiles of 25 pairs. Nothing else should run.
"""

import os
import statistics
import subprocess
import tempfile
import time

from checkout import EXPERIMENTS, measured_program

PAIRS = 25


def seconds(program, pause, folder):
    begin = time.perf_counter()
    subprocess.run([program, "run", EXPERIMENTS / "quickstart.ini",
                    "--output", "x.h5", "--force", "--quiet"], cwd=folder,
                   env={**os.environ, "INITSCOPE_STORE_SECONDS": str(pause)},
                   check=True)
    return time.perf_counter() - begin


def main():
    program = measured_program()
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        for i in range(PAIRS):
            pauses = (1, 1000) if i % 2 else (1000, 1)
            took = {pause: seconds(program, pause, folder) for pause in pauses}
            ratios.append(took[1] / took[1000])
    print("quartiles:", *(f"{quartile:.3f}"
                          for quartile in statistics.quantiles(ratios, n=4)))


if __name__ == "__main__":
    main()
