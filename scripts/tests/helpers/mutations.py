"""Damaged copies of files, and what the program may say of them.

Everything follows from a seed, so that a fault can be made again.
"""

import concurrent.futures
import os
import random
import re
import resource
import subprocess

FINE = {0, 64, 65, 74}
MEMORY = 4 << 30
SECONDS = 30


def mutate(content, rng, words=()):
    """One to four changes of bits, bytes, spans and words."""
    data = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        at = rng.randint(0, len(data))
        span = data[at:at + rng.randrange(32)]
        kind = rng.randrange(7)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1 and at < len(data):
            data[at] = rng.randrange(256)
        elif kind == 2 and rng.randrange(4) == 0:
            del data[at:]
        elif kind == 3:
            data[at:at + len(span)] = bytes(len(span))
        elif kind == 4:
            del data[at:at + len(span)]
        elif kind == 5:
            data[at:at] = span
        elif words:
            data[at:at] = rng.choice(words)
    return bytes(data)


def _limit():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def check(program, folder, arguments):
    """Runs the program; returns its exit code, or raises AssertionError."""
    done = subprocess.run([program, *map(str, arguments)], cwd=folder,
                          capture_output=True, timeout=SECONDS,
                          preexec_fn=_limit)
    says = done.stderr.decode()  # UTF-8
    assert done.returncode in FINE, (done.returncode, says)
    if done.returncode != 0:
        assert re.fullmatch(r"initscope: [^\x00-\x1f\x7f]{1,3000}\n",
                            says), says
        assert done.stdout == b""
    return done.returncode


def run_all(program, tmp_path, jobs):
    """jobs: (name, content, arguments as a function of the file's name)."""
    def one(job):
        index, (name, content, arguments) = job
        path = tmp_path / f"{index}-{name}"
        path.write_bytes(content)
        try:
            code = check(program, tmp_path, arguments(path.name))
        except (AssertionError, subprocess.TimeoutExpired) as error:
            raise AssertionError(f"{path}: {error}") from error
        path.unlink()
        return code
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        codes = list(pool.map(one, enumerate(jobs)))
    return {code: codes.count(code) for code in sorted(set(codes))}


def count(default):
    """How many mutations: $INITSCOPE_MUTATIONS, or a few."""
    return int(os.environ.get("INITSCOPE_MUTATIONS", default))


def generator(name):
    return random.Random(name)
