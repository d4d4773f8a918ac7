"""The file of claims: what it may say, and what becomes of a claim.

experiments/reproduce/claims.toml describes its own form at its top. What is
wrong with it is one line that names the claim.
"""

import difflib
import tomllib

from initscope import formula
import numpy as np
from initscope import results as results_file
from initscope.command import BAD_DATA, IO_ERROR, ScriptError
from initscope.formula import FormulaError
from initscope.reproduce_reductions import REDUCTIONS, estimate
from initscope.results import KEYS
from initscope.claims import Claim

TOP = {"constants": dict, "tolerances": dict, "experiments": dict}
EXPERIMENT = {"source": str, "title": str, "command": str, "file": str,
              "quick": list, "each": dict, "quick_each": dict,
              "jacobian": str, "panels": list, "claims": list}
OPTIONAL = {"file", "quick", "each", "quick_each", "jacobian", "panels"}
TOLERANCE = {"formula": (str, int, float), "reason": str}
PANEL = {"title": str, "of": str, "select": dict, "along": str, "scale": str,
         "theory": list, "spread": bool, "layers": (list, str)}
CLAIM = {"where": str, "quantity": str, "expected": (str, int, float),
         "derived": bool, "reduction": str, "of": str, "select": dict,
         "minus": dict, "layers": (list, str), "along": str,
         "tolerance": str, "quick": dict}
CLAIM_NEEDS = {"where", "quantity", "expected", "reduction", "of",
               "tolerance"}
NOT_ASSERTED = {"where": str, "quantity": str, "not_asserted": str}
COMMANDS = ("run", "trace", "attention", "theory")
NOT_STATISTICS = {*KEYS, "layer"}


