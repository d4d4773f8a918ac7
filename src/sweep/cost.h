// What runs need while they are simulated: bytes.
#pragma once

#include "spec/run_spec.h"

namespace initscope {

// What a forward pass like the run's needs, with `backward` backward passes.
double PassMemory(const RunSpec& run, double backward);
// What a run needs while it is trained.
double TrainingMemory(const RunSpec& run);

// How many backward passes `runs` runs make that share their forward pass.
double BackwardPasses(const RunSpec& run, size_t runs);

}  // namespace initscope
