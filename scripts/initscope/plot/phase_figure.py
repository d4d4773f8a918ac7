"""The figure of a phase diagram: three maps over gain and bias_std."""

import textwrap

import matplotlib
import numpy as np
from matplotlib import colors, patheffects
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from initscope.plot.phase_diagram import LAST, LOST, is_homogeneous
from initscope.style import in_style

BEYOND = "0.85"  # colour of what is not lost within the depth
# Inches.
LEFT, RIGHT, GAP, WIDE, HIGH, BAR = 0.6, 0.55, 0.85, 2.7, 2.5, 0.12
HEAD, FOOT, LINE = 0.85, 0.4, 0.15


def draw(diagram, dpi):
    """The figure of the three maps."""
    width = LEFT + 3 * WIDE + 2 * GAP + RIGHT
    lines = textwrap.wrap(caption(diagram), int(width * 15.5))
    bottom = FOOT + 0.1 + LINE * len(lines)
    height = bottom + HIGH + HEAD
    with in_style():
        figure = Figure((width, height), dpi=dpi)
        figure.text(LEFT / width, 1 - 0.22 / height, f"Order and chaos: deep "
                    f"{diagram.activation} networks {diagram.when}",
                    size=13, va="center")
        figure.text(LEFT / width, 0.1 / height, "\n".join(lines), size=7.5,
                    color="0.3", va="bottom", linespacing=1.25, gid="caption")
        maps = [(r"measured $\chi_1$", diagram.chi_1, True),
                ("layers until the gradient is lost",
                 diagram.gradient_depth, False),
                ("layers until the correlation is lost",
                 diagram.correlation_depth, False)]
        for i, (title, values, is_ratio) in enumerate(maps):
            x = LEFT + i * (WIDE + GAP)
            axes, bar = (figure.add_axes([left / width, bottom / height,
                                          wide / width, HIGH / height])
                         for left, wide in ((x, WIDE),
                                            (x + WIDE + 0.1, BAR)))
            draw_map(axes, bar, diagram, values, is_ratio)
            axes.set_title(title, size=9.5, weight="bold", loc="left")
            axes.set_xlabel(r"gain ($\sigma_w$)", labelpad=1)
        figure.axes[0].set_ylabel(r"bias_std ($\sigma_b$)")
        handles = legend_handles(diagram)
        if handles:
            figure.legend(handles=handles, loc="upper left",
                          bbox_to_anchor=(LEFT / width, 1 - 0.36 / height),
                          ncol=len(handles), borderaxespad=0, borderpad=0)
    return figure


def draw_map(axes, bar, diagram, values, is_ratio):
    """One map with its colour bar and the theory's line."""
    if is_ratio:  # white is 1, and as far from it is as dark
        far = max(1.01, *(np.nanmax(x, initial=1, where=np.isfinite(x))
                          for x in (values, 1 / values)))
        norm, name = colors.LogNorm(1 / far, far), "RdBu_r"
    else:
        norm, name = colors.LogNorm(1, diagram.depth - 2), "viridis"
    ramp = matplotlib.colormaps[name].copy()
    ramp.set_over(ramp(1.0) if is_ratio else BEYOND)
    ramp.set_bad("white")
    image = axes.pcolormesh(diagram.gain, diagram.bias_std,
                            np.where(np.isposinf(values), 1e300, values),
                            norm=norm, cmap=ramp, shading="nearest",
                            rasterized=True)
    axes.figure.colorbar(image, cax=bar)
    bar.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    bar.yaxis.set_minor_formatter(
        lambda value, _: f"{value:g}" if is_minor_label(value) else "")
    if crosses(diagram.theory):
        line = axes.contour(diagram.gain, diagram.bias_std,
                            np.log(diagram.theory), levels=[0],
                            colors="black", linewidths=1.6)
        for part in line.collections:
            part.set_gid("critical_line")
            part.set_path_effects([patheffects.withStroke(
                linewidth=3.2, foreground="white")])


def is_minor_label(value):
    """Whether a logarithmic axis of few decades labels this tick."""
    digit = value / 10 ** np.floor(np.log10(value))
    return np.isclose(digit, [2, 5]).any()


def crosses(theory):
    """Whether χ_1 = 1 is within the map; not without theory."""
    return theory is not None and (theory > 1).any() and (theory < 1).any()


def legend_handles(diagram):
    """The legend's handles for what the maps show."""
    handles = []
    if crosses(diagram.theory):
        handles.append(Line2D([], [], color="black", linewidth=1.6,
                              label=r"theory: $\chi_1 = 1$ in layer "
                              f"{diagram.depth - 1}"))
    depths = (diagram.gradient_depth, diagram.correlation_depth)
    if any(np.isposinf(depth).any() for depth in depths):
        handles.append(Patch(color=BEYOND, label="not lost within "
                             f"{diagram.depth - 2} layers"))
    if any(np.isnan(values).any() for values in (diagram.chi_1, *depths)):
        handles.append(Patch(facecolor="white", edgecolor="0.5",
                             label="not finite"))
    return handles


def caption(diagram):
    """The caption: what the maps show."""
    last = min(LAST, diagram.depth - 1)
    factor = 10 ** LOST
    alone = (f" For {diagram.activation}, χ₁ does not depend on the signal: "
             f"with biases E Z² grows by bias_std² a layer on the line, so "
             f"that only its end at bias_std = 0 is critical."
             if is_homogeneous(diagram) else "")
    return (f"{diagram.depth} layers, {diagram.pooled}. χ₁ = gain² E f'(Z)², "
            f"mean of the last {last} hidden layers: what a layer multiplies "
            f"the gradient's second moment by. The gradient is lost where its "
            f"second moment is {factor} times larger or smaller than in the "
            f"last hidden layer, counted from there; the correlation where "
            f"1 − cosine of two samples is, counted from the first.{alone}")
