// A sweep of runs that are trained, spread over cores.
#pragma once

#include <vector>

#include "sweep/scheduler.h"

namespace initscope {

// As RunSweep: results of all runs, or of those complete when `stop` came.
std::vector<RunResult> TrainSweep(const std::vector<RunSpec>& runs,
                                  const SweepOptions& options);

}  // namespace initscope
