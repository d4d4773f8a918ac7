"""Roberts, Yaida & Hanin 2022: the critical points of `theory`."""

import json

import numpy as np
import pandas as pd

from initscope import experiments, program
from initscope.claims import Tolerance, claim
from initscope.estimates import by_seed, mean

PAPER = "Roberts, Yaida & Hanin 2022"
TITLE = "critical points of `theory`"
# critical σ_w² and σ_b² as published, q* at the half-stable fixed point
GELU_CRITICAL_Q, SILU_CRITICAL_Q = 3.5615528, 14.320174
HALF_STABLE = {"gelu": (1.98305826, "0.17292239", GELU_CRITICAL_Q),
               "silu": (1.98800468, "0.55514317", SILU_CRITICAL_Q)}
VARIANCE = Tolerance(
    8e-9, "half a unit of the eighth digit of σ_w², and of σ_b² times "
    "dσ_w²/dσ_b², which is -0.59 for gelu and -0.14 for silu")
SLOPE = Tolerance(
    1e-8, "what half a unit of the eighth digits of σ_w² and σ_b² does to χ_q "
    "where it is extremal (5e-9/σ_w², and as much again)")
CHI = Tolerance(
    1e-6, "χ_1 - 1 is 0.033 of log(q/q*) for gelu and 0.025 for silu, which "
    "the eighth digits of σ_w² and σ_b² leave known to 2e-5")


def measure(prefix, _):
    """See experiments.py."""
    said = program.call("theory", experiments.ini("roberts2022_critical"),
                        "--quiet", "--json")
    table = points(json.loads(said))
    table.to_csv(f"{prefix}.csv", index=False)
    return table, ["activation", "gain", "bias_std"]


def points(prediction):
    """A row per fixed point and per critical point of `theory --json`."""
    rows = []
    for network in prediction["networks"]:
        found = network["asymptotics"]
        for kind, name in (("fixed", "fixed_points"),
                           ("critical", "critical_points")):
            for point in found[name]:
                rows.append({
                    **{key: network[key] for key in (
                        "activation", "gain", "bias_std")},
                    "seed": 0, "layer": len(rows), "point": kind,
                    "stability": point["stability"],
                    # Infinite numbers and NaN are strings in JSON.
                    "point_q": float(point["q"]),
                    "point_chi_1": float(point.get("chi_1", "NaN")),
                    "point_chi_q": float(point.get("chi_q", "NaN")),
                    "point_weight_variance": point.get(
                        "weight_variance", found["weight_variance"])})
    return pd.DataFrame(rows)


def claims(rows):
    """See reproduce.py."""
    def found(of, **where):
        return mean(by_seed(rows, f"point_{of}", **where))
    section = f"{PAPER}, sec. 5.3.4"
    for name, (variance, bias, q) in HALF_STABLE.items():
        where = {"activation": name, "stability": "half-stable"}
        fixed = {**where, "point": "fixed"}
        yield claim(f"{name}: critical σ_w² at σ_b² = {bias}",
                    found("weight_variance", point="critical", **where),
                    variance, VARIANCE, section)
        yield claim(f"{name}: χ_q at the half-stable fixed point",
                    found("chi_q", **fixed), 1, SLOPE, section)
        yield claim(f"{name}: χ_1 at the half-stable fixed point",
                    found("chi_1", **fixed), 1, CHI, section)
        yield claim(f"{name}: q* of the half-stable fixed point",
                    found("q", **fixed), q, Tolerance(
                        2e-5 * q, "q* is where χ_q = 1, of slope 8e-5 by log "
                        "q for silu: 1e-9 of σ_w² is 1e-5"),
                    f"{PAPER}, derived: sec. 5.3.4")
    yield claim("erf: critical σ_w² at σ_b = 0, π/4",
                found("weight_variance", activation="erf", point="critical"),
                np.pi / 4, Tolerance(
                    1e-10 * np.pi / 4, "the tables' error, 1e-12 of log q "
                    "(theory/activation_means.h)"),
                f"{PAPER}, derived: sec. 5.3.3")


def panels(_):
    """See reproduce.py."""
    return []
