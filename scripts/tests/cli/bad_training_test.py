"""Nonsense in the keys of training is refused in one line."""

import pytest

USAGE = 64


@pytest.mark.parametrize("flags, patterns", [
    (["--learning-rate", "0"], ["--learning-rate", "out of range"]),
    (["--learning-rate", "-0.1"], ["--learning-rate", "out of range"]),
    (["--learning-rate", "nan"], ["--learning-rate"]),
    (["--learning-rate", "inf"], ["--learning-rate"]),
    (["--learning-rate", "fast"], ["--learning-rate", "number"]),
    (["--momentum", "1"], ["--momentum", "out of range"]),
    (["--momentum", "-1"], ["--momentum", "out of range"]),
    (["--weight-decay", "-1"], ["--weight-decay", "out of range"]),
    (["--weight-decay", "nan"], ["--weight-decay"]),
    (["--steps", "-1"], ["--steps", "whole number"]),
    (["--steps", "0"], ["--steps", "out of range"]),
    (["--steps", "1.5"], ["--steps", "whole number"]),
    (["--steps", "10", "--record", "0,11"], ["--record", "11", "beyond"]),
    (["--steps", "10", "--record", "0,x"], ["--record", "list of steps"]),
    (["--steps", "10", "--record", "0,,1"], ["--record", "empty item"]),
    (["--steps", "10", "--batches", "2"], ["--batches", "minibatch"]),
    (["--samples", "5"], ["--samples", "data file"]),
    (["--input", "fashion-mnist-sample", "--samples", "5000"],
     ["--samples", "5000", "1024"]),
    (["--input", "fashion-mnist-sample", "--samples", "100"],
     ["256", "100"]),
])
def test_train_refuses(refuse, flags, patterns):
    refuse(["train", "--depth", "2", "--width", "4", *flags,
            "--output", "t.h5"], USAGE, patterns)


def test_file_and_line_are_named(refuse, tmp_path):
    (tmp_path / "bad.ini").write_text("steps = 5\nlearning_rate = 0\n")
    refuse(["train", "bad.ini"], USAGE, [r"bad\.ini:2", "learning_rate"])
