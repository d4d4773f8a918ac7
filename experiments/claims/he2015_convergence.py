"""30-layer ReLU networks: He's initialization learns, Xavier's stalls."""

import matplotlib.pyplot as plt

from initscope.claims import LAST, at_least, at_most, losses

COMMAND = "train"
QUICK = ["--seed", "0", "--depth", "10,30"]
LEARNS, STALLS = 0.4, 0.985
WHY = (f"the mean loss of the last {LAST} steps over that of "
       "step 0, the worst of the seeds")
INITS = {"he_normal": "#0072B2", "xavier_normal": "#D55E00"}


def claims(results):
    """He falls below 40 %; Xavier does at depth 10 and stalls beyond."""
    runs = losses(results)
    runs["ratio"] = runs["last_loss"] / runs["first_loss"]
    found = []
    for (depth, init), group in runs.groupby(["depth", "init"]):
        name = f"depth {depth}, {init}: loss, end/start"
        if init == "he_normal" or depth == 10:
            found.append(at_most(name, group["ratio"].max(), LEARNS, WHY))
        else:
            found.append(at_least(name, group["ratio"].min(), STALLS, WHY))
    return found


def draw(results):
    """Loss against step, one panel per depth, one line per run."""
    steps = results.keyed("steps")
    depths = sorted(steps["depth"].unique())
    figure, axes = plt.subplots(1, len(depths), sharey=True, squeeze=False,
                                figsize=(3.4 * len(depths), 3.6))
    for axis, depth in zip(axes[0], depths):
        axis.set_title(f"{depth} layers")
        axis.set_xlabel("step")
        here = steps[steps["depth"] == depth]
        for (init, _), run in here.groupby(["init", "seed"]):
            smooth = run["loss_value"].rolling(10, min_periods=1).mean()
            axis.plot(run["step"], smooth, color=INITS[init], lw=1.1,
                      alpha=0.8)
        axis.axhline(2.302585, color="0.6", lw=0.8, ls=":", zorder=0)
        axis.set_ylim(0, 3.2)
    axes[0, 0].set_ylabel("loss (mean of 10 steps)")
    lines = [plt.Line2D([], [], color=color) for color in INITS.values()]
    lines.append(plt.Line2D([], [], color="0.6", ls=":"))
    figure.legend(lines, [*INITS, "ln 10: knows nothing"], ncols=3,
                  loc="lower center", frameon=False)
    figure.suptitle("ReLU on Fashion-MNIST, plain SGD")
    figure.tight_layout(rect=(0, 0.06, 1, 1))
    return figure
