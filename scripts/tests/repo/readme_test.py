"""Runs every command of the README, in its order, in a copy of the repository.

The commands of experiments/README.md are what show_test.py runs at a smaller
size; here they must be there, with all that they name.
"""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

from checkout import EXPERIMENTS, ROOT

README = (ROOT / "README.md").read_text()
PAGE = (EXPERIMENTS / "README.md").read_text()
SCRIPTS_PAGE = (ROOT / "scripts" / "README.md").read_text()


def blocks(language, page=README):
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def commands(page=README):
    lines = "\n".join(blocks("sh", page)).splitlines()
    return [command for line in lines
            if (command := line.split("#")[0].strip())]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, program):
    """A built copy of the repository, with the README's experiment."""
    path = copy_to(tmp_path_factory.mktemp("readme") / "copy")
    (path / "my.ini").write_text(blocks("ini")[0])
    (path / "build" / "release").mkdir(parents=True)
    (path / "build" / "release" / "initscope").symlink_to(program)
    return path


def copy_to(path):
    """The sources alone: what is run there leaves the checkout as it is."""
    return shutil.copytree(ROOT, path, ignore=lambda folder, names: [
        name for name in names if name in ("__pycache__", ".git")
        or (pathlib.Path(folder) == ROOT and name in ("build", "results"))])


# Configures; instead of building it takes the program that there is.
CMAKE = """#!/bin/bash
set -e
if [[ $1 == --build ]]; then
  echo "cmake $*" >&2
  ln -sf "$PROGRAM" build/release/initscope
else
  exec "$CMAKE" "$@"
fi
"""


def test_the_two_commands_come_first():
    assert commands()[:2] == ["scripts/quickstart.sh", "scripts/test.sh"]
    # This test is run by the second one, which continuous integration calls.
    assert "scripts/test.sh" in (ROOT / ".ci" / "run").read_text()


def test_quickstart(tmp_path, program):
    if shutil.which("apt-get") is None:
        pytest.skip("needs a Debian machine")
    copy = copy_to(tmp_path / "copy")
    cmake = tmp_path / "bin" / "cmake"
    cmake.parent.mkdir()
    cmake.write_text(CMAKE)
    cmake.chmod(0o755)
    done = subprocess.run(
        [copy / "scripts" / "quickstart.sh"], cwd=tmp_path,
        capture_output=True, text=True, timeout=600,
        env={**os.environ, "CMAKE": shutil.which("cmake"), "PROGRAM": program,
             "PATH": f"{cmake.parent}:{os.environ['PATH']}"})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "cmake --build --preset release --target initscope" in done.stderr
    for line in ("results/quickstart.h5", "results/quickstart_variance.png"):
        assert line in done.stdout
        assert (copy / line).stat().st_size > 0
    assert re.search(r"relu +he_normal .* consistent with theory", done.stdout)
    assert re.search(r"relu +xavier_normal .*vanishes .*delta shrinks 10\^8 ×"
                     r" over 27 layers, 2 × a layer", done.stdout)
    assert re.search(r"sigmoid +xavier_normal .*vanishes .*18 × a layer",
                     done.stdout)


def test_the_other_commands_in_their_order(folder):
    rest = commands()[2:]
    assert len(rest) >= 8
    for command in rest:
        words = command.split()
        if words[0].endswith(".py"):
            words = ["/usr/bin/python3", *words]
        done = subprocess.run(words, cwd=folder, capture_output=True,
                              text=True, timeout=300)
        assert done.returncode == 0, f"{command}\n{done.stderr}"
    for name in ("my.h5", "my_variance.png", "my_variance.svg",
                 "my_variance.csv", "my-trace.h5"):
        assert (folder / "results" / name).stat().st_size > 0
    assert (folder / "deep.h5").exists()


def test_a_bad_day(folder):
    (script,) = blocks("bash")
    assert len(script.splitlines()) == 5
    # On a busy machine no second may have passed with the first runs.
    done = subprocess.run(["bash", "-c", script], cwd=folder, text=True,
                          capture_output=True, timeout=300,
                          env={**os.environ, "INITSCOPE_STORE_SECONDS": "0.1"})
    assert done.returncode == 0, done.stderr
    kept = int(re.search(r"^long.h5: (\d+) of 120 runs are finished",
                         done.stdout, re.MULTILINE)[1])
    assert 0 < kept < 120
    assert f"{kept} of 120 runs are in long.h5.parts already" in done.stderr
    assert not (folder / "long.h5.parts").exists()


def test_the_verdict_is_the_real_one(folder, program):
    shown = re.search(r"^    (vanishes .*; )…$", README, re.MULTILINE)
    done = subprocess.run([program, "info", "results/my.h5"], cwd=folder,
                          capture_output=True, text=True, check=True)
    (line,) = re.findall(r"^  relu  xavier_normal  gain 1 +([a-z].*)$",
                         done.stdout, re.MULTILINE)
    assert line.startswith(shown[1]) and "; consistent with theory" in line


SCHEMES = ["xavier_normal", "he_normal", "orthogonal"]


