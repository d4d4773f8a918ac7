"""Lays out the pages of plot_variance.py: cells, notes, legend, caption.

A page is a grid of cells, one network each (or one per colour); a cell is a
stack of axes, forward above backward. Sizes are in inches and every axes is
placed by hand, so that nothing overlaps and nothing depends on a solver.
"""

import math
import textwrap

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from initscope.keys import parts, within
from initscope.plot.variance_notes import (BACKWARD, caption, cell_title,
                                           describe, label, when)
from initscope.plot.variance_panel import (LayerAxis, Palette, Place, STYLE,
                                           THEORY_DOTS, draw_curve,
                                           draw_theory, set_value_axis,
                                           theory_band)
from initscope.style import in_style, plain

OWN_SCALE_DECADES = 6  # a panel that spans more gets y limits of its own
NAMES = {"pre_activation": "pre-activation", "activation": "activation",
         "delta": "delta", "weight_gradient": "weight gradient"}
SYMBOLS = {"pre_activation": "$Z_l$", "activation": "$X_l$",
           "delta": r"$\delta_l$", "weight_gradient": "$dW_{l-1}$"}
NOTED = 3  # curves of a colour key that get a note each
# Inches: of an axes' surroundings, and from one line of a note to the next.
LEFT, GAP_X, GAP_Y, HEAD, FOOT, LINE = 0.85, 0.88, 0.3, 0.2, 0.62, 0.14


def told(curve):
    """The curve that words and axes go by: the theory's, if it is alone."""
    if (curve["n_measured"] > 0).any():
        return curve
    return curve.assign(log10_median=curve["theory_log10"])


