"""Bad input of `initscope attention` is one clear line.

A row of a table is what is asked for, the exit code and what the line must
say; `refuse` checks what holds for all of them.
"""


import numpy as np
import pytest

from checkout import ROOT
from command_line import DATA, IO, USAGE, write

EXAMPLE = (ROOT / "experiments"
           / "attention_example")
FILES = {path.name: path.read_text() for path in EXAMPLE.iterdir()}


@pytest.fixture
def example(tmp_path):
    """The worked example, in the test's folder."""
    write(tmp_path, FILES)
    return tmp_path


# name: (flags beside attention.ini, exit code, patterns)
COMMAND_LINES = {
    **{f"root_{value}": (["--sqrt-d-k", value], USAGE, [
        rf"--sqrt-d-k: sqrt_d_k = {value} is not above 0: S is divided by it"])
       for value in ("0", "-2", "-0.0")},
    **{f"root_{value}": (["--sqrt-d-k", value], USAGE, [
        rf"sqrt_d_k = {value} is not a finite number"])
       for value in ("nan", "inf", "two", "1e999")},
    **{f"base_{value}": (["--softmax-base", value], USAGE, [
        rf"--softmax-base: softmax_base = {value} is not above 1"])
       for value in ("1", "0.5", "0", "-3")},
    **{f"base_{value}": (["--softmax-base", value], USAGE, [
        rf"softmax_base = {value} is not a finite number"])
       for value in ("nan", "inf", "ten")},
    "scaled": (["--scaled", "maybe"], USAGE, [
        "unknown scaled 'maybe'; it is one of off, on"]),
    "root_of_nothing": (["--scaled", "off"], USAGE, [
        r"attention\.ini:\d+: sqrt_d_k .* scaled = off"]),
    "two_runs": (["--softmax-base", "2, 3"], USAGE, [
        "--softmax-base: x, w_q, w_k and w_v describe one run"]),
    "drawn_key": (["--d-k", "4"], USAGE, ["--d-k: d_k is for drawn matrices"]),
    "seed": (["--seed", "4"], USAGE, ["--seed: seed is for drawn matrices"]),
    "key_of_run": (["--depth", "4"], USAGE, [
        "--depth: depth is a key of run, .*, and attention does not take it; "
        "remove it"]),
    "no_file": (["--w-q", "nope.csv"], DATA, [
        r"--w-q: w_q = nope\.csv: there is no file nope\.csv"]),
    "folder": (["--w-q", "."], DATA, [r"--w-q: .*folder|directory"]),
    "unknown_format": (["--x", "attention.ini"], DATA, [
        "attention.ini: unknown data format"]),
    "no_folder": (["--output", "no/x.h5"], 73, ["no/x.h5"]),
}


@pytest.mark.parametrize("name", COMMAND_LINES)
def test_bad_command_line(refuse, example, name):
    flags, code, patterns = COMMAND_LINES[name]
    output = [] if "--output" in flags else ["--output", "x.h5"]
    refuse(["attention", "attention.ini", *flags, *output], code, patterns)


# name: (files that are changed, exit code, patterns)
CHANGED = {
    "words": ({"w_q.csv": "1,2,3\n1,two,3\n1,2,3\n"}, DATA, [
        r"attention\.ini:\d+: w_q\.csv:2: column 1 .* 'two' is not a number"]),
    "semicolons": ({"x.csv": "1;2;0\n0;2;1\n"}, DATA, [
        r"x\.csv:2: .*fields are separated by commas"]),
    "ragged": ({"w_k.csv": "1,2,3\n1,2\n"}, DATA, [
        r"w_k\.csv:2: a row of 2 fields, but line 1 has 3"]),
    "empty": ({"w_v.csv": ""}, DATA, [r"w_v\.csv"]),
    "header_only": ({"w_v.csv": "a,b\n"}, DATA, [r"w_v\.csv: no data"]),
    "nan": ({"x.csv": "1,2,0\n0,nan,1\n"}, DATA, [
        r"attention\.ini:\d+: x\.csv: sample 1, column 1 .* is nan; every "
        "entry must be finite"]),
    "inf": ({"x.csv": "1,2,0\n0,-inf,1\n"}, DATA, [r"x\.csv: .* is -inf"]),
    "too_large": ({"x.csv": "1,2,1e999\n"}, DATA, ["range of a double"]),
    "rows_of_w_q": ({"w_q.csv": "1,2\n3,4\n"}, DATA, [
        r"attention\.ini:\d+: w_q = w_q\.csv is 2 × 2, but x = x\.csv is "
        r"4 × 3: Q = X W_q takes a row for each column of x"]),
    "rows_of_w_k": ({"w_k.csv": "1\n3\n"}, DATA, [
        r"w_k = w_k\.csv is 2 × 1, but x = x\.csv is 4 × 3"]),
    "rows_of_w_v": ({"w_v.csv": "1,2,3,4\n" * 4}, DATA, [
        r"w_v = w_v\.csv is 4 × 4, but x = x\.csv is 4 × 3"]),
    "columns_of_w_k": ({"w_k.csv": "1,2\n" * 3}, DATA, [
        r"w_k = w_k\.csv is 3 × 2, but w_q = w_q\.csv is 3 × 3: S = Q Kᵀ"]),
    "overflow_of_s": ({"x.csv": "1,2,3\n1e200,1e200,0\n"}, DATA, [
        r"attention\.ini: S = Q Kᵀ overflows: its entry \(1, 1\) is inf; make "
        "X or the weights smaller"]),
    "overflow_of_o": ({"w_v.csv": "1e308,0\n" * 3}, DATA, [
        r"attention\.ini: O = P V overflows: its entry \(0, 0\) is inf"]),
    "three_files": ({"attention.ini":
                     "x = x.csv\nw_q = w_q.csv\nw_v = w_v.csv\n"}, USAGE, [
        r"attention\.ini:\d: w_v is a file, so w_k must be one too"]),
    "no_value": ({"attention.ini": "x =\n"}, USAGE, ["x has no value"]),
    "key_of_train": ({"attention.ini": "x = x.csv\nbatch = 3\n"}, USAGE, [
        r"attention\.ini:2: batch is a key of run, .*, and attention does not "
        "take it; remove it"]),
    "unknown_key": ({"attention.ini": "dk = 3\n"}, USAGE, [
        r"attention\.ini:1: unknown key 'dk'; did you mean 'd_k'\?"]),
}


