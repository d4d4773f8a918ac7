"""The constants of experiments/claims, each computed from its definition.

With SciPy's adaptive quadrature and root finders, and no code of the program
or of the scripts. q is E Z² of a layer, c the cosine of two samples.
"""

import functools

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import norm

from initscope import experiments

REACH = 12  # standard deviations


def expectation(f, q):
    """E f(√q t), t ~ N(0, 1); the two sides of 0 apart, for kinks."""
    def integrand(t):
        return f(np.sqrt(q) * t) * norm.pdf(t)
    return sum(quad(integrand, *ends, epsabs=1e-14, epsrel=1e-12, limit=200)[0]
               for ends in ((-REACH, 0), (0, REACH)))


def pair_expectation(f, q, c):
    """E f(u) f(v) of two N(0, q) with correlation c, for f analytic: the
    trapezoidal rule, which converges exponentially."""
    t = np.linspace(-9, 9, 721)
    weights = norm.pdf(t) * (t[1] - t[0])
    second = c * t[:, np.newaxis] + np.sqrt(1 - c * c) * t
    return weights @ (f(np.sqrt(q) * t) * (f(np.sqrt(q) * second) @ weights))


def tanh_slope(z):
    return 1 / np.cosh(z)**2


def tanh_curvature(z):
    return -2 * np.tanh(z) * tanh_slope(z)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def sigmoid_slope(z):
    return sigmoid(z) * sigmoid(-z)


def square(f):
    return lambda z: f(z)**2


# --- fixed points: weights of variance gain²/fan_in, biases bias_std²

@functools.cache
def fixed_point(f, gain, bias_std=0.0):
    """q* > 0."""
    return brentq(lambda q: gain**2 * expectation(square(f), q) + bias_std**2
                  - q, 1e-3, 50, xtol=1e-14)


def chi(slope, gain, q):
    """χ₁."""
    return gain**2 * expectation(square(slope), q)


def tanh_chi(gain, bias_std=0.0):
    return chi(tanh_slope, gain, fixed_point(np.tanh, gain, bias_std))


def tanh_rate_q(gain, bias_std):
    """What a layer makes of q - q*: e^(-1/ξ_q)."""
    q = fixed_point(np.tanh, gain, bias_std)
    return tanh_chi(gain, bias_std) + gain**2 * expectation(
        lambda z: np.tanh(z) * tanh_curvature(z), q)


@functools.cache
def tanh_cosine(gain, bias_std):
    """c* < 1 of the chaotic phase."""
    q = fixed_point(np.tanh, gain, bias_std)
    return brentq(lambda c: gain**2 * pair_expectation(np.tanh, q, c)
                  + bias_std**2 - c * q, 0, 0.99)


def tanh_rate_c(gain, bias_std):
    """What a layer makes of c - c*, chaotic: e^(-1/ξ_c)."""
    return gain**2 * pair_expectation(
        tanh_slope, fixed_point(np.tanh, gain, bias_std),
        tanh_cosine(gain, bias_std))


@functools.cache
def tanh_critical_gain(bias_std):
    return brentq(lambda gain: tanh_chi(gain, bias_std) - 1, 1.25, 1.4,
                  xtol=1e-9)


# --- Glorot & Bengio: tanh, inputs of mean square 0.2

def glorot_layers(variance):
    """[(E X_l², χ₁, q)] of hidden layers 1..5; Var(w) = variance/1000 between
    them. Below them 784 inputs: 1/(3 · 784) if standard, else 2/1784."""
    q = {1: 2 * 784 / 1784, 1 / 3: 1 / 3}[variance] * 0.2
    layers = []
    for _ in range(5):
        x = expectation(square(np.tanh), q)
        layers.append((x, variance * expectation(square(tanh_slope), q), q))
        q = variance * x
    return layers


def glorot_activation(variance):
    layers = glorot_layers(variance)
    return layers[4][0] / layers[0][0]


def glorot_delta(variance):
    """E δ_1²/E δ_5²."""
    return np.prod([layer[1] for layer in glorot_layers(variance)[:4]])


def glorot_gradient(variance):
    """E dW_1²/E dW_4², where E dW_l² = batch · E X_l² E δ_{l+1}²."""
    layers = glorot_layers(variance)
    return (layers[0][0] / layers[3][0]
            * np.prod([layer[1] for layer in layers[1:4]]))


