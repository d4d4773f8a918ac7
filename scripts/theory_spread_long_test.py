"""The spread that theory gives is neither too wide nor too narrow (3 minutes).

z = (log10 measured - theory_log10) / theory_log10_std, for 10 activations, 6
initializers with independent entries, three widths and two batch sizes, over
64 seeds, at every hidden layer: forward (second moments of Z and X) and
backward (delta, from the probe).

z is a unit normal to leading order in l/n, l the layers that the signal went
through and n the width. The next order makes a logarithm's mean off by
O(l/n), which is O(sqrt(l/n)) of its standard deviation, and its variance by
a share of O(l/n). Two tests, of which the first is sharp and the second finds
a single bad row:

1. Pooled over everything but width, batch and tensor, the mean of z and of
   z^2 are 0 and 1 within 5 standard errors plus BIAS sqrt(l/n) and SPREAD l/n.
   Each initializer has 64 seeds of its own: what is independent are the means
   of the 384 draws over the activations and layers that share them.
2. Of each row alone, sqrt(64) mean(z) is a unit normal and 63 var(z) follows
   chi^2 of 63 degrees: at the level 1e-6 / rows for each, with the same
   corrections, thrice as large since they are not averaged.
"""

import subprocess

import h5py
import numpy as np
import pytest
from scipy import stats

ACTIVATIONS = ["sigmoid", "tanh", "relu", "elu", "selu", "gelu", "silu",
               "softplus", "softsign", "hard_tanh"]
INITS = ["lecun_normal", "xavier_uniform", "he_normal", "he_fan_out_uniform",
         "truncated_lecun_normal", "torch_default"]
DEPTH = {128: 6, 512: 6, 2048: 3}
SEEDS = 64
TENSORS = {"pre_activation": "pre_activation_second_moment",
           "activation": "activation_second_moment",
           "delta": "delta_second_moment"}
BIAS, SPREAD = 0.5, 3.0
LEVEL = 1e-6


@pytest.fixture(scope="module", params=[
    (width, batch) for width in DEPTH for batch in (1, 32)],
    ids=lambda p: f"width{p[0]}-batch{p[1]}")
def scores(request, program, tmp_path_factory):
    """(width, depth, {tensor: z of shape (activations, draws, layers)})"""
    width, batch = request.param
    depth = DEPTH[width]
    folder = tmp_path_factory.mktemp("spread")
    path = folder / "x.h5"
    (folder / "x.ini").write_text("".join(
        [f"activation = {', '.join(ACTIVATIONS)}\ndepth = {depth}\n",
         f"width = {width}\noutput_width = {width}\nbatch = {batch}\n",
         "input = fashion-mnist-sample\nloss = probe\nbias_std = 0\n",
         *(f"[{init}]\ninit = {init}\n"
           f"seed = range({i * SEEDS}, {(i + 1) * SEEDS})\n"
           for i, init in enumerate(INITS))]))
    subprocess.run([program, "run", folder / "x.ini", "--output", path,
                    "--quiet"], check=True, timeout=600)
    with h5py.File(path) as file:
        layers = {name: file["layers"][name][()] for name in [
            "activation", "seed",
            *(f"{front}{tensor}{back}" for tensor in TENSORS.values()
              for front, back in (("log10_", ""), ("theory_log10_", ""),
                                  ("theory_log10_", "_std")))]}
    order = np.lexsort([layers[key].reshape(-1, depth + 1)[:, 0]
                        for key in ("seed", "activation")])
    found = {}
    for short, name in TENSORS.items():
        measured, expected, deviation = (
            layers[column].reshape(-1, depth + 1)[order]
            for column in (f"log10_{name}", f"theory_log10_{name}",
                           f"theory_log10_{name}_std"))
        rows = slice(0 if short == "delta" else 1, depth)
        with np.errstate(divide="ignore", invalid="ignore"):  # the others
            z = ((measured - expected) / deviation)[:, rows]
        found[short] = z.reshape(len(ACTIVATIONS), -1, z.shape[1])
    return width, depth, found


def steps(short, depth):
    """How many random layers lie behind each row of a tensor."""
    return (np.arange(depth, 0, -1) if short == "delta"
            else np.arange(1, depth))


def within(value, allowed, what):
    """NaN is not within anything."""
    bad = ~(abs(value) <= allowed)
    assert not bad.any(), (
        f"{what}: {np.count_nonzero(bad)} of {bad.size} rows are off, worst "
        f"{value.flat[np.argmax(abs(value) - allowed)]:.3g}, allowed "
        f"{np.broadcast_to(allowed, value.shape)[bad].min():.3g}")


def pooled(short, z, width, depth):
    """[(statistic, deviation, allowed)] of everything in one."""
    per_draw = z.mean(axis=(0, 2)), (z**2).mean(axis=(0, 2)) - 1
    share = steps(short, depth).mean() / width
    corrections = BIAS * np.sqrt(share), SPREAD * share
    return [(what, values.mean(),
             5 * values.std(ddof=1) / np.sqrt(len(values)) + correction)
            for what, values, correction in zip(
                ("mean z", "mean z² - 1"), per_draw, corrections)]


def test_pooled(scores):
    width, depth, found = scores
    for short, z in found.items():
        assert z.shape[:2] == (len(ACTIVATIONS), len(INITS) * SEEDS)
        for what, value, allowed in pooled(short, z, width, depth):
            within(np.array([value]), allowed, f"{short}: {what}")


def test_each_row(scores):
    width, depth, found = scores
    level = LEVEL / sum(z.size / SEEDS for z in found.values())
    for short, z in found.items():
        z = z.reshape(-1, SEEDS, z.shape[2])  # one activation and init each
        share = steps(short, depth) / width
        sigmas = stats.norm.isf(level / 2)
        within(z.mean(1), sigmas / np.sqrt(SEEDS)
               + 3 * BIAS * np.sqrt(share), f"{short}: mean z")
        low, high = stats.chi2.isf([1 - level / 2, level / 2], SEEDS - 1)
        variance = z.var(1, ddof=1) * (SEEDS - 1)
        assert (variance >= low * (1 - 3 * SPREAD * share)).all(), short
        assert (variance <= high * (1 + 3 * SPREAD * share)).all(), short


def test_a_wrong_band_is_seen(scores):
    """The pooled test sees a band 30 % too wide or narrow (width 512 on)."""
    width, depth, found = scores
    if width < 512:
        pytest.skip("the corrections of narrow networks are as large")
    for short, z in found.items():
        for factor in (1 / 1.3, 1.3):
            assert any(not abs(value) <= allowed for _, value, allowed in
                       pooled(short, z * factor, width, depth)), short
