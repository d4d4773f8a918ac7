"""lint.sh says what clang-tidy finds. ctest runs it on the sources itself."""

import json
import subprocess

import pytest

from checkout import ROOT

GOOD = """#include <string>
#include <utility>
std::string Twice(std::string text) {
  std::string copy = std::move(text);
  return copy + copy;
}
"""


@pytest.fixture
def lint(tmp_path):
    """lint(code) -> the finished process, with code in a file of its own."""
    path = tmp_path / "a.cc"
    (tmp_path / ".clang-tidy").write_bytes(
        (ROOT / ".clang-tidy").read_bytes())
    (tmp_path / "compile_commands.json").write_text(json.dumps([
        {"directory": str(tmp_path), "file": str(path),
         "command": f"c++ -std=c++20 -c {path}"}]))

    def run(code, **environment):
        path.write_text(code)
        return subprocess.run(
            [ROOT / "scripts/tests/repo/lint.sh", "--build", tmp_path, path],
            text=True, capture_output=True,
            env={"PATH": "/usr/bin:/bin", **environment})
    return run


def test_what_is_right_passes(lint):
    done = lint(GOOD)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("code, said", [
    (GOOD.replace("copy;", "text;"), "bugprone-use-after-move"),
    (GOOD + "struct A { A(int) {} };\n", "google-explicit-constructor"),
    (GOOD + "int a = nothing;\n", "undeclared identifier 'nothing'")])
def test_a_finding_fails(lint, code, said):
    done = lint(code)
    assert done.returncode == 1
    assert said in done.stdout
    assert done.stderr.startswith("lint.sh: clang-tidy found")


def test_another_clang_tidy_is_not_taken(lint, tmp_path):
    for name in ("clang-tidy", "clang-tidy-14"):
        (tmp_path / name).write_text("#!/bin/sh\necho LLVM version 19.1\n")
        (tmp_path / name).chmod(0o755)
    done = lint(GOOD, PATH=f"{tmp_path}:/usr/bin:/bin")
    assert done.returncode == 69
    assert done.stderr.startswith("lint.sh: there is no clang-tidy 14;")
