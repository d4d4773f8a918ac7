"""The numbers behind plot_variance.py: which panels with which curves.

Everything is in log10, from the columns log10_<statistic>, which are right
where a double is 0 or infinite. A value is one of: exactly zero (-inf), not
finite (NaN or +inf), or a finite logarithm. Only the last kind has a median.

The theory's log10 of one run is normal to leading order, with a mean (column
theory) and a standard deviation (theory_std, over draws of the weights).
"""

import math
from dataclasses import dataclass

from initscope import command
import numpy as np
import pandas as pd
from initscope import results as results_file
from initscope.command import ScriptError

QUANTITIES = ["pre_activation", "activation", "delta", "weight_gradient"]
DOUBLE_LOG10 = (-307.6527, 308.2547)  # of the smallest normal and largest
MOST_ROWS = 4  # of cells on a page
NORMAL_P90 = 1.2815515655446004  # quantile of the standard normal law


@dataclass
class Layout:
    """Which key is shown how. `pages` holds the keys nothing else shows."""

    rows: str
    columns: str
    color: str
    pages: list

    @property
    def keys(self):
        """The keys of a curve, each once."""
        keys = [*self.pages, self.rows, self.columns, self.color]
        return list(dict.fromkeys(key for key in keys if key))


def choose_layout(results, samples, rows=None, columns=None, color=None):
    """Gives every swept key a place, so that only seeds are ever pooled."""
    asked = [key for key in (rows, columns, color) if key]
    for key in asked:
        results.check_key(key)
        if asked.count(key) > 1:
            raise ScriptError(command.USAGE, f"key '{key}' is asked for "
                              f"twice among --rows, --columns and --color")
    order = asked + [key for key in results.keys if key not in asked
                     and key not in results_file.REPETITION_KEYS]
    free = [key for key in results_file.independent_keys(samples, order)
            if key not in asked]
    if not rows and "activation" in free:
        rows = "activation"
        free.remove(rows)
    if not columns and "init" in free:
        columns = "init"
        free.remove(columns)
    free.sort(key=lambda key: (not results_file.is_numeric(samples[key]),
                               -samples[key].nunique()))
    if free and not color:
        color = free.pop(0)
    if free and not columns:
        columns = free.pop(0)
    if free and not rows:
        rows = free.pop(0)
    return Layout(rows, columns, color, free)


def collect(results, samples, layout, moment, quantities, relative_delta):
    """One row per sample, quantity and layer: the value as log10.

    Left out is only what does not exist: row 0 has no pre-activation and no
    weight gradient, and the (linear) output layer has no activation. What the
    file has no theory of is NaN.

    What is divided by the run's own delta_L is the theory's delta as well as
    the measured: the theory starts from a measured delta, that at the output
    or (for losses other than probe) one layer below it. Theory alone is
    divided by its own.
    """
    pairs = samples[["run_index", "step"]].copy()
    pairs["sample"] = np.arange(len(pairs))
    for key in layout.keys:
        pairs[key] = samples[key]
    layers = results.layers.merge(pairs, on=["run_index", "step"])
    layers["output"] = layers["layer"] == layers.groupby("sample")[
        "layer"].transform("max")
    parts = []
    for quantity in quantities:
        part = layers[["sample", *layout.keys, "layer", "output"]].copy()
        part["quantity"] = quantity
        name = f"log10_{quantity}_{moment}"
        part["measured"] = not results.theory_alone
        part["log10"] = layers.get(name, np.nan)
        part["theory"] = layers.get(f"theory_{name}", np.nan)
        part["theory_std"] = layers.get(f"theory_{name}_std", np.nan)
        if quantity == "delta" and relative_delta:
            output = _output_value(part, "theory" if results.theory_alone
                                   else "log10")
            part["log10"] -= output
            part["theory"] -= output
        if quantity in ("pre_activation", "weight_gradient"):
            part = part[part["layer"] > 0]
        if quantity == "activation":
            part = part[~part["output"]]
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _output_value(part, column):
    """Each row's delta_L; NaN if that is zero, for 0/0 is no number."""
    output = part[part["output"]].set_index("sample")[column]
    return part["sample"].map(output.where(np.isfinite(output)))


