"""What compare_peers.py says of the machine, and each program's normals."""

import json
import os
import platform
import re
import subprocess
import time

from bench import peer_processes


def cpu():
    """The model's name and its flags."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        text = file.read()
    name = re.search(r"^model name\s*: (.*)$", text, re.M)
    flags = re.search(r"^(?:flags|Features)\s*: (.*)$", text, re.M)
    return (name.group(1) if name else platform.machine(),
            flags.group(1).split() if flags else [])


def cores():
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0))


def now():
    """The time and how busy the machine is."""
    return {"utc": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "load_average": os.getloadavg()}


def describe(program):
    """CPU, system and version of `program`."""
    name, flags = cpu()
    version = subprocess.run([program, "--version"], capture_output=True,
                             text=True, check=False).stdout
    return {"cpu": name, "cores": cores(), "cpu_flags": flags,
            "system": platform.freedesktop_os_release().get("PRETTY_NAME"),
            "kernel": platform.release(),
            "initscope": version.strip().splitlines()}


def benchmark(program):
    """ns per float normal as initscope_bench beside `program` says, or None."""
    path = os.path.join(os.path.dirname(program), "initscope_bench")
    if not os.access(path, os.X_OK):
        return None
    done = subprocess.run(
        [path, "--benchmark_filter=Variates", "--benchmark_format=json"],
        capture_output=True, text=True, check=False)
    return ns_per_normal(done.stdout)


def ns_per_normal(text):
    """Of the first float normal in Google Benchmark's JSON; None if none."""
    try:
        lines = json.loads(text)["benchmarks"]
    except (ValueError, KeyError):
        return None
    for line in lines:
        name = line["name"].lower()
        if ("float" in name and "normal" in name and
                line.get("items_per_second")):
            return 1e9 / line["items_per_second"]
    return None


def normals(program, peers):
    """ns per standard normal on one core, of everyone that can say it."""
    one = peer_processes.Configuration(threads=1)
    found = {peer: peer_processes.ask(peer, "normals", one)["ns_per_normal"]
             for peer in peers}
    own = benchmark(program)
    return {"initscope": own, **found} if own else found
