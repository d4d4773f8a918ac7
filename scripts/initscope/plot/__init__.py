"""Figures of results: functions that return a matplotlib Figure.

    figure = initscope.plot.variance(results, color="init")
    figure.savefig("variance.png")

A notebook shows the figure that ends a cell.
"""

from initscope import verdicts
from initscope.plot import phase_diagram, phase_figure
from initscope.plot.variance_curves import Options, Selection
from initscope.plot.variance_figure import Painter


def variance(results, page=1, **options):
    """A figure of the variance by layer, forward and backward.

    results   of initscope.read()
    page      from 1; what does not fit on one page is on the next
    options   rows, columns, color, filter, moment, quantities, relative_delta,
              theory, dpi: see variance_curves.Options

    A panel is a network; a curve is the median over its seeds with the 10-90 %
    band. Raises a ScriptError for an unknown option's value, and a ValueError
    for a page that is not there.
    """
    painter = Painter(Selection(results, Options(**options)),
                      verdicts.read_if_possible(results))
    pages = painter.pages()
    if not 1 <= page <= len(pages):
        raise ValueError(f"page {page} is not within 1 to {len(pages)}")
    return painter.draw(pages[page - 1], page, len(pages))


def phase(results, filter=(), dpi=150):
    """A figure with the phase diagram of a sweep over gain and bias_std.

    results   of initscope.read(); a grid of gain × bias_std
    filter    "KEY=VALUE"s that choose runs

    It has maps of the measured chi_1, of the depth (in layers) at which the
    gradient is lost, and of that at which the inputs' correlation is lost.
    Raises a ScriptError if the runs are no such grid.
    """
    return phase_figure.draw(phase_diagram.measure(results, filter), dpi)
