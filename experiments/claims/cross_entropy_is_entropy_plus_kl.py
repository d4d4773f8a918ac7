"""Cross-entropy is label entropy plus KL divergence, at any label smoothing.

The three are summed on their own by the program, in double, from the same
log ŷ; the label entropy has a closed form as well.
"""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from initscope.claims import Tolerance, at_least, claim
from initscope.plot import show_figure
from initscope.style import plain

COMMAND = "run"
QUICK = []
LOSSES = {"softmax_cross_entropy": "softmax", "sigmoid_cross_entropy":
          "sigmoid"}
SHOWN = 0, 0.1, 1  # label smoothing of the lines that show the sum
EPS = np.finfo(float).eps


def entropy(probabilities):
    """-sum p log p in nats, with 0 log 0 = 0."""
    p = np.asarray(probabilities, float)
    return float(-(p * np.log(np.where(p > 0, p, 1))).sum())


def label_entropy(loss, smoothing, outputs):
    """Of a smoothed one-hot target: one distribution over the outputs for
    softmax, one Bernoulli variable per output for sigmoid."""
    if loss == "sigmoid_cross_entropy":
        return outputs * entropy([1 - smoothing / 2, smoothing / 2])
    return entropy([1 - smoothing + smoothing / outputs,
                    *[smoothing / outputs] * (outputs - 1)])


def read(results):
    """The runs, with what they miss of the identity and may miss."""
    runs = results.runs
    # Each of the 2c terms of a sample and of the m samples adds a rounding
    # of at most eps of the terms' magnitudes, which are H(y, ŷ) + H(y) in
    # all; logarithms, products and the mean add a few more.
    operations = 2 * runs["output_width"] + runs["batch"] + 8
    sizes = runs["cross_entropy"] + runs["label_entropy"]
    return runs.assign(
        gap=(runs["cross_entropy"] - runs["label_entropy"]
             - runs["kl_divergence"]).abs() / sizes,
        bound=operations * EPS)


def claims(results):
    """See show.py."""
    runs = read(results)
    found = []
    for loss, name in LOSSES.items():
        for source, part in runs[runs["loss"] == loss].groupby("input"):
            found += _claims(f"{name}, {source}", loss, part)
    return found


def _claims(what, loss, runs):
    bound = runs["bound"].max()
    yield claim(
        f"{what}: |H(y,ŷ) - H(y) - KL| / (H(y,ŷ) + H(y)), largest",
        runs["gap"].max(), 0,
        Tolerance(bound, "(2 outputs + samples + 8) roundings of 2^-52 of the "
                  "terms' sizes"))
    expected = np.array([label_entropy(loss, e, c) for e, c in zip(
        runs["label_smoothing"], runs["output_width"])])
    yield claim(f"{what}: label_entropy - its closed form, largest",
                np.abs(runs["label_entropy"] - expected).max(), 0,
                Tolerance(bound * expected.max(), "these roundings, of H(y)"))
    for smoothing in SHOWN:
        means = runs[runs["label_smoothing"] == smoothing].mean(
            numeric_only=True)
        yield claim(f"{what}: H(y) + KL = H(y,ŷ) at ε = {smoothing:g}",
                    means["cross_entropy"],
                    means["label_entropy"] + means["kl_divergence"],
                    Tolerance(2 * bound * means["cross_entropy"], "these "
                              "roundings, of sizes of at most 2 H(y,ŷ)"))
    yield claim(
        f"{what}: H(y) over the seeds, largest range",
        runs.groupby("label_smoothing")["label_entropy"].agg(np.ptp).max(), 0,
        Tolerance(0, "the same labels give the same bits: no weight is in it"))
    yield at_least(f"{what}: KL, smallest", runs["kl_divergence"].min(), 0,
                   "Gibbs' inequality")


def draw(results):
    """See show.py."""
    runs = read(results)
    sources = list(dict.fromkeys(runs["input"]))
    figure, axes = show_figure.panels(
        "Cross-entropy is the labels' entropy plus a divergence",
        f"""Means over {runs["seed"].nunique()} seeds of tanh networks at
        initialization, {runs["depth"].iloc[0]} layers, He's variance; one
        sample's sum over its outputs. Colours are what the program stores as
        label_entropy and kl_divergence, summed on their own; circles are
        what it stores as cross_entropy. Training can move the orange part
        only, so the gradients of the two are the same.""",
        (len(sources), 2), size=(3.3, 1.8))
    for row, source in zip(axes, sources):
        for panel, (loss, name) in zip(row, LOSSES.items()):
            part = runs[(runs["loss"] == loss) & (runs["input"] == source)]
            _panel(panel, part.groupby("label_smoothing")[
                ["label_entropy", "kl_divergence", "cross_entropy"]].mean())
            panel.set_title(plain(f"{name}, {source}"), size=9, loc="left")
        row[0].set_ylabel("nats per sample")
    for panel in axes[-1]:
        panel.set_xlabel("label smoothing ε")
    show_figure.legend(figure, [
        Patch(color=show_figure.SKY, label="H(y), label entropy"),
        Patch(color=show_figure.ORANGE, label="KL(y ‖ ŷ)"),
        Line2D([], [], color="black", marker="o", markersize=4,
               markerfacecolor="none", linestyle="",
               label="H(y, ŷ), cross-entropy")])
    return figure


def _panel(panel, means):
    x, entropies = means.index, means["label_entropy"]
    panel.fill_between(x, 0, entropies, color=show_figure.SKY, linewidth=0)
    panel.fill_between(x, entropies, entropies + means["kl_divergence"],
                       color=show_figure.ORANGE, linewidth=0)
    panel.plot(x, means["cross_entropy"], "o", color="black", markersize=4,
               markerfacecolor="none", clip_on=False, zorder=5)
    panel.set_xlim(0, 1)
    panel.set_ylim(0, 1.15 * means["cross_entropy"].max())
