"""An output file that cannot be made is one clear line, and harms nothing.

Exit code 73 where it cannot be created, 74 where it cannot be written.
"""

import os
import re
import resource
import subprocess

import h5py
import pytest

from command_line import CANNOT_CREATE, CSV, IO, TINY, USAGE, listing, write


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


def test_output_folder_without_permission(program, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o555)
    # Root may write anywhere: it gives up that right here.
    as_others = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    done = subprocess.run(
        [*(as_others if os.geteuid() == 0 else []), program, "run", *TINY,
         "--output", "locked/x.h5"], cwd=tmp_path, capture_output=True,
        text=True, check=False)
    assert (done.returncode, done.stdout) == (CANNOT_CREATE, "")
    assert done.stderr.startswith("initscope: locked/x.h5: cannot create a "
                                  "file in locked: Permission denied")
    assert done.stderr.count("\n") == 1
    assert not list((tmp_path / "locked").iterdir())


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


WRITERS = {"run": ["run", *TINY], "train": ["train", *TINY],
           "trace": ["trace", *TINY], "theory": ["theory", *TINY],
           "attention": ["attention", "--d-k", "2,4", "--tokens", "4"]}


@pytest.mark.parametrize("command", WRITERS)
def test_existing_output_needs_force(refuse, call, tmp_path, command):
    arguments = [*WRITERS[command], "--output", "x.h5"]
    call(arguments)
    refuse(arguments, CANNOT_CREATE, [
        r"x\.h5: exists already; --force overwrites it"])
    before = (tmp_path / "x.h5").stat().st_ino
    call([*arguments, "--force"])
    assert (tmp_path / "x.h5").stat().st_ino != before
    assert list(listing(tmp_path)) == [tmp_path / "x.h5"]


@pytest.mark.parametrize("command", WRITERS)
def test_force_overwrites_results_alone(refuse, call, tmp_path, command):
    """Nothing else that a user may have called so, whatever its name."""
    arguments = [*WRITERS[command], "--output", "x.h5"]
    with h5py.File(tmp_path / "theirs.h5", "w") as file:
        file["format"] = "initscope-results"  # no attribute
    for content in (b"precious", CSV.encode(), b"\x89HDF\r\n\x1a\n",
                    (tmp_path / "theirs.h5").read_bytes()):
        (tmp_path / "x.h5").write_bytes(content)
        refuse([*arguments, "--force"], CANNOT_CREATE, [
            r"x\.h5: --force overwrites only results files",
            "remove it yourself"])
    (tmp_path / "x.h5").write_bytes(b"")  # as mktemp leaves it
    call([*arguments, "--force"])


@pytest.mark.parametrize("force", [[], ["--force"]])
@pytest.mark.parametrize("name", [
    "in.h5", "./in.h5", "link.h5", "hard.h5", "folder/../in.h5"])
def test_output_is_an_input(call, refuse, tmp_path, name, force):
    """By inode, not by name; a results file is data like any other."""
    call(["run", *TINY, "--output", "in.h5"])
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.h5").symlink_to("in.h5")
    (tmp_path / "hard.h5").hardlink_to(tmp_path / "in.h5")
    keys = ["--depth", "2", "--width", "3", "--batch", "2", "--output", name,
            *force]
    for command in ("run", "train", "trace", "theory"):
        refuse([command, *keys, "--input", "in.h5:/layers/fan_in"],
               CANNOT_CREATE, ["one of this experiment's own inputs"])
    call(["trace", "--shape", "4x4", "--batch", "4", "--output", "t.h5"])
    refuse(["run", *keys, "--input", "t.h5:/tensors/X_0",
            "--labels", "in.h5:/layers/layer", "--output", "t.h5"],
           USAGE, ["--output"])
    matrices = [text for key in ("x", "w-q", "w-k", "w-v")
                for text in (f"--{key}", "t.h5:/tensors/W_0")]
    refuse(["attention", *matrices, "--output", "t.h5", *force],
           CANNOT_CREATE, ["one of this experiment's own inputs"])


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_output_is_the_experiment(refuse, tmp_path, force):
    write(tmp_path, {"x.h5": "depth = 2\nwidth = 4\nbatch = 4\n"})
    for command in ("run", "train", "trace", "theory"):
        refuse([command, "x.h5", "--output", "x.h5", *force], CANNOT_CREATE,
               ["x.h5: is one of this experiment's own inputs"])


@pytest.mark.parametrize("force", [[], ["--force"]])
@pytest.mark.parametrize("name", ["x.csv", "x.INI", "x.npy", "x.json",
                                  "x.csv.gz", "x.png"])
def test_output_is_named_as_another_format(refuse, name, force):
    refuse(["run", *TINY, "--output", name, *force], CANNOT_CREATE,
           [rf"{name}: results are an HDF5 file", r"ends in \.h5"])
    refuse(["theory", *TINY, "--output", name, *force], CANNOT_CREATE,
           ["results are an HDF5 file"])


@pytest.mark.parametrize("name", ["x", "x.hdf5", "x.nc", "v1.2", "a.csv.h5"])
def test_other_names_are_the_users(call, tmp_path, name):
    call(["run", *TINY, "--output", name])
    assert h5py.is_hdf5(tmp_path / name)


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
    call(["run", *TINY, "--output", "x.h5"])
    before = listing(tmp_path)
    done = call(
        [command, *TINY, "--seed", "1", "--output", "x.h5", "--force"],
        expect=IO,
        preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_FSIZE, (kilobytes << 10, kilobytes << 10)))
    (line,) = done.stderr.splitlines()
    assert "cannot write" in line
    assert "nothing was written" in line
    assert listing(tmp_path) == before
