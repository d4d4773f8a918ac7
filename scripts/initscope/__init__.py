"""Runs initscope, reads its results files and draws them.

    import initscope

    r = initscope.read("results/my.h5")
    r.layers                                   # a DataFrame
    initscope.plot.variance(r, color="init")   # a matplotlib figure
    initscope.run(activation=["tanh", "relu"], depth=20)

Imports of pandas and matplotlib wait until they are needed.
"""

import importlib

_PLACES = {"read": "results", "Results": "results", "run": "program",
           "ScriptError": "command"}
__all__ = [*_PLACES, "plot"]


def __getattr__(name):
    if name == "plot":
        return importlib.import_module("initscope.plot")
    if name in _PLACES:
        module = importlib.import_module(f"initscope.{_PLACES[name]}")
        return getattr(module, name)
    raise AttributeError(f"module 'initscope' has no attribute '{name}'")


def __dir__():
    return [*globals(), *__all__]
