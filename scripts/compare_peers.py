#!/usr/bin/env python3
"""Runs one sweep in initscope, PyTorch and NumPy; compares times and moments.

The sweep: sigmoid, tanh and relu with zero, xavier_normal and he_normal,
forward and backward, mse, the moments of Z, X, delta and dW at every layer.
initscope's time is that of the whole process, with every statistic and the
results file. The peers' is that of the sweep alone: starting Python, imports
and a warm-up are not counted.

Peers run as installed and with 1, 2 and all threads, with one process per
core (the seeds dealt out), each with several OPENBLAS_CORETYPE. All take
turns; in the first round everything, then what is not clearly slower.

Then all programs must agree on the second moments within their standard
errors. Writes PREFIX.json and PREFIX.png; prints a table. Exit code 1: the
programs disagree.
"""

import argparse
import os
import tempfile

from initscope import command  # first: it reports missing packages
from initscope import program
from bench import (peer_agreement, peer_figure, peer_machine, peer_summary)
from initscope.command import CANNOT_CREATE, IO_ERROR, ScriptError
from initscope.style import write_figure
from bench.peer_comparison import Comparison
from bench.peer_processes import NAMES

QUICK = {"widths": [16], "depth": 3, "batch": 64, "seeds": 2,
         "repetitions": 1, "agreement_width": 16, "agreement_seeds": 8}


def positive(text):
    """The whole number that `text` is; it must be 1 or more."""
    if not text.strip().isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number "
                                         f"from 1 on")
    return int(text)


def positives(text):
    """A list of such numbers, from text with commas; each once."""
    numbers = [positive(part) for part in text.split(",")]
    if len(set(numbers)) < len(numbers):
        raise argparse.ArgumentTypeError(f"'{text}' has a number twice")
    return numbers


def peer_names(text):
    """A list of peers: numpy or torch or both."""
    names = [part.strip() for part in text.split(",")]
    if set(names) - {"numpy", "torch"} or len(names) > len(set(names)):
        raise argparse.ArgumentTypeError(f"'{text}' is not numpy, torch or "
                                         f"numpy,torch")
    return names


def parse_arguments():
    """The parsed command line."""
    parser = command.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--peers", type=peer_names, default=["torch", "numpy"],
                        metavar="LIST", help="default: torch,numpy")
    for name, kind, default, words in (
            ("widths", positives, [16, 64, 256, 1024], "of the networks"),
            ("depth", positive, 20, "weight layers"),
            ("batch", positive, 256, "samples"),
            ("seeds", positive, 4, "of the timed sweep"),
            ("repetitions", positive, 5, "rounds; times are medians"),
            ("agreement-width", positive, 64, "of the comparison of moments"),
            ("agreement-seeds", positive, 32, "of the same")):
        shown = (",".join(map(str, default)) if kind is positives
                 else default)
        parser.add_argument(f"--{name}", type=kind, default=default,
                            metavar="N", help=f"{words} (default: {shown})")
    parser.add_argument("--quick", action="store_true",
                        help="tiny networks, one round: tries the script, "
                        "measures nothing")
    parser.add_argument("--initscope", metavar="PROGRAM",
                        default=os.environ.get("INITSCOPE")
                        or program.RELEASE,
                        help="default: $INITSCOPE, else "
                        "build/release/initscope")
    parser.add_argument("--output", metavar="PREFIX",
                        help="default: results/compare_peers")
    options = parser.parse_args()
    if options.quick:
        parser.set_defaults(**QUICK)
        options = parser.parse_args()
    if options.agreement_seeds < 2:
        parser.error("--agreement-seeds must be at least 2")
    if not os.access(options.initscope, os.X_OK):
        raise ScriptError(IO_ERROR, f"{options.initscope}: no such program; "
                          f"scripts/quickstart.sh builds it, --initscope "
                          f"names another")
    options.initscope = os.path.abspath(options.initscope)
    if options.output is None:
        os.makedirs("results", exist_ok=True)
        options.output = os.path.join("results", "compare_peers")
    folder = os.path.dirname(options.output) or "."
    if not os.path.isdir(folder):
        raise ScriptError(CANNOT_CREATE, f"{folder}: no such folder; create "
                          f"it first")
    return options


def libraries_line(peer, about):
    """A line on the BLAS that the peer has loaded."""
    blas = ["/".join(path.split("/")[-2:]) for path in about["libraries"]
            if path.split("/")[-1].startswith(("libblas", "libopenblas",
                                               "libblis"))]
    core = (f" (OpenBLAS kernels for {about['openblas_core']})"
            if about["openblas_core"] else "")
    threads = (f", {about['threads']} thread{'s' * (about['threads'] > 1)}"
               if "threads" in about else "")
    return (f"{NAMES[peer]} {about['version']} as installed: "
            f"{', '.join(blas) or 'no BLAS'}{core}{threads}")


def caption(options, machine):
    """The lines below the figure."""
    return (f"{options.depth} layers, batch {options.batch}, "
            f"{options.seeds} seeds; sigmoid, tanh, relu \u00d7 zero, "
            f"xavier_normal, he_normal; forward and backward, moments at "
            f"every layer.\n{machine['cpu']}, {machine['cores']} cores; "
            f"medians of {options.repetitions}. Peers without start and "
            f"imports, initscope with start and results file.")


def report(comparison, ratios, normals, agreement, options):
    """Prints times, ratios and the agreement of second moments."""
    speeds = ", ".join(f"{NAMES[program]} {ns:.2f}"
                       for program, ns in normals.items())
    names = [NAMES[name] for name in ("initscope", *comparison.peers)]
    print(*peer_summary.table(comparison.measurements), "",
          *(libraries_line(*peer) for peer in comparison.peers.items()),
          *(ratio.sentence() for ratio in ratios),
          f"ns per standard normal, one core: {speeds}",
          *peer_agreement.sentences(agreement, names,
                                    options.agreement_seeds), sep="\n")


def main():
    """Runs the program."""
    options = parse_arguments()
    machine = peer_machine.describe(options.initscope)
    begin = peer_machine.now()
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison(options, folder)
        agreement = comparison.agreement()
        normals = peer_machine.normals(options.initscope, options.peers)
        for width in options.widths:
            comparison.measure(width)
    ratios = peer_summary.ratios(comparison.measurements)
    report(comparison, ratios, normals, agreement, options)
    settings = {name: value for name, value in vars(options).items()
                if name not in ("initscope", "output")}
    command.write_json(options.output + ".json", {
        "settings": settings, "machine": machine, "begin": begin,
        "end": peer_machine.now(), "peers": comparison.peers,
        "measurements": comparison.measurements,
        "ratios": [vars(ratio) for ratio in ratios],
        "ns_per_normal": normals,
        "agreement": {**vars(agreement), "holds": agreement.holds,
                      "significance": peer_agreement.SIGNIFICANCE}})
    write_figure(peer_figure.draw(ratios, caption(options, machine)),
                 options.output, [".png"])
    if not agreement.holds:
        raise ScriptError(1, "the programs disagree on second moments "
                          "(above)")


if __name__ == "__main__":
    command.run_main(main)
