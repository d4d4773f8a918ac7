#!/usr/bin/env python3
"""Draws the results of bench.sh: bench.png and roofline.png beside the file.

bench.png shows the GFLOP/s of products below the FMA peak. roofline.png shows
all kernels by the flop per byte that they must touch, below the limits of
registers, caches and memory.
"""

import argparse
import math
import os
import pathlib
import sys
import textwrap

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from initscope import command  # first: it reports missing packages
from bench import bench_results
from bench.bench_results import OURS
from matplotlib.figure import Figure
from initscope.style import in_style, plain, write_figure
from initscope.plot.variance_panel import OKABE_ITO

BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK = OKABE_ITO
COLORS = {OURS: VERMILION, "onednn": BLUE, "openblas": GREEN, "blis": PURPLE,
          "eigen_native": ORANGE, "eigen": SKY, "naive": "0.55"}
GRAY = "0.35"
DPI = 150


def style(kernel, setting):
    """The style of a kernel's line: tuned peers are dashed, ours is heavy."""
    return {"color": COLORS.get(kernel, BLACK),
            "linestyle": "-" if setting == "installed" else (0, (3, 1.5)),
            "linewidth": 2.4 if kernel == OURS else 1.4,
            "marker": "o" if setting == "installed" else "s",
            "markersize": 4.5 if kernel == OURS else 3.2,
            "zorder": 5 if kernel == OURS else 3}


def measured_peak(results):
    """The FMA peak in GFLOP/s, float: the median of those beside products."""
    rows = results.products()
    if rows.empty:
        rows = results.table[results.table["name"] == "FmaPeak/float"]
        return float(rows["GFLOP/s"].median())
    return float(rows["peak GFLOP/s"].median())


def draw_products(axes, rows, across, peak):
    """Draws GFLOP/s by `across`, a line per kernel and setting."""
    for title, of_kernel in rows.groupby("title", sort=False):
        of_kernel = of_kernel.sort_values(across)
        first = of_kernel.iloc[0]
        look = style(first["kernel"], first["setting"])
        axes.plot(of_kernel[across], of_kernel["GFLOP/s"], label=plain(title),
                  **look)
        axes.vlines(of_kernel[across], of_kernel["lowest"],
                    of_kernel["highest"], color=look["color"], linewidth=0.8,
                    alpha=0.6)
    axes.axhline(peak, color=BLACK, linewidth=1)
    axes.text(0.01, peak, f"FMA peak {peak:.0f} GFLOP/s",
              transform=axes.get_yaxis_transform(), va="bottom", size=8)
    axes.set_xscale("log", base=2)
    values = sorted(rows[across].unique())
    axes.set_xticks(values, [f"{value:g}" for value in values])
    axes.set_xticks([], minor=True)
    axes.set_xlim(values[0] / 1.25, values[-1] * 1.25)
    axes.set_ylim(0, 1.1 * max(peak, rows["highest"].max()))
    axes.grid(axis="y", color="0.9", linewidth=0.6)


def surround(figure, title, results):
    """Adds title and caption."""
    width, height = figure.get_size_inches()
    figure.text(0.65 / width, 1 - 0.27 / height, title, size=13, va="center")
    lines = [line for text in bench_results.summary(results)
             for line in textwrap.wrap(plain(text), int(width * 15))]
    figure.text(0.65 / width, 0.1 / height, "\n".join(lines), size=7.5,
                color="0.3", va="bottom", linespacing=1.25)


def product_figure(results):
    """The figure of GFLOP/s by n and by batch; None without products."""
    panels = [(results.products(batch=256), "n", "n (batch 256)"),
              (results.products(n=1024), "batch", "batch (n = 1024)")]
    panels = [panel for panel in panels if panel[0]["n"].nunique() > 1
              or panel[0]["batch"].nunique() > 1]
    if not panels:
        return None
    left, wide, gap, legend = 0.65, 4.2, 0.45, 1.45
    width, height = left + len(panels) * (wide + gap) + legend, 4.7
    peak = measured_peak(results)
    with in_style():
        figure = Figure((width, height), dpi=DPI)
        for i, (rows, across, label) in enumerate(panels):
            axes = figure.add_axes([(left + i * (wide + gap)) / width,
                                    1.05 / height, wide / width,
                                    3.05 / height])
            draw_products(axes, rows, across, peak)
            axes.set_xlabel(label)
        first = figure.axes[0]
        first.set_ylabel("GFLOP/s (median; bar: lowest to highest)")
        figure.legend(*first.get_legend_handles_labels(), loc="upper left",
                      bbox_to_anchor=(1 - (legend + 0.2) / width,
                                      1 - 0.55 / height))
        surround(figure, "Product of one layer, batch \u00d7 n by n \u00d7 n, "
                 "float32", results)
    return figure


