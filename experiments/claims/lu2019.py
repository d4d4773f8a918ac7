"""Lu, Shin, Su & Karniadakis 2019: narrow ReLU networks are born dead."""

from initscope.claims import claim, errors
from initscope.estimates import by_seed, mean
from initscope.plot.claims_figure import Panel

PAPER = "Lu, Shin, Su & Karniadakis 2019"
TITLE = "narrow ReLU networks that are born dead"
COMMAND = "run"
QUICK = ["--seed", "range(0, 4000)"]
COLUMNS = ["activation_second_moment"]
LAYERS = {2: 4, 3: 8, 4: 12}  # by width


def alive(rows):
    """1 where a layer has a signal, else 0: 0**q is 1 for q = 0 alone."""
    return 1 - 0**rows["activation_second_moment"]


def claims(layers):
    """See reproduce.py."""
    for width, depth in LAYERS.items():
        last = depth - 1
        found = mean(by_seed(layers, alive, layers=[last], width=width))
        yield claim(
            f"{width} units, {depth} layers: P(alive), (1 - 2^-{width})"
            f"^{last}", found, (1 - 2.0**-width)**last,
            errors(found, reason=", each of them alive (1) or dead (0: 0**q "
                   "is 1 for q = 0 alone)"), f"{PAPER}, one sample")


def panels(_):
    """See reproduce.py."""
    return [Panel(f"{width} units: share that is alive", alive,
                  where={"width": width}, layers=range(1, LAYERS[width]),
                  theory=(lambda l, n=width: (1 - 2.0**-n)**l,))
            for width in (2, 4)]
