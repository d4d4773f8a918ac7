"""An output file that cannot be made is one clear line, and harms nothing.

Exit code 73 where it cannot be created, 74 where it cannot be written.
"""

import os
import re
import resource
import subprocess

import h5py
import pytest

from command_line import CANNOT_CREATE, IO, TINY, listing, write


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
