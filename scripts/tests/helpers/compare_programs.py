#!/usr/bin/env python3
"""Compares two builds of initscope: do they still compute the same?

Runs every configuration below (each command, and each key at a value of its
own) with both programs, and compares what they leave: every data set of the
results files to the bit, every attribute, and the JSON on stdout, but for times
and the build. On one machine a restructuring must change nothing; what only the
second one has is listed, and is no difference. Exit code 1 if anything differs.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy as np

# Of the program or of the moment, not of what was computed; and prose.
VOLATILE = {"contents_sha256", "git_commit", "git_dirty", "started_utc",
            "finished_utc", "version", "compiler", "build", "command", "cpu",
            "libraries", "jobs", "long_name"}
WRITERS = ("run", "train", "trace", "attention", "theory")
IMAGES = ["--input", "fashion-mnist-sample"]
SMALL = ["--depth", "3", "--width", "12", "--batch", "6"]
HEAD = ["--d-k", "4", "--tokens", "5", "--d-model", "6"]

NETWORK_KEYS = {
    "activation": ["linear, sigmoid, relu, leaky_relu, elu, selu, gelu, silu, "
                   "softplus, softsign, erf, hard_tanh"],
    "init": ["zero, constant, xavier_uniform, he_normal, he_uniform, "
             "lecun_normal, truncated_he_normal, orthogonal, lsuv, "
             "torch_default"],
    "gain": ["0.5, 2"], "bias_init": ["torch_default"], "bias_std": ["0.3"],
    "depth": ["5"], "width": ["20"], "input_width": ["7"],
    "output_width": ["5"], "shape": ["7x9x11x4"], "batch": ["5"],
    "batches": ["3"], "input": ["sphere"], "input_variance": ["2"],
    "input_correlation": ["0.5"], "loss": ["mse, sigmoid_cross_entropy, "
                                           "softmax_cross_entropy"],
    "seed": ["3, 4"], "data_seed": ["5"], "precision": ["float64"]}
TRAINED_KEYS = {key: values for key, values in NETWORK_KEYS.items()
                if key != "batches"}
IMAGE_KEYS = {"samples": ["100"], "classes": ["3,1"],
              "standardize": ["none", "features"], "label_smoothing": ["0.2"]}
RUN_KEYS = {"jacobian": ["on"], "theory": ["off"]}
TRAIN_KEYS = {"steps": ["2, 3"], "learning_rate": ["0.1, 0.2"],
              "momentum": ["0.9"], "weight_decay": ["0.1"],
              "record": ["0,1,4"]}
ATTENTION_KEYS = {"d_k": ["4, 8"], "tokens": ["5"], "d_model": ["6"],
                  "scaled": ["off"], "sqrt_d_k": ["3"], "softmax_base": ["2"],
                  "seed": ["2"], "gain": ["2"], "init": ["he_normal"]}


def varied(command, keys, *base):
    """One configuration per value of each key."""
    for key, values in keys.items():
        flag = f"--{key.replace('_', '-')}"
        left_out = {"--depth", "--width"} if key == "shape" else {flag}
        kept = [word for pair in zip(base[::2], base[1::2])
                if pair[0] not in left_out for word in pair]
        for value in values:
            yield [command, *kept, flag, value]


def configurations():
    """The command lines that are compared."""
    yield ["run", *SMALL]
    yield from varied("run", NETWORK_KEYS, *SMALL)
    yield from varied("run", IMAGE_KEYS, *SMALL, *IMAGES)
    yield from varied("run", RUN_KEYS, *SMALL)
    yield ["run", *SMALL, "--jacobian", "on", "--jacobian-samples", "3"]
    yield ["run", *SMALL, *IMAGES, "--activation", "relu, tanh", "--init",
           "he_normal, xavier_normal", "--gain", "1, 2", "--seed",
           "range(0, 3)", "--precision", "float32, float64", "--batches", "2"]
    yield from varied("train", TRAIN_KEYS, *SMALL, "--steps", "4", *IMAGES)
    yield from varied("train", TRAINED_KEYS, *SMALL, "--steps", "3")
    yield from varied("theory", NETWORK_KEYS, *SMALL)
    yield ["theory", *SMALL, "--json"]
    yield ["trace", *SMALL]
    yield ["trace", *SMALL, *IMAGES, "--precision", "float64", "--steps", "2"]
    yield ["trace", *SMALL, "--json"]
    yield from varied("attention", ATTENTION_KEYS, *HEAD)
    yield ["attention", "--check", "--json", *HEAD]
    yield ["gradcheck", *SMALL, "--json"]
    yield ["gradcheck", *SMALL, "--json", "--loss",
           "softmax_cross_entropy, mse", "--activation", "tanh, relu",
           "--bias-std", "0.1"]
    yield ["gradcheck", "--json", *HEAD]
    for topic in ("inits", "activations", "losses", "inputs", "statistics"):
        yield ["list", topic, "--json"]


def is_volatile(name):
    """Whether an attribute, column or member tells of the moment."""
    return name in VOLATILE or name.endswith("seconds")


def scrub(value):
    """JSON without what is of the moment."""
    if isinstance(value, dict):
        return {name: scrub(member) for name, member in value.items()
                if not is_volatile(name)
                and not name.endswith(("per_second", "path", "output",
                                       "file"))}
    if isinstance(value, list):
        return [scrub(member) for member in value]
    return value


def contents(path):
    """{place: bytes or text} of every data set and attribute."""
    found = {}

    def visit(name, item):
        if is_volatile(name.rpartition("/")[2]):
            return
        for key, value in item.attrs.items():
            if not is_volatile(key) and not key.endswith("_LIST"):
                found[f"{name}@{key}"] = repr(np.asarray(value).tolist())
        if isinstance(item, h5py.Dataset):
            data = item[()]
            found[name] = (repr(data.tolist()) if data.dtype.hasobject else
                           f"{data.dtype}{data.shape}".encode()
                           + data.tobytes())
    with h5py.File(path) as file:
        visit("", file)
        file.visititems(visit)
    return found


def run(program, arguments, folder):
    """{what: its value} of all that a call of the program leaves."""
    command, *flags = arguments
    writes = command in WRITERS and not {"--json", "--check"} & set(flags)
    path = folder / "results.h5"
    words = [program, *arguments]
    if command != "list":
        words.append("--quiet")
    if writes or command == "trace":
        words += ["--output", path, "--force"]
    if writes:
        words += ["--name", "compared"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=folder,
                          check=False)
    result = {"exit": done.returncode, "stderr": done.stderr}
    if "--json" in flags and done.returncode in (0, 1):
        result["json"] = json.dumps(scrub(json.loads(done.stdout)))
    if writes and done.returncode == 0:
        result |= contents(path)
    return result


def main():
    """The whole program; the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("before", type=pathlib.Path, help="the first program")
    parser.add_argument("after", type=pathlib.Path, help="the second program")
    parser.add_argument("--verbose", action="store_true",
                        help="name every configuration")
    options = parser.parse_args()
    programs = [path.resolve(strict=True)
                for path in (options.before, options.after)]
    different = count = refused = 0
    added = set()
    with tempfile.TemporaryDirectory() as folder:
        for configuration in configurations():
            count += 1
            before, after = (run(program, configuration, pathlib.Path(folder))
                             for program in programs)
            refused += before["exit"] != 0
            changed = [place for place in before
                       if before[place] != after.get(place)]
            added |= {place.rpartition("/")[2]
                      for place in after.keys() - before}
            different += bool(changed)
            if changed:
                print("DIFFERENT", *configuration)
                print("   ", ", ".join(changed[:6]))
            elif options.verbose:
                print("same", f"(exit {before['exit']})", *configuration)
    print(f"{count} configurations, {refused} refused by both, "
          f"{different} different")
    if added:
        print("only in the second:", ", ".join(sorted(added)[:20]))
    return int(different > 0)


if __name__ == "__main__":
    sys.exit(main())