def mean_singular_value(variance, q):
    """Of W diag(tanh'(z)), W square, large and Gaussian or uniform.

    m(s) = E 1/(λ + s) over the squared singular values λ solves
    m (s + E τ/(1 + τ m)) = 1, τ = variance · tanh'(z)² (Silverstein 1995), and
    √λ = ∫ λ/(λ + s) ds/(π √s).
    """
    t = np.linspace(-9, 9, 361)
    weights = norm.pdf(t) * (t[1] - t[0])
    tau = variance * tanh_slope(np.sqrt(q) * t)**2

    def integrand(log_s):
        s = np.exp(log_s)
        m = brentq(lambda m: m * (s + weights @ (tau / (1 + tau * m))) - 1,
                   0, 2 / s, xtol=1e-300, rtol=1e-13)
        return m * (weights @ (tau / (1 + tau * m))) * np.sqrt(s) / np.pi
    step = 0.5
    return step * sum(map(integrand, np.arange(-50, 50, step)))


def glorot_singular(variance):
    """Mean over the Jacobians between hidden layers 1 to 5."""
    return np.mean([mean_singular_value(variance, q)
                    for *_, q in glorot_layers(variance)[:4]])


# --- finite width

def tanh_vertex_slope(first, last):
    """Slope over layers of n Var(q)/q² for tanh at gain 1 from q = 1.

    Var q_l = (2 K² + V)/n, and V' = K'² V + E f⁴ - (E f²)² (Roberts, Yaida &
    Hanin 2022, chapter 4); a line by least squares.
    """
    k, v, spread = 1.0, 0.0, []
    for _ in range(last):
        spread.append(2 + v / k**2)
        second = expectation(square(np.tanh), k)
        fourth = expectation(lambda z: np.tanh(z)**4, k)
        response = expectation(lambda z, k=k: np.tanh(z)**2 * (z * z - k),
                               k) / (2 * k * k)
        k, v = second, response**2 * v + fourth - second**2
    return np.polyfit(range(first, last + 1), spread[first - 1:], 1)[0]


def linear_fourth_moment(depth, width):
    """E mean s⁴ of a product of Gaussian matrices, exactly.

    With S = W Wᵀ of one more factor, E S A S = (1 + 1/n) A + I tr A/n and
    E (tr A S)² = (tr A)² + 2 tr A²/n, for the moments (mean s⁴, (mean s²)²).
    """
    fourth, squared = 1.0, 1.0
    for _ in range(depth):
        fourth, squared = ((1 + 1 / width) * fourth + squared,
                           squared + 2 * fourth / width**2)
    return fourth


def relu_cosine(layers):
    """From c = 0, under He (Cho & Saul 2009, order 1)."""
    c = 0.0
    for _ in range(layers):
        c = (np.sqrt(1 - c * c) + c * (np.pi - np.arccos(c))) / np.pi
    return c


# --- Roberts, Yaida & Hanin 2022, section 5.3.4

def gelu(z):
    return z * norm.cdf(z)


def gelu_slope(z):
    return norm.cdf(z) + z * norm.pdf(z)


def silu(z):
    return z * sigmoid(z)


def silu_slope(z):
    return sigmoid(z) * (1 + z * sigmoid(-z))


@functools.cache
def half_stable(f, slope, guess):
    """(q*, σ_w², σ_b²) where χ_1 = χ_q = 1; χ_q = σ_w² E z f f'/q."""
    def weight(q):
        return 1 / expectation(square(slope), q)

    def excess(q):
        return weight(q) * expectation(lambda z: z * f(z) * slope(z),
                                       q) / q - 1
    # For silu, χ_q is 1 again at 1.014 q*.
    q = brentq(excess, 0.99 * guess, 1.005 * guess, xtol=1e-10)
    return q, weight(q), q - weight(q) * expectation(square(f), q)


