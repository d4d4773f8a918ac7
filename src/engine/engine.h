// The engine: propagates a bundle of runs forward and backward and gathers
// their statistics.
//
// A bundle consists of runs that share the unit draw U: their seed, law, widths
// and precision are the same, and U is drawn once per layer for all of them.
// What a run computes does not depend on its bundle.
//
//     for each batch:
//       X_0 → Z_1 → X_1 → … → Z_L → loss → delta_L → … → delta_0
#pragma once

#include <functional>
#include <vector>

#include "base/parallel.h"
#include "engine/run_result.h"
#include "engine/tensor_observer.h"
#include "spec/run_spec.h"

namespace initscope {

class SharedBatches;

struct EngineOptions {
  StopFlag stop;
  TensorObserver* observer = nullptr;  // only for a bundle of one run
  size_t jobs = 1;                     // workers inside the bundle
  // For theory: the geometry of each run's inputs, or nullptr; empty for none.
  // With a geometry, the result has a delta_start.
  std::vector<const BatchGeometry*> geometries = {};
  // With the other bundles of the sweep, or nullptr for none.
  SharedBatches* batches = nullptr;
  // Told after each layer or step which share of the work is done.
  std::function<void(double)> underway = {};

  Jobs workers() const { return {jobs, stop}; }
};

// Stores the result of *runs[i] in *results[i]. options.jobs changes no bit.
// REQUIRES: all runs share U. Throws Interrupted, and UserError if lsuv finds a
// layer without variance.
void SimulateBundle(const std::vector<const RunSpec*>& runs,
                    const EngineOptions& options,
                    const std::vector<RunResult*>& results);

}  // namespace initscope
