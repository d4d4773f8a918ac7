// Trains runs by stochastic gradient descent and gathers the statistics of
// chosen steps.
//
// Step k = 0, 1, … takes minibatch k forward and backward, records its loss
// and moves the weights; after the last of `steps` steps one more minibatch is
// looked at without moving them, so that there are steps + 1 entries. Step 0
// is what `run` sees at initialization.
//
// Minibatches come epoch by epoch in a new order each, without the remainder
// of an epoch that does not fill one; drawn inputs are new in every step.
// Weights begin as the run's: s·U, rounded to its precision. What a run
// computes does not depend on `jobs` or on other runs.
#pragma once

#include "engine/engine.h"

namespace initscope {

// REQUIRES: run.batches == 1. options.observer sees the tensors of the last
// step. Throws Interrupted, and UserError where lsuv finds no variance.
void TrainRun(const RunSpec& run, const EngineOptions& options,
              RunResult* result);

}  // namespace initscope
