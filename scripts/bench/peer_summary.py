"""Medians, ratios and goals of compare_peers.py, as numbers and as text.

A measurement is a dictionary: width, program ("initscope", "torch", "numpy"),
configuration (a label), and seconds and cpu_seconds, one per round. A ratio is
a peer's time divided by that of initscope with its defaults: above 1, initscope
is faster. Busy cores reveal a configuration that uses fewer cores than it may,
and a machine that is used by others.
"""

import statistics
from dataclasses import dataclass

from bench.peer_processes import NAMES
from initscope.text import aligned

INSTALLED, BEST = "as installed", "at its best"
# The least ratios that this project aims for: (kind, peer) -> width -> ratio.
# Those as installed are for an OpenBLAS that does not know the CPU, as Debian's
# where it has AVX-512.
GOALS = {(kind, peer): of_kind for peer in ("torch", "numpy")
         for kind, of_kind in ((INSTALLED, {1024: 7, 256: 8, 64: 10}),
                               (BEST, {1024: 2.5, 256: 2.5, 64: 4, 16: 1}))}


@dataclass
class Ratio:
    """The ratio of a peer, as installed or at its best, at one width."""

    width: int
    peer: str
    kind: str           # INSTALLED or BEST
    configuration: str  # which was best
    ratio: float        # of the medians
    low: float          # of the ratios of single rounds
    high: float
    goal: float = None

    def sentence(self):
        """The ratio as a line of text."""
        which = "" if self.kind == INSTALLED else f" ({self.configuration})"
        goal = ""
        if self.goal:
            met = "met" if self.ratio >= self.goal else "MISSED"
            goal = f" (goal {self.goal:g}\u00d7: {met})"
        return (f"width {self.width}: against {NAMES[self.peer]} {self.kind}"
                f"{which} {times(self.ratio)}{goal}")


def times(ratio):
    """A ratio in two or three digits: 0.31\u00d7, 8.1\u00d7, 12.3\u00d7."""
    return f"{ratio:.{2 if ratio < 0.995 else 1}f}\u00d7"


def median(measurement):
    """The median time of a measurement, in seconds."""
    return statistics.median(measurement["seconds"])


def of_program(measurements, width, program):
    """The measurements of a program at one width, its default first."""
    return [m for m in measurements
            if (m["width"], m["program"]) == (width, program)]


def best_of(measurements, width, peer):
    """The fastest configuration, of those measured in every round."""
    of_peer = of_program(measurements, width, peer)
    rounds = max(len(m["seconds"]) for m in of_peer)
    return min((m for m in of_peer if len(m["seconds"]) == rounds),
               key=median)


def ratios(measurements):
    """The Ratios of every width and peer, as installed and at its best."""
    found = []
    for width in dict.fromkeys(m["width"] for m in measurements):
        own = of_program(measurements, width, "initscope")[0]
        peers = dict.fromkeys(m["program"] for m in measurements
                              if m["program"] != "initscope")
        for kind in (INSTALLED, BEST):
            for peer in peers:
                measured = (best_of(measurements, width, peer) if kind == BEST
                            else of_program(measurements, width, peer)[0])
                rounds = [theirs / ours for theirs, ours in
                          zip(measured["seconds"], own["seconds"])]
                found.append(Ratio(
                    width, peer, kind, measured["configuration"],
                    median(measured) / median(own), min(rounds), max(rounds),
                    GOALS.get((kind, peer), {}).get(width)))
    return found


def slow(measurements, width, factor):
    """The measurements of `width` that took more than `factor` times their
    peer's best. Never one "as installed", or one of initscope.
    """
    return [m for m in measurements
            if m["width"] == width and m["program"] != "initscope"
            and m["configuration"] != INSTALLED and median(m) > factor
            * median(best_of(measurements, width, m["program"]))]


def table(measurements):
    """The lines of the table, its heading first."""
    cells = [["width", "program", "configuration", "seconds", "ratio",
              "busy cores", "rounds"]]
    for measurement in measurements:
        own = of_program(measurements, measurement["width"], "initscope")[0]
        busy = sum(measurement["cpu_seconds"]) / sum(measurement["seconds"])
        cells.append([
            str(measurement["width"]), NAMES[measurement["program"]],
            measurement["configuration"], f"{median(measurement):.3f}",
            f"{median(measurement) / median(own):.2f}",
            f"{busy:.1f}",
            str(len(measurement["seconds"]))])
    return aligned(cells, {1, 2})
