"""Reads what `initscope train` wrote, with names for codes."""

from dataclasses import dataclass

from initscope import hdf5_file
import pandas as pd
from initscope import results as results_file

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
    """The three tables; all keys stand beside layers and steps, too."""
    runs, layers, steps = (
        pd.DataFrame(table) for table in hdf5_file.read(
            path, lambda file: [file.table(group) for group in (
                "runs", "layers", "steps")]))
    keys = runs[results_file.keys_among(runs)]
    return Training(runs, *(
        table.drop(columns=keys.columns.intersection(table.columns)).join(
            keys, on="run_index") for table in (layers, steps)))