def draw_roofs(axes, peak, speeds, low, high):
    """Draws the horizontal roof, and a slope per cache and memory."""
    axes.plot([low, high], [peak, peak], color=BLACK, linewidth=1.2)
    axes.text(low * 1.05, peak * 1.06, f"FMA peak {peak:.0f} GFLOP/s", size=8)
    above = math.inf
    for name, speed in sorted(speeds.items(), key=lambda item: -item[1]):
        axes.plot([low, peak / speed], [low * speed, peak], color=GRAY,
                  linewidth=1)
        # Below the slope where the one above it is near.
        crowded = above / speed < 1.7
        axes.annotate(f"{name} {speed:.0f} GB/s", (low, low * speed),
                      xytext=(13, 3) if crowded else (8, 10),
                      textcoords="offset points", size=7.5, color=GRAY,
                      rotation=45, rotation_mode="anchor",
                      va="top" if crowded else "bottom")
        above = speed


def name_shapes(axes, rows, y, gap):
    """Writes batch and n above each column of points, at least `gap` decades
    apart."""
    shapes = {(row["batch"], row["n"]): math.log10(row["FLOP"] / row["bytes"])
              for _, row in rows[rows["family"] == "Product"].iterrows()}
    place = -math.inf
    for (batch, n), x in sorted(shapes.items(), key=lambda item: item[1]):
        place = max(x, place + gap)
        axes.text(10 ** place, y, f"{batch:.0f} \u00d7 {n:.0f}", size=6.5,
                  color=GRAY, rotation=90, ha="center", va="bottom")


def roofline_figure(results):
    """The figure of points under roofs; None if either is missing."""
    rows = results.table.dropna(subset=["bytes", "GFLOP/s"])
    reads = results.family("Read").dropna(subset=["GB/s"])
    speeds = dict(zip(reads["kernel"], reads["GB/s"]))  # of L1 ... memory
    if rows.empty or not speeds:
        return None
    peak = measured_peak(results)
    intensity = rows["FLOP"] / rows["bytes"]
    low, high = 0.1, max(400, 2 * intensity.max())
    bottom = min(rows["GFLOP/s"].min() / 1.5, low * min(speeds.values()) / 1.5)
    top = 2.6 * peak
    # Equal decades both ways, so that slopes are at 45 degrees.
    width, left, legend, foot, head = 8.4, 0.65, 1.6, 1.05, 0.6
    decade = (width - left - legend) / math.log10(high / low)
    high_in = decade * math.log10(top / bottom)
    height = foot + high_in + head
    with in_style():
        figure = Figure((width, height), dpi=DPI)
        axes = figure.add_axes([left / width, foot / height,
                                1 - (left + legend) / width,
                                high_in / height])
        axes.set_xscale("log")
        axes.set_yscale("log")
        draw_roofs(axes, peak, speeds, low, high)
        name_shapes(axes, rows, 1.08 * peak, 0.1 / decade)
        others = iter([BLACK, "#8B4513", "#7F7F00", "#4B0082"])
        # The legend has the kernels of products, of all else the families.
        names = rows["kernel"].where(rows["family"] == "Product",
                                     rows["family"])
        for kernel, group in rows.groupby(names, sort=False):
            color = COLORS.get(kernel) or next(others, BLACK)
            ours = kernel == OURS or kernel not in COLORS
            installed = group["setting"] == "installed"
            for part, marker, suffix in ((group[installed], "o", ""),
                                         (group[~installed], "s", " tuned")):
                if len(part):
                    axes.plot(part["FLOP"] / part["bytes"], part["GFLOP/s"],
                              linestyle="", marker=marker, color=color,
                              markersize=5.5 if ours else 4,
                              markeredgecolor="white", markeredgewidth=0.4,
                              zorder=5 if ours else 3,
                              label=plain(kernel + suffix))
        axes.set_xlim(low, high)
        axes.set_ylim(bottom, top)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.grid(color="0.93", linewidth=0.6)
        axes.set_xlabel("FLOP per byte that must be read or written at least")
        axes.set_ylabel("GFLOP/s")
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0))
        surround(figure, "Roofline of one core, products batch \u00d7 n by "
                 "n \u00d7 n", results)
    return figure


def main():
    """Runs the program."""
    parser = command.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("file", help="bench.json")
    path = parser.parse_args().file
    results = bench_results.read(path)
    folder = os.path.dirname(path)
    for name, figure in (("bench", product_figure(results)),
                         ("roofline", roofline_figure(results))):
        if figure is not None:
            write_figure(figure, os.path.join(folder, name), [".png"])


if __name__ == "__main__":
    command.run_main(main)
