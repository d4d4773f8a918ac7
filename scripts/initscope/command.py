"""How every program of scripts/ starts, writes its files and ends.

A program imports this module first and ends with `run_main(main)`. From then on
every failure is one line on stderr and an exit code, even while packages are
being imported: a ScriptError carries its own line, and `python3 -X dev` shows
where any other exception came from. Importing this module elsewhere has no
effect.
"""

import argparse
import contextlib
import errno
import json
import logging
import os
import signal
import stat
import subprocess
import sys
import tempfile
import traceback
import warnings

from initscope.text import visible

USAGE, BAD_DATA, INTERNAL, CANNOT_CREATE, IO_ERROR = 64, 65, 70, 73, 74
DISK_FAILS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
NEEDED = ["h5py", "matplotlib", "numpy", "pandas"]
SCRIPTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
REMINDER = 2  # seconds until a signal that was lost is raised again
FIND_PYTHON = os.path.join(SCRIPTS, "find_python.sh")


class ScriptError(Exception):
    """One line for the user, and the exit code of sysexits.h."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class ArgumentParser(argparse.ArgumentParser):
    """A parser whose errors are ScriptErrors: one line, exit code 64."""

    def error(self, message):
        raise ScriptError(USAGE, f"{message} (--help explains)")


def plot_parser(description, kind):
    """The parser of a program that draws a results file."""
    parser = ArgumentParser(description=description,
                            formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("file", help="results file, FILE.h5")
    parser.add_argument("--output", metavar="PREFIX",
                        help=f"default: beside FILE.h5, FILE_{kind}")
    parser.add_argument("--filter", metavar="KEY=VALUE", action="append",
                        default=[], help="only these runs; repeatable (one "
                        "key twice: either value)")
    parser.add_argument("--dpi", type=float, default=150)
    parser.set_defaults(kind=kind)
    return parser


def plot_options(parser):
    """The parsed command line of a plot_parser().

    Checked as far as that needs no file.
    """
    options = parser.parse_args()
    if not 10 <= options.dpi <= 1200:
        parser.error(f"--dpi {options.dpi:g} is not within 10 to 1200")
    options.output = options.output or (
        f"{os.path.splitext(options.file)[0]}_{options.kind}")
    return options


def run_main(main):
    """Runs main(); an exception becomes one line and an exit code."""
    try:
        main()
        if sys.stdout:
            sys.stdout.flush()
    except SystemExit:
        signal.setitimer(signal.ITIMER_REAL, 0)  # reminds no more
        raise
    except BaseException as error:
        sys.exit(report(error))


def report(error):
    """Prints `error` as one line on stderr; returns the exit code."""
    signal.setitimer(signal.ITIMER_REAL, 0)  # reminds no more of a signal
    code, message = _in_words(error)
    if message and sys.stderr:
        with contextlib.suppress(OSError):  # stderr is closed
            print(f"{os.path.basename(sys.argv[0])}: {visible(message)}",
                  file=sys.stderr, flush=True)
    _forget_stdout()
    return code


def _in_words(error):
    if isinstance(error, ScriptError):
        return error.code, str(error)
    if isinstance(error, KeyboardInterrupt):
        return 128 + signal.SIGINT, "interrupted"
    if sys.flags.dev_mode:
        sys.__excepthook__(type(error), error, error.__traceback__)
    if isinstance(error, BrokenPipeError):  # the reader of stdout has left
        return IO_ERROR, ""
    if isinstance(error, ImportError):
        return INTERNAL, _go_on_without_package(error)
    if isinstance(error, MemoryError):
        return IO_ERROR, "out of memory"
    if isinstance(error, UnicodeDecodeError):
        return BAD_DATA, (f"met text that is not UTF-8: {error} (of "
                          f"{error.object[:40]!r})")
    if isinstance(error, OSError):
        place = f"{os.fsdecode(error.filename)}: " if error.filename else ""
        return IO_ERROR, f"{place}{error.strerror or error}"
    where = "".join(
        f"{os.path.basename(place.filename)}, line {place.lineno}: "
        for place in traceback.extract_tb(error.__traceback__, limit=-1))
    return INTERNAL, (f"internal error: {where}{type(error).__name__}: "
                      f"{error}; please report it ('python3 -X dev' shows "
                      f"where it came from)")


def _forget_stdout():
    """Keeps Python from trying again to write what it could not write."""
    if sys.stdout:
        try:
            sys.stdout.flush()
        except (OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _go_on_without_package(error):
    """Restarts the program with a Python that has the missing package.

    The first python3 on the PATH is often not the one that has Debian's
    packages; find_python.sh knows where to look. Returns a message if it finds
    none.
    """
    name = (error.name or "").split(".")[0]
    script = os.path.abspath(sys.argv[0])
    if _is_ours(script):
        found = subprocess.run([FIND_PYTHON, *NEEDED, *filter(None, [name])],
                               cwd="/", capture_output=True, text=True,
                               check=False).stdout.strip()
        if found and found != sys.executable:
            os.execv(found, [found, script, *sys.argv[1:]])
    if not isinstance(error, ModuleNotFoundError):
        return f"{sys.executable} cannot import {name or 'a package'}: {error}"
    return (f"{sys.executable} has no package {name}; install it with "
            f"'apt-get install python3-{name}' and start the script with "
            f"/usr/bin/python3")


def _is_ours(script):
    """Whether `script` is a program of the checkout that this belongs to."""
    return (os.path.exists(FIND_PYTHON) and os.path.isfile(script)
            and os.path.dirname(script) in (SCRIPTS,
                                            os.path.join(SCRIPTS, "bench")))


def _end_of_imports(_, error, __):
    """Ends the program after an exception that run_main() did not see."""
    try:
        code = report(error)
    except BaseException as another:  # Ctrl-C meanwhile
        code = report(another)
    os._exit(code)


def _end_by(number):
    """A handler of signal `number`, which ends the program.

    What it raises can be lost in a __del__ or in somebody's bare `except`, so
    it is raised again every REMINDER seconds until the program ends.
    """
    def end(*_):
        signal.signal(signal.SIGALRM, end)
        signal.setitimer(signal.ITIMER_REAL, REMINDER)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        sys.exit(128 + number)
    return end


def _lost(lost):
    """Reports what was raised where nothing can catch it, but for signals."""
    if not issubclass(lost.exc_type, (KeyboardInterrupt, SystemExit)):
        sys.__unraisablehook__(lost)


def _start():
    """Shields a program of ours from the user's settings."""
    if not _is_ours(os.path.abspath(sys.argv[0])):
        return
    while (unused := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass  # a closed stdin, stdout or stderr: no file may take its place
    os.close(unused)
    os.environ["MPLBACKEND"] = "agg"
    os.environ["MATPLOTLIBRC"] = os.devnull
    sys.excepthook = _end_of_imports
    sys.unraisablehook = _lost
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) in (signal.SIG_DFL,
                                        signal.default_int_handler):
            signal.signal(number, _end_by(number))
    if sys.stdout:  # names that are not UTF-8 leave as they came
        utf8 = sys.stdout.encoding.lower().replace("-", "") == "utf8"
        sys.stdout.reconfigure(errors="surrogateescape" if utf8
                               else "backslashreplace")
    if not sys.flags.dev_mode:
        warnings.simplefilter("ignore")
        logging.getLogger("matplotlib").setLevel(logging.ERROR)


