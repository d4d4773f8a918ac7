"""Measures initscope and its peers in turn; collects their second moments."""

import itertools
import os
import sys

import numpy as np

from bench import peer_agreement, peer_machine, peer_summary
from bench.peer_processes import (Configuration, NAMES, Sweep, Workers, ask,
                                  configurations, run_initscope)
from initscope.results import read

CLEARLY_SLOWER = 1.3  # times the peer's best in the first round
TENSORS = ["pre_activation", "activation", "delta", "weight_gradient"]


class Comparison:
    """Runs all measurements and keeps their results."""

    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.peers = {peer: ask(peer, "describe") for peer in options.peers}
        self.measurements = []

    def _run_own(self, sweep, jobs):
        """(seconds, CPU seconds); writes sweep.h5."""
        return run_initscope(self.options.initscope, self.folder, sweep.ini(),
                             jobs)[:2]

    def measure(self, width):
        """Adds the measurements of one width."""
        options = self.options
        sweep = Sweep(width, options.depth, options.batch,
                      list(range(options.seeds)))
        turns = self._turns(sweep)
        self._run_own(sweep, peer_machine.cores())  # warm up
        for turn in range(options.repetitions):
            for measurement, run in turns:
                seconds, cpu_seconds = run(measurement)
                measurement["seconds"].append(seconds)
                measurement["cpu_seconds"].append(cpu_seconds)
                print(f"width {width}, round {turn + 1}: "
                      f"{NAMES[measurement['program']]}, "
                      f"{measurement['configuration']}: {seconds:.3f} s",
                      file=sys.stderr, flush=True)
            if turn == 0:
                self.measurements += [entry for entry, _ in turns]
                slow = peer_summary.slow(self.measurements, width,
                                         CLEARLY_SLOWER)
                turns = [entry for entry in turns if entry[0] not in slow]

    def _turns(self, sweep):
        """[(measurement without seconds, what measures it)], in turn."""
        cores = peer_machine.cores()
        turns = []

        def add(program, label, run, **more):
            turns.append(({"width": sweep.width, "program": program,
                           "configuration": label, **more, "seconds": [],
                           "cpu_seconds": []}, run))

        for jobs in dict.fromkeys([cores, 1]):
            add("initscope", f"{jobs} job{'s' * (jobs > 1)}",
                lambda _, jobs=jobs: self._run_own(sweep, jobs), jobs=jobs)
        for peer, about in self.peers.items():
            for configuration in configurations(
                    cores, peer_machine.cpu()[1],
                    about["openblas_core"] and not self.options.quick):
                def run(measurement, peer=peer, configuration=configuration):
                    with Workers(peer, sweep, configuration) as workers:
                        *times, answers = workers.run()
                    measurement["openblas_core"] = answers[0]["openblas_core"]
                    return times
                add(peer, configuration.label, run,
                    threads=configuration.threads,
                    processes=configuration.processes,
                    environment=configuration.environment)
        # initscope's second line goes between the peers.
        if len(self.peers) > 1 and cores > 1:
            at = next(i for i, (entry, _) in enumerate(turns)
                      if entry["program"] == list(self.peers)[1])
            turns.insert(at - 1, turns.pop(1))
        return turns

    def agreement(self):
        """The Agreement of second moments."""
        options = self.options
        sweep = Sweep(options.agreement_width, options.depth, options.batch,
                      list(range(options.agreement_seeds)), own_data=True)
        self._run_own(sweep, peer_machine.cores())
        logs = {"initscope": own_second_moments(
            os.path.join(self.folder, "sweep.h5"), sweep)}
        spread = Configuration(1, peer_machine.cores())
        for peer in self.peers:
            with Workers(peer, sweep, spread) as workers:
                *_, answers = workers.run()
            moments = np.concatenate([np.array(answer["second_moments"])
                                      for answer in answers])
            with np.errstate(divide="ignore"):
                logs[NAMES[peer]] = np.log10(moments).reshape(
                    len(sweep.seeds), -1)
        return peer_agreement.compare(logs, cells(sweep))


def cells(sweep):
    """The cells of own_second_moments(), as dictionaries, in order."""
    return [{"activation": activation, "init": init, "layer": layer,
             "tensor": tensor}
            for activation in sweep.activations for init in sweep.inits
            for layer in range(1, sweep.depth + 1) for tensor in TENSORS]


def own_second_moments(path, sweep):
    """log10 of initscope's second moments, seeds x cells."""
    names = [f"log10_{tensor}_second_moment" for tensor in TENSORS]
    results = read(path)
    results.check_one_step()
    layers = results.keyed("layers", names).set_index(
        ["seed", "activation", "init", "layer"])[names]
    order = itertools.product(sweep.seeds, sweep.activations, sweep.inits,
                              range(1, sweep.depth + 1))
    return layers.loc[list(order)].to_numpy().reshape(len(sweep.seeds), -1)
