"""bench.sh: which benchmarks it runs, how often, and with what.

Only test_quick_run measures, and it looks at no number.
"""

import json
import pathlib
import re
import subprocess

import pytest

from bench import bench_goals, bench_results, bench_sweeps
from bench_runs import READS, product, run
from checkout import SCRIPTS

NAMES = ["Product/openblas/batch:256/n:64", "Product/packed/batch:256/n:64",
         "Read/L1"]
# Answers as initscope_bench does, in no time; notes what it was asked.
FAKE = r"""#!/usr/bin/env bash
for argument in "$@"; do
  case $argument in
    --benchmark_list_tests) list=yes ;;
    --benchmark_filter=*) filter=${argument#*=} ;;
    --benchmark_out=*) out=${argument#*=} ;;
    --benchmark_context=*) context=${argument#*=} ;;
  esac
done
names=$(grep -E "$filter" "$NAMES")
if [[ ${list-} ]]; then
  if [[ $names ]]; then echo "$names"; else echo "Failed to match" >&2; fi
  exit
fi
grep -E "$filter" "$NAMES" >>"$CALLS.names"
echo "$context ${OPENBLAS_CORETYPE-none} $(wc -l <<<"$names")" >>"$CALLS"
if [[ $context == *tuned* && ${FAIL-} ]]; then exit 1; fi
cp "$RESULT" "$out"
"""


@pytest.fixture
def bench(tmp_path):
    """bench(arguments) -> the finished process, of a fake program."""
    binary = tmp_path / "a binary"
    binary.write_text(FAKE)
    binary.chmod(0o755)
    result = tmp_path / "result.json"
    result.write_text(json.dumps(run([product("packed", 64, 50), *READS])))
    listed = tmp_path / "names"

    def call(*arguments, names=NAMES, expect=0, **environment):
        listed.write_text("".join(f"{name}\n" for name in names))
        done = subprocess.run(
            [SCRIPTS / "bench.sh", "--binary", binary, "--output-dir",
             tmp_path / "out", *arguments], capture_output=True, text=True,
            env={"PATH": "/usr/bin:/bin", "CALLS": tmp_path / "calls",
                 "NAMES": listed, "RESULT": result, **environment})
        assert done.returncode == expect, done.stderr
        return done
    return call


def calls(tmp_path):
    return (tmp_path / "calls").read_text().splitlines()


def has_avx2():
    path = pathlib.Path("/proc/cpuinfo")
    return path.exists() and " avx2 " in path.read_text()


needs_avx2 = pytest.mark.skipif(not has_avx2(),
                                reason="without AVX2 nothing is tuned")


@needs_avx2
def test_settings_take_turns(bench, tmp_path):
    done = bench("--repetitions", "2", OPENBLAS_CORETYPE="Atom")
    found = [line.split() for line in calls(tmp_path)]
    assert [call[0] for call in found] == [
        f"setting={setting},round={i}" for i in (1, 2)
        for setting in ("installed", "tuned")]
    # As installed: without what the user's environment asks for.
    assert [call[1] for call in found][::2] == ["none", "none"]
    assert found[1][1] in ("SkylakeX", "Haswell")
    assert [call[2] for call in found] == ["3", "1", "3", "1"]
    assert "packed" in done.stdout
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "bench.json", "roofline.png"}


@needs_avx2
def test_a_setting_that_fails_is_left_out(bench, tmp_path):
    done = bench("--repetitions", "2", FAIL="yes")
    assert "the peers failed with OPENBLAS_CORETYPE=" in done.stderr
    assert len(calls(tmp_path)) == 3


@pytest.mark.parametrize("arguments, code, message", [
    (["--repetitions", "0"], 64, "--repetitions '0' is not a number"),
    (["--repetitions"], 64, "--repetitions wants a value"),
    (["--filter", "Nothing"], 64, "--filter 'Nothing' matches no benchmark"),
    (["--binary", "/nowhere"], 74, "/nowhere: not there")])
