"""Sigmoid's last hidden layer is pushed to 0; tanh and softsign stay put."""

import matplotlib.pyplot as plt

from initscope.claims import at_least, at_most

COMMAND = "train"
QUICK = ["--seed", "0"]
TOP = 4  # the last hidden layer
WHY = "as in figures 2 to 4 of the paper, whose networks are like these"
STANDARD, NORMALIZED = "torch_default", "xavier_uniform"


def claims(results):
    """Where the layers' means go, and gradients at the start."""
    layers = results.keyed("layers")
    layers = layers[(layers["layer"] > 0) & (layers["layer"] <= TOP)]
    found = []
    sigmoid = layers[(layers["activation"] == "sigmoid")
                     & (layers["init"] == STANDARD)]
    for seed, run in sigmoid.groupby("seed"):
        top = run[run["layer"] == TOP]
        lowest = top.loc[top["activation_mean"].idxmin()]
        who = f"sigmoid, standard, seed {seed}"
        found += [
            at_most(f"{who}: least mean of layer {TOP}",
                    lowest["activation_mean"], 0.1, WHY),
            at_most(f"{who}: mean slope there", lowest["slope_mean"], 0.1,
                    "of 1/4 at z = 0")]
        below = run[(run["layer"] < TOP - 1) & (run["step"] == lowest["step"])]
        found.append(at_most(f"{who}: layers 1, 2 then, |mean - 1/2|",
                             (below["activation_mean"] - 0.5).abs().max(), 0.1,
                             WHY))
    for activation in ("tanh", "softsign"):
        means = layers[layers["activation"] == activation]["activation_mean"]
        found.append(at_most(f"{activation}: largest |mean| of a layer",
                             means.abs().max(), 0.1, WHY))
        start = layers[(layers["activation"] == activation)
                       & (layers["step"] == 0)]
        spread = {}
        for init in (STANDARD, NORMALIZED):
            logs = start[start["init"] == init].groupby("layer")[
                "log10_delta_variance"].mean()
            spread[init] = logs[TOP] - logs[1]
        found.append(at_least(
            f"{activation}: decades that gradients lose, standard - "
            "normalized", spread[STANDARD] - spread[NORMALIZED], 0.5,
            f"log10 of delta's variance, layer {TOP} - layer 1, at step 0"))
    return found


def draw(results):
    """Mean and spread of every hidden layer against the step."""
    layers = results.keyed("layers")
    layers = layers[layers["seed"] == layers["seed"].min()]
    activations = ["sigmoid", "tanh", "softsign"]
    inits = {STANDARD: "standard", NORMALIZED: "normalized"}
    figure, axes = plt.subplots(2, 3, sharex="col", sharey="col",
                                figsize=(10, 5.4))
    for row, (init, title) in zip(axes, inits.items()):
        for axis, activation in zip(row, activations):
            axis.set_title(f"{activation}, {title}")
            for layer in range(1, TOP + 1):
                rows = layers[(layers["activation"] == activation)
                              & (layers["init"] == init)
                              & (layers["layer"] == layer)]
                color = plt.get_cmap("viridis")((layer - 1) / TOP)
                mean = rows["activation_mean"]
                spread = rows["activation_variance"]**0.5
                axis.plot(rows["step"] + 1, mean, color=color, lw=1.6,
                          label=f"layer {layer}")
                axis.fill_between(rows["step"] + 1, mean - spread,
                                  mean + spread, color=color, alpha=0.15)
            axis.set_xscale("log")
        row[0].set_ylabel("activation: mean ± std")
    for axis in axes[1]:
        axis.set_xlabel("step + 1")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), ncols=TOP,
                  loc="lower center", frameon=False)
    figure.tight_layout(rect=(0, 0.06, 1, 1))
    return figure
