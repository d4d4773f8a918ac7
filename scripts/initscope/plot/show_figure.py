"""Grids of panels for show.py, in the style of plot_variance.py.

Sizes are in inches. The panels have a title above and a caption below them.
show.py and reproduce.py draw within style.in_style().
"""

import textwrap

from matplotlib.figure import Figure

from initscope.plot.variance_panel import OKABE_ITO

BLUE, RED, GREEN, PINK, ORANGE, SKY, BLACK = OKABE_ITO
DPI = 120
LEFT, RIGHT, FOOT, LINE = 0.7, 0.2, 0.45, 0.15
TITLE, LEGEND, PANEL_TITLE = 0.45, 0.28, 0.3


def panels(title, caption, grid, size, gap=(0.7, 0.6)):
    """Makes a grid of panels: (figure, array rows × columns of axes).

    grid    (rows, columns)
    size    (width, height) of a panel, in inches
    gap     (horizontal, vertical) distance between panels, in inches

    The strip under the title is free for legend().
    """
    (rows, columns), (wide, high), (gap_x, gap_y) = grid, size, gap
    width = LEFT + columns * (wide + gap_x) - gap_x + RIGHT
    lines = textwrap.wrap(" ".join(caption.split()), int(width * 15.5))
    bottom = FOOT + 0.1 + LINE * len(lines)
    top = TITLE + LEGEND + PANEL_TITLE
    height = bottom + rows * (high + gap_y) - gap_y + top
    figure = Figure((width, height), dpi=DPI)
    axes = figure.subplots(rows, columns, squeeze=False, gridspec_kw={
        "left": LEFT / width, "right": 1 - RIGHT / width,
        "bottom": bottom / height, "top": 1 - top / height,
        "wspace": gap_x / wide, "hspace": gap_y / high})
    figure.text(LEFT / width, 1 - 0.24 / height, title, size=12, va="center")
    figure.text(LEFT / width, 0.09 / height, "\n".join(lines), size=7.5,
                color="0.3", va="bottom", linespacing=1.25, gid="caption")
    for panel in axes.flat:
        panel.grid(color="0.9", linewidth=0.5)
        panel.set_axisbelow(True)  # outside in_style(), too
    return figure, axes


def legend(figure, handles):
    """A legend in the strip under the title."""
    width, height = figure.get_size_inches()
    figure.legend(handles=handles, loc="upper left", ncol=len(handles),
                  bbox_to_anchor=(LEFT / width, 1 - TITLE / height),
                  borderaxespad=0, borderpad=0, columnspacing=1.4)
