// Theory for the runs of a sweep.
//
// Runs with the same inputs share the geometry of these inputs. Runs that
// differ only in seed, loss and precision share the forward recursion. The
// backward recursion starts from what each run measured.
#pragma once

#include <memory>
#include <vector>

#include "base/parallel.h"
#include "engine/run_result.h"
#include "spec/run_spec.h"
#include "sweep/job_runner.h"
#include "theory/forward_theory.h"

namespace initscope {

// Theory is for random or zero weights, not for init = constant.
bool HasTheory(const RunSpec& run);

// REQUIRES: HasTheory(run).
NetworkModel TheoryModel(const RunSpec& run);

// Which of the runs that have theory share their inputs.
struct TheoryInputs {
  explicit TheoryInputs(const std::vector<RunSpec>& runs);
  static constexpr size_t kNone = static_cast<size_t>(-1);

  std::vector<const RunSpec*> first;  // one run for each distinct input
  std::vector<size_t> of_run;         // each run's index into `first`, or kNone
};

// The geometries of the inputs of a sweep.
class InputGeometries {
 public:
  InputGeometries() = default;
  // Throws Interrupted.
  InputGeometries(const std::vector<RunSpec>& runs, Jobs jobs);

  // nullptr for a run without theory.
  const BatchGeometry* Of(size_t run) const { return of_run_[run]; }

 private:
  std::vector<std::unique_ptr<BatchGeometry>> geometries_;
  std::vector<const BatchGeometry*> of_run_;
};

// Groups of runs that share the forward recursion, in the order of their first
// run; runs without theory are left out.
std::vector<std::vector<size_t>> TheoryGroups(const std::vector<RunSpec>& runs,
                                              const TheoryInputs& inputs);

// Fills RunResult::theory of all complete runs from RunResult::delta_start,
// which it frees.
void AddTheory(const std::vector<RunSpec>& runs,
               const InputGeometries& geometries, const SweepOptions& options,
               std::vector<RunResult>* results);

// Theory without a simulation, for one run per loss of each group. The backward
// recursion starts from delta_L with second moment 1. Products between the
// deltas of different samples are 0 for the probe; for other losses they are
// unknown, so there is no prediction for weight gradients.
struct Prediction {
  std::vector<RunSpec> runs;
  std::vector<RunResult> results;  // only theory is filled
};
Prediction PredictSweep(const std::vector<RunSpec>& runs,
                        const TheoryTables& tables, Jobs jobs);

}  // namespace initscope
