"""Draws one axes of plot_variance.py: curves of a few quantities by layer.

The vertical axis is linear in log10 of the value, labelled 10^k, so that
1e-1254 is a place like any other. Special values are markers at the axes'
edges with a gid such as "zero:delta", which is an id in the SVG.
"""

from dataclasses import dataclass

import matplotlib
import numpy as np
from matplotlib import colors
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.ticker import FixedLocator, MaxNLocator

from initscope import keys
from initscope.plot.variance_curves import DOUBLE_LOG10, QUANTITIES

# Okabe & Ito (2008): distinguishable with every common colour blindness.
OKABE_ITO = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00",
             "#56B4E9", "#000000"]
STYLE = {"pre_activation": ("#0072B2", "-", "o"),
         "activation": ("#E69F00", "--", "s"),
         "delta": ("#009E73", "-", "o"),
         "weight_gradient": ("#D55E00", "--", "s")}
THEORY_DOTS = (0, (1, 1.4))
DOTS_UP_TO = 40  # layers; a longer line has dots only where it is broken
# Curves in an axes; with more, no lines of single seeds, no theory's bands.
MOST_SINGLE = 8


class Palette:
    """Colours of the colour key's values, or of the quantities."""

    def __init__(self, key, values):
        self.key, self.values = key, values
        self.crowded = len(values) > MOST_SINGLE
        self.scale = None  # a sequential one, where hues do not suffice
        self.numeric = keys.is_numeric(np.array(values))
        if key and len(values) > len(OKABE_ITO):
            numbers = values if self.numeric else range(len(values))
            low, high = min(numbers), max(numbers)
            log = self.numeric and low > 0 and high / low > 30
            norm = (colors.LogNorm if log else colors.Normalize)(low, high)
            ramp = matplotlib.colormaps["viridis"](np.linspace(0, .92, 256))
            self.scale = ScalarMappable(norm, colors.ListedColormap(ramp))

    def color(self, value, quantity):
        """The colour of a curve."""
        if not self.key:
            return STYLE[quantity][0]
        if not self.scale:
            return OKABE_ITO[self.values.index(value)]
        return self.scale.to_rgba(value if self.numeric
                                  else self.values.index(value))

    def ink(self, value, quantity):
        """The colour for text: as color(), but dark enough to read."""
        rgb = np.array(colors.to_rgb(self.color(value, quantity)))
        light = rgb @ [0.299, 0.587, 0.114]
        return tuple(rgb * min(1, 0.45 / light) if light else rgb)

    def contrast(self, value, quantity):
        """A dark shade of the colour, or a light one of a dark colour."""
        rgb = np.array(colors.to_rgb(self.color(value, quantity)))
        light = rgb @ [0.299, 0.587, 0.114]
        return tuple(rgb * 0.06 / light if light > 0.28
                     else 0.35 * rgb + 0.65)


class LayerAxis:
    """The horizontal axis: hidden layers, then the output's own strip.

    All outputs stand in the strip, whatever the depth of their network.
    """

    def __init__(self, last):
        self.last = last
        self.output = last + max(0.7, 0.1 * last)
        self.half = max(0.3, 0.045 * last)

    def decorate(self, axes, labelled, track):
        """Draws strip and ticks."""
        if track == ["activation"]:
            axes.text(self.output, 0.5, "has no activation", size=6.5,
                      transform=axes.get_xaxis_transform(), rotation=90,
                      ha="center", va="center", color="0.4")
        axes.axvspan(self.output - self.half, self.output + self.half,
                     color="0.92", linewidth=0, zorder=0)
        axes.set_xlim(-0.025 * self.last - 0.2, self.output + self.half)
        ticks = MaxNLocator(6, integer=True).tick_values(0, self.last)
        ticks = [t for t in ticks if 0 <= t <= self.last
                 and t < self.output - 0.09 * self.output]
        names = [f"{t:.0f}" for t in ticks] + ["out"]
        axes.set_xticks([*ticks, self.output],
                        names if labelled else [""] * len(names))


@dataclass
class Place:
    """A curve (its rows of summarize()), its quantity, and its axes."""

    axes: object
    layer_axis: LayerAxis
    curve: object
    quantity: str


def draw_curve(place, samples, color, crowd, styled):
    """Draws a curve: median, band, single seeds, output, special values.

    `samples` are the values behind it, `crowd` is the number of curves in this
    axes, and `styled` is whether the style of a line shows its quantity.
    """
    axes, curve, quantity = place.axes, place.curve, place.quantity
    dash, marker = STYLE[quantity][1:] if styled else ("-", "o")
    seeds = int(curve["n_measured"].max())
    if not seeds:
        return
    hidden, output = curve[~curve["output"]], curve[curve["output"]]
    x = hidden["layer"].to_numpy(float)
    median = hidden["log10_median"].to_numpy()
    if seeds > 1:
        if crowd <= MOST_SINGLE:
            _draw_single_seeds(axes, samples, color, seeds, quantity)
        axes.fill_between(x, hidden["log10_p10"], hidden["log10_p90"],
                          color=color, linewidth=0, zorder=2,
                          alpha=0.22 if crowd <= MOST_SINGLE else 0.08,
                          gid=f"band:{quantity}")
    width = 1.6 if crowd <= MOST_SINGLE and len(x) <= 200 else 0.9
    axes.plot(x, median, color=color, linestyle=dash, linewidth=width,
              zorder=4, gid=f"median:{quantity}")
    alone = np.isfinite(median)
    if len(x) > DOTS_UP_TO or crowd > MOST_SINGLE:
        gap = np.concatenate([[True], ~alone, [True]])
        alone = alone & gap[:-2] & gap[2:]
    axes.plot(x[alone], median[alone], marker, color=color, markersize=2.6,
              zorder=5, gid=f"dots:{quantity}")
    _draw_output(place, output, color, crowd <= MOST_SINGLE)
    _mark_specials(place, color)


