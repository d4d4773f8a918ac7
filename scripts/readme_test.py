"""Runs every command of the README, in its order, from the repository."""

import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def commands():
    lines = "\n".join(blocks("sh")).splitlines()
    return [line.split("#")[0].strip() for line in lines if line.strip()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, program):
    """A place with the README's experiment, where its paths hold."""
    path = tmp_path_factory.mktemp("readme")
    (path / "my.ini").write_text(blocks("ini")[0])
    (path / "scripts").symlink_to(ROOT / "scripts")
    (path / "build" / "release").mkdir(parents=True)
    (path / "build" / "release" / "initscope").symlink_to(program)
    return path


def test_the_two_commands_come_first():
    assert commands()[:2] == ["scripts/quickstart.sh", "scripts/test.sh"]
    # This test is run by the second one, which continuous integration calls.
    assert "scripts/test.sh" in (ROOT / ".ci" / "run").read_text()


def test_quickstart(tmp_path):
    if shutil.which("apt-get") is None:
        pytest.skip("needs a Debian machine")
    done = subprocess.run([ROOT / "scripts" / "quickstart.sh"], cwd=tmp_path,
                          capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    for line in ("results/quickstart.h5", "results/quickstart_variance.png"):
        assert line in done.stdout
        assert (ROOT / line).stat().st_size > 0
    assert re.search(r"relu +he_normal .*steady", done.stdout)
    assert re.search(r"relu +xavier_normal .*gradient vanishes 2× per layer",
                     done.stdout)
    assert re.search(r"sigmoid +xavier_normal .*vanishes 18× per layer",
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


def test_pandas_in_three_lines(folder, monkeypatch):
    monkeypatch.chdir(folder)
    code = blocks("python")[0]
    assert len(code.strip().splitlines()) == 3
    names = {}
    exec(code, names)
    table = names["table"]
    assert len(table) == 2 * 3 * 4 * 5 * 21
    assert table["delta_variance"].notna().any()
    assert set(table["gain"]) == {0.5, 1.0, 1.5, 2.0}


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


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
