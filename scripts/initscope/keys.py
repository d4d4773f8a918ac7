"""Keys: the settings of a run, such as gain or seed.

A results file marks its key columns (attribute `role` = "key"). Files written
before that have no marks; KEYS says which of their columns are keys.
"""

import numpy as np
from pandas.api.types import is_numeric_dtype as is_numeric

# The keys of files without marks, the most important first: if one key follows
# from earlier ones (shape from depth and width), the later one is redundant.
KEYS = ["activation", "init", "gain", "bias_init", "bias_std", "depth",
        "width", "batch", "batches", "input", "labels", "classes", "samples",
        "standardize", "input_variance", "input_correlation", "loss",
        "label_smoothing", "learning_rate", "momentum", "weight_decay",
        "steps", "d_k", "tokens", "d_model", "scaled", "sqrt_d_k",
        "softmax_base", "precision", "engine", "jacobian_samples",
        "input_width", "output_width", "shape", "step", "seed", "data_seed"]

# The columns of such files that are not keys.
OUTCOMES = """run run_index run_id run_id_hex widths input_index loss_value
    label_entropy cross_entropy kl_divergence first_non_finite_layer
    wall_seconds status error jacobian_second_moment
    log10_jacobian_second_moment jacobian_largest
    log10_jacobian_largest jacobian_squared_variance weight_scale
    query_variance key_variance score_variance logit_variance
    entropy_mean largest_probability_mean saturated_row_fraction
    jacobian_norm_mean jacobian_norm_median
    score_gradient_second_moment query_gradient_second_moment
    query_gradient_row_median key_gradient_second_moment
    value_gradient_second_moment input_gradient_second_moment
    input_gradient_through_scores_second_moment""".split()

# Runs that differ in these alone are repetitions of one experiment.
REPETITION_KEYS = ["seed", "data_seed"]


def unmarked(columns):
    """The keys among the columns of a file without marks, in KEYS' order.

    A column that is neither a key nor an outcome counts as a key: it may keep
    runs apart that belong together, but never pools runs that do not.
    """
    columns = set(columns)
    unknown = sorted(columns - set(KEYS) - set(OUTCOMES))
    at = KEYS.index("input_width")
    return [key for key in (*KEYS[:at], *unknown, *KEYS[at:])
            if key in columns]


def independent(samples, keys):
    """Those `keys` that distinguish samples for which earlier keys agree.

    The gain of "tanh with gain 1, relu with gain 1.4" follows from the
    activation, so it is no axis of the sweep; nor is shape beside width.
    """
    axes, count = [], 1
    for key in keys:
        finer = len(samples[[*axes, key]].drop_duplicates())
        if finer > count:
            axes.append(key)
            count = finer
    return axes


def parts(rows, by):
    """Yields (tuple of values of the keys `by`, the rows that have them)."""
    if not by:
        yield (), rows
        return
    for values, part in rows.groupby(by[0] if len(by) == 1 else by,
                                     sort=False):
        yield values if len(by) > 1 else (values,), part


def within(samples, where):
    """The samples whose keys have the values of `where`, a dictionary."""
    for key, value in where.items():
        samples = samples[samples[key] == value]
    return samples


def equal(column, text):
    """A boolean array: which values of a key equal the user's `text`."""
    if not is_numeric(column):
        return (column == text).to_numpy()
    try:
        return np.isclose(column.astype(float), float(text), rtol=1e-6,
                          atol=0)
    except ValueError:
        return np.zeros(len(column), bool)
