// What the theory of a sweep takes.
#pragma once

#include <vector>

#include "spec/run_spec.h"
#include "sweep/work.h"

namespace initscope {

Work TheoryWork(const std::vector<RunSpec>& runs);

// Bytes while the geometries of the inputs are made, before the first run.
double GeometryMemory(const std::vector<RunSpec>& runs, size_t jobs);

// Bytes that a run keeps for its theory until that is made.
double TheoryStartMemory(const RunSpec& run);

}  // namespace initscope
