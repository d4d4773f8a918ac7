"""Reads HDF5 files that may be damaged, and trusts nothing in them.

    runs = hdf5_file.read("sweep.h5", lambda file: file.table("runs"))

libhdf5 crashes or loops on some damaged files, so it runs in a child process
with limited time and memory. The names and attributes of the file and every
column that is read are compared with their digests, the size that a column
claims with that of the file, and the columns of a group with each other. Each
failure raises a ScriptError.
"""

import faulthandler
import gc
import os
import pickle
import resource
import signal
import stat

import h5py
import numpy as np

from initscope import seal
from initscope.command import BAD_DATA, IO_ERROR, ScriptError

MOST_COMPRESSION = 1032  # deflate's
SECONDS, BYTES_PER_SECOND = 5, 5e6  # of the child's CPU time
SPARE_MEMORY, COPIES = 2**31, 16  # beyond what it starts with; file sizes


class File:
    """An open results file, inside extract() of read()."""

    # known_digest: as that of read()
    def __init__(self, path, file, known_digest):
        self.path, self._file = path, file
        self.size = os.path.getsize(path)
        self.attributes = self.attributes_of("/")
        if known_digest is not None:
            if self.attributes.get(seal.CONTENTS) != known_digest:
                self.fail("has changed since it was first read")
            return
        if self.attributes.get("format") != "initscope-results":
            self.fail("not an initscope results file (attribute format is "
                      f"{self.attributes.get('format', 'not there')!r})")
        if self.attributes.get(seal.CONTENTS) != seal.contents_digest(file):
            self.fail(f"does not agree with its digest ({seal.CONTENTS}); it "
                      f"is damaged, or of an older initscope: run it again")

    def fail(self, what):
        """Raises a ScriptError that says `what` is wrong with the file."""
        raise ScriptError(BAD_DATA, f"{self.path}: {what}")

    def groups(self):
        """The names of the file's groups."""
        return [name for name, item in self._file.items()
                if isinstance(item, h5py.Group)]

    def columns(self, group):
        """The names of a group's columns; an error if the group is missing."""
        item = self._file.get(group)
        if not isinstance(item, h5py.Group):
            self.fail(f"has no group /{group}; it has "
                      f"{', '.join(f'/{name}' for name in self.groups())}")
        return [name for name, data in item.items()
                if isinstance(data, h5py.Dataset)]

    def table(self, group, names=None):
        """{name: array} of the columns `names`, or of all; codes become names.

        An error unless all columns of the group have the same length.
        """
        there = self.columns(group)
        for name in names or []:
            if name not in there:
                self.fail(f"has no column /{group}/{name}")
        lengths = {}
        for name in there:
            shape = self._file[f"{group}/{name}"].shape
            if len(shape) != 1:
                self.fail(f"/{group}/{name} is not a column")
            lengths[name] = shape[0]
        if len(set(lengths.values())) > 1:
            least, most = (which(lengths, key=lengths.get)
                           for which in (min, max))
            self.fail(f"the columns of /{group} have different lengths: "
                      f"{least} {lengths[least]}, {most} {lengths[most]}")
        return {name: self.column(f"{group}/{name}")
                for name in (there if names is None else names)}

    def column(self, name):
        """The values of a one-dimensional dataset; codes become names."""
        values = self.values(name)
        names = self.names(name)
        if names is None:
            return values
        if values.dtype != np.uint8 or (values >= len(names)).any():
            self.fail(f"/{name} has codes without a name")
        return np.array(names, object)[values]

    def names(self, name):
        """The names behind a column of codes, in their order; else None."""
        meanings = self.attributes_of(name).get("flag_meanings")
        return None if meanings is None else meanings.split()

    def attributes_of(self, name):
        """The attributes of a group or dataset."""
        attributes = self._file[name].attrs
        return {key: _text(attributes[key]) for key in attributes
                if key not in ("DIMENSION_LIST", "REFERENCE_LIST")}

    def values(self, name):
        """The array of a dataset, after checks; text as str."""
        data = self._file.get(name)
        if not isinstance(data, h5py.Dataset):
            self.fail(f"has no dataset /{name}")
        text = h5py.check_string_dtype(data.dtype)
        stored = data.id.get_storage_size()
        entry = data.id.get_type().get_size()
        if stored > self.size or data.size * entry > MOST_COMPRESSION * stored:
            self.fail(f"/{name} claims {data.size} entries, more than the "
                      f"file can hold; it is damaged")
        if data.attrs.get("sha256") != seal.column_digest(data):
            self.fail(f"/{name} does not agree with its digest; the file is "
                      f"damaged")
        values = data[()]
        if text:
            return np.array([_text(value) for value in values.flat],
                            object).reshape(values.shape)
        return values


