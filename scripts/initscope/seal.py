"""The digests of a results file, as src/io/contents_digest.h defines them.

A program that changes a file on purpose seals it again:

    with h5py.File(path, "r+") as file:
        file["layers/layer"][0] = 1
        seal(file)
"""

import hashlib

import h5py
import numpy as np

CONTENTS = "contents_sha256"


def column_digest(data):
    """The SHA-256 of a dataset's values, as in its attribute sha256."""
    if data.dtype.kind == "O":
        raw = b"".join(text + b"\0" for text in data[()].tolist())
    else:
        raw = data[()].tobytes()
    return hashlib.sha256(raw).hexdigest()


def _type_name(dtype):
    if dtype.kind in "OSU":
        return "text"
    known = ("<f8", "<f4", "<i8", "<u8", "|u1")
    return dtype.str if dtype.str in known else "other"


def _attribute(item, name):
    """An attribute's (shape, type, bytes), or None if it holds references."""
    held = item.attrs.get_id(name)
    if held.get_type().get_class() in (h5py.h5t.VLEN, h5py.h5t.COMPOUND):
        return None
    kind = _type_name(held.dtype)
    if kind != "text":
        value = np.empty(held.shape, held.dtype)
        held.read(value)
        return held.shape, kind, value.tobytes()
    texts = np.atleast_1d(item.attrs[name]).ravel().tolist()
    return held.shape, kind, b"\0".join(
        text if isinstance(text, bytes) else text.encode("utf-8",
                                                         "surrogateescape")
        for text in texts)


def _parts(item, path):
    """Yields what is digested, as bytes."""
    def described(name, shape, kind):
        return [name.encode(), "x".join(map(str, shape)).encode(),
                kind.encode()]

    yield from (described(path, item.shape, _type_name(item.dtype))
                if isinstance(item, h5py.Dataset)
                else described(path, (), "group"))
    for name in sorted(item.attrs, key=str.encode):
        found = _attribute(item, name)
        if found and (path, name) != ("/", CONTENTS):
            shape, kind, value = found
            yield from (*described(name, shape, kind), value)
        elif not found and name not in ("DIMENSION_LIST", "REFERENCE_LIST"):
            yield name.encode()
    if isinstance(item, h5py.Group):
        for name in sorted(item, key=str.encode):
            yield from _parts(item[name], f"{path.rstrip('/')}/{name}")


def contents_digest(file):
    """The SHA-256 of all names and attributes, as in the root's
    contents_sha256."""
    return hashlib.sha256(b"".join(
        part + b"\0" for part in _parts(file, "/"))).hexdigest()


def seal(file):
    """Writes every digest of an open file anew."""
    def visit(_, item):
        if isinstance(item, h5py.Dataset):
            item.attrs["sha256"] = column_digest(item)

    file.visititems(visit)
    file.attrs[CONTENTS] = contents_digest(file)
