"""What --json prints: JSON, in which a number that is not finite is a string.

There are three such strings, "NaN", "inf" and "-inf", and no null.
"""

import json
import re

import pytest

from command_line import CSV, write

NON_FINITE = {"NaN", "inf", "-inf"}
OTHERWISE = re.compile(r"[+-]?(nan|inf(inity)?|null)", re.IGNORECASE)
NETWORK = ("--depth 4 --width 4 --batch 4 --input data.csv "
           "--labels column:y").split()
ATTENTION = "--d-k 4 --d-model 4 --tokens 3".split()

# Command lines, and what they have that is not finite.
CASES = [
    ("list", [], set()),
    ("plan", [*NETWORK, "--seed", "0, 1"], set()),
    ("run", [*NETWORK, "--gain", "0, 1"], set()),
    ("train", [*NETWORK, "--steps", "2"], set()),
    ("trace", NETWORK, set()),
    ("trace", [*NETWORK, "--gain", "3", "--steps", "20", "--learning-rate",
               "1e10", "--loss", "mse", "--activation", "linear",
               "--precision", "float64"], {"inf"}),
    ("theory", [*NETWORK, "--gain", "0"], {"-inf", "NaN"}),
    ("theory", [*NETWORK, "--gain", "3", "--activation", "relu"],
     {"inf", "NaN"}),
    ("gradcheck", [*NETWORK, "--print"], set()),
    ("gradcheck", [*NETWORK, "--gain", "1e-300"], {"inf"}),
    ("attention", ATTENTION, set()),
    ("attention", [*ATTENTION, "--check"], set()),
    ("status", NETWORK, set()),
]
# Commands whose files `info` then reads, and what that has.
INFO_CASES = [
    ("run", [*NETWORK, "--gain", "0, 1"], {"-inf"}),
    ("run", ["--depth", "1", *NETWORK[2:]], {"NaN"}),
    ("train", [*NETWORK, "--steps", "2"], set()),
    ("trace", NETWORK, set()),
    ("theory", [*NETWORK, "--output", "experiment.h5"], set()),
    ("attention", ATTENTION, set()),
]


def leaves(value):
    """Every number, string and constant in a JSON document."""
    if isinstance(value, (dict, list)):
        for element in value.values() if isinstance(value, dict) else value:
            yield from leaves(element)
    else:
        yield value


def non_finite(text):
    """The strings in it that stand for numbers that are not finite."""
    def refuse(word):
        raise AssertionError(f"{word} is not JSON")

    values = list(leaves(json.loads(text, parse_constant=refuse)))
    assert values and None not in values
    found = {value for value in values
             if isinstance(value, str) and OTHERWISE.fullmatch(value)}
    assert found <= NON_FINITE
    return found


def test_every_command_is_among_the_cases(call):
    listed = re.findall(r"^  (\w+) ", call(["--help"]).stdout, re.MULTILINE)
    # verify_test.py has the last two.
    assert set(listed) == {command for command, _, _ in CASES} | {
        "info", "verify", "merge"}


@pytest.mark.parametrize("command, arguments, expected", CASES)
def test_of_a_command(call, tmp_path, command, arguments, expected):
    write(tmp_path, {"data.csv": CSV})
    done = call([command, *arguments, "--json"])
    assert non_finite(done.stdout) == expected


@pytest.mark.parametrize("command, arguments, expected", INFO_CASES)
def test_of_info(call, tmp_path, command, arguments, expected):
    write(tmp_path, {"data.csv": CSV})
    call([command, *arguments])
    (path,) = tmp_path.rglob("*.h5")
    assert non_finite(call(["info", path, "--json"]).stdout) == expected
