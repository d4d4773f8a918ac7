"""Xavier's assumptions E X = 0 and f' = 1, measured at gains 1 to 8.

Expected values are Gaussian integrals in NumPy. A run has one sample, so that
given the layer below its pre-activations are i.i.d. normal with variance
q = gain² E X²: measured minus integral has mean 0 over seeds at any width.
"""

import matplotlib
import numpy as np
from matplotlib.lines import Line2D

from initscope.claims import (STANDARD_ERRORS, Tolerance, claim, of_mean,
                              of_ratio)
from initscope.gaussian_mean import gaussian_mean
from initscope.plot import show_figure

COMMAND = "run"
QUICK = ["--seed", "range(0, 32)", "--width", "256", "--gain", "1, 2, 8"]


def sigmoid(z):
    """1/(1 + e^-z), without overflow."""
    e = np.exp(-np.abs(z))
    return np.where(z > 0, 1, e) / (1 + e)


def sigmoid_slope(z):
    """f' of sigmoid."""
    return sigmoid(z) * sigmoid(-z)


# name -> (f, f')
ACTIVATIONS = {
    "sigmoid": (sigmoid, sigmoid_slope),
    "tanh": (np.tanh, lambda z: np.cosh(np.minimum(np.abs(z), 300))**-2),
    "relu": (lambda z: np.maximum(z, 0), lambda z: np.where(z > 0, 1.0, 0))}
# statistic -> (text, what is integrated, its power of √q)
QUANTITIES = {
    "activation_mean": ("E X", lambda f, slope: f, 1),
    "activation_second_moment": (
        "E X²", lambda f, slope: lambda z: f(z)**2, 2),
    "slope_mean": ("E f'", lambda f, slope: slope, 0),
    "slope_second_moment": (
        "E (f')²", lambda f, slope: lambda z: slope(z)**2, 0)}
ASSUMED = {"activation_mean": " (assumed 0)",
           "activation_second_moment": " (assumed gain²)",
           "slope_mean": " (assumed 1)", "slope_second_moment": " (assumed 1)"}
SHOWN_GAINS = 1, 8


class Measured:
    """One activation's hidden layers: arrays gains × seeds × layers."""

    def __init__(self, layers, activation):
        part = layers[layers["activation"] == activation]
        hidden = part["layer"].max() - 1
        shape = part["gain"].nunique(), part["seed"].nunique(), hidden + 2
        part = part.sort_values(["gain", "seed", "layer"])
        rows = {name: part[name].to_numpy().reshape(shape) for name in (
            *QUANTITIES, "pre_activation_second_moment", "gain")}
        self.gains = rows["gain"][:, 0, 0]
        self.seeds = shape[1]
        # Of layer l's pre-activations, given layer l - 1.
        self.q = (rows["gain"]**2 * rows["activation_second_moment"])[
            :, :, :hidden]
        self.of = {name: rows[name][:, :, 1:-1] for name in (
            *QUANTITIES, "pre_activation_second_moment")}
        functions = ACTIVATIONS[activation]
        self.integral = {
            name: gaussian_mean(integrand(*functions), self.q)
            for name, (_, integrand, _) in QUANTITIES.items()}

    def deviations(self, name):
        """|mean of measured - integral| in standard errors, gains × layers.

        Both are divided by the statistic's power of √q, so that ReLU's
        seeds, whose q differ widely, count alike.
        """
        scale = self.q**(QUANTITIES[name][2] / 2)
        rest = (self.of[name] - self.integral[name]) / scale
        error = rest.std(axis=1, ddof=1) / np.sqrt(self.seeds)
        return np.abs(rest.mean(axis=1)) / error


def read(results):
    """activation -> Measured"""
    layers = results.keyed("layers", [*QUANTITIES,
                                      "pre_activation_second_moment"])
    return {activation: Measured(layers, activation)
            for activation in ACTIVATIONS}