BIAS = np.sqrt(0.05)
COMPUTED = {
    "glorot2010.STANDARD_ACTIVATION": lambda: glorot_activation(1 / 3),
    "glorot2010.NORMALIZED_ACTIVATION": lambda: glorot_activation(1),
    "glorot2010.STANDARD_DELTA": lambda: glorot_delta(1 / 3),
    "glorot2010.NORMALIZED_DELTA": lambda: glorot_delta(1),
    "glorot2010.STANDARD_GRADIENT": lambda: glorot_gradient(1 / 3),
    "glorot2010.NORMALIZED_GRADIENT": lambda: glorot_gradient(1),
    "glorot2010_jacobian.STANDARD_SINGULAR": lambda: glorot_singular(1 / 3),
    "glorot2010_jacobian.NORMALIZED_SINGULAR": lambda: glorot_singular(1),
    "he2015.TRUNCATED_VARIANCE":
        lambda: 1 - 4 * norm.pdf(2) / (2 * norm.cdf(2) - 1),
    "poole2016.Q_1_3": lambda: fixed_point(np.tanh, 1.3, 0.3),
    "poole2016.Q_2_5": lambda: fixed_point(np.tanh, 2.5, 0.3),
    "poole2016.Q_4": lambda: fixed_point(np.tanh, 4.0, 0.3),
    "poole2016.CHI_1_3": lambda: tanh_chi(1.3, 0.3),
    "poole2016.CHI_2_5": lambda: tanh_chi(2.5, 0.3),
    "poole2016.CHI_4": lambda: tanh_chi(4.0, 0.3),
    "poole2016.C_2_5": lambda: tanh_cosine(2.5, 0.3),
    "poole2016.C_4": lambda: tanh_cosine(4.0, 0.3),
    "schoenholz2017.TANH_CRITICAL_GAIN": lambda: tanh_critical_gain(BIAS),
    "schoenholz2017.ORDERED_RATE_Q": lambda: tanh_rate_q(1.1, BIAS),
    "schoenholz2017.ORDERED_RATE_C": lambda: tanh_chi(1.1, BIAS),
    "schoenholz2017.CHAOTIC_C": lambda: tanh_cosine(1.6, BIAS),
    "schoenholz2017.CHAOTIC_RATE_Q": lambda: tanh_rate_q(1.6, BIAS),
    "schoenholz2017.CHAOTIC_RATE_C": lambda: tanh_rate_c(1.6, BIAS),
    "xavier_sigmoid.SIGMOID_Q": lambda: fixed_point(sigmoid, 1.0),
    "xavier_sigmoid.SIGMOID_CHI":
        lambda: chi(sigmoid_slope, 1, fixed_point(sigmoid, 1.0)),
    "torch_tanh_gain.TORCH_Q": lambda: fixed_point(np.tanh, 5 / 3),
    "torch_tanh_gain.TORCH_CHI": lambda: tanh_chi(5 / 3),
    "roberts2022.TANH_VERTEX_SLOPE": lambda: tanh_vertex_slope(10, 29),
    "roberts2022.TANH_VERTEX_SLOPE_QUICK": lambda: tanh_vertex_slope(5, 14),
    "relu_correlation.COSINE_2": lambda: relu_cosine(2),
    "relu_correlation.COSINE_10": lambda: relu_cosine(10),
    "relu_correlation.COSINE_50": lambda: relu_cosine(50),
    "saxe2014.LINEAR_FOURTH_MOMENT": lambda: linear_fourth_moment(10, 128),
    "roberts2022_critical.GELU_CRITICAL_Q":
        lambda: half_stable(gelu, gelu_slope, 3.56)[0],
    "roberts2022_critical.SILU_CRITICAL_Q":
        lambda: half_stable(silu, silu_slope, 14.32)[0],
}


# What is published or exact, and so not computed here.
GIVEN = {"klambauer2017_jacobian.NORM", "schoenholz2017.BIAS",
         "glorot2010_jacobian.LINEAR", "erf_critical.CRITICAL_GAIN"}


def constants():
    """{"file.NAME": value} of every number that a file of claims names."""
    return {f"{file}.{name}": value
            for file in experiments.names(published=True)
            for name, value in vars(experiments.load(file)).items()
            if name.isupper() and type(value) in (float, np.float64)}


def test_every_constant_is_computed():
    assert set(constants()) == set(COMPUTED) | GIVEN


@pytest.mark.parametrize("name", COMPUTED)
def test_constants(name):
    """To the seven digits that the file gives."""
    assert constants()[name] == pytest.approx(COMPUTED[name](), rel=1e-6)


# --- what the claims say of them, and the values that stand in formulas

def test_published_roundings():
    assert tanh_critical_gain(BIAS)**2 == pytest.approx(1.76, abs=0.005)
    q = fixed_point(sigmoid, 1.0)
    assert 1 / chi(sigmoid_slope, 1, q) == pytest.approx(18, abs=0.5)
    assert q == pytest.approx(0.2647, abs=5e-5)
    assert chi(sigmoid_slope, 1, q) == pytest.approx(0.0557, abs=5e-5)
    assert tanh_chi(5 / 3) == pytest.approx(1.210, abs=5e-4)
    assert 1 - 4 * norm.pdf(2) / (2 * norm.cdf(2) - 1) == pytest.approx(
        0.7737, abs=5e-5)
    for layers, value in (1, 0.3183), (2, 0.4937), (10, 0.8715), (50, 0.9879):
        assert relu_cosine(layers) == pytest.approx(value, abs=5e-5)
    for variance, published in ((1, 0.8), (1 / 3, 0.5)):
        assert glorot_singular(variance) == pytest.approx(published, abs=0.05)


