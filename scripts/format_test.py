"""Every C++ file is as clang-format 14 leaves it; others format otherwise."""

import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
VERSION = 14


def clang_format():
    for name in (f"clang-format-{VERSION}", "clang-format"):
        path = shutil.which(name)
        if path:
            answer = subprocess.run([path, "--version"], text=True,
                                    capture_output=True, check=True).stdout
            if re.search(rf"version {VERSION}\.", answer):
                return path
    pytest.skip(f"no clang-format {VERSION}")


def differences(files):
    """The places, path:line:column, that clang-format would change."""
    answer = subprocess.run(
        [clang_format(), f"--style=file:{ROOT}/.clang-format", "--dry-run",
         "-Werror", *files], text=True, capture_output=True)
    places = re.findall(r"^(.+:\d+:\d+): error", answer.stderr, re.M)
    assert bool(places) == bool(answer.returncode), answer.stderr
    return places


def test_sources_are_formatted():
    files = [path for path in sorted((ROOT / "src").rglob("*"))
             if path.suffix in (".h", ".cc")]
    assert files
    places = differences(files)
    assert not places, "run clang-format -i; it would change\n" + "\n".join(
        places)


def test_a_difference_is_seen(tmp_path):
    path = tmp_path / "a.cc"
    path.write_text("int  a ;\n")
    assert f"{path}:1:4" in differences([path])
    path.write_text("int a;\n")
    assert differences([path]) == []
