"""The shell scripts, without installing or building anything.

Fakes of dpkg-query, apt-get and others, first in the PATH, stand in for a
machine that has or lacks a package.
"""

import os
import shutil
import subprocess

import pytest

from checkout import ROOT

SCRIPTS = [*sorted((ROOT / "scripts").rglob("*.sh")), ROOT / ".ci" / "run"]
PROGRAMS = [path for path in SCRIPTS if path.suffix == ".sh"]

# Answers as dpkg-query --show does; $MISSING is the package that is not there.
DPKG_QUERY = """
for package in "$@"; do
  case $package in
    -*) ;;
    "${MISSING-}") echo "$package not-installed" ;;
    *) echo "$package installed" ;;
  esac
done
"""
# Notes its arguments; fails while the file $FAILURES has lines left.
APT_GET = """
echo "$@" >>"$CALLS"
if [[ -s ${FAILURES-} ]]; then
  sed -i 1d "$FAILURES"
  echo "E: no network"
  exit 100
fi
"""


class Machine:
    """Runs scripts with fakes of system programs first in the PATH."""

    def __init__(self, folder):
        self.bin = folder / "fake bin"
        self.bin.mkdir()
        self.calls = folder / "calls"
        self.environment = {
            **os.environ, "CALLS": str(self.calls),
            "PATH": f"{self.bin}:{os.environ['PATH']}"}
        self.fake("dpkg-query", DPKG_QUERY)
        self.fake("apt-get", APT_GET)
        self.fake("sudo", 'exec "$@"')
        self.fake("sleep", "")

    def fake(self, name, body):
        path = self.bin / name
        path.write_text(f"#!{shutil.which('bash')}\n{body}\n")
        path.chmod(0o755)
        return path

    def run(self, script, *arguments, **environment):
        return subprocess.run(
            [shutil.which("bash"), ROOT / "scripts" / script, *arguments],
            env={**self.environment, **environment}, text=True,
            capture_output=True, timeout=60)

    def apt_calls(self):
        """The commands (update, install) with their packages, in order."""
        if not self.calls.exists():
            return []
        lines = self.calls.read_text().splitlines()
        return [line[line.index(command):] for line in lines
                for command in ("update", "install") if f" {command}" in line]


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def name(path):
    return path.name


@pytest.mark.parametrize("script", SCRIPTS, ids=name)
def test_syntax(script):
    subprocess.run(["bash", "-n", script], check=True)
    assert os.access(script, os.X_OK)


def test_shellcheck():
    subprocess.run(["shellcheck", "-x", *SCRIPTS], check=True, cwd=ROOT)


@pytest.mark.parametrize("script", PROGRAMS, ids=name)
def test_help(script, machine):
    answer = machine.run(script, "--help")
    assert answer.returncode == 0
    assert answer.stdout.startswith(f"usage: {script.relative_to(ROOT)}")
    assert answer.stderr == ""
    assert machine.apt_calls() == []


@pytest.mark.parametrize("script", PROGRAMS, ids=name)
def test_unknown_option(script, machine):
    answer = machine.run(script, "--no-such-option")
    assert answer.returncode == 64
    assert answer.stdout == ""
    assert answer.stderr.startswith(f"{script.name}: unknown option")
    assert answer.stderr.count("\n") == 1


def test_setup_leaves_a_ready_machine_alone(machine):
    machine.fake("apt-get", 'echo called >>"$CALLS"; exit 1')
    for arguments in [], ["--tests"], ["--peers"], ["--tests", "--peers"]:
        answer = machine.run("setup.sh", *arguments)
        assert answer.returncode == 0
        assert "packages are installed" in answer.stdout
    assert not machine.calls.exists()


def test_setup_installs_what_is_missing(machine):
    answer = machine.run("setup.sh", MISSING="libfmt-dev")
    assert answer.returncode == 0, answer.stderr
    assert "Installing libfmt-dev\n" in answer.stdout
    assert machine.apt_calls() == [
        "update", "install --no-install-recommends libfmt-dev"]