@pytest.mark.parametrize("variance", [1, 1 / 3])
def test_mean_singular_value_of_a_square_matrix(variance):
    """8σ/(3π), which tanh' = 1 leaves: the quarter circle's mean."""
    mean = 8 * np.sqrt(variance) / (3 * np.pi)
    assert mean_singular_value(variance, 1e-14) == pytest.approx(mean, 1e-8)


def test_phases():
    """χ₁ < 1 at gain 1.3, where c* = 1; > 1 at 2.5 and 4, where c* < 1."""
    assert tanh_chi(1.3, 0.3) < 1 < tanh_chi(2.5, 0.3) < tanh_chi(4.0, 0.3)


def test_the_chaotic_cosines_decay_as_a_straight_line():
    """Of c from 0.6 minus c from 0.1, 12 layers: 0.1 % off e^(-1/ξ_c)."""
    gain, q = 1.6, fixed_point(np.tanh, 1.6, BIAS)
    c = [(0.6 * (q - 0.05) + 0.05) / q, (0.1 * (q - 0.05) + 0.05) / q]
    apart = []
    for _ in range(12):
        apart.append(c[0] - c[1])
        c = [(gain**2 * pair_expectation(np.tanh, q, x) + 0.05) / q for x in c]
    rate = np.exp(np.polyfit(range(12), np.log(apart), 1)[0])
    assert rate == pytest.approx(tanh_rate_c(gain, BIAS), abs=0.0011)


def test_relu_cosine_is_a_gaussian_integral():
    """2 E f(u) f(v) over q, in polar coordinates of two normals."""
    for c in (0.0, 0.5, 0.9):
        angle = np.arccos(c)
        value, _ = quad(lambda t: np.cos(t) * np.cos(t - angle), angle
                        - np.pi / 2, np.pi / 2)
        mapped = (np.sqrt(1 - c * c) + c * (np.pi - angle)) / np.pi
        assert 2 * value / np.pi == pytest.approx(mapped, rel=1e-12)


def test_selu_has_its_fixed_point_at_mean_0_and_variance_1():
    scale, alpha = 1.0507009873554805, 1.6732632423543772

    def selu(z):
        return scale * (z if z > 0 else alpha * np.expm1(z))
    assert expectation(selu, 1) == pytest.approx(0, abs=1e-12)
    assert expectation(square(selu), 1) == pytest.approx(1, abs=1e-12)


def selu_jacobian(step):
    """d(E f, Var f)/dν at ν = 1, by central differences."""
    scale, alpha = 1.0507009873554805, 1.6732632423543772

    def selu(z):
        return scale * (z if z > 0 else alpha * np.expm1(z))

    def moments(variance):
        mean = expectation(selu, variance)
        return np.array([mean, expectation(square(selu), variance) - mean**2])
    return (moments(1 + step) - moments(1 - step)) / (2 * step)


def test_selus_jacobian():
    """As printed; over ±0.05 it is less than 2e-4 off."""
    assert selu_jacobian(1e-4) == pytest.approx([0.088834, 0.782648], abs=1e-6)
    assert np.hypot(*selu_jacobian(1e-4)) == pytest.approx(0.7877, abs=5e-5)
    assert selu_jacobian(0.05) == pytest.approx(selu_jacobian(1e-4), abs=2e-4)


def test_half_stable_points_are_the_published():
    """To eight digits, σ_b² times dσ_w²/dσ_b² = -σ_w²/(q - σ_b²) apart."""
    for (q, weight, bias), published in (
            (half_stable(gelu, gelu_slope, 3.56), (1.98305826, 0.17292239)),
            (half_stable(silu, silu_slope, 14.32), (1.98800468, 0.55514317))):
        assert (weight, bias) == pytest.approx(published, abs=6e-9)
        assert weight / (q - bias) < 0.6


def test_dying_relus():
    """2⁻ⁿ a layer, by drawing: 200 000 layers of 3 units."""
    draws = np.random.default_rng(1).standard_normal((200_000, 3))
    dead = (draws <= 0).all(axis=1).mean()
    assert dead == pytest.approx(1 / 8, abs=5 * np.sqrt(7 / 64 / 200_000))


def test_spread_per_layer():
    """E of (2 g² [g > 0])² is 6, of g⁴ 3: 1 + 5/n and 1 + 2/n a layer; tanh
    tends to 2/3."""
    assert expectation(lambda g: (2 * max(g, 0)**2)**2, 1) == pytest.approx(6)
    assert expectation(lambda g: g**4, 1) == pytest.approx(3)
    assert tanh_vertex_slope(60, 70) == pytest.approx(2 / 3, abs=7e-3)