def test_usage_errors_are_one_line(bench, arguments, code, message):
    done = bench(*arguments, expect=code)
    assert done.stderr.startswith(f"bench.sh: {message}")
    assert done.stderr.count("\n") == 1 and done.stdout == ""


def test_every_benchmark_is_run(bench, names, tmp_path):
    bench("--repetitions", "1", names=names)
    assert set((tmp_path / "calls.names").read_text().splitlines()) == set(
        names)


@pytest.mark.parametrize("name", ["BM_Fill<float>/rows:8", "Product", "a/b"])
def test_a_name_that_no_filter_would_match_is_an_error(bench, name):
    done = bench(names=[*NAMES, name], expect=70)
    assert f"'{name}' is not named FAMILY/KERNEL/..." in done.stderr


def test_quick_run(program, names, tmp_path):
    binary = program.with_name("initscope_bench")
    done = subprocess.run(
        [SCRIPTS / "bench.sh", "--quick", "--binary", binary, "--output-dir",
         tmp_path], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    results = bench_results.read(tmp_path / "bench.json")
    assert results.errors == {}
    assert {"naive", "eigen", "packed"} <= set(results.products()["kernel"])
    assert results.products()["GFLOP/s"].min() > 0
    # What the goals look at has the counters that they look for.
    for outcome in bench_goals.outcomes(results):
        large = re.search(r"n = (512|1024|2048|4096)\b", outcome.what)
        assert (outcome.measured is None) == bool(large), outcome.what
    for name in ("bench.png", "roofline.png"):
        assert (tmp_path / name).read_bytes()[1:4] == b"PNG"
    sweeps = json.loads((tmp_path / "bench_sweeps.json").read_text())
    assert all(times[0] > 0 for times in sweeps["seconds"].values())
    assert "41 gains of ReLU: time to one gain" in done.stdout


def test_goals_of_sweeps():
    """Figures of round numbers: a second per grid at 100 GFLOP/s a core."""
    seconds = {"1 gain": .5, "41 gains": 1.0, "tiny": .5,
               "tiny, no theory": .4, "small": .04, "--version": .007,
               "list": .008, "--help": .009}
    for width in (1024, 256, 64):
        seconds |= {f"grid {width}": 1.0, f"grid {width}, 1 job": 1.92,
                    f"grid {width}, no theory": .9}
    peak, cores = bench_sweeps.useful_flop(1024, 4) / 2e9 / .9, 2
    found = list(bench_sweeps.outcomes(seconds, peak, cores, quick=False,
                                       huge=(120, 3)))
    narrow = [round(90 * bench_sweeps.useful_flop(width, seeds)
                    / bench_sweeps.useful_flop(1024, 4), 3)
              for width, seeds in ((256, 32), (64, 128))]
    assert [round(outcome.measured, 3) for outcome in found] == [
        90, 1.92, 10, narrow[0], 1.92, 10, narrow[1], 1.92, 10, 2, 20000, 20,
        40, 7, 8, 9, 2, 3]
    assert [outcome.reached for outcome in found] == [
        True, False, True, narrow[0] >= 60, True, True, False, True, True,
        False, True, False, False, True, True, False, True, False]
    # What one core, without benchmarks and --huge, cannot say.
    bare = list(bench_sweeps.outcomes(seconds, None, 1, quick=False,
                                      huge=None))
    assert len(bare) == len(found)
    assert [i for i, outcome in enumerate(bare)
            if outcome.measured is None] == [0, 1, 3, 4, 6, 7, 16, 17]
    # 24 runs of 20 layers: two products and two symmetric Gram matrices.
    assert bench_sweeps.useful_flop(1024, 4) == 480 * (
        4 * 256 * 1024**2 + 2 * 256**2 * 1024)
    assert bench_sweeps.useful_flop(64, 4) == 480 * 6 * 256 * 64**2