@pytest.mark.parametrize("name", CHANGED)
def test_bad_file(refuse, example, name):
    files, code, patterns = CHANGED[name]
    write(example, files)
    refuse(["attention", "attention.ini", "--output", "x.h5"], code, patterns)


def test_array_of_another_rank(refuse, example):
    np.save(example / "x.npy", np.ones((2, 2, 3)))
    refuse(["attention", "attention.ini", "--x", "x.npy", "--output", "x.h5"],
           DATA, [r"--x: x\.npy: a matrix has rows and columns, but its shape "
                  "is 2 × 2 × 3"])


# name: (arguments, exit code, patterns)
DRAWN = {
    "nothing": ([], USAGE, ["attention needs an experiment file or keys"]),
    "missing_ini": (["no.ini"], IO, ["no.ini: cannot read"]),
    "d_k_0": (["--d-k", "0"], USAGE, ["--d-k: d_k = 0 is out of range"]),
    "tokens_half": (["--tokens", "2.5"], USAGE, ["not a whole number"]),
    "d_model_negative": (["--d-model", "-3"], USAGE, ["not a whole number"]),
    "lsuv": (["--init", "lsuv"], USAGE, [
        "--init: init = lsuv is fitted to a network's data"]),
    "init": (["--init", "xaiver_normal"], USAGE, [
        "did you mean 'xavier_normal'"]),
    "gain_nan": (["--gain", "nan"], USAGE, ["gain = nan is out of range"]),
    "root_in_a_list": (["--sqrt-d-k", "1, 0"], USAGE, ["sqrt_d_k = 0 is not"]),
    "much_memory": (["--d-k", "16777216", "--d-model", "16777216"], USAGE, [
        "the sweep needs .* of memory .* lower d_k, d_model, tokens or jobs"]),
    "two_runs_to_check": (["--seed", "0, 1", "--check"], USAGE, [
        r"--check takes one run, and this describes 2 \(over seed\)"]),
    "large_check": (["--d-k", "64", "--check"], USAGE, [
        "--check computes .* losses of 64 tokens, d_model 512, d_k 64, which "
        "takes too long; lower d_k, d_model or tokens"]),
    "check_of_run": (["--check=1"], USAGE, ["--check"]),
}


@pytest.mark.parametrize("name", DRAWN)
def test_bad_sweep(refuse, name):
    arguments, code, patterns = DRAWN[name]
    refuse(["attention", *arguments], code, patterns)


def test_keys_of_attention_elsewhere(refuse, tmp_path):
    write(tmp_path, {"a.ini": "depth = 2\nsoftmax_base = 3\n"})
    for command in ("run", "plan", "trace"):
        refuse([command, "a.ini"], USAGE, [
            rf"a\.ini:2: softmax_base is a key of attention, gradcheck, and "
            rf"{command} does not take it; remove it"])
        refuse([command, "--d-k", "3"], USAGE, [
            f"--d-k: d_k is a key of attention, gradcheck, and {command} does "
            "not take it"])
    refuse(["run", "--check"], USAGE, ["unknown option --check"])
