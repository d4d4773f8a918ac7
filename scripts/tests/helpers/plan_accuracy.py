"""What plan expects, beside what sweeps take: memory and time.

python3 scripts/tests/helpers/plan_accuracy.py [PROGRAM] prints the ratios for
LARGER, which take some seconds each, with all cores. Nothing else should run.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

from checkout import measured_program

SWEEPS = {
    "one tiny run": "--width 4 --depth 2 --batch 4",
    "many tiny runs": "--width 4 --depth 2 --batch 4 --seed range(0,8000)",
    "few huge runs": "--width 2048 --depth 3 --theory off",
    "deep and narrow": "--width 64 --depth 2000",
    "deep, one unit": "--width 1 --depth 10000 --batch 1",
    "a large batch": "--width 100 --depth 5 --batch 20000",
    "many batches": "--width 64 --depth 5 --batches 100",
    "double precision": "--width 700 --depth 5 --precision float64",
    "orthogonal": "--width 700 --depth 3 --init orthogonal",
    "lsuv": "--width 500 --depth 5 --init lsuv",
    "Jacobians": "--width 400 --depth 3 --jacobian on --theory off",
    "theory of many gains": "--width 8 --depth 30 --batch 16 "
                            "--activation tanh,relu "
                            "--gain linspace(0.5,2.5,100)",
    "theory of many activations": "--width 8 --depth 30 --batch 8 "
                                  "--activation tanh,elu,gelu,silu,erf",
    "theory of many seeds": "--width 8 --depth 10 --seed range(0,300)",
    "theory of wide inputs": "--shape 10000x10",
    "gains that share a pass": "--activation relu --width 128 --depth 10 "
                               "--gain linspace(0.5,2.5,200) --theory off",
    "a data file": "--input data.csv --width 50 --depth 3 --batch 64",
}
TRAININGS = {
    "training": "--depth 4 --width 128 --steps 150",
    "training of small batches": "--depth 4 --width 64 --steps 1000 "
                                 "--batch 16",
    "training of many runs": "--depth 2 --width 16 --steps 20 --batch 8 "
                             "--seed range(0,300)",
}
CASES = [("run", name) for name in SWEEPS] + [
    ("train", name) for name in TRAININGS]
LARGER = {
    "a grid of schemes": "run --depth 50 --width 100 --activation "
                         "tanh,relu,sigmoid --init xavier_normal,he_normal,"
                         "lecun_normal --seed range(0,20)",
    "wide": "run --depth 10 --width 1024 --activation tanh,relu,sigmoid "
            "--init xavier_normal,he_normal,lecun_normal --seed range(0,2)",
    "narrow": "run --depth 20 --width 64 --seed range(0,1500)",
    "deep": "run --depth 2000 --width 64 --seed range(0,8)",
    "large batches": "run --depth 5 --width 100 --batch 20000 "
                     "--seed range(0,20)",
    "orthogonal": "run --depth 5 --width 1000 --init orthogonal "
                  "--seed range(0,3)",
    "double precision": "run --depth 10 --width 700 --precision float64 "
                        "--seed range(0,12)",
    "Jacobians": "run --depth 5 --width 300 --jacobian on --seed range(0,80)",
    "gains": "run --depth 60 --width 64 --activation tanh,gelu "
             "--gain linspace(0.5,2.5,150)",
    "training": "train --depth 4 --width 128 --steps 1500 --seed range(0,4)",
    "tiny": "run --depth 2 --width 4 --batch 4 --seed range(0,60000)",
    "data": "run --input fashion-mnist-sample --depth 10 --width 256 "
            "--batch 256 --loss softmax_cross_entropy --seed range(0,300)",
}


def plan(program, arguments, cwd, environment=None):
    done = subprocess.run([program, "plan", *arguments, "--json"], cwd=cwd,
                          capture_output=True, text=True, check=True,
                          env={**os.environ, **(environment or {})})
    return json.loads(done.stdout)


# The most memory of a process is no less than that of the one that forked it:
# a small one stands between.
SMALL = """
import os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
print(status, usage.ru_utime + usage.ru_stime, 1024 * usage.ru_maxrss)
"""


# Results are stored when they are many, not each second: what is gathered in a
# second depends on the machine's hour.
BY_SIZE = {"INITSCOPE_STORE_SECONDS": "60"}


def used(arguments, cwd, environment=None):
    """CPU seconds and the most bytes of a program."""
    done = subprocess.run([sys.executable, "-S", "-c", SMALL, *arguments],
                          cwd=cwd, capture_output=True, text=True, check=True,
                          env={**os.environ, **(environment or {})})
    status, seconds, peak = map(float, done.stdout.split())
    assert status == 0, done.stderr
    return seconds, peak


def main():
    program = measured_program()
    print(f"{'sweep':18} {'MB':>8} {'expected':>9} {'s':>7} {'expected':>9}")
    with tempfile.TemporaryDirectory() as folder:
        for name, line in LARGER.items():
            command, *keys = line.split()
            expected = plan(program, keys, folder)
            begin = time.monotonic()
            _, peak = used([program, command, *keys, "--quiet", "--output",
                            "x.h5", "--force"], folder)
            seconds = time.monotonic() - begin
            print(f"{name:18} {peak / 1e6:8.1f} "
                  f"{expected['memory_bytes'] / peak:8.2f}x {seconds:7.2f} "
                  f"{expected['expected_seconds'] / seconds:8.2f}x",
                  flush=True)


if __name__ == "__main__":
    main()
