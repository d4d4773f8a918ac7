// Theory for the runs of a sweep.
//
// Runs with the same inputs share their geometry, and those that differ in
// nothing but seed, loss and precision the forward recursion; the backward one
// begins with what each run measured.
#pragma once

#include <memory>
#include <vector>

#include "base/parallel.h"
#include "engine/run_result.h"
#include "spec/run_spec.h"
#include "sweep/scheduler.h"
#include "theory/forward_theory.h"
#include "theory/theory_row.h"

namespace initscope {

// Whether the weights are random, or zero: not for `constant`.
bool HasTheory(const RunSpec& run);

// REQUIRES: HasTheory(run).
NetworkModel TheoryModel(const RunSpec& run);

// Which runs with theory share their inputs.
struct TheoryInputs {
  explicit TheoryInputs(const std::vector<RunSpec>& runs);
  static constexpr size_t kNone = static_cast<size_t>(-1);

  std::vector<const RunSpec*> first;  // a run of each of the inputs
  std::vector<size_t> of_run;         // an index into `first`, or kNone
};

// The geometries of the inputs of a sweep.
class InputGeometries {
 public:
  InputGeometries() = default;
  // Throws Interrupted.
  InputGeometries(const std::vector<RunSpec>& runs, Jobs jobs);

  // nullptr where there is none.
  const BatchGeometry* Of(size_t run) const { return of_run_[run]; }

 private:
  std::vector<std::unique_ptr<BatchGeometry>> geometries_;
  std::vector<const BatchGeometry*> of_run_;
};

// Groups of runs that share the forward recursion, in the order of their first
// runs; runs without theory are left out.
std::vector<std::vector<size_t>> TheoryGroups(const std::vector<RunSpec>& runs,
                                              const TheoryInputs& inputs);

// Fills RunResult::theory of the runs that are complete, from their
// delta_start, which it frees.
void AddTheory(const std::vector<RunSpec>& runs,
               const InputGeometries& geometries, const SweepOptions& options,
               std::vector<RunResult>* results);

// Theory alone, of the networks of a sweep: one run of each group. The backward
// recursion begins with delta of second moment 1; products of different
// samples are 0 for probe, and otherwise unknown, so that there is no weight
// gradient.
struct Prediction {
  std::vector<RunSpec> runs;
  std::vector<RunResult> results;  // of which theory is filled
};
Prediction PredictSweep(const std::vector<RunSpec>& runs,
                        const TheoryTables& tables, Jobs jobs);

}  // namespace initscope
