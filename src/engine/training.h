// Trains runs by stochastic gradient descent and gathers the statistics of
// chosen steps.
//
// Step k = 0, 1, … takes minibatch k forward and backward, records its loss
// and moves the weights. After the last of `steps` steps one more minibatch is
// measured without moving them, so there are steps + 1 entries. Step 0 measures
// what `run` measures at initialization.
//
// Weights start as s·U, rounded to the run's precision. Results depend neither
// on `jobs` nor on other runs.
#pragma once

#include "engine/engine.h"

namespace initscope {

// REQUIRES: run.batches == 1. Shows the tensors of the last step to
// options.observer. Throws Interrupted, and UserError if lsuv finds no
// variance.
void TrainRun(const RunSpec& run, const EngineOptions& options,
              RunResult* result);

}  // namespace initscope
