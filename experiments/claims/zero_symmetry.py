"""Zero and constant weights: the units of a layer stay one and the same."""

import matplotlib.pyplot as plt
import numpy as np

from initscope.claims import at_least, at_most, losses

COMMAND = "train"
QUICK = []
EXACT = "exact: identical operations on identical numbers"
OF_XAVIER = ("of the mean loss over the last steps: one unit a layer is not "
             "as good as 64")
NOTHING = ("of ln 10: an output bias alone can only learn how frequent labels "
           "are")
COLORS = {"zero": "#D55E00", "constant": "#CC79A7", "xavier_normal": "#0072B2"}


def claims(results):
    """Unit variances are 0 throughout; what moves and what does not."""
    layers, depth = results.keyed("layers"), results.runs["depth"][0]
    hidden = layers[(layers["layer"] > 0) & (layers["layer"] < depth)]
    found = []
    for (activation, init), rows in hidden.groupby(["activation", "init"]):
        who = f"{activation}, {init}"
        if init == "xavier_normal":
            found.append(at_least(f"{who}: least variance across units",
                                  rows["pre_activation_unit_variance"].min(),
                                  1e-6, "units that begin apart stay apart"))
            continue
        for name in ("pre_activation", "delta"):
            found.append(at_most(f"{who}: largest {name}_unit_variance",
                                 rows[f"{name}_unit_variance"].max(), 0,
                                 EXACT))
    for (activation, init), rows in layers.groupby(["activation", "init"]):
        who = f"{activation}, {init}"
        moments = rows[rows["layer"] > 0].groupby("layer")[
            "weight_second_moment"].max()
        if init == "zero" and activation == "sigmoid":
            found.append(at_least(f"{who}: output weights move",
                                  moments[depth], 1e-6,
                                  "second moment, the largest"))
        elif init == "zero":
            z = rows[rows["layer"] > 0].groupby("layer")[
                "pre_activation_second_moment"].max()
            found += [
                at_most(f"{who}: any weight's second moment", moments.max(), 0,
                        EXACT),
                at_most(f"{who}: any hidden Z's, where biases are all "
                        "there is", z[z.index < depth].max(), 0, EXACT),
                at_least(f"{who}: the output bias moves", z[depth], 1e-6,
                         "second moment, the largest")]
    last = losses(results).set_index(["activation", "init"])["last_loss"]
    for activation in results.runs["activation"].unique():
        xavier = last[activation, "xavier_normal"]
        found.append(at_least(f"{activation}: loss, constant/xavier",
                              last[activation, "constant"] / xavier, 1.5,
                              OF_XAVIER))
        found.append(at_least(f"{activation}: loss, zero/ln 10",
                              last[activation, "zero"] / np.log(10), 0.98,
                              NOTHING))
    return found


def draw(results):
    """Variance across units above, loss below; a column per activation."""
    activations = list(results.runs["activation"].unique())
    tables = results.keyed("layers"), results.keyed("steps")
    figure, axes = plt.subplots(2, len(activations), sharex=True, sharey="row",
                                figsize=(9.6, 5))
    for column, activation in zip(axes.T, activations):
        column[0].set_title(activation)
        column[1].set_xlabel("step + 1")
        for init, color in COLORS.items():
            chosen = [table[(table["activation"] == activation)
                            & (table["init"] == init)]
                      for table in tables]
            layer = chosen[0][chosen[0]["layer"] == 2]
            column[0].plot(layer["step"] + 1,
                           layer["pre_activation_unit_variance"], color=color,
                           marker="o", ms=3, lw=1.2)
            loss = chosen[1]["loss_value"].rolling(10, min_periods=1).mean()
            column[1].plot(chosen[1]["step"] + 1, loss, color=color, lw=1.2)
        column[0].set_xscale("log")
        column[0].set_yscale("symlog", linthresh=1e-2)
    axes[0, 0].set_ylabel("variance across the units\nof layer 2 (Z)")
    axes[1, 0].set_ylabel("loss (mean of 10 steps)")
    lines = [plt.Line2D([], [], color=color, marker="o", ms=3)
             for color in COLORS.values()]
    figure.legend(lines, list(COLORS), ncols=3, loc="lower center",
                  frameon=False)
    figure.suptitle("Units that begin alike stay alike: exactly 0, always")
    figure.tight_layout(rect=(0, 0.06, 1, 1))
    return figure
