"""The command line: every bad input is one clear line, good input is served.

A bad input is a row of a table: what is asked for, the exit code of DESIGN.md
section 3 and what the line must say. `refuse` checks what holds for all of
them: one line on stderr, nothing on stdout, no file created or changed.
"""

import gzip
import io
import json
import os
import pty
import re
import resource
import signal
import struct
import subprocess
import time

import h5py
import numpy as np
import pytest

USAGE, DATA, CANNOT_CREATE, IO = 64, 65, 73, 74
TINY = "--depth 2 --width 4 --batch 4".split()
# The sample of 1,024 labelled images; quick.
SAMPLE = "input = fashion-mnist-sample\nbatch = 4\ndepth = 2\n"


def write(folder, files):
    for name, content in files.items():
        path = folder / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content, newline="")


def listing(folder):
    """What is in the folder: every path with its bytes."""
    return {path: path.read_bytes() if path.is_file() else None
            for path in folder.rglob("*")}


@pytest.fixture
def call(program, tmp_path):
    """call(arguments) -> the finished process, started in tmp_path."""
    def run(arguments, expect=0, **settings):
        done = subprocess.run([program, *map(str, arguments)], cwd=tmp_path,
                              capture_output=True, text=True, timeout=60,
                              errors="replace", **settings)
        assert done.returncode == expect, done.stderr
        return done
    return run


@pytest.fixture
def refuse(call, tmp_path):
    """refuse(arguments, code, patterns): the program says so in one line."""
    def check(arguments, code, patterns):
        before = listing(tmp_path)
        done = call(arguments, expect=code)
        assert done.stdout == ""
        assert done.stderr.endswith("\n")
        (line,) = done.stderr[:-1].split("\n")
        assert line.startswith("initscope: ")
        assert not re.search(r"[\x00-\x1f\x7f]", line)
        for pattern in patterns:
            assert re.search(pattern, line), f"{pattern!r} is not in {line!r}"
        assert listing(tmp_path) == before
        return line
    return check


# --- the experiment file: exit code 64, by run and by plan

