// What the theory of a sweep costs.
#pragma once

#include <vector>

#include "spec/run_spec.h"
#include "sweep/run_cost.h"

namespace initscope {

Work TheoryWork(const std::vector<RunSpec>& runs);

// The backward recursion of one run.
Work BackwardTheoryWork(const RunSpec& run);

// Bytes while the geometries of the inputs are computed, before the first run.
double GeometryMemory(const std::vector<RunSpec>& runs, size_t jobs);

// Bytes of the forward recursions that are kept while the runs are computed.
double ForwardTheoryMemory(const std::vector<RunSpec>& runs);

// Bytes that a run keeps until its theory is computed.
double TheoryStartMemory(const RunSpec& run);

}  // namespace initscope
