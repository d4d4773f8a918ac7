"""Hanin & Nica 2019: the spread over draws of the weights."""

import math

from initscope.claims import claim, errors, of_moments
from initscope.estimates import by_seed, ratio, relative_second_moment
from initscope.plot.claims_figure import Panel

PAPER = "Hanin & Nica 2019"
TITLE = "spread over draws of the weights"
COMMAND = "run"
QUICK = ["--seed", "range(0, 8000)"]
MOMENT = "activation_second_moment"
COLUMNS = [MOMENT]
EQUAL, UNEQUAL = "64x64x64x64x64x1", "10x30x100x25x60x1"


def claims(layers):
    """See reproduce.py."""
    for name, shape, places in (("64", EQUAL, (1, 2, 4)),
                                ("30, 100, 25, 60", UNEQUAL, (1, 3, 4))):
        of = "of " if shape == EQUAL else ""
        for place in places:
            widths = list(map(int, shape.split("x")))[1:place + 1]
            found = relative_second_moment(by_seed(
                layers, MOMENT, layers=[place], shape=shape))
            yield claim(
                f"widths {of}{name}: E M²/(E M)², layer {place}", found,
                math.prod(1 + 5 / width for width in widths),
                of_moments(found), f"{PAPER}, derived: product over layers")
    found = ratio(by_seed(layers, MOMENT, layers=[1, 4], shape=UNEQUAL))
    yield claim("widths 30, 100, 25, 60: E M_4/E M_1 under He", found, 1,
                errors(found), f"{PAPER}, mean (Hanin & Rolnick 2018)")


def panels(_):
    """See reproduce.py."""
    return [Panel("widths of 64: Var M/(E M)²", MOMENT, spread=True,
                  where={"shape": EQUAL}, layers=range(5),
                  theory=(lambda l: (1 + 5 / 64)**l - 1,)),
            Panel("E M", MOMENT, layers=range(5), theory=(1,))]