def summarize(values, keys):
    """Median and 10-90 % band over the seeds; what the CSV file holds.

    Quantiles are of the finite logarithms (linear interpolation); exact
    zeros and non-finite values are counted beside them. The theory's are
    those of a normal law.
    """
    log, measured = values["log10"], values["measured"]
    low, high = DOUBLE_LOG10
    frame = values[[*keys, "quantity", "layer", "output"]].assign(
        n_measured=measured, n_zero=log == -np.inf,
        n_non_finite=measured & (log.isna() | (log == np.inf)),
        n_beyond_double=np.isfinite(log) & ((log < low) | (log > high)),
        finite=log.where(np.isfinite(log)),
        theory=values["theory"].where(np.isfinite(values["theory"])),
        theory_variance=values["theory_std"] ** 2)
    groups = frame.groupby([*keys, "quantity", "layer", "output"],
                           sort=False, dropna=False)
    counts = groups[["n_measured", "n_zero", "n_non_finite",
                     "n_beyond_double"]].sum()
    quantiles = groups["finite"].quantile([0.1, 0.5, 0.9]).unstack()
    curves = pd.DataFrame({
        "log10_median": quantiles[0.5], "log10_p10": quantiles[0.1],
        "log10_p90": quantiles[0.9], "log10_min": groups["finite"].min(),
        "log10_max": groups["finite"].max(), "n_seeds": groups.size()})
    curves = curves.join([counts.astype(int), _theory(groups)])
    curves = curves.reset_index()
    return curves.sort_values("layer", kind="stable")


def _theory(groups):
    """What the theory says of median, p10 and p90; NaN where it is silent.

    Runs that start from different measured values differ in the theory, too:
    the variance of a pool is the mean of theirs plus that of their means.
    """
    median, mean_variance = (groups["theory"].median(),
                             groups["theory_variance"].mean())
    spread = np.sqrt(mean_variance + groups["theory"].var(ddof=0))
    return pd.DataFrame({"theory_log10": median,
                         "theory_log10_p10": median - NORMAL_P90 * spread,
                         "theory_log10_p90": median + NORMAL_P90 * spread})


def pages(layout, results, samples, most):
    """The pages to draw: (values of the page keys, grid of cells).

    A cell is {key: value} of all keys but the colour, or None where the
    sweep has no such run. At most `most` cells abreast.
    """
    keys = layout.pages
    firsts = (samples[keys].drop_duplicates().sort_values(keys)
              .to_dict("records") if keys else [{}])
    return [(first, block) for first in firsts
            for block in _blocks(_grid(layout, results, samples, first,
                                       most), most)]


def _grid(layout, results, samples, first, most):
    axes = [results.values(key, samples) if key else [None]
            for key in (layout.rows, layout.columns)]
    keys = [*first, *(k for k in (layout.rows, layout.columns) if k)]
    there = set(samples[keys].itertuples(index=False, name=None))
    grid = []
    for pair in ((row, column) for row in axes[0] for column in axes[1]):
        cell = {**first, layout.rows: pair[0], layout.columns: pair[1]}
        cell.pop(None, None)
        grid.append(cell if tuple(cell.values()) in there or not cell
                    else None)
    cells = [cell for cell in grid if cell is not None]
    width = len(axes[1])
    if min(map(len, axes)) == 1 or len(cells) < 0.6 * len(grid):
        # No true table: a list of cells, broken into rows.
        grid = cells
        width = len(cells) if len(cells) <= most else min(
            most, math.ceil(math.sqrt(len(cells))))
        grid += [None] * (-len(cells) % max(width, 1))
    return [grid[i:i + width] for i in range(0, len(grid), width or 1)]


def _blocks(grid, most):
    """Cuts a grid into pages, without those that would be empty."""
    for top in range(0, len(grid), MOST_ROWS):
        for left in range(0, len(grid[0]), most):
            block = [row[left:left + most]
                     for row in grid[top:top + MOST_ROWS]]
            if any(cell is not None for row in block for cell in row):
                yield block
