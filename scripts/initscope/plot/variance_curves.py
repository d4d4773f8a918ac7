"""The numbers behind plot_variance.py: its panels and their curves.

Everything is in log10, from the columns log10_<statistic>, which are correct
even where a double is 0 or infinite. A value is exactly zero (-inf), not finite
(NaN or +inf), or a finite logarithm. Only the last kind has a median.

The theory's log10 of one run is normal to leading order, with a mean (column
theory) and a standard deviation (theory_std, over draws of the weights).
"""

import itertools
import math
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from initscope import command, keys
from initscope.command import ScriptError

MOMENTS = ["variance", "second_moment"]
QUANTITIES = ["pre_activation", "activation", "delta", "weight_gradient"]
DOUBLE_LOG10 = (-307.6527, 308.2547)  # of the smallest normal and largest
MOST_ROWS = 4  # of cells on a page
NORMAL_P90 = 1.2815515655446004  # quantile of the standard normal law


@dataclass
class Options:
    """What to draw of a results file.

    rows, columns, color   the keys that these show; None lets the sweep decide
    filter                 "KEY=VALUE"s; several values of a key: any of them
    moment                 "variance" or "second_moment"
    quantities             some of QUANTITIES
    relative_delta         divides delta by the output layer's, run by run
    theory                 draws what the theory predicts, if the file has it
    dpi                    dots per inch of the figure
    """

    rows: str = None
    columns: str = None
    color: str = None
    filter: list = field(default_factory=list)
    moment: str = "variance"
    quantities: list = field(default_factory=lambda: QUANTITIES)
    relative_delta: bool = True
    theory: bool = True
    dpi: float = 150

    def __post_init__(self):
        for name in ("filter", "quantities"):  # one is as good as a list
            if isinstance(getattr(self, name), str):
                setattr(self, name, [getattr(self, name)])
        for value, known in [(self.moment, MOMENTS), *(
                (quantity, QUANTITIES) for quantity in self.quantities)]:
            if value not in known:
                raise ScriptError(command.USAGE, f"unknown '{value}'; there "
                                  f"are {', '.join(known)}")


@dataclass
class Layout:
    """How each key is shown. `pages` has the keys that nothing else shows."""

    rows: str
    columns: str
    color: str
    pages: list

    @property
    def keys(self):
        """The keys that identify a curve, each once."""
        keys = [*self.pages, self.rows, self.columns, self.color]
        return list(dict.fromkeys(key for key in keys if key))


class Selection:
    """The runs and numbers that `options` choose from results.

    samples   a row per run and step
    layout    how each key is shown
    values    a row per sample, quantity and layer: log10 and its theory
    curves    a row per curve and layer, from summarize()
    """

    def __init__(self, results, options):
        if not options.theory:
            results.check_measured()
        self.results, self.options = results, options
        self.samples = results.filtered(options.filter)
        self.layout = choose_layout(results, self.samples, options)
        self.values = self._collect()
        self.curves = summarize(self.values, self.layout.keys)
        self.has_theory = self.curves["theory_log10"].notna().any()

    def _collect(self):
        """One row per sample, quantity and layer: the value as log10.

        Only what does not exist is left out: row 0 has no pre-activation and
        no weight gradient, and the (linear) output layer has no activation.
        The theory is NaN if the file has none.

        Relative delta is divided by the measured delta_L of the run, and so is
        its theory, because the theory starts from the measured delta_L. In a
        file of theory alone it is divided by the theory's.
        """
        options, alone = self.options, self.results.theory_alone
        names = [f"log10_{q}_{options.moment}" for q in options.quantities]
        theory = [f"theory_{name}{end}" for name in names
                  for end in ("", "_std")] if options.theory else []
        layers = self.results.table(
            "layers", [] if alone else names, theory).merge(
            self.samples[["run_index", "step"]].assign(
                sample=np.arange(len(self.samples)),
                **{key: self.samples[key] for key in self.layout.keys
                   if key != "step"}),
            on=["run_index", "step"])
        layers["output"] = layers["layer"] == layers.groupby("sample")[
            "layer"].transform("max")
        return pd.concat([
            self._quantity(layers, quantity, name)
            for quantity, name in zip(options.quantities, names)],
            ignore_index=True)

    def _quantity(self, layers, quantity, name):
        alone = self.results.theory_alone
        index = ["sample", *self.layout.keys, "layer", "output"]
        part = layers[index].assign(
            quantity=quantity, measured=not alone,
            log10=layers.get(name, np.nan),
            theory=layers.get(f"theory_{name}", np.nan),
            theory_std=layers.get(f"theory_{name}_std", np.nan))
        if quantity == "delta" and self.options.relative_delta:
            output = part[part["output"]].set_index("sample")[
                "theory" if alone else "log10"]
            # The delta_L of each row's run; NaN unless finite in log10.
            output = part["sample"].map(output.where(np.isfinite(output)))
            part["log10"] -= output
            part["theory"] -= output
        if quantity in ("pre_activation", "weight_gradient"):
            part = part[part["layer"] > 0]
        if quantity == "activation":
            part = part[~part["output"]]
        return part

    def table(self):
        """The curves as a tidy table, the keys first: the CSV file."""
        table = self.curves.sort_values(
            [*self.layout.keys, "quantity", "layer"], kind="stable")
        for key in ("init", "activation"):
            if key not in table:
                self._add_dependent_key(table, key)
        at = table.columns.get_loc("quantity") + 1
        table.insert(at, "moment", self.options.moment)
        relative = (table["quantity"] == "delta") & self.options.relative_delta
        table.insert(at + 1, "relative_to",
                     relative.map({True: "delta_L", False: ""}))
        table["output"] = table["output"].astype(int)
        silent = [column for column in table if column.startswith("theory_")
                  and table[column].isna().all()]
        return table.drop(columns=[*silent, "n_measured"])

    def _add_dependent_key(self, table, key):
        """Inserts `key` as the first column if the other keys determine it."""
        samples, others = self.samples, self.layout.keys
        if not others:
            table.insert(0, key, samples[key].iloc[0])
        elif samples.groupby(others)[key].nunique().max() == 1:
            first = samples.groupby(others)[key].first().rename("value")
            table.insert(0, key, table.join(first, on=others)["value"])

    def pages(self, most):
        """The pages to draw, as (values of the page keys, grid of cells).

        A cell is {key: value} of all keys except the colour, or None if the
        sweep has no such run. A row has at most `most` cells.
        """
        names = self.layout.pages
        firsts = (self.samples[names].drop_duplicates().sort_values(names)
                  .to_dict("records") if names else [{}])
        return [(first, block) for first in firsts
                for block in _blocks(self._grid(first, most), most)]

    def _grid(self, first, most):
        names = list(filter(None, [self.layout.rows, self.layout.columns]))
        axes = [self.results.values(key, self.samples) for key in names]
        there = set(self.samples[[*first, *names]].itertuples(
            index=False, name=None))
        grid = [{**first, **dict(zip(names, values))}
                for values in itertools.product(*axes)]
        grid = [cell if tuple(cell.values()) in there or not cell else None
                for cell in grid]
        cells = [cell for cell in grid if cell is not None]
        width = len(axes[-1]) if axes else 1
        if (len(axes) < 2 or min(map(len, axes)) == 1
                or len(cells) < 0.6 * len(grid)):
            # No true table: a list of cells, broken into rows.
            width = len(cells) if len(cells) <= most else min(
                most, math.ceil(math.sqrt(len(cells))))
            grid = cells + [None] * (-len(cells) % max(width, 1))
        return [grid[i:i + width] for i in range(0, len(grid), width or 1)]


