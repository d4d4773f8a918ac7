"""Xavier's conditions: fan-in keeps the signal, fan-out the gradient.

Inputs have |x|² = d = fan_in, so that every Z_1 is normal with variance
q = d s² given its input, at any width. With u ~ N(0, 1) and z = √q u each
expectation over the weights is then exact:

    E Z_1²/E X_0² = fan_in s²        E X_1²/E Z_1² = E f(z)²/q
    E Z_2²/E X_1² = fan_in s²        E δ_1²/E δ_2² = fan_out s² E f'(z)²
    E δ_0²/E δ_1² = fan_out s² (1 + (E f'(z)² u²/E f'(z)² - 1)/d)

The last factor is not fan_out s², for δ_1 depends on W_0 by f'(Z_1): of the d
weights of a unit, one direction, that of x, is the one which Z_1 sees.
"""

import numpy as np
from matplotlib.lines import Line2D

from initscope.claims import of_mean, of_ratio
from initscope.gaussian_mean import gaussian_mean
from initscope.plot import show_figure
from xavier_assumptions import ACTIVATIONS as CURVED

COMMAND = "run"
QUICK = ["--seed", "range(0, 100)"]
# init: name, colour, marker, s² of a layer's weights
SCHEMES = {
    "lecun_normal": ("fan-in, s² = 1/fan_in", show_figure.BLUE, "o",
                     lambda fi, fo: 1 / fi),
    "he_fan_out_normal": ("fan-out, s² = 1/fan_out", show_figure.RED, "s",
                          lambda fi, fo: 1 / fo),
    "xavier_normal": ("Xavier, s² = 2/(fan_in + fan_out)", show_figure.GREEN,
                      "D", lambda fi, fo: 2 / (fi + fo))}
# name: (f, f')
ACTIVATIONS = {"linear": (lambda z: z, np.ones_like), "tanh": CURVED["tanh"],
               "sigmoid": CURVED["sigmoid"], "relu": CURVED["relu"]}
# What each step divides: statistic and row, above and below.
FORWARD = [("fan_in s²", ("pre_activation", 1), ("activation", 0)),
           ("E X²/E Z²", ("activation", 1), ("pre_activation", 1)),
           ("fan_in s²", ("pre_activation", 2), ("activation", 1))]
BACKWARD = [("fan_out s² E f'²", ("delta", 1), ("delta", 2)),
            ("fan_out s², but for the part of W that f' sees",
             ("delta", 0), ("delta", 1))]


class Factors:
    """What each step of one activation and scheme does."""

    def __init__(self, layers, activation, init):
        part = layers[(layers["init"] == init)
                      & (layers["activation"] == activation)]
        self._moments = {
            (name, layer): part[part["layer"] == layer].sort_values("seed")[
                f"{name}_second_moment"].to_numpy()
            for name in ("pre_activation", "activation", "delta")
            for layer in range(3)}
        first = part[part["seed"] == part["seed"].min()].set_index("layer")
        self.fans = [tuple(first.loc[layer, ["fan_in", "fan_out"]].astype(int))
                     for layer in (1, 2)]
        self.forward, self.backward = _expected(activation, self.fans, [
            SCHEMES[init][3](*fans) for fans in self.fans])

    def of(self, place):
        """The second moments at (quantity, row), by seed."""
        return self._moments[place]

    def path(self, steps):
        """Mean, p10 and p90 along the way, relative to its start."""
        places = [steps[0][2], *(above for _, above, _ in steps)]
        start = self.of(places[0]).mean()
        return np.array([(v.mean(), *np.percentile(v, [10, 90]))
                         for v in map(self.of, places)]) / start

    def plane(self):
        """Per layer the pair (forward, backward), activations included."""
        ratio = [self.of(above).mean() / self.of(below).mean()
                 for _, above, below in (*FORWARD, *BACKWARD)]
        return [(ratio[0] * ratio[1], ratio[4]), (ratio[2], ratio[3])]


def _expected(activation, fans, variances):
    """The factors of FORWARD and of BACKWARD; see the module's description."""
    f, slope = ACTIVATIONS[activation]
    (d, fo), (fi2, fo2) = fans
    q = np.array(d * variances[0])
    second, slopes, seen = (float(gaussian_mean(g, q)) for g in (
        lambda z: f(z)**2, lambda z: slope(z)**2,
        lambda z: slope(z)**2 * z**2 / q))
    return ([float(q), second / float(q), fi2 * variances[1]],
            [fo2 * variances[1] * slopes,
             fo * variances[0] * (1 + (seen / slopes - 1) / d)])


def read(results):
    """activation -> init -> Factors"""
    layers = results.keyed("layers", [
        "pre_activation_second_moment", "activation_second_moment",
        "delta_second_moment", "fan_in", "fan_out"])
    return {activation: {init: Factors(layers, activation, init)
                         for init in SCHEMES} for activation in ACTIVATIONS}


def claims(results):
    """See show.py."""
    found = []
    for activation, schemes in read(results).items():
        for init, factors in schemes.items():
            name = f"{activation}, {SCHEMES[init][0].split(',')[0]}"
            for steps, expected in ((FORWARD, factors.forward),
                                    (BACKWARD, factors.backward)):
                found += [of_ratio(
                    f"{name}: E {_symbol(above)}²/E {_symbol(below)}², "
                    f"{what}", value, factors.of(above), factors.of(below))
                    for (what, above, below), value in zip(steps, expected)]
        found += _sums(activation, schemes["xavier_normal"])
    return found


