"""Xavier's conditions: fan-in keeps the signal, fan-out the gradient.

Each layer's factors are ratios of successive second moments of one run, whose
mean over the weights is fan_in s² and fan_out s² exactly, at any width.
"""

import numpy as np
import show_figure
import show_layers
from matplotlib.lines import Line2D
from show_claims import Claim

COMMAND = "run"
QUICK = ["--seed", "range(0, 100)"]
# init: name, colour, marker, s² of a layer's weights
SCHEMES = {
    "lecun_normal": ("fan-in, s² = 1/fan_in", show_figure.BLUE, "o",
                     lambda fi, fo: 1 / fi),
    "he_fan_out_normal": ("fan-out, s² = 1/fan_out", show_figure.RED, "s",
                          lambda fi, fo: 1 / fo),
    "xavier_normal": ("Xavier, s² = 2/(fan_in + fan_out)", show_figure.GREEN,
                      "D", lambda fi, fo: 2 / (fi + fo))}


class Factors:
    """What each layer of one scheme does, by seed and by formula."""

    def __init__(self, layers, init):
        part = layers[layers["init"] == init]
        table = {name: part.pivot(index="seed", columns="layer", values=name)
                 .to_numpy() for name in
                 ("pre_activation_second_moment", "activation_second_moment",
                  "delta_second_moment", "fan_in", "fan_out")}
        signal = table["pre_activation_second_moment"].copy()
        signal[:, 0] = table["activation_second_moment"][:, 0]
        gradient = table["delta_second_moment"]
        # seeds × layers 1..L
        self.forward = signal[:, 1:] / signal[:, :-1]
        self.backward = gradient[:, :-1] / gradient[:, 1:]
        # seeds × rows 0..L, relative to where each signal starts
        self.signal = signal / signal[:, :1]
        self.gradient = gradient / gradient[:, -1:]
        self.fans = [(int(fi), int(fo)) for fi, fo in zip(
            table["fan_in"][0, 1:], table["fan_out"][0, 1:])]
        variances = [SCHEMES[init][3](*fans) for fans in self.fans]
        self.forward_formula, self.backward_formula = np.transpose(
            [(fi * s2, fo * s2)
             for (fi, fo), s2 in zip(self.fans, variances)])


def read(path):
    """init -> Factors"""
    _, layers = show_layers.read(path, [
        "pre_activation_second_moment", "activation_second_moment",
        "delta_second_moment", "fan_in", "fan_out"])
    return {init: Factors(layers, init) for init in SCHEMES}


def claims(path):
    """See show.py."""
    found = []
    for init, factors in read(path).items():
        name = SCHEMES[init][0].split(",")[0]
        for i, (fi, fo) in enumerate(factors.fans):
            layer = f"{name}, {fi}x{fo}"
            found += [
                Claim.of_mean(f"{layer}: forward factor, fan_in s²",
                              factors.forward_formula[i],
                              factors.forward[:, i]),
                Claim.of_mean(f"{layer}: backward factor, fan_out s²",
                              factors.backward_formula[i],
                              factors.backward[:, i])]
            if init == "xavier_normal":
                found.append(Claim.of_mean(
                    f"{layer}: the two factors' sum", 2,
                    factors.forward[:, i] + factors.backward[:, i]))
    return found


def draw(path):
    """See show.py."""
    found = read(path)
    fans = next(iter(found.values())).fans
    widths = [fans[0][0], *(fo for _, fo in fans)]
    seeds = len(next(iter(found.values())).forward)
    figure, axes = show_figure.panels(
        "Two conditions on one variance, and Xavier's compromise",
        f"""Linear network {"x".join(map(str, widths))} at initialization,
        {seeds} seeds: markers are means, bars reach from the 10th to the 90th
        percentile, dashed lines are the formulas. Right: a layer's variance s²
        moves it along the grey line backward/forward = fan_out/fan_in, and
        nowhere else; that line meets the star, where both signals are kept,
        only if fan_in = fan_out. Xavier stops where the two factors sum to 2
        (dotted).""",
        1, 3, wide=2.55, high=2.55)
    for init, factors in found.items():
        _, color, marker, _ = SCHEMES[init]
        _moments(axes[0, 0], factors.signal, factors.forward_formula,
                 color, marker)
        _moments(axes[0, 1], factors.gradient[:, ::-1],
                 factors.backward_formula[::-1], color, marker)
    top = len(widths) - 1
    _decorate(axes[0, 0], "forward: E Z², relative to $X_0$",
              ["$X_0$", *(f"$Z_{i}$" for i in range(1, top + 1))])
    _decorate(axes[0, 1], r"backward: E δ², relative to $\delta_2$",
              [rf"$\delta_{i}$" for i in range(top, -1, -1)])
    _plane(axes[0, 2], found, fans)
    show_figure.legend(figure, [
        Line2D([], [], color=color, marker=marker, markersize=4,
               linestyle="--", linewidth=1, label=name)
        for name, color, marker, _ in SCHEMES.values()])
    return figure


def _moments(panel, moments, factors, color, marker):
    """Second moments along the way of one signal, beside their formula."""
    steps = np.arange(moments.shape[1])
    panel.plot(steps, np.cumprod([1, *factors]), "--", color=color,
               linewidth=1)
    low, high = np.percentile(moments, [10, 90], axis=0)
    panel.vlines(steps, low, high, color=color, linewidth=3, alpha=0.3)
    panel.plot(steps, moments.mean(0), marker, color=color, markersize=4)


def _decorate(panel, title, names):
    panel.set_title(title, size=9, loc="left")
    panel.set_yscale("log")
    panel.set_xticks(range(len(names)), names)
    panel.set_xlim(-0.25, len(names) - 0.75)
    panel.axhline(1, color="0.4", linewidth=0.7, zorder=0)


def _plane(panel, found, fans):
    """Each layer's pair of factors, the rays and the compromise."""
    span = np.geomspace(0.02, 50, 200)
    for fi, fo in fans:
        panel.plot(span, span * fo / fi, color="0.6", linewidth=0.8)
        panel.annotate(f"{fi}x{fo}", (7, 7 * fo / fi), (-3, 3),
                       textcoords="offset points", size=7, color="0.35",
                       ha="right")
    x = np.linspace(0.02, 1.98, 400)
    panel.plot(x, 2 - x, color=show_figure.GREEN, linewidth=1,
               linestyle=":")
    panel.plot([1], [1], "*", color="black", markersize=8)
    panel.annotate("both kept", (1, 1), (-5, -8), textcoords="offset points",
                   size=7, ha="right")
    for init, factors in found.items():
        _, color, marker, _ = SCHEMES[init]
        panel.plot(factors.forward.mean(0), factors.backward.mean(0), marker,
                   color=color, markersize=4.5)
    for line in (panel.axhline, panel.axvline):
        line(1, color="0.4", linewidth=0.7, zorder=0)
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_xlim(0.02, 50)
    panel.set_ylim(0.02, 50)
    panel.set_title("each layer's pair of factors", size=9, loc="left")
    panel.set_xlabel("forward, fan_in s²")
    panel.set_ylabel("backward, fan_out s²", labelpad=1)