# name: (text of exp.ini, patterns)
FILES = {
    # names
    "unknown_key": ("# one\nactivaton = tanh\n", [
        r"exp\.ini:2: unknown key 'activaton'; did you mean 'activation'\?"]),
    "unknown_key_far": ("zzzzzz = 1\n", [
        r"exp\.ini:1: unknown key 'zzzzzz'", "--help"]),
    "unknown_key_in_section": ("[a]\n\nwidht = 3\n", [
        r"exp\.ini:3: unknown key 'widht'; did you mean 'width'\?"]),
    "key_with_dash": ("bias-std = 1\n", [
        r"exp\.ini:1: unknown key 'bias-std'; did you mean 'bias_std'\?"]),
    "key_in_capitals": ("Depth = 3\n", [
        r"exp\.ini:1: unknown key 'Depth'; did you mean 'depth'\?"]),
    "activation": ("activation = tanh, rleu\n", [
        r"exp\.ini:1: unknown activation 'rleu'; did you mean 'relu'\?"]),
    "init": ("init = xaiver_normal\n", [
        r"unknown init 'xaiver_normal'; did you mean 'xavier_normal'\?"]),
    "init_alias": ("init = glorot_norml\n", ["did you mean 'glorot_normal'"]),
    "loss": ("loss = softmax_crossentropy\n", [
        "unknown loss 'softmax_crossentropy'",
        r"did you mean 'softmax_cross_entropy'\?"]),
    "loss_far": ("loss = hinge_loss_squared_xx\n", [
        "unknown loss 'hinge_loss_squared_xx'; it is one of mse, "]),
    "precision": ("precision = flaot64\n", [
        r"unknown precision 'flaot64'; did you mean 'float64'\?"]),
    "standardize": (SAMPLE + "standardize = glboal\n", [
        r"exp\.ini:4: unknown standardize 'glboal'; did you mean 'global'\?"]),
    "bias_init": ("bias_init = torch_defualt\n", [
        r"unknown bias_init 'torch_defualt'; did you mean 'torch_default'\?"]),
    "engine": ("engine = pakced\n", [
        r"unknown engine 'pakced'; did you mean 'packed'\?"]),

    # the same thing twice
    "key_twice": ("depth = 3\nwidth = 8\ndepth = 4\n", [
        r"exp\.ini:3: depth is given twice \(first at exp\.ini:1\)"]),
    "key_twice_in_section": ("[a]\ngain = 1\ngain = 2\n", [
        r"exp\.ini:3: gain is given twice \(first at exp\.ini:2\)"]),
    "section_twice": ("[a]\n[b]\n[a]\n", [
        r"exp\.ini:3: section \[a\] is there already \(exp\.ini:1\)"]),

    # lines that are none
    "no_equals": ("depth = 3\nwidth 256\n", [
        r"exp\.ini:2: 'width 256' is not 'key = value'"]),
    "no_key": ("= 3\n", [r"exp\.ini:1: '= 3' is not"]),
    "no_value": ("depth =\n", [r"exp\.ini:1: depth has no value"]),
    "only_a_comment": ("depth = # three\n", [r"exp\.ini:1: depth has no val"]),
    "section_unclosed": ("\n[relu\n", [
        r"exp\.ini:2: a section is written \[name\], not '\[relu'"]),
    "section_empty": ("[ ]\n", [r"exp\.ini:1: a section is written \[name\]"]),
    "garbage": (bytes(range(255, 0, -1)) * 20, [r"exp\.ini:\d+: "]),
    "zero_bytes": (b"a\0b=\0\n", [r"exp\.ini:1: a zero byte"]),
    "utf_16": ("depth = 3\n".encode("utf-16"), [r"exp\.ini:1: .*in UTF-8"]),
    "old_mac_lines": ("precision = float32\rdepth = 3\r", [
        r"unknown precision 'float32\?depth = 3'"]),
    "long_line": ("x" * 1_000_000 + "\n", [r"exp\.ini:1: 'x{40}…' is not"]),

    # shape together with what it names
    **{f"shape_and_{key}": (f"{key} = 8\nshape = 8x8\n", [
        rf"exp\.ini:2: shape .* together with {key} \(exp\.ini:1\)"])
       for key in ("depth", "width", "input_width", "output_width")},
    "shape_and_depth_in_section": ("shape = 8x8\n[a]\ndepth = 3\n", [
        r"exp\.ini:1: shape .* together with depth \(exp\.ini:3\)"]),

    # shapes
    **{f"shape_{shape}": (f"shape = {shape}\n", [
        rf"exp\.ini:1: shape = {shape} is not widths of at least 1"])
       for shape in ("784x", "x10", "0x10", "784x-3", "axb", "3xx3", "3.5x2",
                     "784X10", "99999999999999999999x2")},
    "shape_784": ("shape = 784\n", [
        r"exp\.ini:1: shape = 784 needs an input and an output width"]),

    # lists and ranges
    **{f"list_{name}": (f"gain = {text}\n", [
        rf"exp\.ini:1: an empty item in the list '{text}'"])
       for name, text in (("inner", "1,,2"), ("first", ",1"), ("last", "1,"))},
    **{f"parentheses_{name}": (f"seed = {text}\n", [
        rf"exp\.ini:1: parentheses do not match in '{re.escape(text)}'"])
       for name, text in (("open", "range(0, 8"), ("close", "range 0, 8)"),
                          ("two", "range((0, 8)"))},
    "range_none": ("seed = range()\n", ["'' in range\\(\\) is not a number"]),
    "range_four": ("seed = range(0, 8, 1, 1)\n", [
        r"exp\.ini:1: range\(0, 8, 1, 1\): range takes \(stop\), \(start, "]),
    "range_words": ("seed = range(zero, 8)\n", [
        r"'zero' in range\(zero, 8\) is not a number"]),
    "range_power": ("seed = range(0, 10**9)\n", [r"'10\*\*9' in range"]),
    "range_nan": ("gain = range(0, nan)\n", ["'nan' in range.* not a number"]),
    "range_inf": ("gain = range(0, inf)\n", ["'inf' in range.* not a number"]),
    "range_step_0": ("seed = range(0, 8, 0)\n", ["the step is 0"]),
    "range_empty": ("seed = range(8, 8)\n", [r"range\(8, 8\) is empty"]),
    "range_backwards": ("seed = range(8, 0)\n", [r"range\(8, 0\) is empty"]),
    "range_fraction": ("seed = range(0, 2, 0.5)\n", [
        r"range\(0, 2, 0\.5\) gives 0\.5, but seed is a whole number"]),
    "range_negative": ("seed = range(-2, 2)\n", ["gives -2, but seed is"]),
    "range_unknown": ("seed = rnage(0, 8)\n", [r"seed = rnage\(0, 8\)"]),
    "linspace_two": ("gain = linspace(0, 1)\n", [
        r"linspace takes \(first, last, count\)"]),
    "linspace_fraction": ("gain = linspace(0, 1, 2.5)\n", ["whole count"]),
    "linspace_zero": ("gain = linspace(0, 1, 0)\n", ["count of at least 1"]),
    "linspace_words": ("gain = linspace(a, 1, 3)\n", ["'a' in linspace"]),
    "geomspace_sign": ("gain = geomspace(-1, 1, 3)\n", ["of one sign"]),
    "geomspace_zero": ("gain = geomspace(0, 1, 3)\n", ["nonzero"]),
    "list_for_one_value": ("jobs = 1, 2\n", [r"exp\.ini:1: jobs = 1, 2 is no"]),

    # too many runs
    "range_too_long": ("seed = range(0, 1000000000)\n", [
        r"exp\.ini:1: range\(0, 1000000000\) has more than 1000000 values"]),
    "product_too_long": (
        "depth = 2\nseed = range(0, 10000)\ngain = linspace(0, 1, 101)\n", [
            r"exp\.ini:2: the sweep has 1\.01e\+06 runs or more, and 1000000"]),
    "sections_too_long": ("[a]\nseed = range(0, 999999)\n[b]\ngain = 1, 2\n", [
        r"exp\.ini:4: the sweep has 1e\+06 runs or more"]),
    "last_section_too_long": ("[a]\nseed = range(0, 1000000)\n[b]\n", [
        r"the sweep has 1e\+06 runs or more"]),

    # numbers
    **{f"{key}_{name}": (f"{key} = {text}\n", [
        rf"exp\.ini:1: {key} = {re.escape(text)} is "])
       for key in ("depth", "width", "input_width", "batch", "batches", "jobs")
       for name, text in (("0", "0"), ("negative", "-1"), ("half", "2.5"),
                          ("float", "10.0"), ("1e99", "1e99"), ("word", "ten"),
                          ("hex", "0x10"), ("underscore", "1_000"),
                          ("wide_digits", "１２"), ("units", "1 000"))},
    **{f"gain_{text}": (f"gain = {text}\n", [
        rf"exp\.ini:1: gain = {re.escape(text)} is "])
       for text in ("-1", "nan", "inf", "big", "1e101", "1e400", "1e-400",
                    "1.5e", "0x1p3", "--1", "+-1")},
    "bias_std_negative": ("bias_std = -0.1\n", ["bias_std = -0.1 is out of"]),
    "bias_std_and_torch": ("bias_init = torch_default\nbias_std = 1\n", [
        r"exp\.ini:2: .*remove bias_std"]),
    "smoothing_2": ("label_smoothing = 2\n", [
        "label_smoothing = 2 is out of range: it goes from 0 to 1"]),
    "correlation_2": ("input_correlation = 2\n", [
        "input_correlation = 2 is out of range: it goes from 0 to 1"]),
    "variance_negative": ("input_variance = -1\n", ["is out of range"]),
    "seed_2^64": ("seed = 18446744073709551616\n", [
        "seed = 18446744073709551616 is not .* to 18446744073709551615"]),
    "seed_negative": ("seed = -1\n", ["seed = -1 is not a whole number"]),
    "jobs_1025": ("jobs = 1025\n", ["jobs = 1025 is not .* from 1 to 1024"]),

    # keys that contradict each other
    **{f"{key}_in_section": (f"[a]\n{key} = 2\n", [
        rf"exp\.ini:2: {key} belongs above the first section"])
       for key in ("name", "output", "jobs")},
    "name_is_a_path": ("name = a/b\n", [r"exp\.ini:1: name = a/b is not a pl"]),
    "variance_of_data": (SAMPLE + "input_variance = 2\n", [
        r"exp\.ini:4: input_variance is for drawn inputs.*standardize"]),
    "standardize_drawn": ("standardize = features\n", [
        r"exp\.ini:1: drawn inputs are not standardized; use input_variance"]),
    "labels_of_drawn": ("labels = y.csv\n", [
        r"exp\.ini:1: labels needs a data file: input = gaussian"]),
    "classes_of_drawn": ("input = sphere\nclasses = 0,1\n", [
        r"exp\.ini:2: classes needs a data file: input = sphere"]),
    "sphere_correlated": ("input = sphere\ninput_correlation = 0.5\n", [
        r"exp\.ini:2: input_correlation is for gaussian"]),
    "softmax_of_one": ("shape = 4x1\nloss = softmax_cross_entropy\n", [
        r"exp\.ini:1: softmax over one output"]),

    # what does not match the data
    "more_than_the_data": (SAMPLE.replace("= 4", "= 1025"), [
        r"exp\.ini:2: 1025 samples asked for .* fashion-mnist-sample has 1024"
    ]),
    "default_batch_than_the_data": (
        "input = fashion-mnist-sample\nclasses = 7\n", [
            r"exp\.ini:1: 256 samples asked for"]),
    "more_batches_than_the_data": (SAMPLE + "batches = 257\n", [
        r"exp\.ini:4: 1028 samples asked for \(batch 4 × batches 257\)"]),
    "more_than_the_classes": (
        SAMPLE.replace("= 4", "= 500") + "classes = 0,1\n", [
            r"exp\.ini:2: 500 samples asked for", r"has \d\d\d$"]),
    "input_width_of_data": (SAMPLE + "input_width = 100\n", [
        r"exp\.ini:4: the input width is 100, .* has 784 features"]),
    "output_width_of_data": (SAMPLE + "output_width = 7\n", [
        r"exp\.ini:4: the output width is 7, .* has 10 classes"]),
    "shape_of_data": ("input = fashion-mnist-sample\nshape = 100x10\n", [
        r"exp\.ini:2: the input width is 100, .* 784"]),
    "shape_of_classes": (
        "input = fashion-mnist-sample\nclasses = 0,1\nbatch = 4\n"
        "shape = 784x10\n", [
            r"exp\.ini:4: the output width is 10, .* has 2 classes"]),
    "class_that_is_not": (SAMPLE + "classes = 0,77\n", [
        r"exp\.ini:4: fashion-mnist-sample has no sample of class 77"]),
    "class_twice": (SAMPLE + "classes = 1,1\n", [r"exp\.ini:4: .*1 twice"]),
    **{f"classes_{name}": (SAMPLE + f"classes = {text}\n", [
        rf"exp\.ini:4: classes = {text} is not a list of labels, as 0,1"])
       for name, text in (("words", "cat,dog"), ("empty", "0,,1"),
                          ("negative", "-1,0"), ("half", "0.5,1"))},
}


