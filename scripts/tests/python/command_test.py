"""How programs of scripts/ end: one line for whatever a user can cause."""

import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from initscope import command, style
from initscope.plot import variance_notes
from plot_harness import SCRIPT, SWEEP, write_file
from warm_python import run_warm

FOLDER = SCRIPT.parent
FILES = [*FOLDER.glob("*.py"), *FOLDER.glob("bench/*.py")]
PROGRAMS = sorted(path for path in FILES
                  if "run_main(main)" in path.read_text())


@pytest.fixture
def path(tmp_path):
    return write_file(tmp_path / "a.h5", [{}, {"activation": "relu"}])


def run(*words, **settings):
    """(exit code, stdout, stderr) of a program; bytes as they come.

    With settings of its start in a process of its own.
    """
    if settings or str(words[0]).startswith("-"):
        done = subprocess.run([sys.executable, *map(os.fspath, words)],
                              capture_output=True, timeout=120, check=False,
                              **settings)
    else:
        done = run_warm(*words, text=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_a_flag_that_is_not_there(program):
    code, out, err = run(program, "--no-such-flag")
    assert (code, out) == (64, b"") and err.count(b"\n") == 1
    assert err.startswith(program.name.encode() + b": ")


def test_every_program_is_one_of_them():
    """What has a shebang ends by command.run_main()."""
    for path in FILES:
        if path.read_text().startswith("#!"):
            # A worker speaks to compare_peers.py alone, in JSON.
            assert path in PROGRAMS or path.stem == "peer_worker", path
    assert len(PROGRAMS) >= 10


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """(results file, its figure as drawn without any settings)."""
    folder = tmp_path_factory.mktemp("drawn")
    path = write_file(folder / "a.h5", [{}, {"activation": "relu"}])
    assert run(SCRIPT, path, "--quantity", "delta")[::2] == (0, b"")
    return path, (folder / "a_variance.png").read_bytes()


@pytest.mark.parametrize("environment", [
    {"MPLBACKEND": "bogus", "MATPLOTLIBRC": "settings",
     "PYTHONFAULTHANDLER": "1"},
    {"PYTHONWARNINGS": "error", "LC_ALL": "C", "PYTHONUTF8": "0",
     "PYTHONCOERCECLOCALE": "0"},
    {"PYTHONIOENCODING": "ascii", "HOME": "/nowhere",
     "MPLCONFIGDIR": "/proc/nowhere"}], ids=["figures", "text", "folders"])
def test_the_user_s_settings_change_nothing(tmp_path, drawn, environment):
    """The same bytes, and nothing said."""
    (tmp_path / "settings").mkdir()
    (tmp_path / "settings" / "matplotlibrc").write_text(
        "text.usetex: True\nfont.size: 20\nbackend: bogus\n"
        "savefig.bbox: tight\npath.sketch: 1, 100, 2\n")
    path, plain = drawn
    code, _, err = run(SCRIPT, path, "--output", tmp_path / "x", "--quantity",
                       "delta", cwd=tmp_path, env={**os.environ, **environment})
    assert (code, err) == (0, b"")
    assert (tmp_path / "x.png").read_bytes() == plain


def test_settings_in_the_folder(tmp_path, path):
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\n")
    assert run(SCRIPT, path, cwd=tmp_path)[0] == 0
    (tmp_path / "matplotlibrc").write_bytes(b"font.size: \xff\n")
    code, _, err = run(SCRIPT, path, cwd=tmp_path)
    assert code == 65 and err.count(b"\n") == 1 and b"not UTF-8" in err


@pytest.mark.parametrize("shell, code", [
    ("> /dev/full", 74), ("| true", 0), (">&-", 0), ("2>&-", 0),
    (">&- 2>&-", 0)])
def test_where_output_goes(path, tmp_path, shell, code):
    done = subprocess.run(["sh", "-c", f"'{sys.executable}' '{SCRIPT}' "
                           f"'{path}' --output '{tmp_path}/x' {shell}"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert done.stderr == (
        "plot_variance.py: No space left on device\n" if code else "")


def test_a_reader_that_leaves(path, tmp_path):
    """Writing to a closed pipe: exit code 74, not a word."""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([sys.executable, SCRIPT, path, "--output",
                           tmp_path / "x"], stdout=write,
                          stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (74, b"")


def test_a_python_without_the_packages_hands_over(tmp_path, path):
    """A virtual environment, which hides Debian's packages."""
    subprocess.run(["/usr/bin/python3", "-m", "venv", "--without-pip",
                    tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python3"
    done = subprocess.run([python, SCRIPT, path], capture_output=True,
                          text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("a_variance.svg\n")
    # Without find_python.sh, as in an installed copy, it says what is missing.
    program = tmp_path / "program.py"
    program.write_text(f"import sys\nsys.path.insert(0, {str(FOLDER)!r})\n"
                       "from initscope import command\n"
                       "command.run_main(lambda: __import__('h5py'))\n")
    done = subprocess.run([python, program], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 70
    assert f"{python} has no package h5py; install it" in done.stderr


# --- files

def test_a_disk_that_is_full_leaves_what_was_there(tmp_path, path):
    before = {}
    for suffix in ("csv", "png", "svg"):
        before[suffix] = f"old {suffix}"
        (tmp_path / f"x.{suffix}").write_text(before[suffix])
    done = subprocess.run(
        ["sh", "-c", f"ulimit -f 16; exec '{sys.executable}' '{SCRIPT}' "
         f"'{path}' --output '{tmp_path}/x'"], capture_output=True, text=True,
        check=False)
    assert done.returncode == 74 and "File too large" in done.stderr
    assert done.stderr.count("\n") == 1
    assert (tmp_path / "x.png").read_text() == before["png"]
    assert (tmp_path / "x.svg").read_text() == before["svg"]
    assert sorted(os.listdir(tmp_path)) == ["a.h5", "x.csv", "x.png", "x.svg"]


def test_a_written_file_has_the_umask_s_mode_and_follows_links(tmp_path):
    def put(path):
        pathlib.Path(path).write_text("new")
    old = os.umask(0o027)
    try:
        command.write(str(tmp_path / "a.txt"), put)
    finally:
        os.umask(old)
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o640
    (tmp_path / "a.txt").chmod(0o604)
    (tmp_path / "link.txt").symlink_to("a.txt")
    command.write(str(tmp_path / "link.txt"), put)
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o604


@pytest.mark.parametrize("name, words", [
    ("nowhere/x", "cannot write: No such file or directory"),
    ("a.h5/x", "cannot write: Not a directory"),
    ("taken", "cannot write: Is a directory"),
    ("n" * 300, "cannot write: File name too long")])
def test_places_that_cannot_be_written(tmp_path, path, name, words):
    (tmp_path / "taken.csv").mkdir()
    code, out, err = run(SCRIPT, path, "--output", tmp_path / name)
    assert (code, out) == (73, b"") and words in err.decode()
    assert err.count(b"\n") == 1
    assert sorted(os.listdir(tmp_path)) == ["a.h5", "taken.csv"]


def test_its_own_input_is_no_output(tmp_path):
    path = write_file(tmp_path / "x.csv", [{}])
    os.link(path, tmp_path / "y.svg")
    for name in ("x", "y"):
        code, _, err = run(SCRIPT, path, "--output", tmp_path / name)
        assert code == 64 and b"would overwrite" in err


def test_a_figure_that_is_too_large(tmp_path):
    path = write_file(tmp_path / "a.h5", SWEEP * 1)
    figure = style.matplotlib.figure.Figure((60, 3), dpi=1200)
    with pytest.raises(command.ScriptError, match="take a smaller --dpi"):
        style.save(figure, str(tmp_path / "x.png"))
    assert path


# --- names

def test_names_that_are_no_text(tmp_path, path):
    """Not UTF-8, mathtext, control characters: they are names like others."""
    name = os.fsencode(tmp_path) + b"/a\xff $x$ $\\frac{ \x01\n\x1b[31m.h5"
    os.rename(path, name)
    code, out, err = run(SCRIPT, name)
    assert (code, err) == (0, b"")
    assert out.startswith(name[:-3])
    with open(name[:-3] + b"_variance.svg", "rb") as file:
        drawn = file.read()
    assert not set(drawn) & (set(range(32)) - {10})
    drawn.decode()
    code, _, err = run(SCRIPT, name[:-3] + b"no\n.h5")
    assert code == 74 and err.count(b"\n") == 1 and b"\x1b" not in err


def test_plain_text():
    assert style.plain("a$b$\x00\udcff\ufffe") == r"a\$b\$" + 3 * "\ufffd"
    assert style.plain("Größe δ ×") == "Größe δ ×"
    assert variance_notes.label("input", "$x$.csv") == r"input \$x\$.csv"


# --- signals

@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM,
                                    signal.SIGHUP])
@pytest.mark.parametrize("seconds", [0.4, 0.8, 1.6])
def test_interrupted(tmp_path, number, seconds):
    """Whether packages are still being imported, or figures drawn."""
    path = write_file(tmp_path / "a.h5", [
        {"gain": 1 + i, "width": w} for i in range(60) for w in range(4, 40)],
        depth=1)
    process = subprocess.Popen([sys.executable, SCRIPT, path],
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True)
    time.sleep(seconds)
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert err == ("plot_variance.py: interrupted\n"
                   if number == signal.SIGINT else "")
    assert not list(tmp_path.glob(".initscope-*"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("place", [
    "class A:\n  def __del__(_): wait(1)\nA()",
    "try: wait(20)\nexcept: pass"])
def test_a_signal_is_not_lost(place, number):
    """What a handler raises is, in a __del__ and in a bare except."""
    program = "\n".join([
        "import sys, time", f"sys.argv = [{str(SCRIPT)!r}]",
        f"sys.path.insert(0, {str(FOLDER)!r})",
        "from initscope import command", "def wait(seconds):",
        "  print(flush=True); time.sleep(seconds)", "def main():",
        *(f"  {line}" for line in place.splitlines()),
        "  time.sleep(30)", "command.run_main(main)"])
    with subprocess.Popen([sys.executable, "-c", program], text=True,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.send_signal(number)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 128 + number
    assert err == ("plot_variance.py: interrupted\n"
                   if number == signal.SIGINT else "")


def test_what_nobody_foresaw_is_one_line(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(f"import sys\nsys.path.insert(0, {str(FOLDER)!r})\n"
                       "from initscope import command\n"
                       "def main():\n    raise ValueError('a\\nb')\n"
                       "command.run_main(main)\n")
    code, _, err = run(program)
    assert code == 70 and err == (
        "program.py: internal error: program.py, line 5: ValueError: a\ufffdb;"
        " please report it ('python3 -X dev' shows where it came from)\n"
        ).encode()
    assert b"Traceback" in run("-X", "dev", program)[2]
