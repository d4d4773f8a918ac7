"""The verdict of `initscope info` on each group of runs.

    verdicts = verdicts.read("sweep.h5")
    verdicts.words(run_indices, step)   "vanishes (delta shrinks ...); ..."

Only the program defines these words (src/report/verdict.h); no script has a
definition of its own.
"""

import json

from initscope import program
from initscope.command import BAD_DATA, ScriptError


class Verdicts:
    """The verdicts on all runs of a file."""

    def __init__(self, groups):
        self._group_of = {run: group for group in groups
                          for run in group["run_indices"]}

    def words(self, run_indices, step=0, with_theory=True):
        """The verdict on runs of one group, in one line.

        '' if the runs were not judged (they are of several groups, or `step`
        is not 0), or if `with_theory` is False and nothing else was found.
        For a part of a group, the line says of how many runs the verdict is.
        """
        runs = set(run_indices)
        groups = {id(group): group for group in
                  map(self._group_of.get, runs) if group}
        if step or len(groups) != 1:
            return ""
        (group,) = groups.values()
        words = group.get("summary" if with_theory else "measured", "")
        whole = len(group["run_indices"])
        return words + (f" (of all {whole} runs)"
                        if words and whole > len(runs) else "")


def read(path):
    """The Verdicts of the file `path`, from `initscope info --json`.

    Raises a ScriptError if the program is missing or refuses the file.
    """
    said = program.call("info", path, "--json")
    try:
        return Verdicts(json.loads(said)["verdicts"])
    except (ValueError, KeyError, TypeError):
        raise ScriptError(
            BAD_DATA, f"{path}: 'initscope info --json' gives no verdicts; "
            f"build the version that this script is of") from None


def read_if_possible(results):
    """(the Verdicts, ''), or (empty Verdicts, the reason).

    The reason is '' for a file of theory alone, which has no verdicts.
    """
    if results.theory_alone:
        return Verdicts([]), ""
    try:
        return read(results.file), ""
    except ScriptError as error:
        return Verdicts([]), str(error)
