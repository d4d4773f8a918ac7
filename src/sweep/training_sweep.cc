#include "sweep/training_sweep.h"

#include <algorithm>
#include <numeric>

#include "base/parallel.h"
#include "engine/training.h"
#include "sweep/work.h"

namespace initscope {
std::vector<RunResult> TrainSweep(const std::vector<RunSpec>& runs,
                                  const SweepOptions& options) {
  std::vector<RunResult> results(runs.size());
  // The longest first, so that none is left over for one worker at the end.
  std::vector<size_t> order(runs.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return RunFlops(runs[a]) > RunFlops(runs[b]);
  });
  const bool alone = runs.size() < options.jobs;
  const size_t at_once = alone ? 1 : options.jobs;
  // Loops over less would take longer to begin than to end.
  const auto inside = [&](const RunSpec& run) {
    return alone && IsShared(run) ? options.jobs : 1;
  };
  try {
    ParallelFor(runs.size(), {at_once, options.stop}, [&](size_t i) {
      const RunSpec& run = runs[order[i]];
      TrainRun(run, {options.stop, nullptr, inside(run)}, &results[order[i]]);
      if (options.on_progress) options.on_progress(1);
    });
  } catch (const Interrupted&) {
    // What is complete is kept; the caller sees which.
  }
  return results;
}

}  // namespace initscope
