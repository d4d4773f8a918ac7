"""gaussian_mean against closed forms."""

import math

import numpy as np
import pytest

from initscope.gaussian_mean import INTERVALS, REACH, STEP, gaussian_mean

Q = np.array([1e-4, 0.25, 1, 7, 64])
# Roundings of a sum of 2 × INTERVALS terms, and the mass that is cut off with
# the largest integrand below, t^4, on it.
SMOOTH = 2 * INTERVALS * 2.0**-53 + REACH**4 * math.erfc(REACH / math.sqrt(2))


@pytest.mark.parametrize("function, exact", [
    (np.ones_like, np.ones_like),
    (lambda z: z**2, lambda q: q),
    (lambda z: z**4, lambda q: 3 * q**2),
    (np.cos, lambda q: np.exp(-q / 2)),
    (lambda z: np.exp(-z**2), lambda q: (1 + 2 * q)**-0.5),
    (lambda z: (z > 0) * 1.0, lambda q: np.full_like(q, 0.5)),
])
def test_smooth_on_each_side(function, exact):
    found, expected = gaussian_mean(function, Q), exact(Q)
    error = np.abs(found - expected) / np.maximum(1, expected)
    assert not (error > SMOOTH).any() and not np.isnan(found).any(), error


def test_odd_functions_have_mean_zero_exactly():
    assert (gaussian_mean(np.tanh, Q) == 0).all()


def test_a_kink_costs_its_euler_maclaurin_term():
    """relu: f' jumps by √q φ(0), so the rule is step²/12 of that too low."""
    exact = np.sqrt(Q / (2 * math.pi))
    found = gaussian_mean(lambda z: np.maximum(z, 0), Q)
    term = STEP**2 / 12 * exact
    # The next term of the expansion is smaller by step².
    np.testing.assert_allclose(exact - found, term, rtol=0,
                               atol=(term * STEP**2 + SMOOTH * exact).max())


def test_shapes():
    assert gaussian_mean(np.cos, np.float64(1)).shape == ()
    assert gaussian_mean(np.cos, np.ones((2, 3))).shape == (2, 3)


@pytest.mark.parametrize("gain, fixed_point, chi", [
    (1, 0.2647, 0.0557), (4, 5.855, 0.3989)])
def test_sigmoid_under_xavier(gain, fixed_point, chi):
    """What experiments/README.md says of Xavier's variance and sigmoid.

    q* = gain² E σ², by the slope ¼ at most a contraction there; digits as
    printed.
    """
    def sigmoid(z):
        return 0.5 + 0.5 * np.tanh(z / 2)  # no overflow
    q = 1.0
    for _ in range(200):
        q = float(gain**2 * gaussian_mean(lambda z: sigmoid(z)**2,
                                          np.array(q)))
    found = gain**2 * gaussian_mean(
        lambda z: (sigmoid(z) * sigmoid(-z))**2, np.array(q))
    assert not abs(q - fixed_point) > 5e-4
    assert not abs(found - chi) > 5e-5
