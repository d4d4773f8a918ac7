"""Starts the processes that compare_peers.py measures.

These are the program and the workers of its peers. A configuration is how a
peer is run: threads, processes and environment.
"""

import json
import os
import pathlib
import subprocess
import sys
import time
from dataclasses import dataclass

from initscope.command import INTERNAL, ScriptError

NAMES = {"initscope": "initscope", "torch": "PyTorch", "numpy": "NumPy"}
WORKER = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      "peer_worker.py")
# Settings of the caller that would choose threads or kernels.
FOREIGN = ("OPENBLAS_", "OMP_", "GOMP_", "KMP_", "MKL_", "BLIS_", "GOTO_",
           "DNNL_", "ONEDNN_", "ATEN_", "NPY_", "VECLIB_", "TORCH_")
CORE_TYPES = {"avx512f": ["SkylakeX", "Haswell"], "avx2": ["Haswell", "Zen"]}


@dataclass(frozen=True)
class Configuration:
    """How a peer is run; threads None means as installed."""

    threads: int = None
    processes: int = 1
    core_type: str = None

    @property
    def label(self):
        """The name in tables."""
        if self.threads is None:
            return "as installed"
        text = (f"{self.processes} processes" if self.processes > 1 else
                f"{self.threads} thread{'s' * (self.threads > 1)}")
        return f"{text}, {self.core_type}" if self.core_type else text

    @property
    def environment(self):
        """The variables that are set in addition to the caller's."""
        if self.threads is None:
            return {}
        # torch.set_num_threads does not reach Debian's OpenBLAS, which has
        # threads of its own; those of OpenMP would spin while these work.
        names = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS"]
        found = {**{name: str(self.threads) for name in names},
                 "OMP_WAIT_POLICY": "PASSIVE"}
        if self.core_type:
            found["OPENBLAS_CORETYPE"] = self.core_type
        return found


def configurations(cores, cpu_flags, has_openblas):
    """All Configurations to try, the one as installed first.

    1, 2 and all threads; one process per core; each with OpenBLAS' own choice
    of kernels and with those that the CPU's flags suggest.
    """
    core_types = [None]
    if has_openblas:
        core_types += next((types for flag, types in CORE_TYPES.items()
                            if flag in cpu_flags), [])
    ways = [(threads, 1) for threads in sorted({1, min(2, cores), cores})]
    if cores > 1:
        ways.append((1, cores))
    return [Configuration(),
            *(Configuration(threads, processes, core_type)
              for threads, processes in ways for core_type in core_types)]


def clean_environment():
    """The caller's environment without settings of threads and kernels."""
    return {name: value for name, value in os.environ.items()
            if not name.startswith(FOREIGN)}


@dataclass
class Sweep:
    """The networks that everyone runs."""

    width: int
    depth: int
    batch: int
    seeds: list
    own_data: bool = False  # inputs and targets drawn for each seed
    activations: tuple = ("sigmoid", "tanh", "relu")
    inits: tuple = ("zero", "xavier_normal", "he_normal")

    def ini(self):
        """The text of its experiment file."""
        lines = [f"activation = {', '.join(self.activations)}",
                 f"init = {', '.join(self.inits)}",
                 "input = gaussian", "loss = mse", f"depth = {self.depth}",
                 f"width = {self.width}", f"batch = {self.batch}"]
        if self.own_data:  # a section each: not the product of the two
            lines += [f"[seed_{seed}]\nseed = {seed}\ndata_seed = {seed}"
                      for seed in self.seeds]
        else:
            lines.append(f"seed = {', '.join(map(str, self.seeds))}")
        return "\n".join([*lines, ""])


class Workers:
    """Processes that run one sweep together; each has a part of its seeds."""

    def __init__(self, peer, sweep, configuration):
        self.peer = peer
        shares = [sweep.seeds[i::configuration.processes]
                  for i in range(configuration.processes)]
        self.processes = [
            _start(peer, {"action": "sweep", **vars(sweep), "seeds": share},
                   configuration) for share in shares if share]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.communicate()

    def run(self):
        """(seconds from the first start to the last end, CPU seconds,
        answers)."""
        for process in self.processes:
            if not process.stdout.readline():
                _answer(self.peer, process)  # fails, as it has ended
        for process in self.processes:
            process.stdin.write("\n")
            process.stdin.flush()
        answers = [_answer(self.peer, process) for process in self.processes]
        return (max(answer["end"] for answer in answers) -
                min(answer["start"] for answer in answers),
                sum(answer["cpu_seconds"] for answer in answers), answers)


def ask(peer, action, configuration=Configuration()):
    """A worker's answer to "describe" or "normals"."""
    answer = _answer(peer, _start(peer, {"action": action}, configuration))
    if "missing" in answer:
        others = [name for name in ("numpy", "torch") if name != peer]
        raise ScriptError(
            INTERNAL, f"{NAMES[peer]} cannot be used ({answer['missing']}); "
            f"scripts/setup.sh --peers installs it, --peers {others[0]} does "
            f"without")
    return answer


def _start(peer, task, configuration):
    task = {"peer": peer, "threads": configuration.threads, **task}
    return subprocess.Popen(
        [sys.executable, WORKER, json.dumps(task)], text=True,
        env={**clean_environment(), **configuration.environment},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def _answer(peer, process):
    out, err = process.communicate()
    try:
        return json.loads(out)
    except ValueError:
        _fail(f"the worker of {NAMES[peer]}", process.returncode, err)


def _fail(who, code, err):
    said = (err.strip().splitlines() or ["it said nothing"])[-1]
    raise ScriptError(INTERNAL, f"{who} ended with exit code {code}: {said}")


def run_initscope(program, folder, experiment, jobs):
    """Runs the text of an experiment file, and writes FOLDER/sweep.h5.

    Returns (seconds, CPU seconds, most memory in GiB) of the whole process.
    """
    path = pathlib.Path(folder, "sweep.ini")
    path.write_text(experiment)
    path.with_suffix(".h5").unlink(missing_ok=True)  # it would be read first
    start = time.monotonic()
    with subprocess.Popen(
            [program, "run", path, "--output", path.with_suffix(".h5"),
             "--jobs", str(jobs), "--quiet"], text=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            said = process.stderr.read()
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:  # interrupted
            process.kill()
            raise
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - start
    if process.returncode != 0:
        _fail(program, process.returncode, said)
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 2**20
