"""Vaswani et al. 2017: the variance of q·k is d_k."""

from initscope import experiments, program
from initscope.claims import claim, errors
from initscope.estimates import by_seed, mean
from initscope.plot.claims_figure import Panel
from initscope.results import read

PAPER = "Vaswani et al. 2017"
TITLE = "the variance of q·k"
QUICK = ["--seed", "range(0, 32)"]
SCALED = [("off", 4), ("off", 16), ("off", 64), ("off", 256), ("on", 256)]


def measure(prefix, quick):
    """See experiments.py."""
    program.call("attention", experiments.ini("vaswani2017"), "--force",
                 "--quiet", *(QUICK if quick else []), "--output",
                 f"{prefix}.h5")
    results = read(f"{prefix}.h5")
    return results.attention.assign(layer=0), results.keys


def claims(rows):
    """See reproduce.py."""
    d_model, tokens = (float(rows[key].iloc[0])
                       for key in ("d_model", "tokens"))
    for scaled, d_k in SCALED:
        found = mean(by_seed(rows, "logit_variance", scaled=scaled, d_k=d_k))
        factor = d_k if scaled == "off" else 1
        yield claim(
            f"Var(q·k{'/√d_k' * (scaled == 'on')}), d_k = {d_k}", found,
            factor * (1 + 2 / (d_model * tokens)
                      - (1 + 2 / d_model) / tokens**2),
            errors(found, reason="; the factor beside d_k is exact for 64 "
                   "tokens of 256 features"), f"{PAPER}, sec. 3.2.1")


def panels(_):
    """See reproduce.py."""
    return [Panel("variance of the logits", "logit_variance", along="d_k",
                  scale="log", theory=(lambda d_k: d_k, 1))]
