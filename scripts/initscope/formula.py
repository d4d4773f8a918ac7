"""Arithmetic written as text: "2**-(last - 1)", "gain**2*slope_second_moment".

Numbers, names, + - * / **, parentheses, and the functions below; all numbers
are floats, and names may stand for arrays. Nothing else is evaluated.
"""

import ast
import operator
import re


import numpy as np

FUNCTIONS = {"sqrt": np.sqrt, "exp": np.exp, "log": np.log, "abs": np.abs}
CONSTANTS = {"pi": np.pi}
BINARY = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
          ast.Div: operator.truediv, ast.Pow: operator.pow}
UNARY = {ast.USub: operator.neg, ast.UAdd: operator.pos}


class FormulaError(ValueError):
    """What is wrong with a formula, in a few words."""


def evaluate(formula, names):
    """The value of `formula`, text or a number, with {name: value}."""
    try:
        with np.errstate(all="ignore"):  # a NaN fails the claim by itself
            return _value(_parse(formula), {**CONSTANTS, **names})
    except (ArithmeticError, TypeError) as error:
        raise FormulaError(f"'{formula}': {error}") from error


def names_in(formula):
    """The names that `formula` needs."""
    nodes = list(ast.walk(_parse(formula)))
    called = {node.func.id for node in nodes if isinstance(node, ast.Call)
              and isinstance(node.func, ast.Name)}
    return {node.id for node in nodes if isinstance(node, ast.Name)
            } - called - set(CONSTANTS)


def numbers(values):
    """A list as it stands, or that of "range(20, 40)", half open."""
    if not isinstance(values, str):
        return values
    found = re.fullmatch(r"range\((\d+), (\d+)\)", values)
    if not found:
        raise FormulaError(f"'{values}' is not as [1, 30] or range(20, 40)")
    return list(range(int(found[1]), int(found[2])))


def _parse(formula):
    try:
        return ast.parse(str(formula).strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError) as error:
        raise FormulaError(f"'{formula}' is no formula") from error


def _value(node, names):
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return np.float64(node.value)
    if isinstance(node, ast.Name):
        if node.id not in names:
            raise FormulaError(f"unknown name '{node.id}'")
        return names[node.id]
    if isinstance(node, ast.BinOp) and type(node.op) in BINARY:
        return BINARY[type(node.op)](_value(node.left, names),
                                     _value(node.right, names))
    if isinstance(node, ast.UnaryOp) and type(node.op) in UNARY:
        return UNARY[type(node.op)](_value(node.operand, names))
    if (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            and node.func.id in FUNCTIONS and len(node.args) == 1
            and not node.keywords):
        return FUNCTIONS[node.func.id](_value(node.args[0], names))
    raise FormulaError(f"'{ast.unparse(node)}' is not arithmetic; there are "
                       f"+ - * / ** and {', '.join(FUNCTIONS)}")
