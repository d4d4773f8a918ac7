#!/usr/bin/env python3
"""Cuts data/fashion-mnist-sample-* from the full Fashion-MNIST training set.

Writes the first COUNT images and labels, unchanged, as gzipped IDX without
time stamps, so that the files are the same bytes each time.
"""

import argparse
import gzip
import math
import pathlib
import struct


def cut(source, target, count):
    """The first `count` entries of the IDX file `source`, as `target`."""
    with gzip.open(source) as stream:
        magic = stream.read(4)
        sizes = struct.unpack(f">{magic[3]}I", stream.read(4 * magic[3]))
        body = stream.read(count * math.prod(sizes[1:]))
    head = magic + struct.pack(f">{magic[3]}I", count, *sizes[1:])
    target.write_bytes(gzip.compress(head + body, compresslevel=9, mtime=0))
    print(f"{target}: {count} x {'x'.join(map(str, sizes[1:])) or 'label'}")


def main():
    """The whole program."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=pathlib.Path,
                        default="/usr/share/datasets/fashion-mnist",
                        help="folder of the full set (default: %(default)s)")
    parser.add_argument("--output", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parent)
    parser.add_argument("--count", type=int, default=1024)
    options = parser.parse_args()
    for name in ("images-idx3-ubyte.gz", "labels-idx1-ubyte.gz"):
        cut(options.source / f"train-{name}",
            options.output / f"fashion-mnist-sample-{name}", options.count)


if __name__ == "__main__":
    main()