def claims(results):
    """See show.py."""
    found = []
    activations = read(results)
    for activation, measured in activations.items():
        for name, (text, _, _) in QUANTITIES.items():
            for gain in SHOWN_GAINS:
                at = list(measured.gains).index(gain)
                # q = gain² in the first layer, for every seed
                found.append(of_mean(
                    f"{activation}, gain {gain}, layer 1: {text}"
                    f"{ASSUMED[name]}",
                    gaussian_mean(QUANTITIES[name][1](
                        *ACTIVATIONS[activation]), np.array(gain**2.0)),
                    measured.of[name][at, :, 0]))
            deviations = measured.deviations(name)
            found.append(claim(
                f"{activation}, all gains and layers: {text}, largest "
                f"distance from the integral in standard errors",
                deviations.max(), 0, Tolerance(
                    STANDARD_ERRORS, f"5 standard errors over "
                    f"{measured.seeds} seeds, the largest of "
                    f"{deviations.size}")))
    relu = activations["relu"]
    for layer in range(relu.q.shape[2]):
        found.append(of_ratio(
            f"relu, gain 1, layer {layer + 1}: E X²/E Z²", 0.5,
            relu.of["activation_second_moment"][0, :, layer],
            relu.of["pre_activation_second_moment"][0, :, layer]))
    return found


# title, what is drawn of (X̄, X², f', f'², Z²), what Xavier assumes
ROWS = [
    ("E X / √(E X²)", lambda v: v["activation_mean"]
     / np.sqrt(v["activation_second_moment"]), 0),
    ("E X² / E Z²", lambda v: v["activation_second_moment"]
     / v["pre_activation_second_moment"], 1),
    (r"E $f\,'$", lambda v: v["slope_mean"], 1),
    (r"E $(f\,')^2$", lambda v: v["slope_second_moment"], 1)]


def draw(results):
    """See show.py."""
    found = read(results)
    first = found["tanh"]
    figure, axes = show_figure.panels(
        "Which of Xavier's assumptions hold",
        f"""{first.seeds} seeds, one sample each, {first.q.shape[2]} hidden
        layers at initialization, weights of variance gain²/fan_in; dots are
        measured, lines are Gaussian integrals at each layer's own variance.
        The black dashed line is what Xavier assumes: mean zero, and
        $f\\,'$ = 1 as near 0, hence E X² = E Z² (sigmoid comes near to that
        at gain 1 with a signal that is mostly its own mean).""",
        (len(ROWS), len(found)), size=(2.3, 1.3), gap=(0.35, 0.3))
    ramp = matplotlib.colormaps["viridis"](
        np.linspace(0, 0.85, first.q.shape[2]))
    for column, (activation, measured) in enumerate(found.items()):
        axes[0, column].set_title(activation, size=9.5, loc="left",
                                  weight="bold")
        axes[-1, column].set_xlabel("gain")
        integrals = {**measured.integral,
                     "pre_activation_second_moment": measured.q}
        for row, (text, value, assumed) in enumerate(ROWS):
            panel = axes[row, column]
            panel.axhline(assumed, color="black", linewidth=1,
                          linestyle="--", zorder=1)
            _curves(panel, measured.gains, value(_means(measured.of)),
                    value(_means(integrals)), ramp)
            panel.set_ylim(-0.08, 1.08)
            panel.set_xticks(measured.gains)
            if column == 0:
                panel.set_ylabel(text)
            else:
                panel.set_yticklabels([])
            if row < len(ROWS) - 1:
                panel.set_xticklabels([])
    show_figure.legend(figure, [
        *(Line2D([], [], color=color, marker="o", markersize=3,
                 label=f"layer {i}") for i, color in enumerate(ramp, 1)),
        Line2D([], [], color="black", linestyle="--", label="assumed")])
    return figure


def _means(values):
    """Over the seeds, each in units of its own so that none dominates."""
    return {name: value.mean(axis=1) for name, value in values.items()}


def _curves(panel, gains, dots, lines, ramp):
    for layer, color in enumerate(ramp):
        panel.plot(gains, lines[:, layer], color=color, linewidth=1,
                   zorder=2)
        panel.plot(gains, dots[:, layer], "o", color=color, markersize=2.8,
                   zorder=3)
