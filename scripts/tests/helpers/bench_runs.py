"""What initscope_bench writes, made up for the tests of what reads it."""

import json

from bench import bench_merge, bench_results

PEAK = 100.0
CONTEXT = {"cpu": "A CPU", "kernel_target": "AVX2", "num_cpus": 2,
           "git_commit": "0123456789abcdef", "git_dirty": "0",
           "compiler": "GNU 12", "load_avg": [0.5, 0.5, 0.5]}


def product(kernel, n, gflops, batch=256, **more):
    """What initscope_bench writes of one product."""
    flop = 2.0 * batch * n * n
    return {"name": f"Product/{kernel}/batch:{batch}/n:{n}",
            "run_type": "iteration", "cpu_time": flop / gflops,
            "real_time": 2 * flop / gflops, "time_unit": "ns",
            "GFLOP/s": gflops, "peak GFLOP/s": PEAK,
            "% of peak": 100 * gflops / PEAK, "FLOP": flop,
            "bytes": 4.0 * (2 * batch * n + n * n), "label": "code", **more}


def timed(name, time=1.0, unit="ns", **counters):
    return {"name": name, "run_type": "iteration", "cpu_time": time,
            "real_time": 2 * time, "time_unit": unit, **counters}


def run(benchmarks, setting="installed", number=1, **context):
    for i, benchmark in enumerate(benchmarks):
        benchmark.setdefault("family_index", i)
        benchmark.setdefault("per_family_instance_index", 0)
    return {"context": {**CONTEXT, "setting": setting, "round": str(number),
                        **context}, "benchmarks": benchmarks}


def document(*runs):
    return bench_merge.merge({f"{i}.json": json.dumps(one)
                              for i, one in enumerate(runs)})


def digest(*runs):
    return bench_results.digest(document(*runs))


READS = [timed(f"Read/{level}/bytes:1", **{"GB/s": speed}) for level, speed
         in (("L1", 150.0), ("L2", 90.0), ("L3", 70.0), ("memory", 15.0))]
