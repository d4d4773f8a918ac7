"""Every bad data file is one clear line, with exit code 65.

A row of the table is the files, the keys that ask for them and what the line
must say; `refuse` checks what holds for all of them.
"""

import gzip
import io
import json
import resource
import struct

import h5py
import numpy as np
import pytest

from command_line import CSV, DATA, TINY, USAGE, write


def idx(array, type_code=0x08, claimed=None):
    shape = claimed or array.shape
    return (bytes([0, 0, type_code, len(shape)])
            + struct.pack(f">{len(shape)}I", *shape) + array.tobytes())


def npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=array.dtype == object)
    return buffer.getvalue()


def npy_header(shape):
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text.encode()


IMAGES = np.arange(8 * 3 * 2, dtype=np.uint8).reshape(8, 3, 2)
REALS = np.linspace(-1, 1, 24).reshape(8, 3)
WITH_NAN = np.where(REALS == REALS[5, 1], np.nan, REALS)


# name: (data files, keys, patterns)
DATA_FILES = {
    "misspelt_input": ({}, "input = fashion-mnist-sampel", [
        r"exp\.ini:3: .*no file", r"did you mean 'fashion-mnist-sample'\?"]),
    "missing": ({}, "input = x.csv", [
        r"exp\.ini:3: input = x\.csv: there is no file x\.csv"]),
    "missing_labels": ({"x.csv": CSV}, "input = x.csv\nlabels = y.csv", [
        r"exp\.ini:4: labels = y\.csv: there is no file y\.csv; .*column:NAME"
    ]),
    "folder": ({}, "input = .", [r"exp\.ini:3: \./?: .*[Dd]irectory"]),
    "device": ({}, "input = /dev/zero", ["/dev/zero: a device, not a data"]),
    "unknown_format": ({"x.dat": "hello"}, "input = x.dat", [
        r"x\.dat: unknown data format; it is one of \.csv"]),
    **{f"empty_{name}": ({f"x.{name}": b""}, f"input = x.{name}", [
        rf"exp\.ini:3: x\.{name}: the data file is empty"])
       for name in ("csv", "npy", "idx", "csv.gz", "npy.gz")},
    "empty_in_gzip": ({"x.csv.gz": gzip.compress(b"")}, "input = x.csv.gz", [
        r"x\.csv\.gz: the data file is empty"]),

    "idx_magic": ({"x-idx3-ubyte": b"\1\2\3\4" + bytes(99)},
                  "input = x-idx3-ubyte", ["x-idx3-ubyte: not an IDX file"]),
    "idx_type": ({"x.idx": idx(IMAGES, 0x07)}, "input = x.idx", [
        r"x\.idx: unknown IDX type 0x07"]),
    "idx_rank": ({"x.idx": bytes([0, 0, 8, 0])}, "input = x.idx", ["rank 0"]),
    "idx_header": ({"x.idx": idx(IMAGES)[:9]}, "input = x.idx", [
        "header is cut short: 9 bytes of 16"]),
    "idx_count": ({"x.idx": idx(IMAGES, claimed=(9, 3, 2))}, "input = x.idx", [
        "says 9 × 3 × 2 elements .* 54 bytes, but 48 bytes follow"]),
    "idx_cut": ({"x.idx": idx(IMAGES)[:-1]}, "input = x.idx", [
        "48 bytes, but 47 bytes follow"]),
    "idx_more": ({"x.idx": idx(IMAGES) + b"!"}, "input = x.idx", [
        "48 bytes, but 49 bytes follow"]),
    "idx_huge": ({"x.idx": idx(IMAGES, 0x0E, (2**32 - 1,) * 3)},
                 "input = x.idx", ["but 48 bytes follow"]),
    "idx_no_samples": ({"x.idx": idx(IMAGES[:0])}, "input = x.idx", [
        r"x\.idx: no data: its shape is 0 × 3 × 2"]),

    "gzip_cut": ({"x.idx.gz": gzip.compress(idx(IMAGES))[:-12]},
                 "input = x.idx.gz", [r"x\.idx\.gz: the gzip data is cut sho"]),
    "gzip_corrupt": (
        {"x.csv.gz": gzip.compress(CSV.encode())[:10] + b"\xff" * 40},
        "input = x.csv.gz", [r"x\.csv\.gz: the gzip data is corrupt"]),
    "gzip_tail": ({"x.csv.gz": gzip.compress(CSV.encode()) + b"tail"},
                  "input = x.csv.gz", ["4 bytes of something else follow"]),

    "csv_ragged": ({"x.csv": CSV + "1,2\n"}, "input = x.csv", [
        r"exp\.ini:3: x\.csv:6: a row of 2 fields, but line 1 has 3"]),
    "csv_longer": ({"x.csv": CSV + "1,2,3,4\n"}, "input = x.csv", [
        r"x\.csv:6: a row of 4 fields"]),
    "csv_words": ({"x.csv": CSV + "1,two,3\n"}, "input = x.csv", [
        r"x\.csv:6: column 1 \(counted from 0\): 'two' is not a number"]),
    "csv_gap": ({"x.csv": CSV + "1,,3\n"}, "input = x.csv", [
        r"x\.csv:6: column 1 .* is empty"]),
    "csv_empty_line": ({"x.csv": "1,2\n\n3,4\n"}, "input = x.csv", [
        r"x\.csv:2: an empty line"]),
    "csv_semicolons": ({"x.csv": "1;2\n3;4\n"}, "input = x.csv", [
        r"x\.csv:2: .*'3;4' is not a number; fields are separated by commas"]),
    "csv_header_alone": ({"x.csv": "a,b\n"}, "input = x.csv", [
        r"x\.csv: no data"]),
    "csv_binary": ({"x.csv": bytes(range(256)) * 4},
                   "input = x.csv", [r"x\.csv:\d+: "]),
    "csv_1e999": ({"x.csv": "1,2\n1e999,3\n"}, "input = x.csv", [
        r"x\.csv:2: column 0 .*'1e999' is out of the range"]),
    "csv_nan": ({"x.csv": CSV + "nan,1,0\n"}, "input = x.csv", [
        r"x\.csv: sample 4, column 0 \(counted from 0\) is nan"]),
    "csv_inf": ({"x.csv": CSV + "1,-inf,0\n"}, "input = x.csv", ["is -inf"]),

    "csv_pandas_header": ({"x.csv": "0,1,2\n" + "0.5,0.1,0.9\n" * 4},
                          "input = x.csv", [
        r"x\.csv:1: line 1 \(0, …, 2\) counts the columns.*header=False"]),
    "csv_missing_header": ({"x.csv": "NA,NA\n1,2\n"}, "input = x.csv", [
        "'NA' stands for what is missing"]),
    "csv_utf_16": ({"x.csv": CSV.encode("utf-16")}, "input = x.csv", [
        r"x\.csv: this is text in UTF-16; save it in UTF-8 \(iconv"]),
    "csv_utf_16_unmarked": ({"x.csv": CSV.encode("utf-16-le")},
                            "input = x.csv", [r"x\.csv:1: a zero byte.*UTF-8"]),
    "csv_megabyte": ({"x.csv": "1\n" + "x" * 1_000_000}, "input = x.csv", [
        r"x\.csv:2: column 0 .*'x{40}…' is not a number"]),
    "label_column_of_many": (
        {"x.csv": ",".join(f"c{i}" for i in range(80_000)) + "\n1\n"},
        "input = x.csv\nlabels = column:y", [r"c1, c2.*…$"]),
    "label_column_of_bytes": ({"x.csv": b"caf\xe9,x\n1,2\n"},
                            "input = x.csv\nlabels = column:y", [
        r"the columns are caf\\xe9, x"]),
    **{f"csv_is_{name}": ({"x.csv": content}, "input = x.csv", [
        rf"x\.csv: this is .*{kind}.*; data is one of \.csv"])
       for name, kind, content in (
           ("png", "PNG", b"\x89PNG\r\n\x1a\n\0\0"),
           ("zip", "PyTorch's", b"PK\3\4" + bytes(99)),
           ("pickle", "pickle", b"\x80\4\x95" + bytes(99)),
           ("pdf", "PDF", b"%PDF-1.7\n"),
           ("parquet", "Parquet", b"PAR1\x15\4"),
           ("xz", "xz data; unpack it first", b"\xfd7zXZ\0\0"),
           ("tar", "tar", bytes(257) + b"ustar\x0000"),
           ("old_mat", "-v7.3", b"MATLAB 5.0 MAT-file, Platform"),
           ("gzip_twice", "gzip data; unpack it", gzip.compress(
               gzip.compress(CSV.encode()))))},

    "npy_cut": ({"x.npy": npy(REALS)[:-8]}, "input = x.npy", [
        r"x\.npy: .* 192 bytes, but 184 bytes follow"]),
    "npy_header_cut": ({"x.npy": npy(REALS)[:20]}, "input = x.npy", [
        "header is cut short"]),
    "npy_words": ({"x.npy": "1,2,3\n"}, "input = x.npy", ["not an .npy file"]),
    "npy_complex": ({"x.npy": npy(REALS * 1j)}, "input = x.npy", [
        "cannot read dtype '<c16'; save it as"]),
    "npy_objects": ({"x.npy": npy(np.array([None, 1]))}, "input = x.npy", [
        "cannot read dtype"]),
    "npy_scalar": ({"x.npy": npy(np.float64(3))}, "input = x.npy", [
        "a single number, not an array"]),
    "npy_nan": ({"x.npy": npy(WITH_NAN)}, "input = x.npy", [
        r"x\.npy: sample 5, column 1 \(counted from 0\) is nan"]),

    "h5_no_dataset_named": ({}, "input = x.h5", [
        r"x\.h5: name a dataset, as in 'x\.h5:/images'; the file has"]),
    "h5_missing_dataset": ({}, "input = x.h5:/imagse", [
        r"no dataset '/imagse'; the file has .*/images"]),
    "h5_group": ({}, "input = x.h5:/group", ["no dataset '/group'"]),
    "h5_text": ({}, "input = x.h5:/names", ["not a numeric dataset"]),
    "h5_words": ({"y.h5": "hello"}, "input = y.h5:/x", ["not an HDF5 file"]),
    "h5_cut": ({}, "input = cut.h5:/images", [r"cut\.h5: .* cut short"]),

    "label_count": ({"y.npy": npy(np.arange(7))},
                    "input = x.h5:/images\nlabels = y.npy", [
                        r"y\.npy: 7 labels for 8 samples"]),
    "label_half": ({"y.npy": npy(np.full(8, 0.5))},
                   "input = x.h5:/images\nlabels = y.npy", [
                       "label of sample 0 .* is 0.5; labels are whole"]),
    "label_negative": ({"y.npy": npy(np.full(8, -1))},
                       "input = x.h5:/images\nlabels = y.npy", ["is -1"]),
    "label_nan": ({"y.npy": npy(np.full(8, np.nan))},
                  "input = x.h5:/images\nlabels = y.npy", ["is nan"]),
    "label_shape": ({"y.npy": npy(np.zeros((8, 2)))},
                    "input = x.h5:/images\nlabels = y.npy", [
                        "one number per sample, but their shape is 8 × 2"]),
    "label_column": ({"x.csv": CSV}, "input = x.csv\nlabels = column:z", [
        r"x\.csv: no column 'z'; the columns are .*y"]),
    "label_column_no_header": (
        {"x.csv": "1,2\n3,4\n"}, "input = x.csv\nlabels = column:z", [
            "needs a CSV file with a header"]),
    "label_column_numbers_and_words": (
        {"x.csv": "a,y\n1,cat\n2,3\n"}, "input = x.csv\nlabels = column:y", [
            r"exp\.ini:4: x\.csv:3: the label '3' is a number"]),
    "label_column_missing": (
        {"x.csv": "a,y\n1,cat\n2,NA\n"}, "input = x.csv\nlabels = column:y", [
            r"x\.csv:3: the label 'NA' stands for what is missing"]),
    "label_not_one_hot": (
        {"y.npy": npy(np.eye(8)[:, :4])},
        "input = x.h5:/images\nlabels = y.npy", ["their shape is 8 × 4"]),
    "label_header_count": (
        {"x.csv": CSV, "y.csv": "0\n1\n0\n1\n0\n"},
        "input = x.csv\nlabels = y.csv", [
            r"y\.csv: 5 labels for 4 samples; line 1 \(0\) counts"]),
    "label_column_words": (
        {"x.csv": "a,y\n1,cat\n"}, "input = x.csv\nlabels = column:y", [
            r"x\.csv:2: column 1 .*'cat' is not a number"]),
}


