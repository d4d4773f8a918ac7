"""The columns of a results file as h5py gives them, and the statistics' names.

DESIGN.md section 4.
"""

import h5py
import numpy as np

LOGGED = """pre_activation_variance pre_activation_second_moment
    activation_variance activation_second_moment slope_second_moment
    pre_activation_unit_variance pre_activation_sample_variance
    delta_variance delta_second_moment delta_unit_variance
    weight_gradient_variance weight_gradient_second_moment
    bias_gradient_variance bias_gradient_second_moment weight_variance
    weight_second_moment""".split()
STATISTICS = set(LOGGED) | {f"log10_{name}" for name in LOGGED} | set("""
    pre_activation_mean pre_activation_abs_mean pre_activation_kurtosis
    activation_mean activation_abs_mean activation_min activation_max
    slope_mean saturated_fraction zero_fraction dead_unit_fraction
    pre_activation_cosine log10_one_minus_cosine delta_mean delta_abs_mean
    delta_cosine weight_gradient_mean bias_gradient_mean weight_mean
    pre_activation_non_finite delta_non_finite""".split())


def columns(group):
    return {name: data for name, data in group.items()
            if isinstance(data, h5py.Dataset)}


def names_of(data):
    """A category column's values as names."""
    meanings = np.array(data.attrs["flag_meanings"].split())
    return meanings[data[()]]


def text_of(data):
    return list(data.asstr()[()])