def draw_theory(place, palette, value, alone):
    """Draws the theory of a curve, dotted, on top of the measured one.

    In the curve's own colour if it is `alone`. Its band is hatched between thin
    lines, so that the measured band shows through; at the output layer its ends
    are dashes.
    """
    axes, curve, quantity = place.axes, place.curve, place.quantity
    ink = (palette.ink if alone else palette.contrast)(value, quantity)
    hidden, output = curve[~curve["output"]], curve[curve["output"]]
    x = hidden["layer"].to_numpy(float)
    axes.plot(x, hidden["theory_log10"].to_numpy(), color=ink,
              linestyle=(0, (1, 3)) if palette.crowded else THEORY_DOTS,
              linewidth=0.7 if palette.crowded else 1.5, zorder=7,
              gid=f"theory:{quantity}")
    at_output = [place.layer_axis.output] * len(output)
    axes.plot(at_output, output["theory_log10"], "_", color=ink,
              markersize=4 if palette.crowded else 7, zorder=7,
              gid=f"theory-output:{quantity}")
    if palette.crowded:
        return
    axes.fill_between(x, hidden["theory_log10_p10"],
                      hidden["theory_log10_p90"], zorder=6,
                      **theory_band(palette.ink(value, quantity)),
                      gid=f"theory-band:{quantity}")
    for end in ("p10", "p90"):
        axes.plot(at_output, output[f"theory_log10_{end}"], "_", color=ink,
                  markersize=4, markeredgewidth=0.7, zorder=7,
                  gid=f"theory-output-{end}:{quantity}")


def theory_band(ink):
    """The style of a theory's band, in an axes and in the legend."""
    return {"facecolor": "none", "edgecolor": (*ink, 0.6),
            "linewidth": 0.5, "hatch": "/////"}


def _draw_single_seeds(axes, samples, color, seeds, quantity):
    hidden = samples[~samples["output"]]
    table = hidden.pivot(index="layer", columns="sample", values="log10")
    table = table.where(np.isfinite(table))
    lines = [np.column_stack([table.index, table[column]])
             for column in table]
    axes.add_collection(LineCollection(
        lines, colors=[color], linewidths=0.4, zorder=1, rasterized=True,
        alpha=min(0.5, max(0.06, 4 / seeds)), gid=f"seeds:{quantity}"))


def _draw_output(place, output, color, large):
    """Draws the output layer: a diamond, with the band as a bar."""
    if output.empty or output["log10_median"].isna().all():
        return
    axes, x, quantity = place.axes, place.layer_axis.output, place.quantity
    row = output.iloc[0]
    axes.plot([x, x], [row["log10_p10"], row["log10_p90"]], color=color,
              linewidth=1.2, zorder=4, gid=f"output-band:{quantity}")
    axes.plot([x], [row["log10_median"]], "D", color=color,
              markersize=4.2 if large else 3, markeredgecolor="white",
              markeredgewidth=0.5 if large else 0, zorder=5,
              clip_on=False, gid=f"output:{quantity}")


def _mark_specials(place, color):
    """Draws triangles at the bottom for zeros, crosses at the top for NaN and
    infinities."""
    axes, curve, quantity = place.axes, place.curve, place.quantity
    offset = 0.055 * (QUANTITIES.index(quantity) % 2)
    edge = axes.get_xaxis_transform()
    for column, gid, height, marker in (
            ("n_zero", "zero", 0.035 + offset, "v"),
            ("n_non_finite", "non_finite", 0.965 - offset, "x")):
        rows = curve[curve[column] > 0]
        if len(rows):
            x = np.where(rows["output"], place.layer_axis.output,
                         rows["layer"])
            axes.plot(x, np.full(len(x), height), marker, color=color,
                      markersize=3.4, transform=edge, zorder=6,
                      clip_on=False, gid=f"{gid}:{quantity}")


def set_value_axis(axes, low, high, own):
    """Limits with room for the markers, ticks 10^k, double's range."""
    middle, span = (low + high) / 2, max(high - low, 1.6)
    low, high = middle - 0.62 * span, middle + 0.62 * span
    axes.set_ylim(low, high)
    for limit, name in zip(DOUBLE_LOG10, ("smallest", "largest")):
        if low < limit < high:
            axes.axhline(limit, color="0.4", linewidth=0.7, linestyle=":",
                         zorder=1, gid=f"{name}-double")
            axes.text(0.012, limit, f"{name} double", size=6, color="0.35",
                      va="bottom", transform=axes.get_yaxis_transform())
    axes.yaxis.set_major_locator(
        MaxNLocator(5, integer=True, steps=[1, 2, 3, 5, 10]))
    axes.yaxis.set_major_formatter(lambda value, _: f"$10^{{{value:.0f}}}$")
    if high - low < 5:
        decades = np.arange(np.floor(low), np.ceil(high))
        minor = np.add.outer(decades, np.log10(np.arange(2, 10))).ravel()
        axes.yaxis.set_minor_locator(FixedLocator(minor))
    axes.tick_params(axis="y", labelsize=7.5)
    axes.grid(axis="y", color="0.88", linewidth=0.5)
    if own:
        axes.tick_params(axis="y", colors="#8A3B12")
        axes.spines["left"].set_color("#8A3B12")
        axes.text(1.012, 0.5, "own y scale", transform=axes.transAxes,
                  rotation=90, size=6.5, color="#8A3B12", va="center",
                  style="italic", gid="own-scale")