@pytest.mark.parametrize("command", ["run", "plan"])
@pytest.mark.parametrize("name", DATA_FILES)
def test_bad_data(refuse, tmp_path, name, command):
    files, keys, patterns = DATA_FILES[name]
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["images"] = IMAGES
        file["names"] = ["a", "b"]
        file.create_group("group")
    whole = (tmp_path / "x.h5").read_bytes()
    write(tmp_path, {"exp.ini": f"batch = 2\ndepth = 2\n{keys}\n",
                     "cut.h5": whole[:len(whole) // 2], **files})
    # Errors in the labels' file are reported where it is named.
    line = 4 if name.startswith("label_") or name == "missing_labels" else 3
    refuse([command, "exp.ini"], DATA, [rf"exp\.ini:{line}: ", *patterns])


def test_classes_without_labels(refuse, tmp_path):
    write(tmp_path, {"x.csv": CSV,
                     "exp.ini": "input = x.csv\nbatch = 2\nclasses = 0,1\n"})
    refuse(["run", "exp.ini"], USAGE, [
        r"exp\.ini:3: classes needs labels, and x\.csv has none; name them"])


def bomb(start, repeated, times):
    """A gzip file: `start`, then `repeated` again and again."""
    return gzip.compress(start) + gzip.compress(repeated) * times


HALF_GIB = (bytes(1 << 20), 512)
ROWS = (b"0,0\n" * (1 << 18), 4096)
# Each would be gigabytes of memory and seconds or minutes of time.
ENDLESS = {
    "npy_without_header": ("x.npy.gz", bomb(b"", *HALF_GIB),
                           "not an .npy file"),
    "npy": ("x.npy.gz", bomb(npy(REALS), *HALF_GIB),
            "192 bytes, but more than 65728 bytes follow it"),
    "npy_that_promises": (
        "x.npy.gz", bomb(npy_header("(9999999999, 3)"), *HALF_GIB),
        "not fit into memory"),
    "idx": ("x.idx.gz", bomb(idx(IMAGES), *HALF_GIB),
            "48 bytes, but more than 65584 bytes follow it"),
    "idx_that_promises": (
        "x.idx.gz", bomb(idx(IMAGES, 0x0E, (2**31, 2**20)), *HALF_GIB),
        "not fit into memory"),
    "csv_without_lines": ("x.csv.gz", bomb(b"", *HALF_GIB), "a zero byte"),
    "csv": ("x.csv.gz", bomb(b"a,b\n1,2\n", *HALF_GIB), "x.csv.gz:3: a zero"),
    "csv_of_rows": ("x.csv.gz", bomb(b"a,b\n1,2\n", *ROWS),
                    "the same again and again; if that is meant, unpack it"),
    "csv_of_one_line": ("x.csv.gz", bomb(b"1", b",1" * (1 << 19), 512),
                        "the same again and again"),
    "hdf5": ("x.h5.gz:/x", bomb(b"\x89HDF\r\n\x1a\n", *HALF_GIB),
             "the same again and again"),
    "unknown": ("x.dat.gz", bomb(b"", *HALF_GIB), "unknown data format"),
}


def cpu_seconds():
    """Of all processes that this one has waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@pytest.mark.parametrize("as_labels", [False, True], ids=["input", "labels"])
@pytest.mark.parametrize("name", ENDLESS)
def test_memory_of_a_gzip_without_end(call, tmp_path, name, as_labels):
    # Refused early, in time and in memory: the limit is 1 GiB of addresses.
    path, content, pattern = ENDLESS[name]
    write(tmp_path, {path.split(":")[0]: content, "good.csv": CSV})
    keys = (["--input", "good.csv", "--labels", path] if as_labels
            else ["--input", path])
    begin = cpu_seconds()
    done = call(["plan", *TINY, *keys], expect=DATA,
                preexec_fn=lambda: resource.setrlimit(
                    resource.RLIMIT_AS, (1 << 30, 1 << 30)))
    (line,) = done.stderr.splitlines()
    assert pattern in line
    # All of the rows would take minutes.
    assert cpu_seconds() - begin < (15 if name == "csv_of_rows" else 4)


def test_gzip_of_constant_data_is_read(call, tmp_path):
    # 80 MB of zeros, as its header promises.
    write(tmp_path, {"x.npy.gz": gzip.compress(npy(np.zeros((10**5, 100))), 1)})
    done = call(["plan", *TINY, "--input", "x.npy.gz", "--json"])
    assert json.loads(done.stdout)["inputs"][0]["samples"] == 10**5
