"""Every C++ file is as clang-format 14 leaves it; others format otherwise."""

import re
import shutil
import subprocess
import unicodedata

import pytest

from checkout import ROOT

VERSION = 14


def clang_format():
    for name in (f"clang-format-{VERSION}", "clang-format"):
        path = shutil.which(name)
        if path:
            answer = subprocess.run([path, "--version"], text=True,
                                    capture_output=True, check=True).stdout
            if re.search(rf"version {VERSION}\.", answer):
                return path
    pytest.fail(f"there is no clang-format {VERSION}; scripts/setup.sh "
                f"--tests installs it")


def differences(files):
    """The places, path:line:column, that clang-format would change."""
    answer = subprocess.run(
        [clang_format(), f"--style=file:{ROOT}/.clang-format", "--dry-run",
         "-Werror", *files], text=True, capture_output=True)
    places = re.findall(r"^(.+:\d+:\d+): error", answer.stderr, re.M)
    assert bool(places) == bool(answer.returncode), answer.stderr
    return places


def sources():
    files = [path for path in sorted((ROOT / "src").rglob("*"))
             if path.suffix in (".h", ".cc")]
    assert files
    return files


def long_lines(path):
    """path:line of every line of more than 80 characters as one sees them."""
    return [f"{path}:{number}"
            for number, line in enumerate(path.read_text().split("\n"), 1)
            if sum(not unicodedata.combining(c) for c in line) > 80]


def test_sources_are_formatted():
    places = differences(sources())
    assert not places, "run clang-format -i; it would change\n" + "\n".join(
        places)


def test_a_difference_is_seen(tmp_path):
    path = tmp_path / "a.cc"
    path.write_text("int  a ;\n")
    assert f"{path}:1:4" in differences([path])
    path.write_text("int a;\n")
    assert differences([path]) == []


def test_formulas_in_comments_stay_as_they_are_laid_out(tmp_path):
    path = tmp_path / "a.cc"
    path.write_text("//     x = 1\n//     y = 2\n// " + "x " * 50 + "x\n")
    assert differences([path]) == []


def test_no_line_is_longer_than_80_characters(tmp_path):
    """Of comments clang-format does not say it; of Python nothing does."""
    files = [*sources(), *(ROOT / "scripts").rglob("*.py"),
             *(ROOT / "experiments").rglob("*.py")]
    assert [place for path in files for place in long_lines(path)] == []
    path = tmp_path / "a.cc"
    path.write_text("// " + "x\u0303" * 77 + "\n// " + "x" * 78 + "\n")
    assert long_lines(path) == [f"{path}:2"]