def test_setup_knows_what_only_tests_need(machine):
    machine.run("setup.sh", MISSING="python3-pytest")
    assert machine.apt_calls() == []
    machine.run("setup.sh", "--tests", MISSING="python3-pytest")
    assert machine.apt_calls()[-1].endswith(" python3-pytest")


@pytest.mark.parametrize("package", ["python3-torch", "libdnnl-dev",
                                     "libopenblas-pthread-dev",
                                     "libblis-pthread-dev"])
def test_setup_knows_what_only_the_comparison_needs(machine, package):
    machine.run("setup.sh", "--tests", MISSING=package)
    assert machine.apt_calls() == []
    machine.run("setup.sh", "--peers", MISSING=package)
    assert machine.apt_calls()[-1].endswith(f" {package}")


def test_setup_tries_twice(machine, tmp_path):
    failures = tmp_path / "failures"
    failures.write_text("1\n")
    answer = machine.run("setup.sh", MISSING="g++", FAILURES=str(failures))
    assert answer.returncode == 0, answer.stderr
    assert [call.split()[0] for call in machine.apt_calls()] == [
        "update", "update", "install"]


def test_setup_shows_why_it_failed(machine, tmp_path):
    failures = tmp_path / "failures"
    failures.write_text("1\n2\n")
    answer = machine.run("setup.sh", MISSING="g++", FAILURES=str(failures))
    assert answer.returncode == 1
    assert answer.stderr.splitlines() == [
        "E: no network",
        "setup.sh: apt-get could not install g++ (its output is above)"]


def test_setup_without_apt_names_the_packages(machine):
    for program in ("apt-get", "sudo", "sleep"):
        (machine.bin / program).unlink()
    answer = machine.run("setup.sh", PATH=str(machine.bin))
    assert answer.returncode == 1
    assert answer.stderr.startswith("setup.sh: no apt-get here; ")
    assert "libhdf5-dev" in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_setup_without_sudo_says_so(machine):
    (machine.bin / "sudo").unlink()
    machine.fake("id", "echo 1000")
    for tool in ("dirname", "grep", "readlink", "sed"):
        (machine.bin / tool).symlink_to(shutil.which(tool))
    answer = machine.run("setup.sh", MISSING="g++", PATH=str(machine.bin))
    assert answer.returncode == 1
    assert answer.stderr == ("setup.sh: neither root nor sudo; "
                             "ask for these packages: g++\n")


def test_python_that_has_the_modules_is_found(machine, tmp_path):
    folder = tmp_path / "with blank"
    folder.mkdir()
    python = folder / "python3"
    python.symlink_to("/usr/bin/python3")
    answer = machine.run("find_python.sh", "json", INITSCOPE_PYTHON=str(python))
    assert (answer.returncode, answer.stdout) == (0, f"{python}\n")


def test_python_that_lacks_a_module_is_passed_over(machine):
    machine.fake("python3", "echo json")  # the answer of one that lacks it
    answer = machine.run("find_python.sh", "json",
                         INITSCOPE_PYTHON="/no/such/python")
    assert (answer.returncode, answer.stdout) == (0, "/usr/bin/python3\n")


def test_missing_module_is_named_with_its_package(machine):
    answer = machine.run("find_python.sh", "json", "No_such.part")
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr == (
        "find_python.sh: no python3 can import No_such.part; install "
        "python3-no-such (scripts/setup.sh --tests does)\n")


def test_find_python_can_be_sourced(machine):
    answer = subprocess.run(
        ["bash", "-euo", "pipefail", "-c",
         'source "$0" && find_python json', ROOT / "scripts/find_python.sh"],
        env=machine.environment, text=True, capture_output=True)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.endswith("python3\n")


# A preset passes or fails with the fakes of CMake that it meets.

def test_every_preset_is_tried_and_named(machine):
    machine.fake("cmake", '[[ $* != "--build --preset asan "* ]]')
    machine.fake("ctest", 'echo "ctest $*"; [[ $* != "--preset tsan" ]]')
    answer = machine.run("test.sh", "--all")
    assert answer.returncode == 1
    assert "ctest --preset release -C Scans -LE in_asan\n" in answer.stdout
    summary = [line.rsplit(" in ")[0]
               for line in answer.stdout.splitlines()[-3:]]
    assert summary == ["release passed", "asan FAILED to build",
                       "tsan FAILED its tests"]


