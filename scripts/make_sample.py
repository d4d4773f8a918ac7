#!/usr/bin/env python3
"""Cuts data/fashion-mnist-sample-* from the full Fashion-MNIST training set.

Writes the first COUNT images and labels, unchanged, as gzipped IDX without
time stamps, so that the files are the same bytes each time.
"""

import gzip
import pathlib
import struct

import command

ROOT = pathlib.Path(__file__).resolve().parent.parent


def cut(source, target, count):
    try:
        with gzip.open(source) as stream:
            magic = stream.read(4)
            sizes = struct.unpack(f">{magic[3]}I", stream.read(4 * magic[3]))
            entry = 1
            for size in sizes[1:]:
                entry *= size
            body = stream.read(count * entry)
    except (gzip.BadGzipFile, EOFError, IndexError, struct.error):
        raise command.ScriptError(command.BAD_DATA, f"{source}: not a "
                                  f"gzipped IDX file") from None
    head = magic + struct.pack(f">{magic[3]}I", count, *sizes[1:])
    content = gzip.compress(head + body, compresslevel=9, mtime=0)
    command.write(str(target), lambda path: pathlib.Path(path).write_bytes(
        content))
    print(f"{count} x {'x'.join(map(str, sizes[1:])) or 'label'}")


def main():
    parser = command.ArgumentParser(
        description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=pathlib.Path,
                        default="/usr/share/datasets/fashion-mnist",
                        help="folder of the full set (default: %(default)s)")
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "data")
    parser.add_argument("--count", type=int, default=1024)
    args = parser.parse_args()
    for name in ("images-idx3-ubyte.gz", "labels-idx1-ubyte.gz"):
        cut(args.source / f"train-{name}",
            args.output / f"fashion-mnist-sample-{name}", args.count)


if __name__ == "__main__":
    command.run_main(main)
