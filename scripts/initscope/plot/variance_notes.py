"""The words of plot_variance.py: titles, captions, notes on each curve.

Every sentence is derived from the numbers that are drawn, so a note cannot
contradict its panel.
"""

import math
import os

import numpy as np

from initscope.keys import REPETITION_KEYS, within
from initscope.style import plain
from initscope.text import shortened, text_of

BACKWARD = ("delta", "weight_gradient")
TREND_DECADES = 0.1  # a lower rate per layer is given as a total change
# Keys that follow from others, or that titles and captions treat specially.
UNTITLED = ("input_width", "output_width", "shape", "step", "seed",
            "data_seed")
# A caption omits keys with these values, keys in the titles of panels, and
# those of how the program works.
USUAL = {"batches": 1, "input_variance": 1, "input_correlation": 0,
         "label_smoothing": 0, "bias_init": "normal", "bias_std": 0,
         "momentum": 0, "weight_decay": 0, "engine": "packed"}
UNSAID = {*UNTITLED, "activation", "init", "labels", "classes", "samples",
          "standardize", "jacobian_samples"}


def times(decades):
    """10^decades as a factor: '18x', '2.5x', but '31 decades'."""
    if decades >= 3:
        return f"{decades:.{1 if decades < 9.95 else 0}f} decades"
    factor = 10 ** decades
    return f"{factor:.0f}\u00d7" if factor >= 9.95 else f"{factor:.2g}\u00d7"


def trend(curve, backward):
    """The course of the median over the hidden layers, in words, or ''.

    A backward quantity is described in the direction of its computation, from
    the output to the input.
    """
    hidden = curve[~curve["output"] & (curve["layer"] > 0)
                   & curve["log10_median"].notna()]
    if len(hidden) < 3:
        return ""
    layer = hidden["layer"].to_numpy(float)
    value = hidden["log10_median"].to_numpy()
    if backward:
        layer, value = -layer[::-1], value[::-1]
    spread = value.max() - value.min()
    if spread <= math.log10(1.05):
        return "constant within 5 %"
    if spread <= math.log10(2):
        most = math.ceil(10 ** (spread + 1)) / 10
        return f"constant within {most:.1f}\u00d7"
    rate, offset = np.polyfit(layer, value, 1)
    rest = value - (rate * layer + offset)
    verb = "falls" if value[-1] < value[0] else "grows"
    to = " towards the input" if backward else ""
    if rest.var() < 0.02 * value.var() and abs(rate) >= TREND_DECADES:
        return (f"{verb} {times(abs(rate))} a layer{to}"
                f" ({abs(rate):.2f} decades)")
    settled = plateau(np.abs(layer), value)
    if settled:
        return settled
    total = abs(value[-1] - value[0])
    if total < 0.5 * spread:
        return f"varies by {times(spread)}, not steadily"
    first, last = sorted(map(int, np.abs(layer[[0, -1]])),
                         reverse=backward)
    return f"{verb} {times(total)} from layer {first} to {last}"


def plateau(layer, value):
    """'settles near 0.27 by layer 3' if the second half stays level; else ''.
    """
    half = len(value) // 2
    if half < 4:
        return ""
    late = value[-half:]
    drift = np.polyfit(np.arange(half), late, 1)[0] * half
    if abs(drift) > 0.1 or np.ptp(late) > math.log10(4):
        return ""
    level = np.median(late)
    near = np.abs(value - level) <= max(0.1, np.abs(late - level).max())
    place = (f"{10 ** level:.2g}" if abs(level) < 300
             else f"10^{level:.0f}")
    if near.all():
        return f"stays near {place}"
    first = len(near) - np.argmin(near[::-1])
    return f"settles near {place} by layer {layer[first]:.0f}"


def describe(curve, backward):
    """The trend and the special values of a curve, in words."""
    parts = [trend(curve, backward)]
    for column, words in (("n_zero", "exact zero"),
                          ("n_non_finite", "not finite"),
                          ("n_beyond_double", "beyond double's range")):
        some = curve[curve[column] > 0]
        if len(some):
            parts.append(f"{words}: {layer_ranges(some)}"
                         f"{seed_share(some[column], some['n_seeds'])}")
    return "; ".join(part for part in parts if part)


