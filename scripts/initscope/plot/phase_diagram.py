"""What plot_phase.py draws: maps over gain and bias_std, from a results file.

χ_1 is what a layer multiplies the gradient's second moment by, gain² E f'² of
a square layer where gain is σ_w. Depths are counted in layers, with a fraction
by linear interpolation of the logarithm; where nothing is lost they are
infinite, and NaN where a value on the way is not finite.
"""

from dataclasses import dataclass

from initscope import command
import numpy as np
from initscope import results as results_file
from initscope.plot import variance_notes
from initscope.command import ScriptError

AXES = ["gain", "bias_std"]
# Those that make gain σ_w of a square layer.
INITS = ["lecun_normal", "lecun_uniform", "truncated_lecun_normal",
         "orthogonal"]
SLOPE = "slope_second_moment"
DISTANCE = "log10_one_minus_cosine"
GRADIENT = "log10_delta_second_moment"
LAST = 5  # hidden layers that a measured χ_1 is the mean of
LOST = 2  # decades: a factor 100


@dataclass
class Diagram:
    """Maps are bias_std × gain; `theory` is None where the file has none."""

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


def load(path, conditions):
    """The Diagram of a file's runs that satisfy `conditions`."""
    theory = f"theory_{SLOPE}"
    results = results_file.read(path, [SLOPE, DISTANCE, GRADIENT], [theory])
    samples = results.filtered(conditions)
    if samples.empty:
        raise ScriptError(command.BAD_DATA, f"{path}: has no runs")
    results.check_measured()
    check(results, samples)
    depth = int(samples["depth"].iloc[0])
    grid = {name: hidden_layers(results, samples, name, depth)
            for name in (SLOPE, DISTANCE, GRADIENT, theory)
            if name in results.layers}
    gain, bias_std = (results.values(key, samples) for key in AXES)
    square = np.square(gain)
    if np.isnan(grid[DISTANCE]).all():
        raise ScriptError(command.BAD_DATA, f"{path}: has no correlation "
                          f"between samples; set batch to at least 2")
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
    """Whether theory has one E f'² everywhere, as for relu and linear."""
    if diagram.theory is None or np.isnan(diagram.theory).any():
        return False
    slope = diagram.theory / np.square(diagram.gain)
    return bool(np.ptp(slope) <= 1e-9 * slope.max())


def check(results, samples):
    """Raises a ScriptError unless the runs are a grid of gain × bias_std."""
    path = results.path
    for key in results.keys:  # those that follow from gain, too
        if (samples[key].nunique(dropna=False) > 1
                and key not in [*AXES, *results_file.REPETITION_KEYS]):
            there = [results_file.text_of(v)
                     for v in results.values(key, samples)]
            raise ScriptError(
                command.USAGE, f"{path}: sweeps {key}, too; choose one "
                f"with --filter {key}={there[0]} (it is "
                f"{results_file.shortened(there)})")
    for key in AXES:
        if key not in samples or samples[key].nunique() < 2:
            raise ScriptError(command.BAD_DATA, f"{path}: has no sweep "
                              f"over {key}; a diagram needs a grid of gain "
                              f"and bias_std, such as linspace(0.5, 3, 41)")
    counts = samples.groupby(AXES).size()
    whole = np.prod([samples[key].nunique() for key in AXES])
    if len(counts) < whole or counts.nunique() > 1:
        raise ScriptError(command.BAD_DATA, f"{path}: is not the whole "
                          f"grid: {len(samples)} runs on {len(counts)} of "
                          f"{whole} places of gain × bias_std")
    init = samples["init"].iloc[0]
    if init not in INITS:
        raise ScriptError(command.BAD_DATA, f"{path}: has init {init}, "
                          f"whose gain is not σ_w; run {', '.join(INITS)}")
    if samples["depth"].iloc[0] < 3:
        raise ScriptError(command.BAD_DATA, f"{path}: has depth "
                          f"{samples['depth'].iloc[0]}; it takes 3 to have "
                          f"two hidden layers")


def hidden_layers(results, samples, name, depth):
    """bias_std × gain × layer 1 … depth − 1: the mean over the seeds."""
    layers = results.layers.merge(samples[["run_index", "step", *AXES]],
                                  on=["run_index", "step"])
    layers = layers[layers["layer"].between(1, depth - 1)].sort_values(
        [*AXES[::-1], "run_index", "layer"], kind="stable")
    values = layers[name].to_numpy().reshape(
        samples["bias_std"].nunique(), samples["gain"].nunique(), -1,
        depth - 1)
    with np.errstate(invalid="ignore"):  # −inf and inf have no mean
        return values.mean(axis=2)


def depth_of_loss(logarithms):
    """Layers until the last axis is LOST decades from where it began."""
    with np.errstate(invalid="ignore"):  # −inf − −inf
        change = np.abs(logarithms - logarithms[..., :1])
    change[..., 0] = 0
    lost = change >= LOST
    at = np.argmax(lost, axis=-1)[..., np.newaxis]
    after, before = (np.take_along_axis(change, i, -1)[..., 0]
                     for i in (at, np.maximum(at - 1, 0)))
    with np.errstate(invalid="ignore", divide="ignore"):
        fraction = (LOST - before) / (after - before)
    depth = at[..., 0] - 1 + fraction
    depth[~lost.any(axis=-1)] = np.inf
    depth[np.isnan(change).any(axis=-1)] = np.nan
    return depth
