"""--memory: as many jobs as fit, or one clear line."""

import json
import subprocess

import pytest

SWEEP = ["--width", "16", "--depth", "200", "--batch", "4000", "--seed",
         "range(0, 8)", "--theory", "off"]


def plan(program, folder, *flags):
    return subprocess.run([program, "plan", *SWEEP, "--json", *flags],
                          cwd=folder, text=True, capture_output=True)


def test_fewer_jobs_where_all_do_not_fit(program, tmp_path):
    eight = json.loads(plan(program, tmp_path, "--jobs", "8").stdout)
    one = json.loads(plan(program, tmp_path, "--jobs", "1").stdout)
    assert eight["memory_bytes"] > 2 * one["memory_bytes"]
    limit = (eight["memory_bytes"] + one["memory_bytes"]) // 2
    done = plan(program, tmp_path, "--jobs", "8", "--memory", str(limit))
    some = json.loads(done.stdout)
    assert 1 <= some["jobs"] < 8
    assert one["memory_bytes"] <= some["memory_bytes"] <= limit
    assert done.stderr.startswith(f"{some['jobs']} job")
    assert " instead of 8, as --memory allows " in done.stderr
    done = plan(program, tmp_path, "--memory",
                str(one["memory_bytes"] // 2))
    assert done.returncode == 64
    assert "of memory with 1 job, and --memory allows " in done.stderr


@pytest.mark.parametrize("size", ["", "x", "-1G", "0", "1Q", "1e9"])
def test_no_size(program, tmp_path, size):
    done = plan(program, tmp_path, "--memory", size)
    assert done.returncode == 64
    assert done.stderr.count("\n") == 1 and "--memory" in done.stderr