@pytest.mark.parametrize("command", ["run", "plan"])
@pytest.mark.parametrize("name", FILES)
def test_bad_experiment_file(refuse, tmp_path, name, command):
    text, patterns = FILES[name]
    write(tmp_path, {"exp.ini": text})
    refuse([command, "exp.ini"], USAGE, patterns)


# --- more memory than any machine has: both figures, at once

ABSURD = {
    "width": "width = 4294967296\n",
    "batch": "batch = 2147483648\n",
    "depth_and_width": "depth = 1000000\nwidth = 1000000\n",
    "float64": "depth = 2\nwidth = 30000000\nprecision = float64\n",
    "shape": "shape = 4294967296x4294967296\n",
    "runs_and_depth": "depth = 1000000\nwidth = 2\nseed = range(0, 1000000)\n",
}


@pytest.mark.parametrize("command", ["run", "plan", "trace"])
@pytest.mark.parametrize("name", ABSURD)
def test_more_memory_than_the_machine(refuse, tmp_path, name, command):
    # This one writes out every run's shape until the figure is past the
    # machine's: 5 s for 24 GiB.
    grows = name == "runs_and_depth"
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if grows and memory > 64 << 30:
        pytest.skip("takes long on a machine with this much memory")
    write(tmp_path, {"exp.ini": ABSURD[name]})
    begin = time.monotonic()
    refuse([command, "exp.ini"], USAGE, [
        r"exp\.ini: the sweep needs [\d.e+]+ [KMGTPE]iB of memory .* this "
        r"machine has [\d.]+ [KMGT]iB; lower width, depth"])
    assert time.monotonic() - begin < (30 if grows else 2)


