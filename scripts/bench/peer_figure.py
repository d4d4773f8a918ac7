"""Draws compare_peers.py's figure: how many times as fast initscope is."""

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import LogLocator, NullFormatter

from bench.peer_processes import NAMES
from bench.peer_summary import BEST, INSTALLED, times
from initscope.style import in_style, plain

COLORS = {"torch": "#D55E00", "numpy": "#0072B2"}  # Okabe & Ito (2008)
BAR = 0.36  # of the distance from one width to the next
LABEL = 1.4  # the end of a label above a bar, as a factor
DPI = 150


def draw(ratios, caption):
    """The figure: two panels, a group of bars per width."""
    with in_style():
        figure = Figure(figsize=(7.6, 4.3), dpi=DPI)
        panels = figure.subplots(1, 2, sharey=True)
        figure.subplots_adjust(left=0.09, right=0.985, top=0.78,
                               bottom=0.22, wspace=0.06)
        for axes, kind in zip(panels, (INSTALLED, BEST)):
            axes.set_title("Peers as installed" if kind == INSTALLED else
                           "Peers at their best", size=9.5, loc="left")
            _panel(axes, [r for r in ratios if r.kind == kind])
        highest = max(max(r.high, r.goal or 0) for r in ratios)
        lowest = min(r.low for r in ratios)
        panels[0].set_ylim(min(0.9, lowest / 1.8), highest * 1.7)
        panels[0].set_ylabel("times as fast as the peer")
        figure.text(0.09, 0.955, "initscope's speed-up over PyTorch and "
                    "NumPy for the same sweep", size=12, va="center")
        lines = map(plain, caption.split("\n"))
        figure.text(0.09, 0.02, "\n".join(lines), size=7, color="0.3",
                    va="bottom", linespacing=1.3)
        peers = dict.fromkeys(r.peer for r in ratios)
        handles = [Patch(color=COLORS[peer], label=f"over {NAMES[peer]}")
                   for peer in peers]
        handles.append(Line2D([], [], color="black", linewidth=1.6,
                              label="goal (at least)"))
        handles.append(Line2D([], [], color="0.25", marker="_", linewidth=0.9,
                              label="range of the rounds"))
        figure.legend(handles=handles, loc="upper left", ncol=4,
                      bbox_to_anchor=(0.083, 0.925))
        return figure


def _panel(axes, ratios):
    widths = sorted({r.width for r in ratios})
    peers = list(dict.fromkeys(r.peer for r in ratios))
    for r in ratios:
        x = widths.index(r.width) + BAR * (peers.index(r.peer) -
                                           (len(peers) - 1) / 2)
        axes.bar(x, r.ratio - 1, BAR * 0.94, bottom=1, linewidth=0,
                 color=COLORS[r.peer])  # from 1, as fast as the peer
        axes.plot([x, x], [r.low, r.high], color="0.25", linewidth=0.9,
                  marker="_", markersize=5)
        above = r.ratio >= 1
        end = r.high if above else r.low
        if r.goal and above and end / 1.05 < r.goal < end * LABEL:
            end = r.goal  # the label would be on the line
        axes.annotate(times(r.ratio), (x, end), (0, 4 if above else -4),
                      textcoords="offset points", size=8, ha="center",
                      va="bottom" if above else "top")
        if r.goal:
            axes.plot([x - BAR / 2, x + BAR / 2], [r.goal, r.goal],
                      color="black", linewidth=1.6, zorder=3)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(10, (1, 2, 5)))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}\u00d7")
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.axhline(1, color="0.3", linewidth=0.8)
    axes.grid(axis="y", color="0.9", linewidth=0.6)
    axes.set_xticks(range(len(widths)), widths)
    axes.set_xlim(-0.6, len(widths) - 0.4)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="x", length=0)
    axes.set_xlabel("width")
