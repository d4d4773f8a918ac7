"""Undivided, q·k has variance d_k and saturates the softmax; q·k/√d_k has not.

For q = X W_q, k = X W_k with entries N(0, 1) of X and N(0, σ²) of the weights
the scores S have E S_ij² = d_k σ⁴ (d² + 2 d [i = j]) with d = d_model, and
their variance about the mean of all T × T of them is d_k (σ² d)² c with
c = 1 + 2/(d T) - (1 + 2/d)/T². For T logits N(0, 1) the entropy of softmax is
log T - 1/2 + (e + 1)/(2 T) + O(1/T²).
"""

import numpy as np
from matplotlib.lines import Line2D

from initscope.claims import (STANDARD_ERRORS, Tolerance, at_least, at_most,
                              claim, of_mean, ratio_of_means)
from initscope.plot import show_figure

COMMAND = "attention"
QUICK = ["--d-k", "64, 256, 1024"]
INITS = {"normal": "plain normal weights", "xavier_normal": "Xavier"}
COLORS = {"on": show_figure.BLUE, "off": show_figure.RED}
NAMES = {"on": "softmax(S/√d_k)", "off": "softmax(S)"}
STYLES = {"normal": ("-", "o", None), "xavier_normal": ("--", "D", "white")}


def score_variance(d_k, sigma, d_model, tokens):
    """The expected variance of the entries of S = Q Kᵀ."""
    finite = 1 + 2 / (d_model * tokens) - (1 + 2 / d_model) / tokens**2
    return d_k * (sigma**2 * d_model)**2 * finite


def of(runs, column, init, scaled, d_k):
    """A column of the runs of one kind, by seed."""
    kept = ((runs["init"] == init) & (runs["scaled"] == scaled)
            & (runs["d_k"] == d_k))
    return runs[kept].sort_values("seed")[column].to_numpy()


def claims(results):
    """See show.py."""
    runs = results.attention
    return [*_variances(runs), *_scaled(runs), *_saturation(runs)]


