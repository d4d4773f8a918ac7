"""Singular values of ∂Z_L/∂X_0: Gaussian weights spread them, orthogonal not.

J = W_0 D_1 W_1 … D_(L-1) W_(L-1) of n × n weights; a hidden ReLU's D is 1 or
0 with probability 1/2 each, independent of the weights (for J's law: Hanin &
Nica 2019). With a = E tr (JJᵀ)², b = E (tr JJᵀ)², and c = E Σ_j |column j of
J|⁴, one more factor gives, exactly and for any n,

    W Gaussian, variance g²/n   a' = g⁴ ((1 + 1/n) a + b/n)
                                b' = g⁴ (b + 2a/n)        c' = g⁴ (b + 2a)/n
    W = g times orthogonal      a' = g⁴ a    b' = g⁴ b
                                c' = g⁴ (b + 2a)/(n + 2)
    D                           a' = (a + c)/4            b' = (b + c)/4

and for wide layers n a/b - 1, the variance of s² at unit mean, grows by 1 for
each Gaussian W and by 1 for each D (Pennington et al. 2017 by S-transforms;
their last layer has a D, this one has none: 2L - 1 for their 2L).
"""

import numpy as np
from matplotlib.lines import Line2D

from initscope.claims import (STANDARD_ERRORS, Tolerance, claim, of_mean,
                              ratio_of_means)
from initscope.gaussian_mean import gaussian_mean
from initscope.plot import show_figure

COMMAND = "run"
QUICK = ["--seed", "range(0, 16)", "--width", "64", "--depth", "1, 2, 8"]
INITS = {"lecun_normal": "Gaussian", "orthogonal": "orthogonal"}
ACTIVATIONS = ["linear", "relu", "tanh"]
COLORS = {"linear": show_figure.BLUE, "relu": show_figure.RED,
          "tanh": show_figure.GREEN}
UNIT_ROUNDOFF = 2.0**-24  # of float32
TRACY_WIDOM_MEAN = -1.2065335745820  # of real matrices (β = 1)


def singular_values(results):
    """(run_index, index, singular_value), one entry per singular value."""
    table = results.table("jacobian", ["run_index", "index", "singular_value"])
    return table.to_numpy().T


def of(runs, activation, init, depth):
    """The runs of one kind, by seed."""
    kept = ((runs["activation"] == activation) & (runs["init"] == init)
            & (runs["depth"] == depth))
    return runs[kept].sort_values("seed")


# --- what is expected

def squared_variance(activation, init, depth, width):
    """n a/b - 1 of linear and ReLU networks; see the module's description."""
    n, a, b = width, width, width**2  # of the identity
    for layer in range(1, depth + 1):
        if init == "orthogonal":
            c = (b + 2 * a) / (n + 2)
        else:
            a, b, c = ((1 + 1 / n) * a + b / n, b + 2 * a / n,
                       (b + 2 * a) / n)
        if activation == "relu" and layer < depth:
            a, b = a + c, b + c  # times 1/4, which g⁴ = 4 makes up for
    return n * a / b - 1


def wide_squared_variance(activation, init, depth):
    """The same for wide layers, and tanh of gain 1 on |x|² = n as well.

    L for Gaussian weights, and E f'⁴/(E f'²)² - 1 for every hidden layer.
    """
    spread = 0 if init == "orthogonal" else depth
    if activation == "relu":
        return spread + depth - 1
    q = np.array(1.0)
    for _ in range(depth - 1 if activation == "tanh" else 0):
        fourth, second = (
            gaussian_mean(lambda z, k=k: np.cosh(np.minimum(abs(z), 300))**-k,
                          q) for k in (8.0, 4.0))
        spread += fourth / second**2 - 1
        q = gaussian_mean(lambda z: np.tanh(z)**2, q)
    return float(spread)


def edge(depth, width=None):
    """The largest s² of a linear Gaussian network.

    Of a wide one the edge of the Fuss-Catalan law, (L+1)^(L+1)/L^L. Near it
    the density is (κ/π)√(edge - s²), so that the largest of n values lies
    (nκ)^(-2/3) times Tracy & Widom's mean beyond it.
    """
    depth = float(depth)
    x = (depth + 1)**(depth + 1) / depth**depth
    if width is None:
        return x
    curvature = (depth**(depth - 1) / (depth + 1)**depth
                 / np.sqrt(x * depth * (depth + 1) / 2))
    return x + TRACY_WIDOM_MEAN * (width * curvature)**(-2 / 3)


