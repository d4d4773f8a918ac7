// Runs a sweep: groups its runs into bundles and spreads these over cores.
#pragma once

#include <functional>
#include <vector>

#include "base/parallel.h"
#include "engine/run_result.h"
#include "spec/run_spec.h"

namespace initscope {

// Indices of runs that share the unit draw U: same seed, law of U, widths and
// precision.
using Bundle = std::vector<size_t>;

// How the jobs take the bundles: one job each, then all jobs inside one after
// another. Results do not depend on it.
struct Schedule {
  std::vector<Bundle> parallel;  // the longest first
  std::vector<Bundle> shared;    // of wide layers, too few to go round
};

// What the bundles of a sweep may take each.
inline constexpr double kBundleBytes = 512e6;

// Whether a product of the run keeps several jobs busy.
bool IsShared(const RunSpec& run);

// Runs that share a forward pass stay together, unless backward passes of
// their own would not fit. A bundle is as large as fits
// `bundle_bytes`, and is cut up where there would be too few for the jobs and
// its layers are too narrow to be shared.
Schedule MakeSchedule(const std::vector<RunSpec>& runs, size_t jobs,
                      double bundle_bytes);

struct SweepOptions {
  size_t jobs = 1;
  StopFlag stop;
  // Called when runs are complete, with how many; possibly from several
  // threads at once.
  std::function<void(size_t runs)> on_progress;
  bool theory = true;  // beside what is measured

  Jobs workers() const { return {jobs, stop}; }
};

// One result per run, in their order. When `stop` becomes true it returns with
// the runs that were complete by then (RunResult::complete).
std::vector<RunResult> RunSweep(const std::vector<RunSpec>& runs,
                                const SweepOptions& options);

}  // namespace initscope
