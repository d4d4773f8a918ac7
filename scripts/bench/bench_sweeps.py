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
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from initscope import command  # first: it reports missing packages
from initscope import program as programs
from bench import peer_machine
from bench.bench_goals import Outcome
from initscope.command import CANNOT_CREATE, IO_ERROR, ScriptError
from initscope.text import aligned
from bench.peer_processes import run_initscope

BATCH, DEPTH, GAINS, TINY = 256, 20, 41, 10000
# (width, seeds, goals: useful flop, % of peak × cores; speed of 2 cores to 1).
# With so many seeds, start and end of the process do not count.
GRIDS = [(1024, 4, 75, 1.95), (256, 32, 60, 1.9), (64, 128, 30, 1.9)]
QUICK_GRIDS = [(64, 2, 75, 1.95), (32, 2, 60, 1.9), (16, 2, 30, 1.9)]
MOST_THEORY = 15  # % of the time of a sweep of more than 100 runs
STARTS = ["--version", "list", "--help"]
START_TIMES = 20  # of which the median counts
HUGE_WIDTH, HUGE_DEPTH, HUGE_BATCH = 16384, 200, 64


def experiment(**keys):
    """The text of an experiment file."""
    return "".join(f"{key} = {value}\n" for key, value in keys.items())


def grid(width, seeds):
    """3 activations × 3 inits; the zero ones cost next to nothing."""
    return experiment(activation="sigmoid, tanh, relu",
                      init="zero, xavier_normal, he_normal", depth=DEPTH,
                      width=width, batch=BATCH, loss="mse",
                      seed=f"range(0, {seeds})")


def useful_flop(width, seeds):
    """The flop of the grid: forward, backward, and dW's moments by the cheaper
    way."""
    layer = (4 * BATCH * width**2
             + min(2 * BATCH * width**2, 2 * BATCH**2 * width))
    return 6 * seeds * DEPTH * layer


def grids(quick):
    """GRIDS, or small ones."""
    return QUICK_GRIDS if quick else GRIDS


def experiments(quick, cores):
    """{name: (text of the experiment, jobs)}."""
    tiny = TINY // 100 if quick else TINY
    gain = experiment(activation="relu", init="he_normal", loss="probe",
                      depth=DEPTH, width=32 if quick else 512, batch=BATCH)
    small = experiment(width=16, depth=2, batch=16)
    tiny_runs = experiment(width=16, depth=4, batch=16,
                           seed=f"range(0, {tiny})")
    no_theory = "theory = off\n"
    plans = {"1 gain": (gain, 1),
             f"{GAINS} gains": (
                 gain + f"gain = linspace(0.5, 2.5, {GAINS})\n", 1),
             "tiny": (tiny_runs, cores),
             "tiny, no theory": (tiny_runs + no_theory, cores),
             "small": (small, cores)}
    for width, seeds, *_ in grids(quick):
        text = grid(width, seeds)
        plans[f"grid {width}"] = (text, cores)
        plans[f"grid {width}, 1 job"] = (text, 1)
        plans[f"grid {width}, no theory"] = (text + no_theory, cores)
    return plans


def start_seconds(program, argument):
    """The median time of a command that computes nothing."""
    times = []
    for _ in range(START_TIMES):
        start = time.monotonic()
        subprocess.run([program, argument], stdout=subprocess.DEVNULL,
                       check=True)
        times.append(time.monotonic() - start)
    return statistics.median(times)


def peak_gflops(program):
    """The FMA peak of one core now, from the benchmarks beside `program`."""
    found = peer_machine.benchmarks(
        program, "--benchmark_filter=^FmaPeak/float$",
        "--benchmark_min_time=0.1")
    return found[0]["GFLOP/s"] if found else None


def outcomes(seconds, peak, cores, quick, huge):
    """Yields the Outcome of each goal.

    seconds   {name of an experiment, or argument that starts: median time}
    peak      GFLOP/s of one core, or None if not measured
    huge      (seconds, GiB) of the huge network, or None if not measured
    """
    for width, seeds, share, speedup in grids(quick):
        name = f"grid {width}"
        rate = useful_flop(width, seeds) / seconds[name] / 1e9
        yield Outcome(f"3 × 3 grid, width {width}: useful flop, of peak × "
                      f"{cores} cores", peak and 100 * rate / peak / cores,
                      share, True, "%")
        # The goal is for two cores; one has nothing to compare.
        measured = (seconds[f"{name}, 1 job"] / seconds[name] if cores > 1
                    else None)
        yield Outcome(f"the same: {cores} jobs against 1", measured,
                      speedup / 2 * cores, True, "×")
        yield _theory("the same", seconds[f"{name}, no theory"], seconds[name])
    yield Outcome(f"{GAINS} gains of ReLU: time to one gain",
                  seconds[f"{GAINS} gains"] / seconds["1 gain"], 1.5, False,
                  "×")
    tiny = TINY // 100 if quick else TINY
    yield Outcome(f"{tiny} tiny runs: runs per second",
                  tiny / seconds["tiny"], 20000, True, "")
    yield _theory("the same", seconds["tiny, no theory"], seconds["tiny"])
    yield Outcome("a small run, from start to written file",
                  1000 * seconds["small"], 30, False, " ms")
    for argument in STARTS:
        yield Outcome(f"initscope {argument}", 1000 * seconds[argument], 8,
                      False, " ms")
    what = f"width {HUGE_WIDTH}, depth {HUGE_DEPTH}, batch {HUGE_BATCH}"
    yield Outcome(f"{what}: time", huge and huge[0] / 60, 3, False, " min")
    yield Outcome(f"{what}: memory", huge and huge[1], 2, False, " GiB")


def _theory(what, without, seconds):
    return Outcome(f"{what}: theory, of the time",
                   100 * (1 - without / seconds), MOST_THEORY, False, "%")


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
    times = {name: [] for name in [*plans, *STARTS]}
    peaks = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(1 if arguments.quick else arguments.repetitions):
            peaks.append(peak_gflops(program))
            for name, plan in plans.items():
                times[name].append(run_initscope(program, folder, *plan)[0])
            for argument in STARTS:
                times[argument].append(start_seconds(program, argument))
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