def test_pandas_in_one_line(folder, monkeypatch):
    monkeypatch.chdir(folder)
    (code,) = blocks("python")
    assert len(code.strip().splitlines()) == 2  # with the import
    names = {}
    exec(code, names)
    table = names["table"]
    assert len(table) == 2 * 3 * 4 * 5 * 21
    assert table["delta_variance"].notna().any()
    assert set(table["gain"]) == {0.5, 1.0, 1.5, 2.0}
    assert list(table.groupby("init").size()) == [2 * 4 * 5 * 21] * 3
    assert set(table["init"]) == set(SCHEMES)


def test_every_line_about_reading_results(folder, program, monkeypatch):
    """Of scripts/README.md: the package, h5py alone and xarray agree."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("INITSCOPE", str(program))
    names = {}
    notebook, run, *by_hand = blocks("python", SCRIPTS_PAGE)
    exec(notebook, names)
    layers = names["r"].layers
    for code in (run, *by_hand):
        exec(code, names)
    assert set(names["r"].swept) == {"activation", "seed"}
    assert len(names["t"].steps) == 2 * 11
    assert (list(layers["init"]) == list(names["table"]["init"])
            == names["data"]["init"].values.tolist())
    assert (layers["fan_in"] == names["table"]["fan_in"]).all()
    names["data"].close()


def test_the_error_message_is_the_real_one(folder, program):
    shown = re.search(r"^    (initscope: my.ini:3: .*)$", README, re.MULTILINE)
    text = (folder / "my.ini").read_text().replace("xavier_normal",
                                                   "xaiver_normal")
    place = folder / "typo"
    place.mkdir()
    (place / "my.ini").write_text(text)
    done = subprocess.run([program, "run", "my.ini"], cwd=place,
                          capture_output=True, text=True)
    assert done.returncode == 64
    assert done.stderr.strip() == shown[1]


def anchors(page):
    """What GitHub makes of the headings."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
            for heading in re.findall(r"^#+ (.*)$", page, re.MULTILINE)}


@pytest.mark.parametrize("page, folder", [
    pytest.param(README, ROOT, id="README.md"),
    *(pytest.param((ROOT / name / "README.md").read_text(), ROOT / name,
                   id=f"{name}/README.md")
      for name in ("experiments", "scripts", "scripts/bench", "src",
                   "src/io"))])
def test_links_lead_somewhere(page, folder):
    targets = re.findall(r"\]\(([^)]+)\)", page)
    assert targets
    for target in targets:
        path, _, anchor = target.partition("#")
        assert (folder / path).exists(), target
        there = page if not path else (folder / path).read_text() \
            if path.endswith(".md") else ""
        assert not anchor or anchor in anchors(there), target


# --- src/README.md

def test_the_map_of_the_source_is_true():
    """Files that it names are there, and functions are in the files named."""
    page = (ROOT / "src/README.md").read_text()
    files = re.findall(r"`([a-z_]+(?:/[a-z_]+)+\.(?:h|cc|py))`", page)
    assert len(files) > 25
    for name in files:
        assert (ROOT / "src" / name).exists() or (ROOT / name).exists(), name
    places = re.findall(r"`(\w+)\(\)`[^`|]*`([\w/]+\.(?:h|cc))`", page)
    assert len(places) > 5
    for function, name in places:
        assert f"{function}(" in (ROOT / "src" / name).read_text(), function


# --- experiments/README.md

@pytest.mark.parametrize("command", commands(PAGE))
def test_the_experiments_commands_are_there(command, program):
    words = command.split()
    if words[0] == "build/release/initscope":
        known = subprocess.run([program, words[1], "--help"],
                               capture_output=True, check=False)
        assert known.returncode == 0, f"no command {words[1]}"
    else:
        assert (ROOT / words[0]).stat().st_mode & 0o100, command
    for word in words[1:]:
        if word.startswith("experiments/"):
            assert (ROOT / word).is_file(), command
    if words[0] == "scripts/show.py" and not words[1].startswith("--"):
        assert (EXPERIMENTS / "claims" / f"{words[1]}.py").is_file()


def test_every_experiment_has_its_place_on_the_page():
    files = sorted(EXPERIMENTS.rglob("*.ini"))
    assert len(files) >= 7
    for path in files:
        name = (path.stem if path.parent == EXPERIMENTS
                else path.parent.name)
        _, found, rest = PAGE.partition(f"\n### {name}\n")
        assert found, f"{name} has no section"
        section = rest.partition("\n##")[0]
        assert blocks("sh", section), f"{name} has no command"
    for path in EXPERIMENTS.rglob("*.png"):
        assert f"({path.relative_to(EXPERIMENTS)})" in PAGE, path


def test_every_published_result_is_in_the_page_s_table():
    section = PAGE.partition("\n### reproduce\n")[2].partition("\n##")[0]
    named = set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
    files = {path.stem for path in (EXPERIMENTS / "reproduce").glob("*.ini")}
    assert named == files and len(files) >= 12
