"""The figure of a reproduced result: curves by layer, and the claims' errors.

A panel has a curve per choice of the keys that were swept, the mean over seeds
or (`spread`) the variance over its square, and as dotted lines what its
formulas say. The last panel has a dot per claim:
measured - expected in units of the tolerance, so that all must lie within ±1.
"""

import textwrap

from initscope import formula
import matplotlib
import numpy as np
from initscope import results as results_file
from initscope.plot import show_figure
from initscope.reproduce_claims import chosen, shared
from initscope.style import RC, plain
from initscope.plot.variance_panel import OKABE_ITO

CLAIM_HEIGHT = 0.21  # inches
MOST = 1.9  # tolerances; what is farther off is drawn there
LABELS = 6.5  # where the claims' texts begin, in tolerances left of 0
LETTERS = 58  # of a claim's text
NO_AXES = {"step", "seed", "data_seed"}


def draw(experiment, constants, table, claims):
    """The Figure."""
    panels = experiment["panels"]
    with matplotlib.rc_context(RC):
        figure, axes = show_figure.panels(
            f"{experiment['source']}: {experiment['title']}",
            f"""Over seeds ({table['seed'].nunique()}); dotted: what formulas
            say. On the right each claim, measured less expected in units of
            its tolerance: blue is within, red is not.""", 1, len(panels) + 2,
            wide=2.7, high=max(2.2, CLAIM_HEIGHT * len(claims)), gap_x=0.6)
        for panel, axis in zip(panels, axes[0]):
            _curves(axis, panel, constants, table)
        _distances(_merged(*axes[0, -2:]), claims)
    return figure


def _merged(left, right):
    """One axes in the place of two."""
    place = left.get_position()
    place.x1 = right.get_position().x1
    right.remove()
    left.set_position(place)
    return left


def _curves(axis, panel, constants, table):
    along = panel.get("along", "layer")
    axis.set_title(panel["title"], size=9)
    axis.set_xlabel(along)
    axis.set_yscale(panel.get("scale", "linear"))
    rows = chosen(table, panel.get("select", {}), panel.get("layers"))
    rows = rows.assign(of=formula.evaluate(panel["of"],
                                           {**constants, **rows}))
    rows = rows[rows["of"].notna()]
    keys = _keys(rows)
    parts = rows.groupby(keys[0] if len(keys) == 1 else keys,
                         sort=False) if keys else [((), rows)]
    for (values, part), color in zip(parts, OKABE_ITO):
        groups = part.groupby(along)["of"]
        curve = groups.mean()
        if panel.get("spread"):
            curve = groups.var(ddof=0) / curve**2
        axis.plot(curve.index, curve, color=color, linewidth=1.2,
                  label=_label(keys, values))
    if along != "layer":
        axis.set_xscale("log", base=2)
    x = np.unique(rows[along])
    for text in panel.get("theory", []):
        y = formula.evaluate(text, {**constants, **shared(rows), along: x})
        axis.plot(x, np.broadcast_to(y, x.shape), ":", color="0.1",
                  linewidth=0.9, zorder=5)
    if keys:
        axis.legend(fontsize=6.5, frameon=False, handlelength=1.5)


def _keys(rows):
    """The keys that tell curves apart."""
    keys = [key for key in results_file.KEYS
            if key in rows and key not in NO_AXES]
    if "shape" in keys and (rows["width"] < 0).any():  # widths differ
        keys = [key for key in keys if not key.endswith("width")]
    return results_file.independent_keys(rows, keys)


def _label(keys, values):
    """'he_normal', 'gain 1.3, depth 40'"""
    values = values if isinstance(values, tuple) else (values,)
    return plain(", ".join(value if isinstance(value, str) else
                           f"{key} {results_file.text_of(value)}"
                           for key, value in zip(keys, values)))


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
        axis.text(-LABELS, y, textwrap.shorten(claim.quantity, LETTERS,
                                               placeholder=" …"),
                  size=6.5, va="center", color="0.25")
