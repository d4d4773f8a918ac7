"""A sweep that has a bit of everything, for the tests of the results file.

Lists, sections, a duplicate, drawn inputs and labelled data. The fixtures
`union_path` and `union` are its results file, closed and open.
"""

import gzip
import itertools

from checkout import ROOT

DATA = ROOT / "data"

SWEEP = """\
# One key per line; sections are a union.
name = union
seed = 0, 7
depth = 4
width = 12
batch = 8

[drawn]
activation = tanh, relu   # a comment
init = xavier_normal, he_uniform
gain = linspace(0.5, 1.5, 3)

[again]   # both are among those above
activation = tanh
init = glorot_normal

[labelled]
activation = sigmoid
init = zero
input = fashion-mnist-sample
classes = 3,7
label_smoothing = 0.1
bias_std = 0.25
precision = float64
"""
DRAWN = list(itertools.product(["tanh", "relu"],
                               ["xavier_normal", "he_uniform"],
                               [.5, 1, 1.5], [0, 7]))
RUNS = len(DRAWN) + 2

SWEPT = {"activation", "init", "gain", "seed", "input", "label_smoothing",
         "bias_std", "precision", "classes"}


def idx_bytes(kind, header):
    """The decoded array of a sample file, as bytes."""
    name = f"fashion-mnist-sample-{kind}-ubyte.gz"
    return gzip.open(DATA / name).read()[header:]


IMAGES = idx_bytes("images-idx3", 16)
LABELS = idx_bytes("labels-idx1", 8)
