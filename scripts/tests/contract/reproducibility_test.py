"""A run has the same bits, whatever runs beside it and in which order."""

import itertools

import h5py
import pytest

from results_columns import STATISTICS

LISTS = {"activation": ["tanh", "relu", "sigmoid"],
         "init": ["xavier_normal", "he_normal", "orthogonal", "lsuv"],
         "gain": ["0.5", "1.3"], "seed": ["0", "1"], "batches": ["1", "3"]}
SAME = {"shape": "9x33x17x5", "batch": "19", "loss": "softmax_cross_entropy"}


def run_lists(run_program, folder, lists, **options):
    path = folder / "same.h5"
    keys = {**SAME, **{key: ",".join(names) for key, names in lists.items()},
            **options, "output": path}
    run_program(["run", "--quiet", "--force", *itertools.chain.from_iterable(
        (f"--{key.replace('_', '-')}", str(value))
        for key, value in keys.items())], folder)
    return bits_by_run(path)


def bits_by_run(path):
    """run_id -> {column: bytes}, everything but the time that it took."""
    with h5py.File(path) as file:
        runs = {name: data[()] for name, data in file["runs"].items()
                if name not in ("run", "wall_seconds")}
        layers = {name: data[()] for name, data in file["layers"].items()
                  if name in STATISTICS}
        index = file["layers/run_index"][()]
    bits = {}
    for i, run_id in enumerate(runs["run_id"]):
        bits[run_id] = {
            name: values[i] if values.dtype == object else values[i].tobytes()
            for name, values in runs.items()}
        bits[run_id] |= {f"layers/{name}": values[index == i].tobytes()
                         for name, values in layers.items()}
    assert len(bits) == len(runs["run_id"])
    return bits


@pytest.fixture(scope="module", params=["float32", "float64"])
def alone_or_not(request, run_program, tmp_path_factory):
    """(precision, bits of a sweep with one job)."""
    folder = tmp_path_factory.mktemp("same")
    return request.param, run_lists(run_program, folder, LISTS, jobs=1,
                                    precision=request.param)


def check_same(found, expected):
    for run_id, columns_found in found.items():
        for name, value in columns_found.items():
            assert value == expected[run_id][name], (f"{run_id:016x}", name)


@pytest.mark.parametrize("jobs", [2, 5])
def test_jobs_change_no_bit(run_program, tmp_path, alone_or_not, jobs):
    precision, expected = alone_or_not
    found = run_lists(run_program, tmp_path, LISTS, jobs=jobs,
                      precision=precision)
    assert set(found) == set(expected) and len(found) == 96
    check_same(found, expected)


def test_order_changes_no_bit(run_program, tmp_path, alone_or_not):
    precision, expected = alone_or_not
    backwards = {key: names[::-1]
                 for key, names in reversed(LISTS.items())}
    found = run_lists(run_program, tmp_path, backwards, jobs=2,
                      precision=precision)
    assert list(found) != list(expected) and set(found) == set(expected)
    check_same(found, expected)


def test_a_run_alone_has_the_same_bits(run_program, tmp_path, alone_or_not):
    precision, expected = alone_or_not
    everything = list(itertools.product(*LISTS.values()))
    for values in everything[::17]:
        found = run_lists(run_program, tmp_path,
                          {key: [value] for key, value in zip(LISTS, values)},
                          precision=precision)
        assert len(found) == 1
        check_same(found, expected)


def test_bits_tell_runs_apart(alone_or_not):
    """The comparison above is not of constants."""
    _, expected = alone_or_not
    moments = {bits["layers/delta_second_moment"]
               for bits in expected.values()}
    assert len(moments) > 40
    first, second = list(expected)[:2]
    with pytest.raises(AssertionError):
        check_same({first: expected[second]}, expected)
