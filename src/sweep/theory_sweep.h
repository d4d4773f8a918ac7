// Theory for the runs of a sweep.
//
// Runs with the same inputs share the geometry of these inputs. Runs that
// differ only in seed, loss and precision share the forward recursion. The
// backward recursion starts from what each run measured.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
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

// Layers of forward recursions that are kept at a time.
inline constexpr size_t kMostTheoryLayers = 4096;

// The theory of the runs of a sweep, one after another as they finish, in any
// order and by several threads at once.
class SweepTheory {
 public:
  // All arguments must outlive this. Throws Interrupted.
  SweepTheory(const std::vector<RunSpec>& runs, const TheoryTables& tables,
              Jobs jobs);
  ~SweepTheory();

  // nullptr for a run without theory.
  const BatchGeometry* GeometryOf(size_t run) const {
    return geometries_.Of(run);
  }
  // Sets result->theory of a run from result->delta_start, which it frees.
  // Bits do not depend on `jobs`. Throws Interrupted.
  void Fill(size_t run, Jobs jobs, RunResult* result);

 private:
  // The forward recursion of some runs. As many are kept as have
  // kMostTheoryLayers layers; one that is needed again is computed again.
  struct Forward;
  std::shared_ptr<Forward> ForwardOf(size_t run, Jobs jobs);

  const std::vector<RunSpec>& runs_;
  const TheoryTables& tables_;
  const InputGeometries geometries_;
  std::vector<size_t> group_of_;  // by run
  std::mutex mutex_;
  std::map<size_t, std::shared_ptr<Forward>> kept_;  // by group
  std::deque<size_t> order_;  // a run of each group that is kept, oldest first
  size_t layers_ = 0;         // of the groups that are kept
};

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
