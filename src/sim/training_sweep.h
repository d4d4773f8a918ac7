// A sweep of runs that are trained, spread over cores, and what it costs.
#pragma once

#include <vector>

#include "sim/scheduler.h"

namespace initscope {

// As RunSweep: results of all runs, or of those complete when `stop` came.
std::vector<RunResult> TrainSweep(const std::vector<RunSpec>& runs,
                                  const SweepOptions& options);

// As EstimateCost.
SweepCost EstimateTrainingCost(const std::vector<RunSpec>& runs, size_t jobs,
                               double input_bytes);

}  // namespace initscope
