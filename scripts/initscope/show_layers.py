"""The rows of /layers with the keys of their runs, for the shows."""

from initscope import results as results_file


def read(path, statistics):
    """(runs, layers) as tables: layers has every run's keys beside it.

    `statistics` are columns of /layers, such as fan_in or delta_mean.
    """
    results = results_file.read(path, statistics)
    results.check_one_step()
    keys = [key for key in results.keys if key != "step"]
    return results.runs, results.layers.join(results.runs[keys],
                                             on="run_index")
