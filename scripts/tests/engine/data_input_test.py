"""Inputs and targets from the shipped images, in the order of section 2."""

import gzip
import struct

import numpy as np
import pytest

from checkout import ROOT
from reference_checks import check_close
from reference_network import PRECISIONS, UNIT_ROUNDOFF
from reference_variates import SAMPLE_ORDER, philox
from trace_cases import DATA_SEED

DATA = ROOT / "data"


def read_idx(name):
    raw = gzip.open(DATA / name).read()
    dimensions = struct.unpack(f">{raw[3]}I", raw[4:4 + 4 * raw[3]])
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(
        dimensions)


@pytest.fixture(scope="module")
def fashion():
    """Images as rows divided by 255, and labels."""
    images = read_idx("fashion-mnist-sample-images-idx3-ubyte.gz")
    labels = read_idx("fashion-mnist-sample-labels-idx1-ubyte.gz")
    return images.reshape(len(images), -1) / 255, labels


def sample_order(count, data_seed):
    words = philox([0, np.arange(count), 0, SAMPLE_ORDER], data_seed)
    high, low = (np.broadcast_to(word, count) for word in words[:2])
    return np.lexsort((low, high))


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("standardize", ["global", "features", "none"])
@pytest.mark.parametrize("classes", [None, "3,7", "7,3"])
def test_data_input(traced, fashion, precision, standardize, classes):
    """X_0 and Y of the shipped images, in the order of the permutation.

    The statistics are those of all samples that are kept, whether or not
    they are in the batch: sums of a million terms, to 1e-12.
    """
    x, labels = fashion
    count = 10
    if classes:
        kept = [int(name) for name in classes.split(",")]
        x, labels = (a[np.isin(labels, kept)] for a in fashion)
        labels = np.array([kept.index(label) for label in labels])
        count = 2
    if standardize != "none":
        axis = 0 if standardize == "features" else None
        constant = np.ptp(x, axis=axis) == 0
        with np.errstate(divide="ignore", invalid="ignore"):
            x = np.where(constant, 0, (x - x.mean(axis)) / x.std(axis))
    order = sample_order(len(x), DATA_SEED)[:50]
    trace = traced(
        input="fashion-mnist-sample", depth=2, width=5, batch=50,
        data_seed=DATA_SEED, standardize=standardize, precision=precision,
        label_smoothing=.1, **({"classes": classes} if classes else {}))
    tensors = trace.tensors
    u = UNIT_ROUNDOFF[precision]
    scale = abs(x).max(0) if standardize == "features" else abs(x).max()
    check_close(tensors["X_0"], x[order], 1e-12 * scale + u * abs(x[order]),
                "X_0")
    y = .9 * np.eye(count)[labels[order]] + .1 / count
    check_close(tensors["Y"], y, (1e-15 + u) * y, "Y")
    assert trace.attributes["loss"] == "softmax_cross_entropy"


def test_constant_features_become_zero(traced, fashion):
    """Some kept classes never reach the corners of the image."""
    x, labels = fashion
    kept = x[np.isin(labels, [1, 7])]
    constant = np.ptp(kept, axis=0) == 0
    assert constant.any()
    found = traced(
        input="fashion-mnist-sample", depth=2, width=5, batch=50,
        standardize="features", classes="1,7").tensors["X_0"]
    assert not found[:, constant].any() and found[:, ~constant].any(0).all()