def test_release_alone_by_default(machine):
    machine.fake("cmake", "")
    machine.fake("ctest", 'echo "ctest $*"')
    answer = machine.run("test.sh")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.count("ctest") == 1
    assert "ctest --preset release\n" in answer.stdout


def test_continuous_integration_runs_all_presets(machine, tmp_path):
    machine.fake("cmake", "")
    machine.fake("ctest", "exit 1")
    answer = subprocess.run([ROOT / ".ci" / "run"], cwd=tmp_path, text=True,
                            env=machine.environment, capture_output=True)
    assert answer.returncode == 1
    assert [line.split()[0] for line in answer.stdout.splitlines()[-3:]] == [
        "release", "asan", "tsan"]


# A checkout, at a path with a blank, whose build and Python programs are fakes.

CMAKE = """
echo "cmake $*" >>"$CALLS"
if [[ $1 == --preset ]]; then
  mkdir -p build/release
  touch build/release/build.ninja
else
  cp "$INITSCOPE" build/release/initscope
fi
"""
INITSCOPE = 'echo "initscope $*" >>"$CALLS"; [[ $1 != run ]] || touch "$4"'


@pytest.fixture
def checkout(machine, tmp_path):
    machine.fake("cmake", CMAKE)
    machine.environment["INITSCOPE"] = str(
        machine.fake("initscope", INITSCOPE))
    machine.fake("python3", 'if [[ $1 != -c ]]; then echo "$@" >>"$CALLS"; fi')
    root = tmp_path / "a checkout"
    (root / "scripts").mkdir(parents=True)
    for script in PROGRAMS:
        shutil.copy(script, root / "scripts")
    shutil.copy(ROOT / "CMakePresets.json", root)
    return root


def quickstart(machine, checkout, folder):
    if machine.calls.exists():
        machine.calls.unlink()
    answer = subprocess.run(
        [checkout / "scripts" / "quickstart.sh"], cwd=folder, text=True,
        env={**machine.environment, "INITSCOPE_PYTHON": ""},
        capture_output=True)
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr == ""
    assert "\x1b" not in answer.stdout
    assert answer.stdout.endswith(
        f"== Files, in {checkout}\nresults/quickstart.h5\n")
    return machine.calls.read_text().splitlines()


def test_quickstart_configures_once(machine, checkout, tmp_path):
    configure = "cmake --preset release"
    work = ["cmake --build --preset release --target initscope",
            "initscope run experiments/quickstart.ini "
            "--output results/quickstart.h5 --force",
            "scripts/plot_variance.py results/quickstart.h5",
            "initscope info results/quickstart.h5"]
    assert quickstart(machine, checkout, tmp_path) == [configure, *work]
    assert quickstart(machine, checkout, "/") == work
    with open(checkout / "CMakePresets.json", "a") as presets:
        presets.write("\n")
    assert quickstart(machine, checkout, checkout) == [configure, *work]


# As ctest writes it, with what an earlier run left above.
LOG = """Start testing: yesterday
1/1 Test: old
Test Failed.
Start testing: today
1/2 Test: right
all is well
Test Passed.
2/2 Test: wrong
this is why
Test Failed.
"""


def test_what_failed_stands_at_the_end(machine, checkout):
    machine.fake("ctest", f"""
folder=build/release/Testing/Temporary
mkdir -p $folder
cat >$folder/LastTest.log <<'END'
{LOG}END
exit 1""")
    answer = subprocess.run(
        [checkout / "scripts" / "test.sh", "--no-setup"], text=True,
        env=machine.environment, capture_output=True)
    assert answer.returncode == 1
    _, end = answer.stdout.split("== failed: ")
    assert end.startswith("2/2 Test: wrong\nthis is why\nTest Failed.\n\n")
