// The engine: propagates a bundle of runs forward and backward and gathers
// their statistics.
//
// A bundle is runs that share the unit draw U: same seed, law, widths and
// precision. U is drawn once per layer for all of them. What a run computes
// does not depend on which bundle it is in.
//
//     for each batch:
//       X_0 → Z_1 → X_1 → … → Z_L → loss → delta_L → … → delta_0
#pragma once

#include <vector>

#include "base/parallel.h"
#include "engine/run_result.h"
#include "engine/tensor_observer.h"
#include "spec/run_spec.h"

namespace initscope {

struct EngineOptions {
  StopFlag stop;
  TensorObserver* observer = nullptr;  // of a bundle of one run
  size_t jobs = 1;  // workers inside the bundle; they change no bit
  // For theory: of each run's inputs, or nullptr; empty for none. Results then
  // have a delta_start.
  std::vector<const BatchGeometry*> geometries = {};

  Jobs workers() const { return {jobs, stop}; }
};

// results[i] belongs to *runs[i]. REQUIRES: all runs share what a bundle
// shares. Throws Interrupted, and UserError where lsuv meets a layer without
// variance.
void SimulateBundle(const std::vector<const RunSpec*>& runs,
                    const EngineOptions& options,
                    const std::vector<RunResult*>& results);

}  // namespace initscope