# --- what is claimed

def claims(results):
    """See show.py."""
    runs = results.runs
    return [*_isometry(results, runs), *_means(runs), *_variances(runs),
            *_largest(runs)]


def _isometry(results, runs):
    run, _, value = singular_values(results)
    for depth in sorted(runs["depth"].unique()):
        kept = of(runs, "linear", "orthogonal", depth).index
        off = abs(value[np.isin(run, kept)] - 1).max()
        yield claim(
            f"linear, orthogonal, depth {depth}: largest |s - 1|", off, 0,
            Tolerance(4 * depth * UNIT_ROUNDOFF, "each W is rounded to "
                      "float32, entry by entry: to it a random matrix is "
                      "added whose norm is below 4 roundings"))


def _means(runs):
    for depth in sorted(runs["depth"].unique()):
        part = of(runs, "linear", "lecun_normal", depth)
        yield of_mean(f"linear, Gaussian, depth {depth}: mean s²", 1,
                      part["jacobian_second_moment"])


def measured_variance(part):
    """(variance of s² at unit mean, standard error): a and b by seed."""
    mean = part["jacobian_second_moment"].to_numpy()
    square = (part["jacobian_squared_variance"].to_numpy() + 1) * mean**2
    ratio, error = ratio_of_means(square, mean**2)
    return ratio - 1, error


def _variances(runs):
    width = runs["width"].max()
    for activation in ACTIVATIONS:
        for init, name in INITS.items():
            for depth in sorted(runs["depth"].unique()):
                part = of(runs, activation, init, depth)
                found, error = measured_variance(part)
                wide = wide_squared_variance(activation, init, depth)
                if wide == 0:  # all s are the same: see _isometry
                    continue
                if activation == "tanh":
                    expected, rest = wide, wide * depth / width
                    why = (f"{STANDARD_ERRORS} standard errors over "
                           f"{len(part)} seeds, and depth/width: what the "
                           f"limit of wide layers leaves out")
                else:
                    expected, rest = squared_variance(
                        activation, init, depth, width), 0
                    why = (f"{STANDARD_ERRORS} standard errors over "
                           f"{len(part)} seeds")
                yield claim(
                    f"{activation}, {name}, depth {depth}: variance of s²"
                    f"/mean (wide: {wide:.4g})", found, expected,
                    Tolerance(STANDARD_ERRORS * error + rest, why))


def _largest(runs):
    width = runs["width"].max()
    for depth in sorted(runs["depth"].unique()):
        expected = edge(depth, width)
        correction = 1 - expected / edge(depth)
        if correction > 0.2:  # then it is no correction
            continue
        squares = of(runs, "linear", "lecun_normal",
                     depth)["jacobian_largest"].to_numpy()**2
        error = squares.std(ddof=1) / np.sqrt(len(squares))
        yield claim(
            f"linear, Gaussian, depth {depth}: largest s² (wide: "
            f"{edge(depth):.4g})", squares.mean(), expected,
            Tolerance(STANDARD_ERRORS * error + correction**2 * edge(depth),
                      f"{STANDARD_ERRORS} standard errors over {len(squares)} "
                      f"seeds, and the square of the edge's relative "
                      f"correction for width"))


# --- the figure

CAPTION = """Layers of width {width}, medians over {seeds} seeds, one input
each, at the critical gain: 1, for ReLU √2. Left: the singular values in order,
divided by their root mean square. Orthogonal weights keep all of a linear
network's at 1; of a ReLU network at most the half whose units are on is left.
Right: the variance of s² at unit mean (0 where not shown) against its
expectation, exact for linear and ReLU and that of wide layers for tanh (bars:
standard errors); the largest s² of linear Gaussian networks against the edge
of the wide limit (dotted) and its correction for the width."""


