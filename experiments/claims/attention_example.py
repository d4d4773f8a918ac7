"""Attention by hand: four tokens, every step from X to O an exact fraction.

The command computes in binary and in fractions; here Python's own fractions
do, from the CSV files, and matplotlib draws the matrices of each step.
"""

import pathlib
from fractions import Fraction

import numpy as np

from initscope.claims import Tolerance, claim
from initscope.plot import show_figure
from initscope.style import plain

COMMAND = "attention"
QUICK = []
FOLDER = pathlib.Path(__file__).resolve().parents[1] / "attention_example"
BASE, DIVISOR = 3, 2  # softmax_base and sqrt_d_k of attention.ini
EPS = 2.0**-53  # half the distance from 1 to the next double


def multiply(a, b):
    """The product of two matrices of fractions, lists of rows."""
    return [[sum((x * y for x, y in zip(row, column)), Fraction(0))
             for column in zip(*b)] for row in a]


def steps():
    """Every step in exact fractions, by its name in the file."""
    found = {}
    for name in ("X", "W_q", "W_k", "W_v"):
        lines = (FOLDER / f"{name.lower()}.csv").read_text().split()
        found[name] = [list(map(Fraction, line.split(",")))
                       for line in lines]
    for name in "QKV":
        found[name] = multiply(found["X"], found[f"W_{name.lower()}"])
    found["S"] = multiply(found["Q"], list(zip(*found["K"])))
    found["S_scaled"] = [[s / DIVISOR for s in row] for row in found["S"]]
    found["E"] = [[Fraction(BASE)**int(z) for z in row]
                  for row in found["S_scaled"]]
    found["P"] = [[e / sum(row) for e in row] for row in found["E"]]
    found["O"] = multiply(found["P"], found["V"])
    return found


def text(matrix):
    """As the file has it: entries apart by blanks, rows by semicolons."""
    return "; ".join(" ".join(map(str, row)) for row in matrix)


def read(results):
    """{name: (matrix, attributes)} of every step."""
    return {name: (values, results.attributes_of(f"tensors/{name}"))
            for name, values in results.tensors.items()}


def claims(results):
    """See show.py."""
    found = []
    tensors = read(results)
    for name, exact in steps().items():
        values, attributes = tensors[name]
        found.append(claim(f"{name}: differs from the fractions",
                           float(attributes["exact"] != text(exact)), 0,
                           Tolerance(0, "both are exact")))
        if name not in ("P", "O"):
            continue
        real = np.array([[float(x) for x in row] for row in exact])
        found.append(claim(
            f"{name}: largest error of the doubles",
            np.abs(values - real).max(), 0, Tolerance(
                16 * EPS * np.abs(real).max(), "sums of 4 terms, each rounded "
                "twice in P and twice more in O")))
    return found


PANELS = ["X", "Q", "K", "V", "S", "E", "P", "O"]
TITLES = {"X": "X, a token per row", "Q": "Q = X W_q", "K": "K = X W_k",
          "V": "V = X W_v", "S": "S = Q Kᵀ", "E": "3^(S/2)",
          "P": "P = softmax, base 3, of S/2", "O": "O = P V"}
CAPTION = """Four tokens of three features, d_k = 3. sqrt_d_k = 2 in place of
√3 and softmax_base = 3 in place of e make every exponent of P a whole number:
each row of 3^(S/2), divided by its sum, is a row of P. The second token
attends to the first with 9/14; its output is 9/14 of the first value,
1/14 of the second and third, 3/14 of the fourth."""


MOST = 8  # rows and columns of a matrix whose entries are written out


def draw(results):
    """See show.py."""
    tensors = read(results)
    return _figure("Scaled dot-product attention by hand", CAPTION,
                   {TITLES[name]: tensors[name] for name in PANELS})


def draw_own(results):
    """The matrices of another file, under the formulas that it has."""
    tensors = read(results)
    for name in (*PANELS, "S_scaled"):
        if name not in tensors or tensors[name][0].ndim != 2:
            results.fail(f"has no matrix /tensors/{name}; name what 'initscope "
                         "attention' writes of your own x, w_q, w_k and w_v")
    formula = {name: plain(attributes.get("formula", name))
               for name, (_, attributes) in tensors.items()}
    tokens, features = tensors["X"][0].shape
    name = plain(pathlib.Path(results.path).name)
    return _figure(
        f"Scaled dot-product attention of {name}",
        f"{tokens} tokens of {features} features, d_k = "
        f"{tensors['K'][0].shape[1]}; {formula['S_scaled']}.",
        {formula[name].split(":")[0]: tensors[name] for name in PANELS})


def _figure(title, caption, matrices):
    """Eight matrices by what stands above them."""
    figure, axes = show_figure.panels(title, caption, (2, 4), size=(2.2, 1.9),
                                      gap=(0.35, 0.45))
    for panel, (name, (values, attributes)) in zip(axes.flat,
                                                   matrices.items()):
        _matrix(panel, name, values, attributes.get("exact"))
    return figure


def _matrix(panel, title, values, exact):
    """A matrix as a picture, with its entries where there is room for them."""
    drawn = np.where(np.isfinite(values), values, np.nan)
    top = 1.6 * np.nanmax(drawn, initial=0)
    panel.pcolormesh(drawn, cmap="Blues", vmin=np.nanmin(drawn, initial=0),
                     vmax=top or 1, edgecolors="white", linewidth=1.5)
    panel.invert_yaxis()
    entries = ([row.split(" ") for row in exact.split("; ")] if exact else
               [[f"{value:.3g}" for value in row] for row in values])
    # As wide as a column is, in points.
    longest = max(len(entry) for row in entries for entry in row)
    size = min(10, 240 / (values.shape[1] * longest))
    for i, row in enumerate(entries if max(values.shape) <= MOST else []):
        for j, entry in enumerate(row):
            panel.text(j + 0.5, i + 0.5, plain(entry), ha="center", va="center",
                       size=size)
    panel.set_title(title, size=9)
    panel.set_xticks([])
    panel.set_yticks([])
    panel.grid(False)