# --- files

def write(path, action):
    """Calls action(temporary path), then moves that file to `path`.

    So `path` is always a whole file. Prints the path. A failure leaves the old
    file and raises a ScriptError that names it.
    """
    place, temporary = os.path.realpath(path), None
    try:
        handle, temporary = tempfile.mkstemp(
            os.path.splitext(path)[1], ".initscope-", os.path.dirname(place))
        os.close(handle)
        action(temporary)
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())
        os.chmod(temporary, _mode(place))
        os.replace(temporary, place)
        temporary = None
    except OSError as error:
        raise ScriptError(
            IO_ERROR if error.errno in DISK_FAILS else CANNOT_CREATE,
            f"{path}: cannot write: {error.strerror or error}") from error
    finally:
        if temporary:
            os.unlink(temporary)
    print(path)


def write_json(path, content):
    """Writes `content` to the file `path` as indented JSON, by write()."""
    def dump(temporary):
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
            file.write("\n")
    write(path, dump)


def _mode(path):
    """The mode of the file `path`, or that of a new file by the umask."""
    try:
        return stat.S_IMODE(os.stat(path).st_mode)
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def keep(source, prefix, outputs):
    """Raises a ScriptError if one of `outputs` is the file `source`."""
    if any(os.path.exists(path) and os.path.samefile(path, source)
           for path in outputs):
        raise ScriptError(USAGE, f"--output {prefix} would overwrite {source}")


_start()
