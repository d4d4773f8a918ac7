"""Figures of results: functions that return a matplotlib Figure.

    figure = initscope.plot.variance(results, color="init")
    figure.savefig("variance.png")

A notebook shows the figure that a cell ends with.
"""

from initscope import verdicts
from initscope.plot import phase_diagram, phase_figure
from initscope.plot.variance_curves import Options, Selection
from initscope.plot.variance_figure import Painter


def variance(results, page=1, **options):
    """How the variance changes from layer to layer, forward and backward.

    A panel is a network, a curve the median over its seeds with the 10-90 %
    band. The options are those of Options: rows, columns, color, filter,
    moment, quantities, relative_delta, theory, dpi. What does not fit on one
    page is on the next: `page` counts from 1.
    """
    painter = Painter(Selection(results, Options(**options)),
                      verdicts.read_if_possible(results))
    pages = painter.pages()
    if not 1 <= page <= len(pages):
        raise ValueError(f"page {page} is not within 1 to {len(pages)}")
    return painter.draw(pages[page - 1], page, len(pages))


def phase(results, filter=(), dpi=150):
    """The phase diagram of a sweep over gain and bias_std.

    Maps of the measured chi_1, of the depth at which the gradient is lost and
    of that at which the inputs' correlation is. `filter`: "KEY=VALUE"s.
    """
    return phase_figure.draw(phase_diagram.measure(results, filter), dpi)