def _sums(activation, factors):
    """Xavier's two factors of a layer sum to 2 where f' = 1."""
    if activation != "linear":
        return
    for layer, (fi, fo) in enumerate(factors.fans, 1):
        below = ("activation", 0) if layer == 1 else ("pre_activation", 1)
        signal = (factors.of(("pre_activation", layer)) / factors.of(below))
        gradient = (factors.of(("delta", layer - 1))
                    / factors.of(("delta", layer)))
        yield of_mean(f"linear, Xavier, {fi}x{fo}: the two factors' sum", 2,
                      signal + gradient)


def _symbol(place):
    name, row = place
    return {"pre_activation": "Z", "activation": "X",
            "delta": "δ"}[name] + f"_{row}"


def draw(results):
    """See show.py."""
    found = read(results)
    some = found["linear"]["lecun_normal"]
    (d, hidden), (_, outputs) = some.fans
    figure, axes = show_figure.panels(
        "Two conditions on one variance, Xavier's compromise, and what "
        "activations make of it",
        f"""Networks {d}x{hidden}x{outputs} at initialization, inputs of equal
        length, {len(some.of(('delta', 0)))} seeds: markers are means, bars
        reach from the 10th to the 90th percentile, dashed lines are the
        formulas (Gaussian integrals where there is an activation). Right: a
        linear layer's variance s² moves it along the grey line
        backward/forward = fan_out/fan_in, and nowhere else; that line meets
        the star, where both signals are kept, only if fan_in = fan_out.
        Xavier stops where the two factors sum to 2 (dotted).""",
        (2, len(ACTIVATIONS) + 1), size=(2.05, 2.0), gap=(0.5, 0.65))
    for column, (activation, schemes) in enumerate(found.items()):
        for row, steps in enumerate((FORWARD, BACKWARD)):
            for init, factors in schemes.items():
                _moments(axes[row, column], factors.path(steps),
                         (factors.forward, factors.backward)[row],
                         *SCHEMES[init][1:3])
        _decorate(axes[0, column], f"{activation}: forward, E Z² or E X²",
                  ["$X_0$", "$Z_1$", "$X_1$", "$Z_2$"])
        _decorate(axes[1, column], "backward, E δ²",
                  [rf"$\delta_{row}$" for row in (2, 1, 0)])
    for row in (0, 1):  # one scale, so that the columns compare
        low, high = zip(*(panel.get_ylim() for panel in axes[row, :-1]))
        for panel in axes[row, :-1]:
            panel.set_ylim(min(low), max(high))
    axes[1, -1].remove()
    _plane(axes[0, -1], found["linear"], some.fans)
    show_figure.legend(figure, [
        Line2D([], [], color=color, marker=marker, markersize=4,
               linestyle="--", linewidth=1, label=name)
        for name, color, marker, _ in SCHEMES.values()])
    return figure


def _moments(panel, path, factors, color, marker):
    """Second moments along the way of one signal, beside their formula."""
    steps = np.arange(len(path))
    panel.plot(steps, np.cumprod([1, *factors]), "--", color=color,
               linewidth=1)
    panel.vlines(steps, path[:, 1], path[:, 2], color=color, linewidth=3,
                 alpha=0.3)
    panel.plot(steps, path[:, 0], marker, color=color, markersize=4)


def _decorate(panel, title, names):
    panel.set_title(title, size=9, loc="left")
    panel.set_yscale("log")
    panel.set_xticks(range(len(names)), names)
    panel.set_xlim(-0.25, len(names) - 0.75)
    panel.axhline(1, color="0.4", linewidth=0.7, zorder=0)


def _plane(panel, schemes, fans):
    """Each linear layer's pair of factors, the rays and the compromise."""
    span = np.geomspace(0.02, 50, 200)
    for fi, fo in fans:
        panel.plot(span, span * fo / fi, color="0.6", linewidth=0.8)
        panel.annotate(f"{fi}x{fo}", (7, 7 * fo / fi), (-3, 3),
                       textcoords="offset points", size=7, color="0.35",
                       ha="right")
    x = np.linspace(0.02, 1.98, 400)
    panel.plot(x, 2 - x, color=show_figure.GREEN, linewidth=1,
               linestyle=":")
    panel.plot([1], [1], "*", color="black", markersize=8)
    panel.annotate("both kept", (1, 1), (-5, -8), textcoords="offset points",
                   size=7, ha="right")
    for init, factors in schemes.items():
        _, color, marker, _ = SCHEMES[init]
        panel.plot(*zip(*factors.plane()), marker, color=color,
                   markersize=4.5, linestyle="")
    for line in (panel.axhline, panel.axvline):
        line(1, color="0.4", linewidth=0.7, zorder=0)
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_xlim(0.02, 50)
    panel.set_ylim(0.02, 50)
    panel.set_title("linear: each layer's pair of factors", size=9,
                    loc="left")
    panel.set_xlabel("forward, fan_in s²", labelpad=1)
    panel.set_ylabel("backward, fan_out s²", labelpad=1)
    panel.yaxis.set_label_position("right")