# --- the command line itself

# name: (arguments, exit code, patterns)
COMMAND_LINES = {
    "unknown_command": (["rnu"], USAGE, [
        r"unknown command 'rnu'; did you mean 'run'\?"]),
    "unknown_command_far": (["simulate"], USAGE, [
        "unknown command 'simulate'; there are run, plan"]),
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
    "unknown_topic_far": (["list", "xyz"], USAGE, ["there are activations"]),
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


# --- data files: exit code 65, by run and by plan

def idx(array, type_code=0x08, claimed=None):
    shape = claimed or array.shape
    return (bytes([0, 0, type_code, len(shape)])
            + struct.pack(f">{len(shape)}I", *shape) + array.tobytes())


def npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=array.dtype == object)
    return buffer.getvalue()


IMAGES = np.arange(8 * 3 * 2, dtype=np.uint8).reshape(8, 3, 2)
REALS = np.linspace(-1, 1, 24).reshape(8, 3)
WITH_NAN = np.where(REALS == REALS[5, 1], np.nan, REALS)
CSV = "a,b,y\n" + "1,2,0\n3,4,1\n5,7,0\n6,8,1\n"

# name: (data files, keys, patterns)
DATA_FILES = {
    "misspelt_input": ({}, "input = fashion-mnist-sampel", [
        r"exp\.ini:3: .*no file", r"did you mean 'fashion-mnist-sample'\?"]),
    "missing": ({}, "input = x.csv", [
        r"exp\.ini:3: input = x\.csv: there is no file x\.csv"]),
    "missing_labels": ({"x.csv": CSV}, "input = x.csv\nlabels = y.csv", [
        r"exp\.ini:4: labels = y\.csv: there is no file y\.csv; .*column:NAME"
    ]),
    "folder": ({}, "input = .", [r"exp\.ini:3: \./?: .*[Dd]irectory"]),
    "device": ({}, "input = /dev/zero", ["/dev/zero: a device, not a data"]),
    "unknown_format": ({"x.dat": "hello"}, "input = x.dat", [
        r"x\.dat: unknown data format; it is one of \.csv"]),
    **{f"empty_{name}": ({f"x.{name}": b""}, f"input = x.{name}", [
        rf"exp\.ini:3: x\.{name}: the data file is empty"])
       for name in ("csv", "npy", "idx", "csv.gz", "npy.gz")},
    "empty_in_gzip": ({"x.csv.gz": gzip.compress(b"")}, "input = x.csv.gz", [
        r"x\.csv\.gz: the data file is empty"]),

    "idx_magic": ({"x-idx3-ubyte": b"\1\2\3\4" + bytes(99)},
                  "input = x-idx3-ubyte", ["x-idx3-ubyte: not an IDX file"]),
    "idx_type": ({"x.idx": idx(IMAGES, 0x07)}, "input = x.idx", [
        r"x\.idx: unknown IDX type 0x07"]),
    "idx_rank": ({"x.idx": bytes([0, 0, 8, 0])}, "input = x.idx", ["rank 0"]),
    "idx_header": ({"x.idx": idx(IMAGES)[:9]}, "input = x.idx", [
        "header is cut short: 9 bytes of 16"]),
    "idx_count": ({"x.idx": idx(IMAGES, claimed=(9, 3, 2))}, "input = x.idx", [
        "says 9 × 3 × 2 elements .* 54 bytes, but 48 bytes follow"]),
    "idx_cut": ({"x.idx": idx(IMAGES)[:-1]}, "input = x.idx", [
        "48 bytes, but 47 bytes follow"]),
    "idx_more": ({"x.idx": idx(IMAGES) + b"!"}, "input = x.idx", [
        "48 bytes, but 49 bytes follow"]),
    "idx_huge": ({"x.idx": idx(IMAGES, 0x0E, (2**32 - 1,) * 3)},
                 "input = x.idx", ["but 48 bytes follow"]),
    "idx_no_samples": ({"x.idx": idx(IMAGES[:0])}, "input = x.idx", [
        r"x\.idx: no data: its shape is 0 × 3 × 2"]),

    "gzip_cut": ({"x.idx.gz": gzip.compress(idx(IMAGES))[:-12]},
                 "input = x.idx.gz", [r"x\.idx\.gz: the gzip data is cut sho"]),
    "gzip_corrupt": (
        {"x.csv.gz": gzip.compress(CSV.encode())[:10] + b"\xff" * 40},
        "input = x.csv.gz", [r"x\.csv\.gz: the gzip data is corrupt"]),
    "gzip_tail": ({"x.csv.gz": gzip.compress(CSV.encode()) + b"tail"},
                  "input = x.csv.gz", ["4 bytes of something else follow"]),

    "csv_ragged": ({"x.csv": CSV + "1,2\n"}, "input = x.csv", [
        r"exp\.ini:3: x\.csv:6: a row of 2 fields, but line 1 has 3"]),
    "csv_longer": ({"x.csv": CSV + "1,2,3,4\n"}, "input = x.csv", [
        r"x\.csv:6: a row of 4 fields"]),
    "csv_words": ({"x.csv": CSV + "1,two,3\n"}, "input = x.csv", [
        r"x\.csv:6: column 1 \(counted from 0\): 'two' is not a number"]),
    "csv_gap": ({"x.csv": CSV + "1,,3\n"}, "input = x.csv", [
        r"x\.csv:6: column 1 .* is empty"]),
    "csv_empty_line": ({"x.csv": "1,2\n\n3,4\n"}, "input = x.csv", [
        r"x\.csv:2: an empty line"]),
    "csv_semicolons": ({"x.csv": "1;2\n3;4\n"}, "input = x.csv", [
        r"x\.csv:2: .*'3;4' is not a number; fields are separated by commas"]),
    "csv_header_alone": ({"x.csv": "a,b\n"}, "input = x.csv", [
        r"x\.csv: no data"]),
    "csv_binary": ({"x.csv": bytes(range(256)) * 4},
                   "input = x.csv", [r"x\.csv:\d+: "]),
    "csv_1e999": ({"x.csv": "1,2\n1e999,3\n"}, "input = x.csv", [
        r"x\.csv:2: column 0 .*'1e999' is out of the range"]),
    "csv_nan": ({"x.csv": CSV + "nan,1,0\n"}, "input = x.csv", [
        r"x\.csv: sample 4, column 0 \(counted from 0\) is nan"]),
    "csv_inf": ({"x.csv": CSV + "1,-inf,0\n"}, "input = x.csv", ["is -inf"]),

    "npy_cut": ({"x.npy": npy(REALS)[:-8]}, "input = x.npy", [
        r"x\.npy: .* 192 bytes, but 184 bytes follow"]),
    "npy_header_cut": ({"x.npy": npy(REALS)[:20]}, "input = x.npy", [
        "header is cut short"]),
    "npy_words": ({"x.npy": "1,2,3\n"}, "input = x.npy", ["not an .npy file"]),
    "npy_complex": ({"x.npy": npy(REALS * 1j)}, "input = x.npy", [
        "cannot read dtype '<c16'; save it as"]),
    "npy_objects": ({"x.npy": npy(np.array([None, 1]))}, "input = x.npy", [
        "cannot read dtype"]),
    "npy_scalar": ({"x.npy": npy(np.float64(3))}, "input = x.npy", [
        "a single number, not an array"]),
    "npy_nan": ({"x.npy": npy(WITH_NAN)}, "input = x.npy", [
        r"x\.npy: sample 5, column 1 \(counted from 0\) is nan"]),

    "h5_no_dataset_named": ({}, "input = x.h5", [
        r"x\.h5: name a dataset, as in 'x\.h5:/images'; the file has"]),
    "h5_missing_dataset": ({}, "input = x.h5:/imagse", [
        r"no dataset '/imagse'; the file has .*/images"]),
    "h5_group": ({}, "input = x.h5:/group", ["no dataset '/group'"]),
    "h5_text": ({}, "input = x.h5:/names", ["not a numeric dataset"]),
    "h5_words": ({"y.h5": "hello"}, "input = y.h5:/x", ["not an HDF5 file"]),
    "h5_cut": ({}, "input = cut.h5:/images", [r"cut\.h5: .* cut short"]),

    "label_count": ({"y.npy": npy(np.arange(7))},
                    "input = x.h5:/images\nlabels = y.npy", [
                        r"y\.npy: 7 labels for 8 samples"]),
    "label_half": ({"y.npy": npy(np.full(8, 0.5))},
                   "input = x.h5:/images\nlabels = y.npy", [
                       "label of sample 0 .* is 0.5; labels are whole"]),
    "label_negative": ({"y.npy": npy(np.full(8, -1))},
                       "input = x.h5:/images\nlabels = y.npy", ["is -1"]),
    "label_nan": ({"y.npy": npy(np.full(8, np.nan))},
                  "input = x.h5:/images\nlabels = y.npy", ["is nan"]),
    "label_shape": ({"y.npy": npy(np.zeros((8, 2)))},
                    "input = x.h5:/images\nlabels = y.npy", [
                        "one number per sample, but their shape is 8 × 2"]),
    "label_column": ({"x.csv": CSV}, "input = x.csv\nlabels = column:z", [
        r"x\.csv: no column 'z'; the columns are .*y"]),
    "label_column_no_header": (
        {"x.csv": "1,2\n3,4\n"}, "input = x.csv\nlabels = column:z", [
            "needs a CSV file with a header"]),
    "label_column_words": (
        {"x.csv": "a,y\n1,cat\n"}, "input = x.csv\nlabels = column:y", [
            r"x\.csv:2: column 1 .*'cat' is not a number"]),
}