def choose_layout(results, samples, options):
    """The Layout: every swept key has a place, so only seeds are pooled."""
    places = {place: getattr(options, place)
              for place in ("rows", "columns", "color")}
    asked = list(filter(None, places.values()))
    for key in asked:
        results.check_key(key)
        if asked.count(key) > 1:
            raise ScriptError(command.USAGE, f"key '{key}' is asked for "
                              f"twice among --rows, --columns and --color")
    order = asked + [key for key in results.sample_keys if key not in asked
                     and key not in keys.REPETITION_KEYS]
    free = [key for key in keys.independent(samples, order)
            if key not in asked]
    for place, key in (("rows", "activation"), ("columns", "init")):
        if not places[place] and key in free:
            places[place] = key
            free.remove(key)
    free.sort(key=lambda key: (not keys.is_numeric(samples[key]),
                               -samples[key].nunique()))
    for place in ("color", "columns", "rows"):
        if free and not places[place]:
            places[place] = free.pop(0)
    return Layout(**places, pages=free)


def summarize(values, by):
    """Median and 10-90 % band over the seeds, a row per curve and layer.

    Quantiles are those of the finite logarithms (linear interpolation); exact
    zeros and non-finite values are counted apart. The theory's quantiles are
    those of a normal law. The CSV file has these rows.
    """
    log, measured = values["log10"], values["measured"]
    low, high = DOUBLE_LOG10
    frame = values[[*by, "quantity", "layer", "output"]].assign(
        n_measured=measured, n_zero=log == -np.inf,
        n_non_finite=measured & (log.isna() | (log == np.inf)),
        n_beyond_double=np.isfinite(log) & ((log < low) | (log > high)),
        finite=log.where(np.isfinite(log)),
        theory=values["theory"].where(np.isfinite(values["theory"])),
        theory_variance=values["theory_std"] ** 2)
    groups = frame.groupby([*by, "quantity", "layer", "output"],
                           sort=False, dropna=False)
    counts = groups[["n_measured", "n_zero", "n_non_finite",
                     "n_beyond_double"]].sum()
    quantiles = groups["finite"].quantile([0.1, 0.5, 0.9]).unstack()
    curves = pd.DataFrame({
        "log10_median": quantiles[0.5], "log10_p10": quantiles[0.1],
        "log10_p90": quantiles[0.9], "log10_min": groups["finite"].min(),
        "log10_max": groups["finite"].max(), "n_seeds": groups.size()})
    curves = curves.join([counts.astype(int), _theory(groups)])
    return curves.reset_index().sort_values("layer", kind="stable")


def _theory(groups):
    """The theory's median, p10 and p90; NaN where there is no theory.

    Runs that start from different measured values have different theories, so
    the variance of a pool is the mean of their variances plus the variance of
    their means.
    """
    median, mean_variance = (groups["theory"].median(),
                             groups["theory_variance"].mean())
    spread = np.sqrt(mean_variance + groups["theory"].var(ddof=0))
    return pd.DataFrame({"theory_log10": median,
                         "theory_log10_p10": median - NORMAL_P90 * spread,
                         "theory_log10_p90": median + NORMAL_P90 * spread})


def _blocks(grid, most):
    """Cuts a grid into pages and drops empty ones."""
    for top in range(0, len(grid), MOST_ROWS):
        for left in range(0, len(grid[0]), most):
            block = [row[left:left + most]
                     for row in grid[top:top + MOST_ROWS]]
            if any(cell is not None for row in block for cell in row):
                yield block
