"""Zero and constant weights: the units of a layer stay one and the same."""

import matplotlib.pyplot as plt
import numpy as np
from initscope import training_results
from initscope.claims import Claim

COMMAND = "train"
QUICK = []
EXACT = "exact: identical operations on identical numbers"
OF_XAVIER = ("of the mean loss over the last steps: one unit a layer is not "
             "as good as 64")
NOTHING = "of ln 10: an output bias alone can only learn how frequent labels are"
COLORS = {"zero": "#D55E00", "constant": "#CC79A7", "xavier_normal": "#0072B2"}


def claims(path):
    """Unit variances are 0 throughout; what moves and what does not."""
    training = training_results.read(path)
    layers, depth = training.layers, training.runs["depth"][0]
    hidden = layers[(layers["layer"] > 0) & (layers["layer"] < depth)]
    found = []
    for (activation, init), rows in hidden.groupby(["activation", "init"]):
        who = f"{activation}, {init}"
        if init == "xavier_normal":
            found.append(Claim.above(
                f"{who}: least variance across units", 1e-6,
                rows["pre_activation_unit_variance"].min(),
                "units that begin apart stay apart"))
            continue
        for name in ("pre_activation", "delta"):
            found.append(Claim.below(
                f"{who}: largest {name}_unit_variance", 0,
                rows[f"{name}_unit_variance"].max(), EXACT))
    for (activation, init), rows in layers.groupby(["activation", "init"]):
        who = f"{activation}, {init}"
        moments = rows[rows["layer"] > 0].groupby("layer")[
            "weight_second_moment"].max()
        if init == "zero" and activation == "sigmoid":
            found.append(Claim.above(f"{who}: output weights move", 1e-6,
                                     moments[depth],
                                     "second moment, the largest"))
        elif init == "zero":
            z = rows[rows["layer"] > 0].groupby("layer")[
                "pre_activation_second_moment"].max()
            found += [
                Claim.below(f"{who}: any weight's second moment", 0,
                            moments.max(), EXACT),
                Claim.below(f"{who}: any hidden Z's, where biases are all "
                            "there is", 0, z[z.index < depth].max(), EXACT),
                Claim.above(f"{who}: the output bias moves", 1e-6, z[depth],
                            "second moment, the largest")]
    losses = training.losses().set_index(["activation", "init"])["last_loss"]
    for activation in training.runs["activation"].unique():
        xavier = losses[activation, "xavier_normal"]
        found.append(Claim.above(f"{activation}: loss, constant/xavier", 1.5,
                                 losses[activation, "constant"] / xavier,
                                 OF_XAVIER))
        found.append(Claim.above(f"{activation}: loss, zero/ln 10", 0.98,
                                 losses[activation, "zero"] / np.log(10),
                                 NOTHING))
    return found


def draw(path):
    """Variance across units above, loss below; a column per activation."""
    training = training_results.read(path)
    activations = list(training.runs["activation"].unique())
    figure, axes = plt.subplots(2, len(activations), sharex=True, sharey="row",
                                figsize=(9.6, 5))
    for column, activation in zip(axes.T, activations):
        column[0].set_title(activation)
        column[1].set_xlabel("step + 1")
        for init, color in COLORS.items():
            chosen = [table[(table["activation"] == activation)
                            & (table["init"] == init)]
                      for table in (training.layers, training.steps)]
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
