"""The command line as the tests see it: exit codes and a folder with files."""

# DESIGN.md section 3
USAGE, DATA, CANNOT_CREATE, IO = 64, 65, 73, 74
TINY = "--depth 2 --width 4 --batch 4".split()
# Four labelled samples.
CSV = "a,b,y\n" + "1,2,0\n3,4,1\n5,7,0\n6,8,1\n"


def write(folder, files):
    for name, content in files.items():
        path = folder / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content, newline="")


def listing(folder):
    """What is in the folder: every path with its bytes."""
    return {path: path.read_bytes() if path.is_file() else None
            for path in folder.rglob("*")}