class Claims:
    """The file. experiments: name -> dictionary, with its defaults."""

    def __init__(self, path):
        self.path = path
        try:
            with open(path, "rb") as file:
                content = tomllib.load(file)
        except OSError as error:
            raise ScriptError(IO_ERROR, f"{path}: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            self._fail(str(error).splitlines()[0])
        self._check("", content, TOP, set(TOP))
        self.constants = content["constants"]
        self.tolerances = content["tolerances"]
        self.experiments = content["experiments"]
        for name, value in self.constants.items():
            if type(value) not in (int, float):
                self._fail(f"constant {name} is no number")
        for name, tolerance in self.tolerances.items():
            self._check(f"tolerance {name}: ", tolerance, TOLERANCE,
                        set(TOLERANCE))
        for name in self.experiments:
            self._check_experiment(name)

    def _fail(self, what):
        raise ScriptError(BAD_DATA, f"{self.path}: {what}")

    def _check(self, where, table, known, needed):
        """That `table` has the names that it needs, of their types."""
        if not isinstance(table, dict):
            self._fail(f"{where}is no table")
        for name, value in table.items():
            if name not in known:
                self._unknown(where, "name", name, known)
            if not isinstance(value, known[name]):
                self._fail(f"{where}{name} is {value!r}")
        for name in sorted(needed - set(table)):
            self._fail(f"{where}has no {name}")

    def _unknown(self, where, kind, name, known):
        near = difflib.get_close_matches(name, known, 1)
        hint = (f"did you mean '{near[0]}'?" if near
                else f"there are {', '.join(sorted(known))}")
        self._fail(f"{where}unknown {kind} '{name}'; {hint}")

    def _check_experiment(self, name):
        experiment, where = self.experiments[name], f"{name}: "
        self._check(where, experiment, EXPERIMENT, set(EXPERIMENT) - OPTIONAL)
        experiment.update({"file": f"{name}.ini", "quick": [], "each": {},
                           "quick_each": {}, "jacobian": "layer",
                           "panels": [], **experiment})
        if experiment["command"] not in COMMANDS:
            self._unknown(where, "command", experiment["command"], COMMANDS)
        for panel in experiment["panels"]:
            self._check(where, panel, PANEL, {"title", "of"})
            self._formulas(where, [panel["of"], *panel.get("theory", [])])
        for claim in experiment["claims"]:
            self._check_claim(where, claim)

    def _check_claim(self, where, claim):
        if not isinstance(claim, dict) or "quantity" not in claim:
            self._fail(f"{where}a claim has no quantity")
        where = f"{where}'{claim['quantity']}': "
        if "not_asserted" in claim:
            self._check(where, claim, NOT_ASSERTED, set(NOT_ASSERTED))
            return
        self._check(where, claim, CLAIM, CLAIM_NEEDS)
        self._check(where, claim.get("quick", {}), CLAIM, set())
        for kind, name, known in (
                ("reduction", claim["reduction"], REDUCTIONS),
                ("tolerance", claim["tolerance"], self.tolerances)):
            if name not in known:
                self._unknown(where, kind, name, known)
        self._formulas(where, [claim["of"], claim["expected"],
                               self.tolerances[claim["tolerance"]]["formula"]])

    def _formulas(self, where, formulas):
        for text in formulas:
            try:
                formula.names_in(text)
            except FormulaError as error:
                self._fail(f"{where}{error}")

    def statistics(self, name):
        """The columns of /layers that an experiment's formulas need."""
        experiment = self.experiments[name]
        formulas = [entry["of"] for entry in (
            *experiment["claims"], *experiment["panels"]) if "of" in entry]
        return sorted(set().union(*map(formula.names_in, formulas))
                      - NOT_STATISTICS - set(self.constants))

    def asserted(self, name, table, quick):
        """[(source, Claim)] of what is judged, measured in `table`."""
        return [(self._source(name, claim), self._measure(
            name, {**claim, **(claim.get("quick", {}) if quick else {})},
            table)) for claim in self.experiments[name]["claims"]
            if "not_asserted" not in claim]

    def not_asserted(self, name):
        """[(source, quantity, why)] of what is not judged."""
        return [(self._source(name, claim), claim["quantity"],
                 claim["not_asserted"])
                for claim in self.experiments[name]["claims"]
                if "not_asserted" in claim]

    def _source(self, name, claim):
        derived = "derived: " if claim.get("derived") else ""
        return (f"{self.experiments[name]['source']}, "
                f"{derived}{claim['where']}")

    def _measure(self, name, claim, table):
        """The Claim with what was measured."""
        where = f"{name}: '{claim['quantity']}': "
        try:
            rows, values, places = self._values(claim, table)
            measured, error = estimate(claim["reduction"], values, places)
            names = {**self.constants, **shared(rows),
                     "first": places[0], "last": places[-1]}
            expected = formula.evaluate(claim["expected"], names)
            tolerance = self.tolerances[claim["tolerance"]]
            allowed = formula.evaluate(tolerance["formula"], {
                **names, "se": error, "expected": expected})
        except FormulaError as problem:
            self._fail(f"{where}{problem}")
        return Claim(claim["quantity"], float(expected), float(measured),
                     float(allowed), tolerance["reason"])

    def _values(self, claim, table):
        """(rows, seeds × places, places) of what a claim is about."""
        select = claim.get("select", {})
        rows, values = self._matrix(claim, table, select)
        if "minus" in claim:
            values = values - self._matrix(claim, table, {
                **select, **claim["minus"]})[1]
        return rows, values.to_numpy(), values.columns.to_numpy(float)

    def _matrix(self, claim, table, select):
        """The chosen rows, and `of` by seed and place (a mean over layers
        where the claim goes along another key)."""
        rows = chosen(table, select, claim.get("layers"))
        along = claim.get("along", "layer")
        values = rows.assign(of=formula.evaluate(
            claim["of"], {**self.constants, **rows}))
        if along != "layer":
            values = values.groupby(["seed", along], as_index=False)[
                "of"].agg(lambda column: column.mean(skipna=False))
        if values.duplicated(["seed", along]).any():
            raise FormulaError("selects more than one run of a seed")
        return rows, values.set_index(["seed", along])["of"].unstack()


def chosen(table, select, layers=None):
    """The rows that have these values of these keys, all or some layers."""
    for key, value in select.items():
        if key not in table:
            raise FormulaError(f"there is no key '{key}'")
        if results_file.is_numeric(table[key]) == isinstance(value, str):
            raise FormulaError(f"{key} cannot be {value!r}")
        table = table[
            table[key] == value if isinstance(value, str)
            else np.isclose(table[key], value, rtol=1e-9, atol=0)]
    if table.empty:
        raise FormulaError("selects nothing")
    if layers is None:
        return table
    numbers = formula.numbers(layers)
    if not set(numbers) <= set(table["layer"]):
        raise FormulaError(f"what it selects lacks some of layers {layers}")
    return table[table["layer"].isin(numbers)]


def shared(rows):
    """The numbers that all rows have in common: width, gain, d_k, ..."""
    return {name: float(rows[name].iloc[0]) for name in rows
            if results_file.is_numeric(rows[name])
            and rows[name].nunique() == 1}
