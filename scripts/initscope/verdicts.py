"""What became of each group of runs, in the words of `initscope info`.

    verdicts = verdicts.read("sweep.h5")
    verdicts.words(run_indices, step)   "vanishes (delta shrinks ...); ..."

The program has the only definition of these words (src/report/verdict.h); no
script has one of its own.
"""

import json

from initscope import program
from initscope.command import BAD_DATA, ScriptError


class Verdicts:
    """Of all runs of a file."""

    def __init__(self, groups):
        self._group_of = {run: group for group in groups
                          for run in group["run_indices"]}

    def words(self, run_indices, step=0, with_theory=True):
        """Of runs of one group, at one step; '' where nothing was judged, or
        without theory nothing found.

        Verdicts are of whole groups at step 0. Of a part of one it is said
        how many runs they are of.
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
    """Asks the program. A ScriptError where it is not there or refuses."""
    said = program.call("info", path, "--json")
    try:
        groups = json.loads(said)["verdicts"]
        return Verdicts([group for group in groups if group["run_indices"]])
    except (ValueError, KeyError, TypeError):
        raise ScriptError(
            BAD_DATA, f"{path}: 'initscope info --json' gives no verdicts; "
            f"build the version that this script is of") from None


def read_if_possible(results):
    """(the Verdicts, '') or (those of nothing, why there are none)."""
    if results.theory_alone:
        return Verdicts([]), ""
    try:
        return read(results.path), ""
    except ScriptError as error:
        return Verdicts([]), str(error)
