"""The maps over gain and bias_std that plot_phase.py draws.

χ_1 is the factor by which a layer multiplies the gradient's second moment:
gain² E f'² for a square layer whose gain is σ_w. Depths are in layers, with a
fraction by linear interpolation of the logarithm. A depth is infinite if
nothing is lost, and NaN if a value on the way is not finite.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from initscope import command, keys
from initscope.command import ScriptError
from initscope.plot import variance_notes
from initscope.text import shortened, text_of

AXES = ["gain", "bias_std"]
# The inits for which gain is σ_w of a square layer.
INITS = ["lecun_normal", "lecun_uniform", "truncated_lecun_normal",
         "orthogonal"]
SLOPE = "slope_second_moment"
DISTANCE = "log10_one_minus_cosine"
GRADIENT = "log10_delta_second_moment"
LAST = 5  # a measured χ_1 is the mean over so many hidden layers
LOST = 2  # decades: a factor 100


@dataclass
class Diagram:
    """Maps are arrays bias_std × gain; `theory` is None if the file has none.
    """

    gain: "np.ndarray"
    bias_std: "np.ndarray"
    depth: int
    seeds: int
    chi_1: "np.ndarray"
    gradient_depth: "np.ndarray"
    correlation_depth: "np.ndarray"
    theory: "np.ndarray"  # χ_1 of the deepest hidden layer
    activation: str
    when: str  # at initialization, or after so many training steps
    pooled: str  # how many seeds, in words

    def table(self):
        """The maps as a DataFrame, a row per place."""
        gain, bias_std = np.meshgrid(self.gain, self.bias_std)
        columns = {"gain": gain, "bias_std": bias_std, "chi_1": self.chi_1,
                   "gradient_depth": self.gradient_depth,
                   "correlation_depth": self.correlation_depth}
        if self.theory is not None:
            columns["theory_chi_1"] = self.theory
        return pd.DataFrame({name: values.ravel()
                             for name, values in columns.items()})


def measure(results, conditions=()):
    """The Diagram of the runs that satisfy `conditions` ("KEY=VALUE"s).

    Raises a ScriptError unless they are a grid of gain × bias_std.
    """
    theory = f"theory_{SLOPE}"
    samples = results.filtered(conditions)
    results.check_measured()
    layers = results.table("layers", [SLOPE, DISTANCE, GRADIENT], [theory])
    check(results, samples)
    depth = int(samples["depth"].iloc[0])
    grid = {name: hidden_layers(layers, samples, name, depth)
            for name in (SLOPE, DISTANCE, GRADIENT, theory) if name in layers}
    gain, bias_std = (results.values(key, samples) for key in AXES)
    square = np.square(gain)
    if np.isnan(grid[DISTANCE]).all():
        results.fail("has no correlation between samples; set batch to at "
                     "least 2")
    return Diagram(
        np.array(gain), np.array(bias_std), depth,
        len(samples) // (len(gain) * len(bias_std)),
        square * grid[SLOPE][..., -LAST:].mean(axis=-1),
        depth_of_loss(grid[GRADIENT][..., ::-1]),
        depth_of_loss(grid[DISTANCE]),
        square * grid[theory][..., -1] if theory in grid else None,
        samples["activation"].iloc[0], variance_notes.when(samples),
        variance_notes.seeds_of(samples))


def is_homogeneous(diagram):
    """Whether the theory's E f'² is the same everywhere (relu, linear)."""
    if diagram.theory is None or np.isnan(diagram.theory).any():
        return False
    slope = diagram.theory / np.square(diagram.gain)
    return bool(np.ptp(slope) <= 1e-9 * slope.max())


def check(results, samples):
    """Raises a ScriptError unless the runs are a grid of gain × bias_std."""
    for key in results.sample_keys:  # those that follow from gain, too
        if (samples[key].nunique(dropna=False) > 1
                and key not in [*AXES, *keys.REPETITION_KEYS]):
            there = [text_of(v) for v in results.values(key, samples)]
            raise ScriptError(
                command.USAGE, f"{results.path}: sweeps {key}, too; choose one "
                f"with --filter {key}={there[0]} (it is "
                f"{shortened(there)})")
    for key in AXES:
        if key not in samples or samples[key].nunique() < 2:
            results.fail(f"has no sweep over {key}; a diagram needs a grid of "
                         f"gain and bias_std, such as linspace(0.5, 3, 41)")
    counts = samples.groupby(AXES).size()
    whole = np.prod([samples[key].nunique() for key in AXES])
    if len(counts) < whole or counts.nunique() > 1:
        results.fail(f"is not the whole grid: {len(samples)} runs on "
                     f"{len(counts)} of {whole} places of gain × bias_std")
    init = samples["init"].iloc[0]
    if init not in INITS:
        results.fail(f"has init {init}, whose gain is not σ_w; run "
                     f"{', '.join(INITS)}")
    if samples["depth"].iloc[0] < 3:
        results.fail(f"has depth {samples['depth'].iloc[0]}; it takes 3 to "
                     f"have two hidden layers")


def hidden_layers(layers, samples, name, depth):
    """The mean over seeds: array bias_std × gain × layer 1 … depth − 1."""
    layers = layers[["run_index", "step", "layer", name]].merge(
        samples[["run_index", "step", *AXES]], on=["run_index", "step"])
    layers = layers[layers["layer"].between(1, depth - 1)].sort_values(
        [*AXES[::-1], "run_index", "layer"], kind="stable")
    values = layers[name].to_numpy().reshape(
        samples["bias_std"].nunique(), samples["gain"].nunique(), -1,
        depth - 1)
    with np.errstate(invalid="ignore"):  # −inf and inf have no mean
        return values.mean(axis=2)


def depth_of_loss(logarithms):
    """Layers until the last axis is LOST decades away from its start."""
    with np.errstate(invalid="ignore", divide="ignore"):  # −inf − −inf
        change = np.abs(logarithms - logarithms[..., :1])
        change[..., 0] = 0
        lost = change >= LOST
        at = np.argmax(lost, axis=-1)[..., np.newaxis]
        after, before = (np.take_along_axis(change, i, -1)[..., 0]
                         for i in (at, np.maximum(at - 1, 0)))
        depth = at[..., 0] - 1 + (LOST - before) / (after - before)
    depth[~lost.any(axis=-1)] = np.inf
    depth[np.isnan(change).any(axis=-1)] = np.nan
    return depth
