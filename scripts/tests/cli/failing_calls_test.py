"""Some calls of each kind fail; failing_calls_scan_test.py lets all fail."""

import errno

import pytest

from command_line import IO, TINY, listing
from failing_calls import CALLS, COMMANDS, Command, build, contents


@pytest.fixture(scope="module", name="library")
def fixture_library(tmp_path_factory):
    return build(tmp_path_factory.mktemp("library"))


def some_of(count, wanted=3):
    """The first and the last of 1 … count, and some between."""
    wanted = min(count, wanted)
    return sorted({1 + round(i * (count - 1) / max(wanted - 1, 1))
                   for i in range(wanted)})


@pytest.mark.parametrize("name", COMMANDS)
def test_one_call_fails(program, library, tmp_path, name):
    folder = tmp_path / "folder"
    folder.mkdir()
    command = Command(program, library, name, folder)
    fates = {}
    for call, error in CALLS.items():
        for k in some_of(command.calls(call)):
            fate = command.check(f"{call}:{k}:{getattr(errno, error)}")
            fates.setdefault(call, set()).add(fate)
    # What a full disk keeps from one file goes to another; only the first
    # byte fails before there is anything to lose. The few results of a sweep
    # are written in one piece, by write().
    stores = name in ("run", "train", "sweep")
    assert fates["write"] == {"rescued"}
    assert fates["pwrite"] == ({"lost"} if stores else {"lost", "rescued"})
    assert fates["fsync"] == {"rescued", "in place"}
    # A file that nobody else knows needs no lock, but the runs of a sweep do.
    assert fates["flock"] == ({"unharmed", "lost"} if stores else {"unharmed"})


@pytest.mark.parametrize("name,call", [("run", "write"), ("run", "pwrite"),
                                       ("trace", "pwrite")])
def test_full_disk_from_some_write_on(program, library, tmp_path, name, call):
    folder = tmp_path / "folder"
    folder.mkdir()
    command = Command(program, library, name, folder)
    for k in some_of(command.calls(call), 8):
        assert command.check(f"{call}:{k}+:{errno.ENOSPC}") == "lost"


def test_file_system_that_cannot_sync(program, library, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    command = Command(program, library, "run", folder)
    assert command.check(f"fsync:1+:{errno.EINVAL}") == "unharmed"


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EACCES])
def test_file_system_without_locks(program, library, tmp_path, number):
    folder = tmp_path / "folder"
    folder.mkdir()
    command = Command(program, library, "run", folder)
    assert command.check(f"flock:1+:{number}") == "lost"
    command.arguments = [*command.arguments, "--no-lock"]
    assert command.check(f"flock:1+:{number}") == "unharmed"


def test_reason_is_the_systems(call, library, tmp_path):
    for name, error, pattern in (
            ("pwrite:1", errno.ENOSPC, "No space left on device"),
            ("write:1+", errno.EDQUOT, "Disk quota exceeded"),
            ("fsync:1+", errno.EIO, "Input/output error")):
        done = call(["run", *TINY, "--output", "x.h5"], expect=IO,
                    env={"LD_PRELOAD": str(library), "TMPDIR": str(tmp_path),
                         "FAULT": f"{name}:{error}"})
        assert "x.h5: cannot" in done.stderr
        assert pattern in done.stderr
        assert "nothing was written" in done.stderr or name == "pwrite:1"
        assert not listing(tmp_path)


def test_a_lost_name_is_no_lost_sweep(call, library, tmp_path):
    """The rename fails as where another process has made the file."""
    done = call(["run", *TINY, "--output", "x.h5"], expect=73,
                env={"LD_PRELOAD": str(library),
                     "FAULT": f"renameat2:1:{errno.EEXIST}"})
    assert "x.h5: exists already" in done.stderr
    assert "the results are in x.rescued-1.h5" in done.stderr
    assert contents(tmp_path / "x.rescued-1.h5")
