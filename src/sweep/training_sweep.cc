#include "sweep/training_sweep.h"

#include "engine/training.h"
#include "sweep/work.h"

namespace initscope {

std::vector<RunResult> TrainSweep(const std::vector<RunSpec>& runs,
                                  const SweepOptions& options) {
  std::vector<RunResult> results(runs.size());
  const bool alone = runs.size() < options.jobs;
  SweepOptions outside = options;
  if (alone) outside.jobs = 1;
  // Loops over less would take longer to begin than to end.
  const auto inside = [&](const RunSpec& run) {
    return alone && IsShared(run) ? options.jobs : 1;
  };
  RunLongestFirst(
      runs.size(), [&](size_t i) { return RunFlops(runs[i]); }, outside,
      [&](size_t i) {
        TrainRun(runs[i], {options.stop, nullptr, inside(runs[i])},
                 &results[i]);
      });
  return results;
}

}  // namespace initscope
