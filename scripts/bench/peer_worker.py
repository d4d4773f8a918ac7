#!/usr/bin/env python3
"""Runs a peer for compare_peers.py, in a process of its own.

Libraries read their environment when they are loaded, so each configuration
needs a new process. The argument is the task, in JSON; the answer is a line of
JSON. For a sweep the worker loads, warms up and prints a line. When its caller
sends a line, it runs and then reports when it began and ended. So several
workers can begin together.
"""

import ctypes
import importlib
import json
import re
import statistics
import sys
import time

MODULES = {"torch": "peer_torch", "numpy": "peer_numpy"}
LIBRARIES = re.compile(r"/lib(openblas|blas|blis|cblas|atlas|dnnl|mkl|gomp|"
                       r"iomp)[^/]*\.so[^/]*$")
FILLED = 1 << 20  # normals, the weights of a layer of width 1024
FILLS = 30


def libraries():
    """The matrix and thread libraries that this process has loaded."""
    with open("/proc/self/maps", encoding="utf-8") as maps:
        paths = {line.split()[-1] for line in maps if "/" in line}
    return sorted(path for path in paths if LIBRARIES.search(path))


def openblas_core(paths):
    """The kernels that OpenBLAS chose, if it is one of `paths`."""
    for path in paths:
        if "/libopenblas" in path:
            name = ctypes.CDLL(path).openblas_get_corename
            name.restype = ctypes.c_char_p
            return name().decode()
    return None


def describe(module, task):
    """The version, libraries and threads of the peer on this machine."""
    peer = module.Peer(0)
    peer.run("relu", "he_normal", 2, peer.normals(2, 2), peer.normals(2, 2))
    paths = libraries()
    about = {"version": peer.version, "python": sys.version.split()[0],
             "libraries": paths, "openblas_core": openblas_core(paths)}
    if task["peer"] == "torch":
        about["threads"] = module.torch.get_num_threads()
        about["build"] = module.torch.__config__.show()
    return about


def normals(module, task):
    """The median time per standard normal, in ns."""
    del task
    peer = module.Peer(0)
    buffer = peer.normals(1, FILLED)
    times = []
    for _ in range(FILLS):
        start = time.monotonic()
        peer.fill(buffer)
        times.append(time.monotonic() - start)
    return {"ns_per_normal": statistics.median(times) / FILLED * 1e9}


def sweep_once(module, task, seeds):
    """The moments, nested: seed, activation, init, layer, tensor, moment."""
    rows = []
    data = None
    for seed in seeds:
        peer = module.Peer(seed)
        if data is None or task["own_data"]:
            data = [peer.normals(task["batch"], task["width"])
                    for _ in range(2)]
        rows.append([[peer.run(activation, init, task["depth"], *data)
                      for init in task["inits"]]
                     for activation in task["activations"]])
    return rows


def sweep(module, task):
    """Warms up, waits for a line, runs; returns times and moments."""
    warm = {**task, "activations": task["activations"][:1]}
    sweep_once(module, warm, task["seeds"][:1])
    print(flush=True)
    if not sys.stdin.readline():
        sys.exit(1)  # the caller is gone
    cpu_start, start = time.process_time(), time.monotonic()
    rows = sweep_once(module, task, task["seeds"])
    end = time.monotonic()
    answer = {"start": start, "end": end,
              "cpu_seconds": time.process_time() - cpu_start,
              "openblas_core": openblas_core(libraries())}
    if task["own_data"]:
        answer["second_moments"] = [
            [[[[tensor[2] for tensor in layer] for layer in run]
              for run in runs] for runs in of_seed] for of_seed in rows]
    return answer


def main():
    """Runs the program."""
    if len(sys.argv) != 2 or not sys.argv[1].startswith("{"):
        print("peer_worker.py: compare_peers.py starts this; see its --help",
              file=sys.stderr)
        sys.exit(64)
    task = json.loads(sys.argv[1])
    try:
        module = importlib.import_module(MODULES[task["peer"]])
    except ImportError as error:
        print(json.dumps({"missing": str(error)}), flush=True)
        return
    if task["threads"] and task["peer"] == "torch":
        module.torch.set_num_threads(task["threads"])
    action = {"describe": describe, "normals": normals, "sweep": sweep}
    print(json.dumps(action[task["action"]](module, task)), flush=True)


if __name__ == "__main__":
    main()