class Painter:
    """Draws pages of one file; knows what all its panels have in common.

    `judged` is what verdicts.read_if_possible() returns.
    """

    def __init__(self, selection, judged):
        verdicts, self.no_verdicts = judged
        self.selection, self.options = selection, selection.options
        self.results, self.samples, self.layout = results, samples, layout = (
            selection.results, selection.samples, selection.layout)
        color = layout.color
        self.palette = Palette(
            color, results.values(color, samples) if color else [None])
        self.curves, self.values = (
            dict(parts(frame, [*layout.keys, "quantity"]))
            for frame in (selection.curves, selection.values))
        self.theory = [curve for curve in self.curves.values()
                       if curve["theory_log10"].notna().any()]
        self.words = {  # the verdict on the runs behind each curve
            key: verdicts.words(part["run_index"], part["step"].max(),
                                bool(self.theory))
            for key, part in parts(samples, layout.keys)}
        self.tracks = self._tracks()
        hidden = selection.curves[~selection.curves["output"]]["layer"]
        self.layer_axis = LayerAxis(int(hidden.max()) if len(hidden) else 0)
        self.extents = {key: self._extent(curve)
                        for key, curve in self.curves.items()}
        keys = [key for key in layout.keys if key != color]
        self.panels = (samples[keys].drop_duplicates().to_dict("records")
                       if keys else [{}])
        self.shared = {tuple(track): self._shared_limits(track)
                       for tracks in self.tracks for track in tracks}

    def _tracks(self):
        """The axes of a cell: rows of axes, each a list of quantities.

        If a key has the colours, each quantity needs its own axes.
        """
        rows = [[q for q in self.options.quantities if q not in BACKWARD],
                [q for q in self.options.quantities if q in BACKWARD]]
        if self.layout.color:
            return [[[q] for q in row] for row in rows if row]
        return [[row] for row in rows if row]

    def _of(self, where, track):
        """Yields (colour value, quantity, key of self.curves) of an axes."""
        for value in self.palette.values:
            full = {**where, self.layout.color: value}
            for quantity in track:
                key = (*(full[k] for k in self.layout.keys), quantity)
                if key in self.curves:
                    yield value, quantity, key

    def pages(self):
        """The pages for draw(), in order."""
        most = 4 if max(map(len, self.tracks)) == 1 else 3
        return self.selection.pages(most)

    @staticmethod
    def _extent(curve):
        """(lowest, highest value or theory, span of the median), or None."""
        line = told(curve)["log10_median"].dropna().to_numpy()
        if not len(line):
            return None
        # Beside a measured curve, a band that is as wide tells nothing.
        low, high = ("", "") if told(curve) is curve else ("_p10", "_p90")
        return (np.nanmin([curve["log10_min"].min(), line.min(),
                           curve[f"theory_log10{low}"].min()]),
                np.nanmax([curve["log10_max"].max(), line.max(),
                           curve[f"theory_log10{high}"].max()]),
                np.ptp(line))

    def _limits(self, keys):
        extents = [self.extents[key] for key in keys if self.extents[key]]
        return (min(extent[0] for extent in extents),
                max(extent[1] for extent in extents)) if extents else None

    def _is_steep(self, keys):
        return any(self.extents[key][2] > OWN_SCALE_DECADES
                   for key in keys if self.extents[key])

    def _shared_limits(self, track):
        """The limits that all panels share, except steep ones."""
        panels = ([key for *_, key in self._of(where, track)]
                  for where in self.panels)
        return self._limits([key for panel in panels
                             if not self._is_steep(panel) for key in panel])

    def draw(self, page, number=1, total=1):
        """The Figure of one of pages()."""
        where, grid = page
        across, down = max(map(len, self.tracks)), len(self.tracks)
        count = across * len(grid[0])
        wide = {1: 6.4, 2: 4.4, 3: 3.5}.get(count, 3.0)
        high = {1: 2.4, 2: 1.9}.get(len(grid), 1.55)
        notes = {(r, c, t, k): self._notes(cell, track, wide, t == k == 0)
                 for r, row in enumerate(grid) for c, cell in enumerate(row)
                 if cell is not None for t, tracks in enumerate(self.tracks)
                 for k, track in enumerate(tracks)}
        room = [LINE * max((len(note) for (_, _, t, _), note in
                            notes.items() if t == track), default=0) + 0.07
                for track in range(down)]
        cell_high = HEAD + sum(room) + down * high + (down - 1) * GAP_Y
        right = 1.15 if self.palette.scale else 0.3
        width = LEFT + count * (wide + GAP_X) - GAP_X + right
        caption_lines = textwrap.wrap(
            caption(self.results, within(self.samples, where), self.options,
                    bool(self.theory), self.no_verdicts),
            int(width * 14.5))
        bottom = 0.05 + 0.15 * len(caption_lines)
        handles, columns = self._legend(width - LEFT)
        top = 0.62 + 0.19 * math.ceil(len(handles) / columns)
        height = top + len(grid) * (cell_high + FOOT) + bottom
        with in_style():
            figure = Figure((width, height), dpi=self.options.dpi)
            for (r, c, t, k), note in notes.items():
                x = LEFT + (c * across + k) * (wide + GAP_X)
                y = height - top - r * (cell_high + FOOT)
                if t == k == 0:
                    figure.text(x / width, (y - 0.08) / height,
                                cell_title(self.layout, self.samples,
                                           grid[r][c]),
                                size=9.5, weight="bold", va="center")
                y -= HEAD + sum(room[:t + 1]) + t * (high + GAP_Y) + high
                axes = figure.add_axes([x / width, y / height, wide / width,
                                        high / height])
                self._panel(axes, grid[r][c], self.tracks[t][k])
                for line, (text, ink) in enumerate(note[::-1]):
                    axes.text(0, 1 + (0.06 + LINE * line) / high, text,
                              transform=axes.transAxes, size=7, color=ink,
                              va="bottom", gid="note")
                if c == 0 or self.layout.color:
                    axes.set_ylabel(self._y_label(self.tracks[t][k]))
                    axes.yaxis.set_label_coords(-0.54 / wide, 0.5)
                self.layer_axis.decorate(axes, t == down - 1,
                                         self.tracks[t][k])
                if t == down - 1:
                    axes.set_xlabel("layer $l$", labelpad=1)
            self._surround(figure, where, caption_lines, number, total)
        return figure

    def _panel(self, axes, cell, track):
        found = list(self._of(cell, track))
        for value, quantity, key in found:
            place = Place(axes, self.layer_axis, self.curves[key], quantity)
            draw_curve(place, self.values[key],
                       self.palette.color(value, quantity), len(found),
                       not self.layout.color)
            if self.curves[key]["theory_log10"].notna().any():
                draw_theory(place, self.palette, value,
                            self.results.theory_alone)
        keys = [key for _, _, key in found]
        shared = self.shared[tuple(track)]
        own = self._is_steep(keys)
        limits = (self._limits(keys) if own else shared) or (-1, 1)
        set_value_axis(axes, *limits, own and len(self.panels) > 1)

    def _notes(self, cell, track, wide, is_first):
        """The notes above one axes, as [(text, colour)].

        They say what each curve does, after the verdict in a cell's first axes.
        """
        found = list(self._of(cell, track))
        paragraphs = []
        if is_first and found and not self.layout.color:
            paragraphs.append((self.words[found[0][2][:-1]], "black"))
        if self.layout.color:
            head = NAMES[track[0]]
            if len(found) > NOTED:
                head += self._count_specials(found)
                found = [found[0], found[-1]]
            paragraphs.append((head, "black"))
        for value, quantity, key in found:
            parts = [describe(told(self.curves[key]), quantity in BACKWARD)]
            if self.layout.color and is_first:
                parts.append(self.words[key[:-1]])
            words = "; ".join(filter(None, parts))
            if words:
                front = (label(self.layout.color, value)
                         if self.layout.color else NAMES[quantity])
                ink = self.palette.ink(value, quantity)
                paragraphs.append((f"{front}: {words}", ink))
        return [(line, ink) for text, ink in paragraphs
                for line in textwrap.wrap(text, int(wide * 21))]

    def _count_specials(self, found):
        """How many of many curves have special values, in words."""
        parts = []
        for column, words in (("n_zero", "exact zeros"),
                              ("n_non_finite", "not finite"),
                              ("n_beyond_double", "beyond double's range")):
            count = sum(self.curves[key][column].any() for *_, key in found)
            if count:
                parts.append(f"{words} in {count} of {len(found)} curves")
        return f" ({'; '.join(parts)})" if parts else ""

    def _y_label(self, track):
        moment = self.options.moment.replace("_", " ")
        symbols = " and ".join(SYMBOLS[quantity] for quantity in track)
        if "delta" in track and self.options.relative_delta:
            symbols = symbols.replace(r"$\delta_l$",
                                      r"$\delta_l$ (rel. to $\delta_L$)")
        return f"{moment} of {symbols}"

    def _surround(self, figure, page, caption_lines, number, total):
        """Title, legend, colour bar and caption, each in its own strip."""
        width, height = figure.get_size_inches()
        moment = self.options.moment.replace("_", " ").capitalize()
        pages = f" (page {number} of {total})" if total > 1 else ""
        which = "".join(f", {label(key, value)}"
                        for key, value in page.items())
        figure.text(LEFT / width, 1 - 0.22 / height,
                    f"{moment} by layer {when(within(self.samples, page))}"
                    f"{', theory' * self.results.theory_alone}{which}{pages}",
                    size=13, va="center")
        figure.text(LEFT / width, 0.12 / height, "\n".join(caption_lines),
                    size=7.5, color="0.3", va="bottom", linespacing=1.25,
                    gid="caption")
        handles, columns = self._legend(width - LEFT)
        figure.legend(handles=handles, loc="upper left", ncol=columns,
                      bbox_to_anchor=(LEFT / width, 1 - 0.36 / height),
                      borderaxespad=0, borderpad=0, columnspacing=1.4)
        if self.palette.scale:
            bar = figure.add_axes([1 - 0.85 / width, 0.25, 0.14 / width,
                                   0.5])
            figure.colorbar(self.palette.scale, cax=bar)
            bar.set_title(plain(self.layout.color), size=9, pad=6)
            if not self.palette.numeric:
                bar.set_yticks(range(len(self.palette.values)),
                               map(plain, self.palette.values))

    def _legend(self, width):
        """(handles, number of columns) of the legend, `width` inches wide.

        Matplotlib fills column by column; the order is such that it reads row
        by row.
        """
        handles = self._handles()
        columns = max(1, min(len(handles), int(width / 1.62)))
        return sum((handles[i::columns] for i in range(columns)), []), columns

    def _handles(self):
        handles = []
        if self.palette.key and not self.palette.scale:
            handles = [Line2D([], [], color=self.palette.color(value, None),
                              label=label(self.palette.key, value))
                       for value in self.palette.values]
        elif not self.palette.key:
            handles = [Line2D([], [], color=color, label=f"{NAMES[q]} "
                              f"{SYMBOLS[q]}", **(
                                  {"linestyle": THEORY_DOTS}
                                  if self.results.theory_alone else
                                  {"linestyle": dash, "marker": marker,
                                   "markersize": 2.6}))
                       for q, (color, dash, marker) in STYLE.items()
                       if q in self.options.quantities]
        gray = {"color": "0.35", "linestyle": ""}
        curves = [] if self.results.theory_alone else self.curves.values()
        if curves:
            handles.append(Line2D([], [], marker="D", markersize=4.2, **gray,
                                  label="output layer (linear)"))
        if self.theory:
            handles.append(Line2D([], [], color="black", linewidth=1.5,
                                  linestyle=THEORY_DOTS, label="theory"))
        if any((c["n_seeds"] > 1).any() for c in curves):
            handles.append(Patch(color="0.35", alpha=0.25, linewidth=0,
                                 label="10\u201390 % of seeds"))
        if not self.palette.crowded and any(
                c["theory_log10_p10"].notna().any() for c in self.theory):
            handles.append(Patch(**theory_band((0, 0, 0)),
                                 label="10\u201390 % in theory"))
        for column, marker, words in (("n_zero", "v", "exact zero"),
                                      ("n_non_finite", "x", "not finite")):
            if any(c[column].any() for c in curves):
                handles.append(Line2D([], [], marker=marker, markersize=3.4,
                                      **gray, label=words))
        return handles
