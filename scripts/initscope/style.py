"""The look of every figure, and how it is written to a file.

The user's own settings (matplotlibrc) do not affect the figures. Text that
comes from a file or a name goes through plain().
"""

import matplotlib

from initscope import command
from initscope.command import ScriptError, USAGE

RC = {"font.size": 8, "font.family": "DejaVu Sans", "axes.linewidth": 0.6,
      "svg.hashsalt": "initscope", "axes.spines.right": False,
      "axes.spines.top": False, "axes.axisbelow": True,
      "legend.frameon": False, "xtick.major.width": 0.6,
      "ytick.major.width": 0.6, "ytick.minor.width": 0.4,
      "ytick.minor.size": 1.5, "hatch.linewidth": 0.4}
NOT_OF_FIGURES = {"backend", "backend_fallback", "interactive"}
MOST_PIXELS = 2**16  # of a side, as matplotlib draws it


def in_style():
    """A context in which figures have this style and no other settings."""
    default = {key: value for key, value in matplotlib.rcParamsDefault.items()
               if key not in NOT_OF_FIGURES}
    return matplotlib.rc_context({**default, **RC})


def plain(text):
    """Text for a figure, shown literally: no mathtext, and valid in SVG."""
    return "".join(c if c.isprintable() else "\ufffd"
                   for c in str(text)).replace("$", r"\$")


def save(figure, path):
    """Writes PNG or SVG, reproducible to the byte.

    Raises a ScriptError if the figure has too many pixels.
    """
    if max(figure.get_size_inches()) * figure.dpi >= MOST_PIXELS:
        raise ScriptError(USAGE, f"at {figure.dpi:g} dpi the figure has more "
                          f"than {MOST_PIXELS} pixels on a side; take a "
                          f"smaller --dpi, or fewer runs by --filter")
    svg = {"Date": None, "Creator": "initscope"}
    with in_style():
        figure.savefig(path, metadata=svg if path.endswith(".svg") else {})


def write_figure(figure, prefix, suffixes=(".png", ".svg")):
    """Writes PREFIX.png and PREFIX.svg."""
    for suffix in suffixes:
        command.write(prefix + suffix, lambda path: save(figure, path))
