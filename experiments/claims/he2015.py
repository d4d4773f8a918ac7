"""He et al. 2015: what 30 ReLU layers leave of the signal."""

from initscope.claims import claim, errors
from initscope.estimates import by_seed, mean, ratio, step
from initscope.plot.claims_figure import Panel

PAPER = "He et al. 2015"
TITLE = "what 30 ReLU layers leave of the signal"
COMMAND = "run"
QUICK = ["--seed", "range(0, 300)"]
SECOND_MOMENT = "pre_activation_second_moment"
COLUMNS = [SECOND_MOMENT, "weight_variance", "fan_in"]
TRUNCATED_VARIANCE = 0.77374130  # of N(0, 1), cut at ±2
TRUNCATED = {"init": "truncated_he_normal"}
# name: runs, E Z² per layer, derived
CASES = {
    "Xavier": ({"init": "xavier_normal"}, 1 / 2, ""),
    "He": ({"init": "he_normal"}, 1, ""),
    "truncated He, corrected": ({**TRUNCATED, "gain": 1}, 1, "derived: "),
    "truncated He, as if uncorrected (gain 0.8796)": (
        {**TRUNCATED, "gain": 0.8796256610342398}, TRUNCATED_VARIANCE,
        "derived: ")}


def claims(layers):
    """See reproduce.py."""
    for name, (where, factor, derived) in CASES.items():
        z = by_seed(layers, SECOND_MOMENT, layers=range(1, 31), **where)
        source = f"{PAPER}, {derived}sec. 2.2"
        whole, each = ratio(z[[1, 30]]), step(z)
        yield claim(f"{name}: E Z_30²/E Z_1²", whole, factor**29,
                    errors(whole), source)
        yield claim(f"{name}: E Z² per layer", each, factor, errors(each),
                    source)
    found = mean(by_seed(layers, lambda rows: rows["weight_variance"]
                         * rows["fan_in"], layers=range(1, 31), **TRUNCATED,
                         gain=1))
    yield claim("truncated He, corrected: Var(w) fan_in", found, 2,
                errors(found), f"{PAPER}, derived: sec. 2.2")


def panels(_):
    """See reproduce.py."""
    return [Panel("E Z²", SECOND_MOMENT, scale="log", theory=(
        lambda l: 2**-(l - 1), 2, lambda l: 2 * TRUNCATED_VARIANCE**l))]
