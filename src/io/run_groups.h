// The groups of a results file: runs that differ in their seeds alone.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "io/results_reader.h"
#include "sim/verdict.h"

namespace initscope {

struct RunGroup {
  // Activation, init, and each key that tells groups apart which earlier keys
  // do not: of depth and shape, depth.
  std::vector<std::pair<std::string, std::string>> keys;
  std::vector<RunReadings> runs;  // of training, at step 0; without it, none
};

// In the order of their first runs. REQUIRES: the file has /runs and /layers.
std::vector<RunGroup> ReadRunGroups(const ResultsReader& file);

}  // namespace initscope