def _variances(runs):
    keys = sorted(runs["d_k"].unique())
    for init, name in INITS.items():
        for d_k in sorted({keys[0], keys[len(keys) // 2], keys[-1]}):
            for scaled, what in (("off", "S"), ("on", "S/√d_k")):
                run = runs[(runs["init"] == init) & (runs["d_k"] == d_k)
                           & (runs["scaled"] == scaled)].iloc[0]
                expected = score_variance(d_k, run["weight_scale"],
                                          run["d_model"], run["tokens"])
                yield of_mean(
                    f"{name}, d_k = {d_k}: variance of {what}",
                    expected / run["sqrt_d_k"]**2,
                    of(runs, "logit_variance", init, scaled, d_k))


def _scaled(runs):
    """What does not depend on d_k, where it is not small."""
    tokens, last = runs["tokens"].max(), runs["d_k"].max()
    first = runs["d_k"][runs["d_k"] >= 64].min()
    yield of_mean(f"scaled, d_k = {last}: entropy of a row of P, in nats",
                  np.log(tokens) - 1 / 2 + (np.e + 1) / (2 * tokens),
                  of(runs, "entropy_mean", "normal", "on", last))
    for column, name in (("jacobian_norm_mean", "‖J‖"),
                         ("query_gradient_second_moment", "E dQ²"),
                         ("key_gradient_second_moment", "E dK²")):
        ratio, error = ratio_of_means(of(runs, column, "normal", "on", last),
                                      of(runs, column, "normal", "on", first))
        yield claim(
            f"scaled: {name} at d_k = {last} / at d_k = {first}", ratio, 1,
            Tolerance(STANDARD_ERRORS * error + 2 / first,
                      f"{STANDARD_ERRORS} standard errors over seeds, and "
                      f"2/d_k of the lesser d_k: a sum of d_k products is "
                      f"normal but for that"))


def _saturation(runs):
    tokens, last = runs["tokens"].max(), runs["d_k"].max()

    def mean(column, scaled):
        return of(runs, column, "normal", scaled, last).mean()

    def median(column, scaled):
        return np.median(of(runs, column, "normal", scaled, last))
    where = f"not scaled, d_k = {last}"
    tenth = "saturated: nine tenths or more are gone"
    yield at_most(f"{where}: entropy / log T",
                  mean("entropy_mean", "off") / np.log(tokens), 0.1, tenth)
    yield at_least(f"{where}: largest probability",
                   mean("largest_probability_mean", "off"), 0.9, tenth)
    for column, name in (("jacobian_norm_median", "‖J‖"),
                         ("query_gradient_row_median", "E dQ²")):
        yield at_most(f"{where}: median token's {name} / scaled",
                      median(column, "off") / median(column, "on"), 0.1, tenth)
    yield at_least(
        f"{where}: mean / median of a token's E dQ²",
        mean("query_gradient_second_moment", "off")
        / median("query_gradient_row_median", "off"), 10,
        "the few tokens that are near a tie get nearly all of the gradient")


# title, column, how seeds are put together, logarithmic, ylabel
PANELS = [
    ("variance of the logits", "logit_variance", "mean", True),
    ("entropy of a row of P, in nats", "entropy_mean", "mean", False),
    ("largest probability of a row", "largest_probability_mean", "mean",
     False),
    ("softmax Jacobian ‖J‖, median token", "jacobian_norm_median", "median",
     True),
    ("gradient reaching Q: E dQ²", "query_gradient_second_moment", "mean",
     True),
    ("the same, median token", "query_gradient_row_median", "median", True),
    ("gradient reaching K: E dK²", "key_gradient_second_moment", "mean",
     True),
    ("gradient reaching X through S: E dX²", "input_gradient_through_scores_"
     "second_moment", "mean", True)]
CAPTION = """Means over {seeds} seeds (medians for median tokens) of one head,
{tokens} tokens, d_model = {d_model}; X, the weights and the probe dO are
drawn. Plain normal weights have the standard deviation 1/√d_model, so that
queries and keys have variance 1; Xavier's queries have
2 d_model/(d_model + d_k). Without the scale the variance of the logits is
d_k: one probability goes to 1, and the median token's Jacobian and gradient
vanish. The mean gradient does not: a few tokens that are near a tie get
nearly all of it, and it grows. Through V, X gets a gradient in any case."""


def draw(results):
    """See show.py."""
    runs = results.attention
    figure, axes = show_figure.panels(
        "Why attention divides by √d_k", CAPTION.format(
            seeds=runs["seed"].nunique(), tokens=runs["tokens"].max(),
            d_model=runs["d_model"].max()),
        (2, 4), size=(2.7, 2.1), gap=(0.6, 0.65))
    for panel, (title, column, how, logarithmic) in zip(axes.flat, PANELS):
        panel.set_title(title, size=9)
        panel.set_xscale("log", base=2)
        if logarithmic:
            panel.set_yscale("log")
        for (init, scaled), part in runs.groupby(["init", "scaled"]):
            curve = part.groupby("d_k")[column].agg(how)
            dash, marker, face = STYLES[init]
            panel.plot(curve.index, curve, dash, color=COLORS[scaled],
                       marker=marker, markersize=3.2, linewidth=1.1,
                       markerfacecolor=face or COLORS[scaled],
                       markeredgewidth=0.8)
        ticks = [2**k for k in range(0, 25, 4)
                 if runs["d_k"].min() <= 2**k <= runs["d_k"].max()]
        panel.set_xticks(ticks, [str(tick) for tick in ticks])
    for panel in axes[-1]:
        panel.set_xlabel("d_k")
    _formulas(axes, runs)
    show_figure.legend(figure, _handles())
    return figure


def _formulas(axes, runs):
    """What formulas say of the first three panels, and what bounds them."""
    gray = {"color": "0.25", "linewidth": 0.8, "linestyle": ":", "zorder": 5}
    tokens = runs["tokens"].max()
    d_k = np.geomspace(runs["d_k"].min(), runs["d_k"].max(), 100)
    d_model = runs["d_model"].max()
    variance, entropy, largest = axes[0][:3]
    for sigma in ((1 / d_model)**0.5, (2 / (d_model + d_k))**0.5):
        scores = score_variance(d_k, sigma, d_model, tokens)
        variance.plot(d_k, scores, **gray)
        variance.plot(d_k, scores / d_k, **gray)
    _say(variance, d_k[-1], d_k[-1], "d_k", va="bottom")
    _say(variance, d_k[-1], 1, "1", va="bottom")
    variance.set_ylim(top=6 * d_k[-1])
    entropy.axhline(np.log(tokens), **gray)
    _say(entropy, d_k[0], np.log(tokens), f"log {tokens}: all alike",
         ha="left", va="bottom")
    entropy.set_ylim(0, 1.12 * np.log(tokens))
    largest.axhline(1 / tokens, **gray)
    _say(largest, d_k[0], 1 / tokens, f"1/{tokens}: all alike", ha="left",
         va="bottom")
    largest.set_ylim(0, 1.05)


def _say(panel, x, y, text, ha="right", va="center"):
    panel.annotate(text, (x, y), xytext=(0, 2), textcoords="offset points",
                   ha=ha, va=va, size=7.5, color="0.25")


def _handles():
    lines = []
    for init, name in INITS.items():
        for scaled in ("off", "on"):
            dash, marker, face = STYLES[init]
            lines.append(Line2D(
                [], [], color=COLORS[scaled], linestyle=dash, marker=marker,
                markersize=3.6, markerfacecolor=face or COLORS[scaled],
                label=f"{NAMES[scaled]}, {name}"))
    lines.append(Line2D([], [], color="0.25", linestyle=":", linewidth=0.8,
                        label="formula"))
    return lines
