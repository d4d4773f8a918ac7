"""Damaged data files: the program reads them, or says why not in one line.

src/io/mutated_input_test.cc takes thousands of them within one process; here
the whole program meets a few. INITSCOPE_MUTATIONS=6000 makes it many.
"""

import gzip
import io

import h5py
import numpy as np
import pytest

from mutations import count, generator, mutate, run_all

ROWS = np.random.default_rng(1).normal(size=(12, 3))
WORDS = [b"nan", b"1e400", b'"', b",", b"\r", b"\n", b"NA", b"\xff", b"\0",
         b"0,1,2\n", b"(4294967295,)", b"'<f8'", b"\xff\xff\xff\xff"]
KEYS = ["--depth", 1, "--width", 2, "--batch", 2, "--jobs", 1]


def npy(array, version=(1, 0)):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version)
    return buffer.getvalue()


def hdf5():
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file["x"] = ROWS
        file.create_dataset("packed", data=ROWS.astype(">f4"), chunks=(5, 2),
                            compression="gzip", shuffle=True)
    return buffer.getvalue()


PLAIN = {
    "x.csv": b"a,b,y\n" + b"".join(b'%.3f,"%d",%d\n' % (a, i, i % 2)
                                   for i, (a, _, _) in enumerate(ROWS)),
    "words.csv": b"y\n" + b"cat\ndog\n" * 6,
    "1.npy": npy(ROWS), "2.npy": npy(ROWS.astype(">f2"), (2, 0)),
    "3.npy": npy(np.asfortranarray(ROWS), (3, 0)),
    "x.idx": b"\0\0\x08\2\0\0\0\x0c\0\0\0\3" + bytes(range(36)),
}
FILES = {**PLAIN, **{f"{name}.gz": gzip.compress(content, mtime=0)
                     for name, content in PLAIN.items()},
         "x.h5": hdf5()}


@pytest.mark.parametrize("name", FILES)
def test_mutations(program, tmp_path, name):
    (tmp_path / "good.npy").write_bytes(npy(ROWS))
    rng = generator(name)
    dataset = rng.choice([":/x", ":/packed"]) if name.endswith(".h5") else ""

    def as_input(path):
        return ["plan", *KEYS, "--input", path + dataset]

    def as_labels(path):
        return ["plan", *KEYS, "--input", "good.npy", "--labels",
                path + dataset]

    jobs = [(name, mutate(FILES[name], rng, WORDS), rng.choice(
        [as_input, as_labels])) for _ in range(count(130) // len(FILES) + 1)]
    print(name, run_all(program, tmp_path, jobs))
