"""Describes the machine, and how fast each program draws normals on it."""

import json
import os
import platform
import re
import subprocess
import time

from bench import peer_processes


def cpu():
    """(name of the model, list of its flags)."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        text = file.read()
    name = re.search(r"^model name\s*: (.*)$", text, re.M)
    flags = re.search(r"^(?:flags|Features)\s*: (.*)$", text, re.M)
    return (name.group(1) if name else platform.machine(),
            flags.group(1).split() if flags else [])


def cores():
    """The number of processors that this process may use."""
    return len(os.sched_getaffinity(0))


def now():
    """The time, and the load of the machine."""
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


def benchmarks(program, *options):
    """The results of the initscope_bench beside `program`; [] without it."""
    path = os.path.join(os.path.dirname(program), "initscope_bench")
    if not os.access(path, os.X_OK):
        return []
    done = subprocess.run([path, "--benchmark_format=json", *options],
                          capture_output=True, text=True, check=False)
    try:
        return json.loads(done.stdout)["benchmarks"]
    except (ValueError, KeyError):
        return []


def ns_per_normal(results):
    """The time of the first float normal in benchmarks(), in ns, or None."""
    return next((1e9 / result["items_per_second"] for result in results
                 if re.search("float.*normal|normal.*float",
                              result["name"].lower())
                 and result.get("items_per_second")), None)


def normals(program, peers):
    """{program: ns per standard normal on one core}, as far as it is known."""
    one = peer_processes.Configuration(threads=1)
    found = {peer: peer_processes.ask(peer, "normals", one)["ns_per_normal"]
             for peer in peers}
    own = ns_per_normal(benchmarks(program, "--benchmark_filter=Variates"))
    return {"initscope": own, **found} if own else found
