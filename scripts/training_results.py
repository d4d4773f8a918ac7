"""Reads what `initscope train` wrote, with names for codes."""

from dataclasses import dataclass

import results_file

try:
    import h5py
    import pandas as pd
except ImportError as missing:
    results_file.go_on_without_package(missing)

LAST = 20  # steps whose mean loss is the final one


@dataclass(frozen=True)
class Training:
    """One row per run; per run, recorded step and layer; per run and step."""

    runs: pd.DataFrame
    layers: pd.DataFrame
    steps: pd.DataFrame

    def losses(self):
        """Per run: its keys, the loss of step 0, that of the last steps."""
        by_run = self.steps.groupby("run_index")["loss_value"]
        return self.runs.assign(first_loss=by_run.first(),
                                last_loss=by_run.agg(
                                    lambda loss: loss[-LAST:].mean()))


def read(path):
    """The three tables; keys stand beside layers and steps, too."""
    with h5py.File(path, "r") as file:
        names = {name: [text.decode() for text in data[()]]
                 for name, data in file["categories"].items()}
        runs = _table(file["runs"], names)
        keys = runs[["activation", "init", "seed", "depth"]]
        layers = _table(file["layers"], names)
        steps = _table(file["steps"], names)
    for table in (layers, steps):
        for key in keys:
            table[key] = keys[key].to_numpy()[table["run_index"]]
    return Training(runs, layers, steps)


def _table(group, names):
    table = pd.DataFrame({name: data[()] for name, data in group.items()})
    for name in table.columns.intersection(list(names)):
        table[name] = [names[name][code] for code in table[name]]
    return table
