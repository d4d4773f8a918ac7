#!/usr/bin/env python3
"""Measures whole sweeps: speed, sharing, scaling, start-up, memory.

Each is `initscope run` from the start of the process to the written results
file, in turn, --repetitions times; figures are medians. Each has a goal for an
idle machine; to miss it is no failure. Writes DIR/bench_sweeps.json.
"""

import argparse
import os
import pathlib
import statistics
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from initscope import command  # first: it reports missing packages
from initscope import program as programs
from bench import peer_machine
from bench.bench_goals import Outcome
from initscope.command import CANNOT_CREATE, IO_ERROR, ScriptError
from initscope.text import aligned
from bench.peer_processes import run_initscope

BATCH, DEPTH, SEEDS, GAINS = 256, 20, 4, 41
HUGE_WIDTH, HUGE_DEPTH, HUGE_BATCH = 16384, 200, 64


def experiment(**keys):
    """The text of an experiment file."""
    return "".join(f"{key} = {value}\n" for key, value in keys.items())


def grid(width):
    """3 activations × 3 inits; the zero ones cost next to nothing."""
    return experiment(activation="sigmoid, tanh, relu",
                      init="zero, xavier_normal, he_normal", depth=DEPTH,
                      width=width, batch=BATCH, loss="mse",
                      seed=f"range(0, {SEEDS})")


def useful_flop(width):
    """The flop of the grid: forward, backward, and dW's moments by the cheaper
    way."""
    layer = (4 * BATCH * width**2
             + min(2 * BATCH * width**2, 2 * BATCH**2 * width))
    return 6 * SEEDS * DEPTH * layer


def experiments(quick, cores):
    """{name: (text of the experiment, jobs)}."""
    wide, narrow = (64, 32) if quick else (1024, 512)
    tiny = 100 if quick else 10000
    gain = experiment(activation="relu", init="he_normal", loss="probe",
                      depth=DEPTH, width=narrow, batch=BATCH)
    return {
        "grid": (grid(wide), cores),
        "grid, 1 job": (grid(wide), 1),
        "1 gain": (gain, 1),
        f"{GAINS} gains": (
            gain + f"gain = linspace(0.5, 2.5, {GAINS})\n", 1),
        "tiny": (experiment(width=16, depth=4, batch=16,
                            seed=f"range(0, {tiny})"), cores),
        "small": (experiment(width=16, depth=2, batch=16), cores)}


def peak_gflops(program):
    """The FMA peak of one core now, from the benchmarks beside `program`."""
    found = peer_machine.benchmarks(
        program, "--benchmark_filter=^FmaPeak/float$",
        "--benchmark_min_time=0.1")
    return found[0]["GFLOP/s"] if found else None


def outcomes(seconds, peak, cores, quick, huge):
    """Yields the Outcome of each goal.

    seconds   {name of an experiment: median time}
    peak      GFLOP/s of one core, or None if not measured
    huge      (seconds, GiB) of the huge network, or None if not measured
    """
    width, tiny = (64, 100) if quick else (1024, 10000)
    rate = useful_flop(width) / seconds["grid"] / 1e9
    yield Outcome(f"3 × 3 grid, width {width}: useful flop, of peak × "
                  f"{cores} cores", peak and 100 * rate / peak / cores, 85,
                  True, "%")
    # The goal of 1.95 is for two cores; one has nothing to compare.
    speedup = seconds["grid, 1 job"] / seconds["grid"] if cores > 1 else None
    yield Outcome(f"the same: {cores} jobs against 1", speedup, 0.975 * cores,
                  True, "×")
    yield Outcome(f"{GAINS} gains of ReLU: time to one gain",
                  seconds[f"{GAINS} gains"] / seconds["1 gain"], 1.5, False,
                  "×")
    yield Outcome(f"{tiny} tiny runs: runs per second",
                  tiny / seconds["tiny"], 20000, True, "")
    yield Outcome("a small run, from start to written file",
                  1000 * seconds["small"], 50, False, " ms")
    what = f"width {HUGE_WIDTH}, depth {HUGE_DEPTH}, batch {HUGE_BATCH}"
    yield Outcome(f"{what}: time", huge and huge[0] / 60, 3, False, " min")
    yield Outcome(f"{what}: memory", huge and huge[1], 2, False, " GiB")


def parse_arguments():
    """The command line."""
    parser = command.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--initscope", metavar="PROGRAM",
                        default=programs.RELEASE,
                        help="default: build/release/initscope")
    parser.add_argument("--repetitions", type=int, default=5, metavar="N",
                        help="default: 5")
    parser.add_argument("--output-dir", metavar="DIR",
                        default=str(programs.ROOT / "results"),
                        help="default: results")
    parser.add_argument("--quick", action="store_true",
                        help="small shapes once: numbers mean nothing")
    parser.add_argument(
        "--huge", action="store_true",
        help=f"also width {HUGE_WIDTH}, depth {HUGE_DEPTH}: takes minutes")
    arguments = parser.parse_args()
    if arguments.repetitions < 1:
        parser.error("--repetitions wants a number from 1 on")
    return arguments


def main():
    """Runs the program."""
    arguments = parse_arguments()
    program, cores = arguments.initscope, peer_machine.cores()
    if not os.access(program, os.X_OK):
        raise ScriptError(IO_ERROR, f"{program}: not there; build it with "
                          f"scripts/quickstart.sh or name it by --initscope")
    plans = experiments(arguments.quick, cores)
    times = {name: [] for name in plans}
    peaks = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(1 if arguments.quick else arguments.repetitions):
            peaks.append(peak_gflops(program))
            for name, plan in plans.items():
                times[name].append(run_initscope(program, folder, *plan)[0])
        huge = None
        if arguments.huge:  # a network larger than the memory
            seconds, _, memory = run_initscope(program, folder, experiment(
                width=HUGE_WIDTH, depth=HUGE_DEPTH, batch=HUGE_BATCH), cores)
            huge = seconds, memory
    medians = {name: statistics.median(all_) for name, all_ in times.items()}
    peak = statistics.median(peaks) if all(peaks) else None
    found = list(outcomes(medians, peak, cores, arguments.quick, huge))
    print("\n".join(aligned([["whole sweeps", "measured", "goal", ""],
                             *(outcome.cells() for outcome in found)], {0})))
    path = os.path.join(arguments.output_dir, "bench_sweeps.json")
    report = {"machine": peer_machine.describe(program), "cores": cores,
              "peak_gflops": peaks, "seconds": times, "huge": huge,
              "experiments": {name: text for name, (text, _) in plans.items()},
              "goals": [outcome.cells() for outcome in found]}
    try:
        os.makedirs(arguments.output_dir, exist_ok=True)
    except OSError as error:
        raise ScriptError(CANNOT_CREATE, f"{path}: {error.strerror}") from None
    print()
    command.write_json(path, report)


if __name__ == "__main__":
    command.run_main(main)
