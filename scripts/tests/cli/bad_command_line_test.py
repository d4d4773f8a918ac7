"""Every bad command line is one clear line.

So is what shows only while computing. A row of the table is the arguments,
the exit code and what the line must say; `refuse` checks what holds for all.
"""

import h5py
import pytest

from command_line import DATA, IO, TINY, USAGE, write


# name: (arguments, exit code, patterns)
COMMAND_LINES = {
    "unknown_command": (["rnu"], USAGE, [
        r"unknown command 'rnu'; did you mean 'run'\?"]),
    "unknown_command_far": (["simulate"], USAGE, [
        "unknown command 'simulate'; there are run, train, plan"]),
    "unknown_flag": (["run", "--activaton", "tanh"], USAGE, [
        r"unknown option --activaton; did you mean '--activation'\?"]),
    "unknown_flag_with_value": (["run", "--activaton=tanh"], USAGE, [
        r"unknown option --activaton; did you mean '--activation'\?"]),
    "flag_with_underscore": (["run", "--bias_std", "1"], USAGE, [
        r"unknown option --bias_std; did you mean '--bias-std'\?"]),
    "unknown_flag_far": (["run", "--zzzzzz"], USAGE, ["--zzzzzz", "--help"]),
    "unknown_short_flag": (["run", "-x"], USAGE, ["unknown option --?x"]),
    "flag_of_another_command": (["info", "--depth", "3"], USAGE, ["--depth"]),
    "force_of_plan": (["plan", *TINY, "--force"], USAGE, ["--force"]),
    **{f"{key}_of_{command}": ([command, f"--{key}", "5"], USAGE, [
        rf"--{key}: .* is a key of .*, and {command} does not take it; remove "
        rf"it or use {user}$"])
       for command, key, user in (
           ("run", "steps", "train"), ("theory", "momentum", "train"),
           ("run", "d-k", "attention"), ("attention", "depth", "run"),
           ("train", "jacobian", "run"), ("info", "width", "run"),
           ("list", "tokens", "attention"))},
    "bytes_in_value": (["run", *TINY, "--name", b"\xff"], USAGE, [
        r"'\\xff' is not UTF-8"]),
    "bytes_in_file": (["run", b"caf\xe9.ini"], USAGE, [
        r"'caf\\xe9.ini' is not UTF-8.*rename"]),
    "bytes_in_command": ([b"\xff"], USAGE, [r"unknown command '\\xff'"]),
    "long_value": (["run", "--gain", "1" * 10_000 + "x"], USAGE, [
        "--gain: gain = 1{40}… is not a number"]),
    "long_command": (["x" * 10_000], USAGE, ["unknown command 'x{40}…'"]),
    "long_flag": (["run", "--" + "x" * 10_000], USAGE, ["--x{40}…"]),
    "memory": (["plan", "/proc/self/mem"], IO, [
        "/proc/self/mem: cannot read the experiment file: Input/output error"]),
    "memory_as_data": (["plan", "--input", "/proc/self/mem"], DATA, [
        "/proc/self/mem: cannot read the data file: Input/output error"]),
    "device": (["plan", "/dev/zero"], IO, ["a device, not an experiment file"]),
    "no_flag_value": (["run", "--gain"], USAGE, ["--gain", "missing"]),
    "empty_flag_value": (["run", "--gain", ""], USAGE, ["--gain"]),
    "blank_flag_value": (["run", "--gain", " "], USAGE, [
        "--gain: gain has no value"]),
    "value_for_switch": (["run", *TINY, "--force=1"], USAGE, ["--force"]),
    "flag_twice": (["run", "--gain", "1", "--gain", "2"], USAGE, [
        "--gain: gain is given twice"]),
    "switch_twice": (["run", *TINY, "--quiet", "--quiet"], USAGE, ["--quiet"]),
    "bad_value": (["run", "--init", "xaiver_normal"], USAGE, [
        r"--init: unknown init 'xaiver_normal'; did you mean 'xavier_normal'"]),
    "negative_value": (["run", *TINY, "--gain", "-1"], USAGE, [
        "--gain: gain = -1 is out of range"]),
    "lines_in_value": (["run", *TINY, "--gain", "1\n2\x1b[31m"], USAGE, [
        r"--gain: gain = 1\?2\?\[31m is not a number"]),
    "shape_and_depth": (["run", "--shape", "3x3", "--depth", "1"], USAGE, [
        r"--shape: shape .* together with depth \(--depth\)"]),
    "two_files": (["run", "a.ini", "b.ini"], USAGE, [
        "'b.ini' is one argument too many"]),
    "no_file": (["run"], USAGE, ["run needs an experiment file", "--help"]),
    "no_file_of_info": (["info"], USAGE, ["info needs a results file"]),
    "missing_ini": (["run", "nope.ini"], IO, [
        "nope.ini: cannot read .*No such file"]),
    "missing_ini_of_plan": (["plan", "no/pe.ini"], IO, ["no/pe.ini: cannot"]),
    "ini_is_a_folder": (["run", "/"], IO, ["/: is a folder"]),
    "unknown_topic": (["list", "initz"], USAGE, ["did you mean 'inits'"]),
    "unknown_topic_far": (["list", "xyz"], USAGE, ["there are keys"]),
    "missing_results": (["info", "no.h5"], IO, ["no.h5: cannot read"]),
    "more_files_than_one": (["info", "a.h5", "b.h5"], USAGE, ["b.h5"]),
}


@pytest.mark.parametrize("name", COMMAND_LINES)
def test_bad_command_line(refuse, name):
    refuse(*COMMAND_LINES[name])


def test_results_that_are_none(refuse, call, tmp_path):
    write(tmp_path, {"text.h5": "no\n", "empty.h5": ""})
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = [1, 2]
    call(["run", *TINY, "--quiet", "--output", "cut.h5"])
    whole = (tmp_path / "cut.h5").read_bytes()
    (tmp_path / "cut.h5").write_bytes(whole[:len(whole) // 2])
    for name in ("text", "empty", "other", "cut"):
        refuse(["info", f"{name}.h5"], DATA, [rf"{name}\.h5: "])


# --- what shows only while computing

def test_lsuv_of_zero_variance(refuse):
    refuse(["trace", *TINY, "--init", "lsuv", "--input-variance", "0",
            "--output", "x.h5"], USAGE, [
                r"run [0-9a-f]{16} \(tanh, lsuv, gain 1, seed 0\)",
                "lsuv cannot scale layer 1", "choose another init or input"])


def test_trace_of_several_runs(refuse):
    refuse(["trace", *TINY, "--seed", "range(0, 8)"], USAGE, [
        r"trace saves one run, and this describes 8 \(over seed\).*--seed"])


def test_trace_of_several_batches(refuse):
    refuse(["trace", *TINY, "--batches", "2"], USAGE, ["set batches = 1"])


def test_trace_of_values_that_do_not_fit(refuse):
    deep = ["trace", "--depth", "60", "--width", "4", "--batch", "4",
            "--activation", "linear", "--output", "x.h5"]
    refuse([*deep, "--gain", "1e5"], USAGE, [
        r"[ZX]_\d+: entry .* which float32 cannot hold; use precision = float64"
    ])
    refuse([*deep, "--gain", "1e10", "--precision", "float64"], USAGE, [
        r"[ZX]_\d+: entry .* which float64 cannot hold; use fewer layers"])
