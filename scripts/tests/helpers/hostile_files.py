"""Damaged and hostile results files, and what the plot programs make of them.

Every file ends in the right result or in a ScriptError with the exit code of
bad data: no signal, no hang, no other exception, no number that is not the
good file's.
"""

import random
import time

from initscope.command import BAD_DATA, ScriptError
from plot_harness import load, measured

SECONDS = 90  # of all programs on one file; libhdf5 itself may loop for some
PROGRAMS = {
    "plot_variance": lambda path: load(path)[1].to_csv(),
    "plot_phase": lambda path: repr(vars(measured(path, [])))}


def mutations(content, count, seed):
    """`content` with flipped bits, cut, or with a span of zeros or ones."""
    draw = random.Random(seed)
    for _ in range(count):
        changed = bytearray(content)
        kind = draw.choice(["bits", "cut", "zeros", "ones"])
        # HDF5's own structures are mostly in front.
        end = len(content) if draw.random() < 0.5 else len(content) // 8
        at = draw.randrange(end)
        if kind == "bits":
            for _ in range(draw.choice([1, 1, 3])):
                changed[draw.randrange(end)] ^= 1 << draw.randrange(8)
        elif kind == "cut":
            del changed[at:]
        else:
            span = slice(at, at + draw.choice([1, 8, 64, 512]))
            fill = b"\0" if kind == "zeros" else b"\xff"
            changed[span] = fill * len(changed[span])
        yield bytes(changed)


def outcomes(path):
    """Of every program: what it gives, or the ScriptError."""
    found = {}
    for name, call in PROGRAMS.items():
        try:
            found[name] = call(str(path))
        except ScriptError as error:
            found[name] = error
    return found


def check(path, good):
    """That each program's outcome is the good one or says what is bad.

    Returns how many were refused.
    """
    start = time.monotonic()
    refused = 0
    for name, found in outcomes(path).items():
        if isinstance(found, ScriptError):
            assert found.code == BAD_DATA and str(found).startswith(
                f"{path}: "), found
            assert "\n" not in str(found)
            refused += 1
        else:
            assert found == good[name], f"{name}: other numbers, unnoticed"
    assert time.monotonic() - start < SECONDS, path
    return refused


def check_mutations(path, count, seed):
    """check() of many mutations of a file; returns how many were refused."""
    good = outcomes(path)
    assert not any(isinstance(v, ScriptError) for v in good.values()), good
    place = path.with_name("mutated.h5")
    refused = 0
    for content in mutations(path.read_bytes(), count, seed):
        place.write_bytes(content)
        refused += check(place, good) > 0
    return refused
