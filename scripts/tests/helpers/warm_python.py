"""Starts Python programs in a fork of this process, which has numpy, h5py,
pandas and matplotlib already, and has used them: that takes two seconds of
each program, most of it imports, fonts and the parser of mathtext.

What concerns the start of a program (environment, imports) needs a process of
its own.
"""

import gc
import io
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import traceback

import h5py
import matplotlib.figure
import pandas


def _use_once():
    """Loads what these libraries load, and keeps what they keep, at first."""
    figure = matplotlib.figure.Figure()
    axes = figure.subplots()
    axes.set_yscale("log")
    axes.plot([1e-12, 1e12], label="a")
    figure.legend()
    for suffix in ("png", "svg"):
        figure.savefig(io.BytesIO(), format=suffix)
    table = pandas.DataFrame({"a": [0.5], "b": ["a"]})
    table.groupby("b").median().to_csv(io.StringIO())
    with h5py.File(io.BytesIO(), "w") as file:
        file["a"] = [1]
        file["a"][()]


_use_once()
gc.freeze()  # a collection in a child would copy every page of what is there


def run_warm(script, *arguments, text=True):
    """As subprocess.run([python, script, *arguments]), output captured."""
    words = [os.fsdecode(word) for word in (script, *arguments)]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        sys.stdout.flush()
        sys.stderr.flush()
        child = os.fork()
        if child == 0:
            _become(words, out.fileno(), err.fileno())
        _, status = os.waitpid(child, 0)
        answers = []
        for stream in (out, err):
            stream.seek(0)
            answers.append(stream.read())
    if text:
        answers = [answer.decode() for answer in answers]
    return subprocess.CompletedProcess(
        words, os.waitstatus_to_exitcode(status), *answers)


def _become(words, out, err):
    """Is the program, and ends."""
    code = 70
    try:
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, name in ((0, "stdin"), (1, "stdout"), (2, "stderr")):
            stream = io.TextIOWrapper(
                open(number, "wb" if number else "rb", closefd=False),
                encoding="utf-8", line_buffering=number == 2,
                errors="backslashreplace" if number == 2 else "strict")
            setattr(sys, name, stream)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for name in list(sys.modules):
            if name.split(".")[0] in ("initscope", "bench"):
                del sys.modules[name]
        sys.argv = words
        sys.path.insert(0, os.path.dirname(os.path.abspath(words[0])))
        runpy.run_path(words[0], run_name="__main__")
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(bool(end.code))
    except BaseException:
        traceback.print_exc()
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)
