"""Damaged results files: bytes that were lost, and structures that lie.

Everything follows from a file's name and an index, so that a fault can be made
again.
"""

import collections
import json
import os
import random
import shutil
import subprocess

import h5py
import numpy as np

from checkout import ROOT
from initscope.seal import CONTENTS, seal

SECONDS = 60  # a hang

# --- of bytes


def _flip(data, rng):
    at = rng.randrange(len(data))
    bit = rng.randrange(8)
    data[at] ^= 1 << bit
    return f"bit {bit} of byte {at} flipped"


def _cut(data, rng):
    at = rng.randrange(len(data))
    del data[at:]
    return f"cut at {at}"


def _zero(data, rng):
    at = rng.randrange(len(data))
    length = min(rng.choice([1, 8, 64, 512, 4096]), len(data) - at)
    data[at:at + length] = bytes(length)
    return f"{length} zeros at {at}"


def _copy(data, rng):
    length = min(rng.choice([8, 16, 64, 512, 4096]), len(data) // 2)
    source, target = (rng.randrange(len(data) - length) for _ in range(2))
    data[target:target + length] = data[source:source + length]
    return f"{length} bytes of {source} copied to {target}"


BYTES = [_flip, _flip, _flip, _cut, _zero, _copy]

# --- of structure


def _datasets(file):
    names = []
    file.visititems(lambda name, item: names.append(name)
                    if isinstance(item, h5py.Dataset) else None)
    return names


def _objects(file):
    names = ["/"]
    file.visit(names.append)
    return names


def _replace(file, name, values, **settings):
    """A dataset with other values and the old attributes."""
    attributes = {key: value for key, value in file[name].attrs.items()
                  if key not in ("DIMENSION_LIST", "REFERENCE_LIST")}
    del file[name]
    made = file.create_dataset(name, data=values, **settings)
    made.attrs.update(attributes)


def _length(file, rng):
    name = rng.choice(_datasets(file))
    values = file[name][()]
    count = rng.choice([0, 1, max(len(values) - 1, 0), 2 * len(values)])
    repeats = -(-count // max(len(values), 1))
    if len(values) > 0:
        _replace(file, name, np.concatenate([values] * max(repeats, 1))[:count],
                 dtype=file[name].dtype)
    return f"{name} has {count} values"


def _drop(file, rng):
    name = rng.choice(_objects(file)[1:])
    del file[name]
    return f"{name} dropped"


def _type(file, rng):
    name = rng.choice(_datasets(file))
    kind = rng.choice(["<f8", ">f8", "<f4", "<i8", ">i8", "<u8", "|u1", "<i4",
                       "S8", "O", "<c16", "compound"])
    shape = file[name].shape
    if kind == "O":
        _replace(file, name, np.full(shape, "text", object),
                 dtype=h5py.string_dtype())
    elif kind == "compound":
        _replace(file, name, np.zeros(shape, [("a", "<i8"), ("b", "<f8")]))
    else:
        values = file[name][()]
        numeric = values.dtype.kind not in "OS" and kind[1] != "8"
        with np.errstate(all="ignore"):
            _replace(file, name, values.astype(kind) if numeric
                     else np.zeros(shape, kind))
    return f"{name} is of type {kind}"


def _extent(file, rng):
    """Claims values that nobody stored."""
    name = rng.choice(_datasets(file))
    kind = file[name].dtype
    count = rng.choice([10**9, 2**40, 2**62])
    attributes = {key: value for key, value in file[name].attrs.items()
                  if key not in ("DIMENSION_LIST", "REFERENCE_LIST")}
    del file[name]
    chunks = {"chunks": (2**20,)} if rng.random() < 0.7 else {}
    try:
        made = file.create_dataset(name, (count,), kind, **chunks)
    except (ValueError, OSError):  # more bytes than a file can have
        count = 10**9
        made = file.create_dataset(name, (count,), kind, **chunks)
    made.attrs.update(attributes)
    return f"{name} claims {count} values"


def _rank(file, rng):
    name = rng.choice(_datasets(file))
    values = file[name][()]
    shaped = rng.choice([values.reshape(1, -1), values.reshape(-1, 1)])
    _replace(file, name, shaped, dtype=file[name].dtype)
    return f"{name} has shape {shaped.shape}"


def _swap_kind(file, rng):
    name = rng.choice(_objects(file)[1:])
    was_group = isinstance(file[name], h5py.Group)
    del file[name]
    if was_group:
        file[name] = np.arange(3)
    else:
        file.create_group(name)
    return f"{name} is of the other kind"


def _link(file, rng):
    name = rng.choice(_objects(file)[1:])
    other = rng.choice(_objects(file))
    del file[name]
    file[name] = rng.choice([
        h5py.SoftLink("/" + other.strip("/")), h5py.SoftLink("/" + name),
        h5py.ExternalLink("other.h5", "/"), h5py.ExternalLink("/dev/zero", "/"),
    ])
    return f"{name} is a link to {other}"


def _hard_link(file, rng):
    names = _objects(file)
    name, other = rng.choice(names[1:]), rng.choice(names)
    target = file[other]
    del file[name]
    try:
        file[name] = target
    except (RuntimeError, OSError, ValueError):
        pass
    return f"{name} is {other}"


def _attribute(file, rng):
    name = rng.choice(_objects(file))
    attributes = file[name].attrs
    keys = sorted(set(attributes) - {"DIMENSION_LIST", "REFERENCE_LIST",
                                     "CLASS"})
    if not keys:
        return "nothing"
    key = rng.choice(keys)
    kind = rng.choice(["gone", 7, 999, -1, 1.5, "text", "", np.arange(300),
                       np.array(["a", "b"], object), np.float32(1),
                       b"fixed", h5py.Empty("f8"), "x" * 60000,
                       "\x1b[31m\n", h5py.Empty(h5py.string_dtype())])
    if isinstance(kind, str) and kind == "gone":
        del attributes[key]
    else:
        attributes[key] = kind
    return f"the attribute {key} of {name} is {str(kind)[:20]!r}"


def _values(file, rng):
    """Values that no run has."""
    name = rng.choice(_datasets(file))
    data = file[name]
    if data.size == 0:
        return "nothing"
    values = data[()]
    at = tuple(rng.randrange(n) for n in values.shape)
    if data.dtype.kind == "O":
        values[at] = rng.choice(["", "\x1b]0;x\x07", "ä" * 999, "nan"])
    elif data.dtype.kind == "f":
        values[at] = rng.choice([np.nan, np.inf, -np.inf, 1e308, -0.0])
    else:
        info = np.iinfo(data.dtype)
        values[at] = rng.choice([info.max, info.min, 0, 1, 255])
    data[...] = values
    return f"{name}[{at}] is {str(values[at])[:20]!r}"


STRUCTURES = [_length, _drop, _type, _extent, _rank, _swap_kind, _link,
              _hard_link, _attribute, _attribute, _values]


def _damage(path, rng):
    """(what was done to the file's structure, whether its digests are right)"""
    sealed = False
    with h5py.File(path, "r+") as file:
        what = rng.choice(STRUCTURES)(file, rng)
        if rng.random() < 0.5:
            try:
                seal(file)
                sealed = True
            except (OSError, KeyError, ValueError, TypeError, MemoryError,
                    RuntimeError, RecursionError, AttributeError):
                file.attrs[CONTENTS] = "0"  # what cannot be sealed
    return what, sealed


def _in_child(work):
    """What work() returns; libhdf5 may not survive what it is asked to write.

    What is left of the file then is a damaged file, too.
    """
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        try:
            os.write(send, json.dumps(work()).encode())
        finally:
            os._exit(0)
    os.close(send)
    with open(receive, "rb") as stream:
        answer = stream.read()
    os.waitpid(child, 0)
    return json.loads(answer) if answer else ("broken by HDF5", False)


class Mutant:
    """A damaged copy of `good` at `path`; `sealed`: its digests are right."""

    def __init__(self, good, path, index):
        rng = random.Random(f"{good.name}/{index}")
        self.sealed = False
        if index % 3 < 2:
            data = bytearray(good.read_bytes())
            self.what = rng.choice(BYTES)(data, rng)
            path.write_bytes(data)
            return
        shutil.copy(good, path)
        self.what, self.sealed = _in_child(lambda: _damage(path, rng))


def call(program, path, *options):
    """(exit code or None for a hang, stdout, stderr)"""
    try:
        done = subprocess.run([program, "info", path.name, *options],
                              cwd=path.parent, capture_output=True,
                              timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return None, b"", b""
    return done.returncode, done.stdout, done.stderr


def fault(said, good, sealed):
    """What is wrong with what info said of a mutant; "" where nothing is."""
    code, stdout, stderr = said
    if code is None:
        return "hang"
    if code < 0:
        return f"signal {-code}"
    if code not in (0, 65, 74):
        return f"exit {code}"
    if code == 0:
        if b"\x1b" in stdout:
            return "escape sequence"
        # A sealed file is another truth.
        return "" if sealed or stdout == good else "unnoticed"
    lines = stderr.decode(errors="replace").splitlines()
    if stdout or len(lines) != 1 or not lines[0].startswith("initscope: "):
        return "untidy"
    return ""


def try_mutants(program, good, folder, indices):
    """Yields (mutant, option, outcome, fault) for every mutant and option."""
    path = folder / good.name
    shutil.copy(good, path)
    said = {option: call(program, path, *option.split())[1]
            for option in ("", "--json")}
    for index in indices:
        mutant = Mutant(good, path, index)
        for option, expected in said.items():
            found = call(program, path, *option.split())
            outcome = ("noticed" if found[0] else
                       "same" if found[1] == expected else "other")
            yield (f"{good.name} {index}: {mutant.what}"
                   f"{' (sealed)' if mutant.sealed else ''}", option, outcome,
                   fault(found, expected, mutant.sealed), found)


# --- good files

TINY = "--depth 3 --width 6 --batch 5 --quiet".split()
EXAMPLE = ROOT / "experiments/attention_example/attention.ini"
# The commands that write them.
FILES = {
    "run": ["run", *TINY, *"--activation tanh,relu --seed range(0,3)".split()],
    "jacobian": ["run", *TINY, "--jacobian", "on"],
    "train": ["train", *TINY, *"--learning-rate 0.1,0.2 --steps 9".split()],
    "theory": ["theory", *TINY],
    "trace": ["trace", *TINY],
    "sweep": ["attention", *"--d-k 2,4 --tokens 4 --quiet".split()],
    "example": ["attention", EXAMPLE, "--quiet"],
}


def good_files(program, folder):
    """{name of FILES: the path of its file}"""
    found = {}
    for name, arguments in FILES.items():
        found[name] = folder / f"{name}.h5"
        subprocess.run([program, *arguments, "--output", found[name]],
                       check=True, stdout=subprocess.DEVNULL)
    return found


def check_mutants(program, good, folder, indices):
    """How many were noticed, and how many changed nothing that is said."""
    outcomes, faults = collections.Counter(), []
    for path in good.values():
        for what, option, outcome, wrong, said in try_mutants(
                program, path, folder, indices):
            outcomes[outcome] += 1
            if wrong:
                faults.append(f"{wrong}: {what} {option}: {said}"[:500])
    assert not faults, "\n".join(faults)
    return outcomes
