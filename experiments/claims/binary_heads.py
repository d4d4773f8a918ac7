"""Softmax over two logits is a sigmoid of their difference, of more variance.

For two units (β1 - β0)² is 4 times the variance across units, so that the
effective logit's second moment is 4 pre_activation_unit_variance of layer L.
Both heads have the same hidden layer for the same seed.
"""

import numpy as np
from matplotlib.lines import Line2D

from initscope.claims import Tolerance, claim, of_ratio, ratio_of_means
from initscope.plot import show_figure

COMMAND = "run"
QUICK = ["--width", "1, 2"]  # with all seeds, or 2 could be taken for 4/3
FLOAT, DOUBLE = 2.0**-24, 2.0**-53  # unit roundoffs
# init: name, colour, marker, ratio of the two heads' logit variances
SCHEMES = {
    "lecun_normal": ("fan-in, s² = 1/fan_in", show_figure.BLUE, "o",
                     lambda fi: 2 + 0 * fi),
    "xavier_normal": ("Xavier, s² = 2/(fan_in + fan_out)", show_figure.GREEN,
                      "D", lambda fi: 2 * (fi + 1) / (fi + 2))}


def read(results):
    """The output layers, with keys, losses and what delta is made of."""
    layers = results.keyed("layers").join(results.runs["loss_value"],
                                          on="run_index")
    return layers[layers["layer"] == layers["depth"]]


def heads(outputs):
    """(softmax, sigmoid) rows of the output layer."""
    softmax = outputs["loss"] == "softmax_cross_entropy"
    return outputs[softmax], outputs[~softmax]


def logits(outputs, init, width):
    """Mean squares of the effective logits by seed: (softmax, sigmoid)."""
    part = outputs[(outputs["init"] == init) & (outputs["width"] == width)]
    two, one = (head.sort_values("seed") for head in heads(part))
    return (4 * two["pre_activation_unit_variance"].to_numpy(),
            one["pre_activation_second_moment"].to_numpy())


def claims(results):
    """See show.py."""
    outputs = read(results)
    return [*_same_at_zero(outputs), *_one_direction_too_many(outputs),
            *_variances(outputs)]


def _same_at_zero(outputs):
    two, one = heads(outputs[outputs["init"] == "zero"])
    for name, head in (("softmax", two), ("sigmoid", one)):
        error = np.abs(head["loss_value"] - np.log(2)).max()
        yield claim(f"{name}, effective logit 0: loss - log 2, largest", error,
                    0, Tolerance((head["batch"].max() + 8) * DOUBLE,
                                 "(samples + 8) roundings of 2^-53 of a loss "
                                 "below 1"))
    yield claim("effective logit 0: E δ² of softmax / that of sigmoid",
                two["delta_second_moment"].mean()
                / one["delta_second_moment"].mean(), 1,
                Tolerance(4 * FLOAT, "δ is ±(ŷ - y)/samples in both; 4 "
                          "roundings of 2^-24"))


def _one_direction_too_many(outputs):
    two, _ = heads(outputs)
    rounding = FLOAT + 8 * DOUBLE / (two["batch"] * two["delta_abs_mean"])
    reason = ("δ is stored with a rounding of 2^-24 of itself, after 8 of "
              "2^-53 of ŷ/samples")
    yield claim("softmax: |mean of δ along (1, 1)| / mean |δ|, largest",
                (two["delta_mean"].abs() / two["delta_abs_mean"]).max(), 0,
                Tolerance(rounding.max(), reason))
    yield claim("softmax: δ = (-d, d), unit variance of δ / E δ²",
                (two["delta_unit_variance"]
                 / two["delta_second_moment"]).min(), 1,
                Tolerance(4 * rounding.max(), f"4 times: {reason}"))


def _variances(outputs):
    for init, (name, _, _, formula) in SCHEMES.items():
        name = name.split(",")[0]
        relative = []  # both heads in units of what the formula makes equal
        for width in sorted(outputs["width"].unique()):
            two, one = logits(outputs, init, width)
            relative.append((two / formula(width) / one.mean(),
                             one / one.mean()))
            yield of_ratio(
                f"{name}, fan_in {width}: E(β1-β0)² of softmax / E β² of "
                f"sigmoid", formula(width), two, one)
        yield of_ratio(f"{name}, all fan_in: that ratio / its formula", 1,
                       *np.mean(relative, axis=0))


def draw(results):
    """See show.py."""
    outputs = read(results)
    widths = np.array(sorted(outputs["width"].unique()))
    seeds = outputs["seed"].nunique()
    figure, axes = show_figure.panels(
        "Two classes: softmax starts with twice the sigmoid's variance",
        f"""Last layer at initialization, {seeds} seeds, tanh below it,
        classes 0 and 1 of fashion-mnist-sample. Left: E(β₁-β₀)² of a
        softmax (filled) and E β² of a sigmoid (open). Right: the first over
        the second, with 2 standard errors, and its formula (dashed).""",
        (1, 2), size=(3.5, 2.4))
    fine = np.geomspace(widths[0], widths[-1], 200)
    for init, (_, color, marker, formula) in SCHEMES.items():
        pairs = [logits(outputs, init, width) for width in widths]
        for which, fill in ((0, color), (1, "white")):
            axes[0, 0].plot(widths, [pair[which].mean() for pair in pairs],
                            color=color, marker=marker, markersize=4.5,
                            linewidth=1, markerfacecolor=fill)
        ratios, errors = np.transpose([ratio_of_means(*pair)
                                       for pair in pairs])
        axes[0, 1].errorbar(widths, ratios, 2 * errors, color=color,
                            marker=marker, markersize=4.5, linestyle="",
                            elinewidth=1, capsize=2)
        axes[0, 1].plot(fine, formula(fine), "--", color=color, linewidth=1)
    axes[0, 0].set_title("mean square of the effective logit", size=9,
                         loc="left")
    axes[0, 0].set_ylim(bottom=0)
    axes[0, 1].set_title("softmax / sigmoid", size=9, loc="left")
    for panel in axes[0]:
        panel.set_xscale("log", base=2)
        panel.set_xticks(widths, widths)
        panel.set_xlabel("fan_in of the last layer")
    gray = {"color": "0.3", "linestyle": "", "marker": "o", "markersize": 4.5}
    show_figure.legend(figure, [
        *(Line2D([], [], color=color, marker=marker, markersize=4.5,
                 linestyle="", label=name)
          for name, color, marker, _ in SCHEMES.values()),
        Line2D([], [], **gray, label="softmax"),
        Line2D([], [], **gray, markerfacecolor="white", label="sigmoid")])
    return figure