@pytest.mark.parametrize("command", ["run", "plan"])
@pytest.mark.parametrize("name", DATA_FILES)
def test_bad_data(refuse, tmp_path, name, command):
    files, keys, patterns = DATA_FILES[name]
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["images"] = IMAGES
        file["names"] = ["a", "b"]
        file.create_group("group")
    whole = (tmp_path / "x.h5").read_bytes()
    write(tmp_path, {"exp.ini": f"batch = 2\ndepth = 2\n{keys}\n",
                     "cut.h5": whole[:len(whole) // 2], **files})
    refuse([command, "exp.ini"], DATA, [r"exp\.ini:[34]: ", *patterns])


def test_classes_without_labels(refuse, tmp_path):
    write(tmp_path, {"x.csv": CSV,
                     "exp.ini": "input = x.csv\nbatch = 2\nclasses = 0,1\n"})
    refuse(["run", "exp.ini"], USAGE, [
        r"exp\.ini:3: classes needs labels, and x\.csv has none; name them"])


def test_gzip_that_unpacks_to_more_than_the_memory(call, tmp_path):
    # 4 MB of file, 4 GiB of zeros, and a process that may have 1 GiB.
    write(tmp_path, {"x.npy.gz": gzip.compress(bytes(1 << 20)) * 4096})
    done = call(["run", *TINY, "--input", "x.npy.gz"], expect=DATA,
                preexec_fn=lambda: resource.setrlimit(
                    resource.RLIMIT_AS, (1 << 30, 1 << 30)))
    (line,) = done.stderr.splitlines()
    assert "x.npy.gz: the data does not fit into memory" in line


# --- the output file: exit code 73

def test_output_folder_is_missing(refuse):
    refuse(["run", *TINY, "--output", "no/x.h5"], CANNOT_CREATE, [
        r"no/x\.h5: no does not exist; create the folder"])


def test_output_folder_is_a_file(refuse, tmp_path):
    write(tmp_path, {"file": "x", "results": "x"})
    refuse(["run", *TINY, "--output", "file/x.h5"], CANNOT_CREATE, [
        r"file/x\.h5: file is not a folder"])
    refuse(["run", *TINY], CANNOT_CREATE, ["results is not a folder"])


def test_output_folder_is_read_only(refuse):
    # Not even root creates a file in /proc.
    refuse(["run", *TINY, "--output", "/proc/x.h5"], CANNOT_CREATE, [
        r"/proc/x\.h5: cannot create a file in /proc"])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_output_folder_without_permission(refuse, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o555)
    refuse(["run", *TINY, "--output", "locked/x.h5"], CANNOT_CREATE, [
        r"locked/x\.h5: cannot create a file in locked: Permission denied"])


def test_output_is_a_folder(refuse, tmp_path):
    (tmp_path / "x.h5").mkdir()
    for force in ([], ["--force"]):
        refuse(["run", *TINY, "--output", "x.h5", *force], CANNOT_CREATE, [
            r"x\.h5: is a folder; name a file in it"])


def test_output_is_a_device(refuse):
    before = os.stat("/dev/null")
    for force in ([], ["--force"]):
        refuse(["run", *TINY, "--output", "/dev/null", *force], CANNOT_CREATE,
               ["/dev/null: is not an ordinary file"])
    assert os.stat("/dev/null").st_ino == before.st_ino


def test_output_name_is_too_long(refuse):
    refuse(["run", *TINY, "--output", "x" * 300], CANNOT_CREATE, ["too long"])


@pytest.mark.parametrize("command", ["run", "trace"])
def test_existing_output_needs_force(refuse, call, tmp_path, command):
    write(tmp_path, {"x.h5": "precious"})
    arguments = [command, *TINY, "--output", "x.h5"]
    refuse(arguments, CANNOT_CREATE, [
        r"x\.h5: exists already; --force overwrites it"])
    call([*arguments, "--force"])
    with h5py.File(tmp_path / "x.h5") as file:
        assert len(file["runs/run_id"]) == 1
    assert list(listing(tmp_path)) == [tmp_path / "x.h5"]


def test_a_dangling_link_is_an_existing_output(refuse, tmp_path):
    (tmp_path / "x.h5").symlink_to("elsewhere.h5")
    refuse(["run", *TINY, "--output", "x.h5"], CANNOT_CREATE, ["exists alread"])


def test_full_disk(call, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk],
        capture_output=True, check=False)
    if mount.returncode != 0:
        pytest.skip("cannot mount a small file system")
    try:
        done = call(["run", *TINY, "--output", "disk/x.h5"], expect=IO)
        (line,) = done.stderr.splitlines()
        assert re.search("disk/.*x.h5.*(space|write)", line)
        done = call(["trace", "--shape", "99x99", "--output", "disk/x.h5"],
                    expect=IO)
        assert len(done.stderr.splitlines()) == 1
        assert not list(disk.iterdir())
    finally:
        subprocess.run(["umount", disk], check=True)


@pytest.mark.parametrize("kilobytes", [1, 8, 60, 90])
@pytest.mark.parametrize("command", ["run", "trace"])
def test_file_size_limit(call, tmp_path, command, kilobytes):
    write(tmp_path, {"x.h5": "precious"})
    done = call(
        [command, *TINY, "--output", "x.h5", "--force"], expect=IO,
        preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_FSIZE, (kilobytes << 10, kilobytes << 10)))
    (line,) = done.stderr.splitlines()
    assert "cannot write" in line
    assert listing(tmp_path) == {tmp_path / "x.h5": b"precious"}


# --- what shows only while computing

def test_lsuv_of_zero_variance(refuse):
    refuse(["run", *TINY, "--init", "lsuv", "--input-variance", "0",
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


# --- good behaviour

@pytest.mark.parametrize("command", ["run", "plan", "trace", "list", "info"])
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help(call, command, flag):
    done = call([command, flag])
    assert done.stdout.startswith(f"initscope {command} ")
    assert done.stderr == ""


def test_help_of_the_program(call):
    for flag in ("--help", "-h", "help"):
        assert "COMMAND" in call([flag]).stdout
    done = call([], expect=USAGE)
    assert "COMMAND" in done.stderr and done.stdout == ""


def test_version(call):
    assert re.match(r"initscope \d+\.\d+\.\d+ \(commit ",
                    call(["--version"]).stdout)


def test_list(call):
    topics = ["activations", "inits", "losses", "inputs", "statistics"]
    assert list(json.loads(call(["list", "--json"]).stdout)) == topics
    everything = call(["list"]).stdout
    for topic in topics:
        done = call(["list", topic])
        assert done.stdout in everything and done.stderr == ""
        rows = json.loads(call(["list", topic, "--json"]).stdout)[topic]
        assert len({row["name"] for row in rows}) == len(rows)
        for row in rows:
            assert row["name"] in done.stdout


def test_json_on_stdout_and_summary_on_stderr(call, tmp_path):
    done = call(["run", *TINY, "--seed", "0, 1", "--json"])
    said = json.loads(done.stdout)
    assert (said["output"], said["runs"]) == ("results/experiment.h5", 2)
    assert re.match(r"2 runs in .* -> results/experiment\.h5", done.stderr)
    assert (tmp_path / said["output"]).is_file()
    for command in (["plan", *TINY], ["info", said["output"]],
                    ["trace", *TINY]):
        json.loads(call([*command, "--json"]).stdout)


def test_quiet(call):
    for command in ("run", "trace"):
        done = call([command, *TINY, "--quiet"])
        assert (done.stdout, done.stderr) == ("", "")


def test_no_progress_into_a_pipe(call):
    done = call(["run", *TINY, "--seed", "range(0, 200)"])
    assert "\r" not in done.stderr and "\x1b" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def on_terminal(program, arguments, cwd, **environment):
    """What the program writes to a terminal as its stderr."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [program, *arguments], cwd=cwd, stdout=subprocess.DEVNULL,
        stderr=theirs, env={**os.environ, "TERM": "xterm", **environment})
    os.close(theirs)
    text = b""
    try:
        while chunk := os.read(ours, 4096):
            text += chunk
    except OSError:  # how Linux says that the other end is closed
        pass
    os.close(ours)
    assert process.wait() == 0
    return text.decode()


def test_progress_on_a_terminal(program, tmp_path):
    sweep = ["run", *TINY, "--seed", "range(0, 200)", "--force"]
    text = on_terminal(program, sweep, tmp_path)
    assert "0 of 200 runs (0 %), …" in text
    assert re.search(r"200 of 200 runs \(100 %\), .* runs/s, ", text)
    assert re.search(r"\x1b\[K200 runs in .* -> results/experiment\.h5", text)
    assert "of 200" not in on_terminal(program, sweep, tmp_path, TERM="dumb")
    assert on_terminal(program, [*sweep, "--quiet"], tmp_path) == ""
    # No colours, with NO_COLOR or without.
    for text in (text, on_terminal(program, sweep, tmp_path, NO_COLOR="1")):
        assert not re.search(r"\x1b\[[\d;]*m", text)


def plan(call, *arguments):
    """The plan's runs: run_id -> {key: value}, defaults left out."""
    said = json.loads(call(["plan", *arguments, "--json"]).stdout)
    return {run["run_id"]: dict(line.split("=", 1) for line in
                                run["configuration"].splitlines())
            for run in said["run"]}


def test_file_with_dos_lines_and_byte_order_mark(call, tmp_path):
    plain = "depth = 2   # two\nwidth=4\n\n[a b]\n  gain\t=\t2  \n"
    write(tmp_path, {
        "exp.ini": plain,
        "dos.ini": b"\xef\xbb\xbf" + plain.replace("\n", "\r\n").encode(),
        "last.ini": plain.rstrip()})
    runs = plan(call, "exp.ini")
    assert list(runs.values()) == [{"gain": "2", "shape": "4x4x4"}]
    assert plan(call, "dos.ini") == runs
    assert plan(call, "last.ini") == runs


def test_hash_inside_a_value_is_no_comment(call, tmp_path):
    write(tmp_path, {"a#b.csv": CSV, "exp.ini":
                     "#depth = 9\n# x\ninput = a#b.csv  # y\nbatch = 2\n"})
    call(["run", "exp.ini", "--output", "x.h5"])
    with h5py.File(tmp_path / "x.h5") as file:
        assert file["runs/input"].asstr()[0] == "a#b.csv"


def test_equals_inside_a_value(call, tmp_path):
    write(tmp_path, {"a=b c ü.csv": CSV,
                     "exp.ini": "input = a=b c ü.csv\nbatch = 2\n"})
    assert len(plan(call, "exp.ini")) == 1


def test_flags_override_file_and_sections(call, tmp_path):
    write(tmp_path, {"exp.ini": "depth = 2\nwidth = 4\n[a]\ngain = 2\n"
                                "[b]\ngain = 3\ndepth = 3\n"})
    runs = plan(call, "--gain", "linspace(4, 5, 2)", "exp.ini")
    assert sorted((r["gain"], r["shape"]) for r in runs.values()) == [
        ("4", "4x4x4"), ("4", "4x4x4x4"), ("5", "4x4x4"), ("5", "4x4x4x4")]


def test_sections_are_a_union_without_duplicates(call, tmp_path):
    write(tmp_path, {"exp.ini": "depth = 2\nwidth = 4\nseed = 0, 1\n"
                                "[relu]\nactivation = relu\ninit = he_normal\n"
                                "[both]\nactivation = relu, tanh\n"
                                "init = kaiming_normal\n"})
    done = call(["plan", "exp.ini"])
    assert "4 over activation, " in done.stdout
    assert "(2 duplicates dropped)" in done.stdout
    done = call(["run", "exp.ini"])
    assert "2 duplicate runs were dropped" in done.stderr
    with h5py.File(tmp_path / "results/exp.h5") as file:
        assert len(file["runs/run_id"]) == 4


def test_run_id_of_file_and_flags(call, tmp_path):
    (tmp_path / "folder").mkdir()
    write(tmp_path / "folder", {"x.csv": CSV, "exp.ini": """\
input = x.csv
labels = column:y
batch = 4
gain = 1.50
seed = 18446744073709551615
init = glorot_uniform
shape = 2x3x2
output = other.h5
jobs = 1
"""})
    (run_id,) = plan(call, "folder/exp.ini")
    flags = ["--input", "folder/x.csv", "--labels", "column:y", "--batch=4",
             "--gain", "15e-1", "--seed", str(2**64 - 1),
             "--init", "xavier_uniform", "--depth", "2", "--width", "3"]
    assert list(plan(call, *flags)) == [run_id]
    call(["run", *flags])
    with h5py.File(tmp_path / "results/experiment.h5") as file:
        assert f"{file['runs/run_id'][0]:016x}" == run_id
        assert file["runs/seed"][0] == 2**64 - 1


def test_more_jobs_than_cores(call, tmp_path):
    sweep = ["run", *TINY, "--seed", "range(0, 20)"]
    call([*sweep, "--jobs", "64", "--output", "64.h5"])
    call([*sweep, "--jobs", "1", "--output", "1.h5"])
    with h5py.File(tmp_path / "1.h5") as one, \
            h5py.File(tmp_path / "64.h5") as many:
        for name in one["layers"]:
            assert np.array_equal(one["layers"][name][()],
                                  many["layers"][name][()],
                                  equal_nan=one["layers"][name].dtype.kind
                                  == "f")


@pytest.mark.parametrize("keys", [
    "--depth 1 --width 1 --batch 1", "--depth 3 --width 1 --batch 1",
    "--shape 1x5x2 --batch 1 --loss softmax_cross_entropy",
    "--depth 2 --batch 1 --batches 3 --input fashion-mnist-sample",
    "--depth 2 --batch 7 --batches 3 --input fashion-mnist-sample "
    "--classes 9,0", "--depth 2 --width 4 --batch 4 --input-variance 0",
    "--depth 2 --width 4 --batch 4 --gain 0",
])
def test_smallest_runs(call, tmp_path, keys):
    call(["run", *keys.split(), "--output", "x.h5"])
    with h5py.File(tmp_path / "x.h5") as file:
        assert file["runs/first_non_finite_layer"][0] == -1


# --- interrupted, or not listened to

LONG = ["--depth", "100", "--width", "512", "--batch", "256"]


@pytest.mark.parametrize("command, keys", [
    ("run", ["--seed", "range(0, 1000)"]), ("trace", ["--width", "768"])])
@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130),
                                          (signal.SIGTERM, 143)])
