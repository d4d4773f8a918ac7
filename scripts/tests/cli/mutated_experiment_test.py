"""Damaged experiment files: the program plans them, or says why not in a line.

src/cli/mutated_experiment_test.cc takes thousands of them within one process;
here the whole program meets a few. INITSCOPE_MUTATIONS=20000 makes it many.
"""

import pytest

from mutations import count, generator, mutate, run_all

WORDS = [b",", b'"', b"=", b"[", b"(", b")", b"#", b"\r", b"\n", b"range(",
         b"1e9", b"\xff", b"\xc3\xa9", b"\0", b"depth = 7\n", b"kaiming",
         b"99999999999999999999", b"linspace(0, 1, 9)"]
ORIGINALS = {
    "sweep": b"activation = ReLU, tanh\ninit = xavier_normal  # one\n"
             b"seed = range(0, 3)\ndepth = 2\nwidth = 4\nbatch = 2\n",
    "data": b"input = fashion-mnist-sample\r\nclasses = 0,1\r\nbatch = 2\r\n"
            b"shape = 784x3x2\r\nstandardize = features\r\nname = x\r\n",
    "sections": b"\xef\xbb\xbfwidth = 4\nbatch = 2\n[a]\ndepth = 2\n"
                b"[\xc3\xa4]\ngain = geomspace(1, 4, 3)\n",
}


@pytest.mark.parametrize("name", ORIGINALS)
def test_mutations(program, tmp_path, name):
    rng = generator(name)
    jobs = [("exp.ini", mutate(ORIGINALS[name], rng, WORDS),
             lambda path: ["plan", path])
            for _ in range(count(120) // len(ORIGINALS) + 1)]
    print(name, run_all(program, tmp_path, jobs))
