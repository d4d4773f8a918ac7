"""The figure of a reproduced result: curves by layer, and the claims' errors.

A panel has a curve for each combination of swept keys: the mean over seeds or
(`spread`) the variance divided by its square. Dotted lines are the theory. The
last panel has a dot per claim: (measured - expected)/tolerance, which must lie
within ±1.
"""

import textwrap
from dataclasses import dataclass, field

import numpy as np
from matplotlib.transforms import Bbox

from initscope import keys
from initscope.estimates import chosen
from initscope.plot import show_figure
from initscope.plot.variance_panel import OKABE_ITO
from initscope.style import in_style, plain
from initscope.text import text_of

CLAIM_HEIGHT = 0.21  # inches
MOST = 1.9  # tolerances; what is farther off is drawn there
LABELS = 6.5  # where the claims' texts begin, in tolerances left of 0
LETTERS = 58  # of a claim's text


@dataclass
class Panel:
    """A panel of curves.

    of        a column, or a function of the rows
    along     the horizontal axis: "layer", or a key
    where     {key: value} that choose the runs
    layers    only these; None takes all
    theory    numbers, and functions of `along`, drawn dotted
    spread    draws variance/mean² over the seeds in place of the mean
    """

    title: str
    of: object
    along: str = "layer"
    where: dict = field(default_factory=dict)
    layers: object = None
    scale: str = "linear"
    theory: tuple = ()
    spread: bool = False


def draw(title, measured, panels, claims):
    """The Figure; `measured` is (DataFrame, names of its keys)."""
    table, names = measured
    with in_style():
        figure, axes = show_figure.panels(
            title,
            f"""Over seeds ({table['seed'].nunique()}); dotted: what formulas
            say. On the right each claim, measured less expected in units of
            its tolerance: blue is within, red is not.""",
            (1, len(panels) + 2),
            size=(2.7, max(2.2, CLAIM_HEIGHT * len(claims))), gap=(0.6, 0.6))
        for panel, axis in zip(panels, axes[0]):
            _curves(axis, panel, table, names)
        left, right = axes[0, -2:]  # one axes takes the place of both
        left.set_position(Bbox.union([left.get_position(),
                                      right.get_position()]))
        right.remove()
        _distances(left, claims)
    return figure


def _curves(axis, panel, table, names):
    axis.set_title(panel.title, size=9)
    axis.set_xlabel(panel.along)
    axis.set_yscale(panel.scale)
    rows = chosen(table, panel.where)
    if panel.layers is not None:
        rows = rows[rows["layer"].isin(panel.layers)]
    rows = rows.assign(of=panel.of(rows) if callable(panel.of)
                       else rows[panel.of])
    rows = rows[rows["of"].notna()]
    by = _axes(rows, names)
    for (values, part), color in zip(keys.parts(rows, by), OKABE_ITO):
        groups = part.groupby(panel.along)["of"]
        curve = (groups.var(ddof=0) / groups.mean()**2 if panel.spread
                 else groups.mean())
        axis.plot(curve.index, curve, color=color, linewidth=1.2,
                  label=_label(by, values))
    if panel.along != "layer":
        axis.set_xscale("log", base=2)
    x = np.unique(rows[panel.along]).astype(float)
    for theory in panel.theory:
        y = theory(x) if callable(theory) else theory
        axis.plot(x, np.broadcast_to(y, x.shape), ":", color="0.1",
                  linewidth=0.9, zorder=5)
    if by:
        axis.legend(fontsize=6.5, handlelength=1.5)


def _axes(rows, names):
    """The keys that distinguish the curves."""
    names = [key for key in names if key not in keys.REPETITION_KEYS]
    if "shape" in names and (rows["width"] < 0).any():  # widths differ
        names = [key for key in names if not key.endswith("width")]
    return keys.independent(rows, names)


def _label(by, values):
    """'he_normal', 'gain 1.3, depth 40'"""
    return plain(", ".join(value if isinstance(value, str) else
                           f"{key} {text_of(value)}"
                           for key, value in zip(by, values)))


def _distances(axis, claims):
    axis.set_title("(measured − expected)/tolerance", size=9)
    axis.set_xlim(-LABELS, MOST)
    axis.set_xticks([-1, 0, 1])
    axis.set_ylim(len(claims) - 0.4, -0.6)
    axis.set_yticks([])
    axis.spines["left"].set_visible(False)
    axis.axvspan(-1, 1, color="0.93", zorder=0)
    for y, claim in enumerate(claims):
        with np.errstate(all="ignore"):
            off = np.divide(claim.measured - claim.expected, claim.tolerance)
        color = show_figure.BLUE if claim.holds else show_figure.RED
        axis.plot(np.clip(np.nan_to_num(off, nan=MOST), -MOST, MOST), y, "o",
                  color=color, markersize=4, clip_on=False)
        axis.text(-LABELS, y, textwrap.shorten(claim.text, LETTERS,
                                               placeholder=" …"),
                  size=6.5, va="center", color="0.25")
