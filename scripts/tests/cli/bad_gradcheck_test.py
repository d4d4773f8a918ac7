"""What gradcheck cannot check is one clear line; so is a bad Y."""

import pytest

from command_line import CSV, DATA, TINY, USAGE, write

SMALL = "--shape 3x4x2 --batch 2".split()

# name: (data files, arguments, exit code, patterns)
LINES = {
    "nothing": ({}, [], USAGE, ["gradcheck needs an experiment file or keys"]),
    "no_file": ({}, ["x.ini"], 74, [r"x\.ini: cannot read the experiment"]),
    "unknown_key": ({"exp.ini": "depth = 2\nwdith = 3\n"}, ["exp.ini"], USAGE,
                    [r"exp\.ini:2: .*did you mean 'width'"]),
    "force": ({}, [*SMALL, "--force"], USAGE, ["--force"]),

    # what it decides itself
    "float32": ({}, [*SMALL, "--precision", "float32"], USAGE, [
        "--precision: gradcheck .* float64; leave precision out"]),
    "batches": ({}, [*SMALL, "--batches", "2"], USAGE, [
        "--batches: gradcheck takes the first batch.*leave batches out"]),

    # targets
    "one_class_drawn": (
        {}, ["--shape", "3x1", "--loss", "softmax_cross_entropy"], USAGE, [
            "--shape: softmax over one output is always 1; use two"]),
    "one_class_kept": (
        {"x.csv": CSV}, "--input x.csv --labels column:y --batch 2 "
        "--classes 0".split(), USAGE, [
            r"--classes: x\.csv has one class here.* softmax over one output "
            r"is always 1; keep two classes"]),
    "one_class_in_the_data": (
        {"x.csv": CSV, "y.csv": "0\n0\n0\n0\n"},
        "--input x.csv --labels y.csv --batch 2".split(), USAGE, [
            r"--input: x\.csv has one class here"]),
    "label_beyond_the_outputs": (
        {"x.csv": CSV, "y.csv": "0\n1\n2\n1\n"},
        "--input x.csv --labels y.csv --batch 2 --shape 3x4x2".split(), USAGE,
        [r"--shape: the output width is 2, but x\.csv has 3 classes"]),
    **{f"label_{name}": (
        {"x.csv": CSV, "y.csv": f"0\n1\n{label}\n1\n"},
        "--input x.csv --labels y.csv --batch 2".split(), DATA, [
            rf"y\.csv: the label of sample 2 .* is {label}; labels are whole "
            "numbers from 0 to 65535"])
       for name, label in (("negative", "-1"), ("half", "0.5"),
                           ("large", "65536"))},
    "rows_that_are_no_distributions": (
        {"x.csv": CSV, "y.csv": "0.5,0.5\n0.2,0.9\n1,0\n0,1\n"},
        "--input x.csv --labels y.csv --batch 2".split(), DATA, [
            r"y\.csv: labels are one-hot rows or one number per sample, but "
            r"their shape is 4 × 2; rows of Y follow from them"]),
    "smoothing": ({}, [*SMALL, "--label-smoothing", "1.5"], USAGE, [
        "label_smoothing = 1.5 is out of range: it goes from 0 to 1"]),

    # logits
    **{f"overflow_{loss}": (
        {}, ["--activation", "linear", "--gain", "1e100", "--shape",
             "3x4x4x4x2", "--batch", "2", "--loss", loss], USAGE, [
                 r"run [0-9a-f]{16} \(linear, xavier_normal, gain 1e\+100, "
                 r"seed 0\): the logits overflow: 10\^400, .* lower gain or "
                 "depth"])
       for loss in ("mse", "sigmoid_cross_entropy", "softmax_cross_entropy",
                    "probe")},
    "overflow_of_the_square": (
        {}, ["--activation", "linear", "--gain", "1e100", "--loss", "mse",
             "--shape", "3x4x2", "--batch", "2"], USAGE, [
                 r"run \w+ \(.*\): .*overflow.*lower gain or depth"]),
    "overflow_in_a_sweep": (
        {}, ["--activation", "linear", "--gain", "1, 1e100", "--depth", "5",
             "--width", "3", "--batch", "2", "--jobs", "1"], USAGE, [
                 r"gain 1e\+100, seed 0\): .*overflow"]),
    "overflow_of_what_dies": (  # the logits are 0: no unit gets there
        {}, ["--activation", "relu", "--gain", "1e60", "--width", "4",
             "--batch", "3"], USAGE, [
                 r"run \w+ \(.*\): pre-activations or gradients reach .*, "
                 "beyond what differences in double can tell; lower gain or "
                 "depth"]),
    "lsuv_without_variance": (
        {}, [*TINY, "--init", "lsuv", "--input-variance", "0"], USAGE, [
            "lsuv cannot scale layer 1"]),

    # too much
    "too_long": ({}, ["--depth", "100", "--width", "1000", "--seed",
                      "range(0, 100)"], USAGE, [
        r"experiment: the differences take .*e\+\d+ flop, .* lower batch, "
        r"width, depth or the number of runs"]),
    "too_large": ({"exp.ini": "width = 60000\ndepth = 30\nbatch = 2\n"},
                  ["exp.ini"], USAGE, [
        r"exp\.ini: .* needs [\d.]+ [GT]iB of memory with 1 job, and 80 % "
        "of what this machine has are"]),
}


@pytest.mark.parametrize("name", LINES)
def test_bad_check(refuse, tmp_path, name):
    files, arguments, code, patterns = LINES[name]
    write(tmp_path, files)
    refuse(["gradcheck", *arguments], code, patterns)