def draw(results):
    """See show.py."""
    runs = results.runs
    run, index, value = singular_values(results)
    width = runs["width"].max()
    figure, axes = show_figure.panels(
        "How a deep network stretches its input", CAPTION.format(
            width=width, seeds=runs["seed"].nunique()),
        (2, 4), size=(2.6, 2.1), gap=(0.55, 0.65))
    depths = sorted(runs["depth"].unique())
    shown = [depth for depth in (2, 8, 32) if depth in depths]
    for row, (init, name) in zip(axes, INITS.items()):
        for panel, activation in zip(row, ACTIVATIONS):
            for depth, dash in zip(shown, ("-", "--", ":")):
                part = of(runs, activation, init, depth)
                rms = np.sqrt(part["jacobian_second_moment"])
                s = [value[run == i][np.argsort(index[run == i])] / rms[i]
                     for i in part.index]
                curve = np.median(s, axis=0)
                panel.plot((np.arange(width) + 0.5) / width,
                           np.where(curve > 0, curve, np.nan), dash,
                           color=COLORS[activation], linewidth=1.3)
            panel.set_title(f"{activation}, {name}", size=9)
            panel.set_yscale("log")
            panel.set_ylim(1e-3, 30)
            panel.set_xlim(0, 1)
        row[0].set_ylabel("s / root mean square")
    for panel in axes[1][:3]:
        panel.set_xlabel("rank / width")
    _variance_panel(axes[0][3], runs, depths, width)
    _largest_panel(axes[1][3], runs, depths, width)
    show_figure.legend(figure, _handles(shown))
    return figure


def _variance_panel(panel, runs, depths, width):
    panel.set_title("variance of s² at unit mean", size=9)
    panel.set_xscale("log", base=2)
    panel.set_yscale("log", base=2)
    panel.set_ylim(0.3, 128)
    for activation in ACTIVATIONS:
        for init in INITS:
            found = np.array([measured_variance(of(runs, activation, init,
                                                   depth))
                              for depth in depths])
            expected = np.array([
                wide_squared_variance(activation, init, depth)
                if activation == "tanh" else
                squared_variance(activation, init, depth, width)
                for depth in depths])
            there = expected > 1e-6  # else nothing but rounding
            at, color = np.array(depths)[there], COLORS[activation]
            face = "white" if init == "orthogonal" else color
            panel.plot(at, expected[there], color=color, linewidth=0.8)
            panel.errorbar(at, *found[there].T, fmt="o", color=color,
                           markersize=3.5, markerfacecolor=face,
                           elinewidth=0.8)
    _ticks(panel, depths)


def _largest_panel(panel, runs, depths, width):
    panel.set_title("largest s², linear, Gaussian", size=9)
    panel.set_xscale("log", base=2)
    panel.set_yscale("log", base=2)
    squares = [of(runs, "linear", "lecun_normal",
                  depth)["jacobian_largest"].to_numpy()**2
               for depth in depths]
    gray = {"color": "0.25", "linewidth": 0.9}
    panel.plot(depths, [edge(depth) for depth in depths], ":", **gray)
    panel.plot(depths, [edge(depth, width) for depth in depths], "-", **gray)
    panel.errorbar(depths, [s.mean() for s in squares],
                   [s.std(ddof=1) / np.sqrt(len(s)) for s in squares],
                   fmt="o", color=COLORS["linear"], markersize=3.5,
                   elinewidth=0.8)
    panel.annotate("(L+1)$^{L+1}$/L$^L$", (depths[-1], edge(depths[-1])),
                   xytext=(-6, 0), textcoords="offset points", ha="right",
                   va="center", size=7.5, color="0.25")
    panel.set_xlabel("depth L")
    _ticks(panel, depths)


def _ticks(panel, depths):
    panel.set_xticks(depths, [str(depth) for depth in depths])
    ticks = [4**k for k in range(-1, 5)
             if panel.get_ylim()[0] <= 4**k <= panel.get_ylim()[1]]
    panel.set_yticks(ticks, [f"{tick:g}" for tick in ticks])


def _handles(shown):
    lines = [Line2D([], [], color="0.25", linestyle=dash,
                    label=f"depth {depth}")
             for depth, dash in zip(shown, ("-", "--", ":"))]
    for face, name in (("0.25", "Gaussian"), ("white", "orthogonal")):
        lines.append(Line2D([], [], color="0.25", linestyle="", marker="o",
                            markersize=4, markerfacecolor=face,
                            label=f"{name}, measured"))
    for activation, color in COLORS.items():
        lines.append(Line2D([], [], color=color, label=activation))
    return lines