def seed_share(counts, seeds):
    """' (1\u20133 of 8 seeds)', or '' if it is all seeds everywhere."""
    if (counts == seeds).all():
        return ""
    low, high = counts.min(), counts.max()
    some = str(low) if low == high else f"{low}\u2013{high}"
    return f" ({some} of {seeds.max()} seeds)"


def layer_ranges(rows):
    """'layers 0, 3–30 and output', of rows with layer and output."""
    layers = np.sort(rows.loc[~rows["output"], "layer"])
    spans = np.split(layers, np.flatnonzero(np.diff(layers) > 1) + 1)
    texts = [f"{span[0]}\u2013{span[-1]}" if len(span) > 1 else f"{span[0]}"
             for span in spans if len(span)]
    if len(texts) > 4:
        texts = [f"{len(layers)} of {layers[0]}\u2013{layers[-1]}"]
    words = []
    if texts:
        words.append(f"layer{'s' * (len(layers) > 1)} {', '.join(texts)}")
    if rows["output"].any():
        words.append("output")
    return " and ".join(words)


def label(key, value):
    """A value in a panel's title: 'tanh', but 'gain 1.5'."""
    if key in ("activation", "init", "loss"):
        return plain(value)
    return plain(f"{key} {text_of(value)}")


def when(samples):
    """The training steps of the samples, for a title."""
    steps = sorted(samples["step"].unique().tolist())
    if steps == [0]:
        return "at initialization"
    if len(steps) == 1:
        return f"after {steps[0]} training step{'s' * (steps[0] > 1)}"
    return f"in training, steps {steps[0]} to {steps[-1]}"


def seeds_of(samples):
    """'8 seeds', and the number of data seeds if they are swept, too."""
    seeds, data = (samples[key].nunique() if key in samples else 1
                   for key in REPETITION_KEYS)
    words = f"{seeds} seed{'s' * (seeds > 1)}"
    return words + (f", {data} data seeds" if data > 1 else "")


def cell_title(layout, samples, cell):
    """A cell's title: activation, init, and the keys that vary."""
    there = within(samples, cell)
    names = ("activation", "init")
    keys = {key: there[key].iloc[0] for key in there
            if key not in ("run_index", *UNTITLED)
            and there[key].nunique() == 1
            and (key in names or samples[key].nunique() > 1)}
    keys.update(cell)
    order = [*(key for key in names if key in keys),
             *(key for key in keys if key not in names)]
    return " \u00b7 ".join(label(key, keys[key]) for key in order
                           if key not in layout.pages)


def caption(results, samples, options, with_theory, no_verdicts=""):
    """The caption: what the runs are, what is drawn, and from which file.

    `no_verdicts` is the reason why there are none, or ''.
    """
    parts = []
    for key in results.sample_keys:
        values = results.values(key, samples)
        if key not in UNSAID and values != [USUAL.get(key)]:
            texts = [text_of(value) for value in values]
            parts.append(f"{key} {shortened(texts, 4)}")
    words = [f"{', '.join([*parts, seeds_of(samples)])}."]
    if results.theory_alone:
        words.append("Theory alone: nothing was measured.")
    elif len(samples[REPETITION_KEYS].drop_duplicates()) > 1:
        words.append("Lines: median over the seeds of log10; "
                     "bands: 10\u201390 %.")
    if with_theory:
        start = set(BACKWARD) & set(options.quantities)
        words.append("Dotted: mean-field theory with its first correction in "
                     "1/width" + (", backward from a measured delta."
                                  if start and not results.theory_alone
                                  else "."))
    if "delta" in options.quantities:
        words.append("Delta is relative to the output's delta_L of the same "
                     + ("run." if not results.theory_alone else "theory.")
                     if options.relative_delta else
                     "Delta is absolute.")
    if "weight_gradient" in options.quantities:
        words.append("The weight gradient is absolute.")
    if no_verdicts:
        words.append(f"No verdicts: {no_verdicts}.")
    version = results.attributes.get("program_version")
    words.append(f"Source: {os.path.basename(results.path)}"
                 + (f" (initscope {version})." if version else "."))
    return plain(" ".join(words))