def _text(value):
    """Bytes as text; a byte that is not UTF-8 becomes \\xff."""
    return (value.decode(errors="backslashreplace")
            if isinstance(value, bytes) else value)


# --- the child process

def read(path, extract, known_digest=None):
    """The result of extract(File) for the file `path`.

    extract() runs in a child process, so its result must be picklable. Of a
    file that was read before, `known_digest` is the digest of its names and
    attributes. It is an error if the file has another one now, but they are
    not compared with it again; columns are.
    """
    _check_place(path)
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        _answer(path, extract, known_digest, send)
    os.close(send)
    answer = None
    try:
        with open(receive, "rb") as stream:
            answer = stream.read()
    finally:
        if answer is None:  # interrupted
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        raise ScriptError(BAD_DATA, f"{path}: libhdf5 " + (
            "does not come to an end" if number == signal.SIGXCPU else
            f"ends by {signal.Signals(number).name}") + " on it; the file "
            "is damaged")
    code, content = pickle.loads(answer)
    if code:
        raise ScriptError(code, content)
    return content


def _check_place(path):
    """Raises a ScriptError for what is wrong without asking libhdf5."""
    try:
        kind = os.stat(path).st_mode
        if stat.S_ISDIR(kind):
            raise ScriptError(IO_ERROR, f"{path}: is a folder, not a file")
        if not stat.S_ISREG(kind):
            raise ScriptError(IO_ERROR, f"{path}: is no regular file")
        with open(path, "rb") as file:
            head = file.read(8)
    except FileNotFoundError:
        raise ScriptError(IO_ERROR, f"{path}: no such file") from None
    except OSError as error:
        raise ScriptError(IO_ERROR, f"{path}: cannot read: "
                          f"{error.strerror}") from None
    except ValueError as error:  # a zero byte in the name
        raise ScriptError(IO_ERROR, f"{path}: {error}") from None
    if head != b"\x89HDF\r\n\x1a\n":
        raise ScriptError(BAD_DATA, f"{path}: not an HDF5 file, so not an "
                          f"initscope results file")


def _answer(path, extract, known_digest, send):
    """In the child: writes (code, message) or (0, content), and exits."""
    try:
        gc.disable()  # a collection would copy what this process shares
        faulthandler.disable()  # read() tells of a crash
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        _set_limits(os.path.getsize(path))
        answer = _extracted(path, extract, known_digest)
        with open(send, "wb") as stream:
            pickle.dump(answer, stream, protocol=5)
    finally:
        os._exit(0)


def _set_limits(size):
    with open("/proc/self/statm", encoding="ascii") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    for what, limit in (
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_CPU, SECONDS + int(size / BYTES_PER_SECOND)),
            (resource.RLIMIT_AS, used + SPARE_MEMORY + COPIES * size)):
        hard = resource.getrlimit(what)[1]
        if hard == resource.RLIM_INFINITY or limit < hard:
            resource.setrlimit(what, (limit, hard))


def _extracted(path, extract, known_digest):
    """(0, what extract() gives) or (exit code, one line)."""
    os.environ["HDF5_USE_FILE_LOCKING"] = "FALSE"  # who reads needs none
    try:
        with h5py.File(path, "r") as file:
            return 0, extract(File(path, file, known_digest))
    except ScriptError as error:
        return error.code, str(error)
    except MemoryError:
        return BAD_DATA, f"{path}: takes more memory than a file of its size"
    except Exception as error:
        # h5py's, of many kinds. Only a failed read has an errno.
        reason = " ".join(str(error).split()) or type(error).__name__
        if "error message = '" in reason:
            said = reason.partition("error message = '")[2].partition("'")[0]
            return IO_ERROR, f"{path}: cannot read: {said}"
        return BAD_DATA, f"{path}: the file is damaged: {reason}"