def test_signal(program, tmp_path, command, keys, number, code):
    arguments = [*LONG, *keys] if command == "run" else [
        *LONG[:2], *keys, *LONG[4:]]
    process = subprocess.Popen(
        [program, command, *arguments, "--output", "x.h5"],
        cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    while not list(tmp_path.iterdir()):  # the temporary file
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(0.1)
    begin = time.monotonic()
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert time.monotonic() - begin < 2
    assert process.returncode == code
    (line,) = said.splitlines()
    assert re.match(r"initscope: interrupted.*; nothing was written", line)
    assert not list(tmp_path.iterdir())


def shell(program, line, cwd):
    return subprocess.run(["bash", "-c", f"set -o pipefail; {line}"], cwd=cwd,
                          env={**os.environ, "P": str(program)}, timeout=60,
                          capture_output=True, text=True, check=False)


def test_reader_that_has_seen_enough(program, tmp_path):
    for line in ('"$P" list --json | head -1', '"$P" list | true',
                 '"$P" trace --shape 300x300 --print --output x.h5 --quiet '
                 '| head -1'):
        done = shell(program, line, tmp_path)
        assert done.returncode in (0, 128 + signal.SIGPIPE)
        assert done.stderr == ""
    done = shell(program, '"$P" nonsense 2>&1 | true', tmp_path)
    assert done.returncode in (USAGE, 128 + signal.SIGPIPE)
    assert [p for p in tmp_path.iterdir() if p.name != "x.h5"] == []


def test_closed_streams(program, tmp_path):
    flags = " ".join(TINY)
    done = shell(program, f'"$P" run {flags} --json --output x.h5 >&-',
                 tmp_path)
    assert done.returncode == IO
    assert "stdout" in done.stderr or "write" in done.stderr
    done = shell(program, f'"$P" run {flags} --output y.h5 <&- >&- 2>&-',
                 tmp_path)
    assert done.returncode == 0
    for name in ("x.h5", "y.h5"):  # nothing was printed into them
        with h5py.File(tmp_path / name) as file:
            assert file["runs/seed"][0] == 0


def test_stdout_on_a_full_device(program, tmp_path):
    done = shell(program, '"$P" list >/dev/full', tmp_path)
    assert done.returncode == IO
    assert len(done.stderr.splitlines()) == 1
