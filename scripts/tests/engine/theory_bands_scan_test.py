"""The shapes and laws that theory_bands_long_test.py leaves out (minutes)."""

import itertools

import pytest

import theory_bands_long_test as long_test
from theory_bands_long_test import (test_a_wrong_band_is_seen,
                                    test_bands_are_as_wide_as_networks_vary,
                                    test_there_are_bands)

WIDTH = long_test.WIDTH
SHAPES = [shape for shape in itertools.product([WIDTH], (16, 8), (10, WIDTH),
                                               (5, 64))
          if shape[1:] != (16, 10, 5)]


@pytest.fixture(scope="module", params=SHAPES, ids=long_test.shape_name)
def networks(request, program, tmp_path_factory):
    return long_test.networks_of(request.param, program,
                                 tmp_path_factory.mktemp("bands"),
                                 every_init=True)


def test_all_shapes_are_there():
    assert len(SHAPES) == 7
