// Runs a sweep: groups its runs into bundles and spreads them over cores.
#pragma once

#include <vector>

#include "engine/run_result.h"
#include "spec/run_spec.h"
#include "sweep/job_runner.h"
#include "sweep/result_sink.h"
#include "sweep/shard.h"

namespace initscope {

// Indices of runs that share the unit draw U: same seed, law of U, widths and
// precision.
using Bundle = std::vector<size_t>;

// How jobs take bundles. Results do not depend on it.
struct Schedule {
  std::vector<Bundle> parallel;  // one job each, the longest first
  std::vector<Bundle> shared;  // then one after another, all jobs inside each:
                               // wide layers, too few for one job each
};

// The most bytes that one bundle of a sweep may take.
inline constexpr double kBundleBytes = 512e6;

// Whether a product of the run is large enough to keep several jobs busy.
bool IsShared(const RunSpec& run);

// Runs that share a forward pass stay together unless their backward passes
// would not fit. A bundle is as large as `bundle_bytes` allows; if that gives
// fewer bundles than the jobs need, those with layers too narrow to be shared
// are cut up.
Schedule MakeSchedule(const std::vector<RunSpec>& runs, size_t jobs,
                      double bundle_bytes);

// Runs that share what RunSweep() shares, in groups small enough to spread them
// evenly over shards; and for TrainSweep(), where each is alone.
std::vector<CostedRuns> GroupRunsOfShards(const std::vector<RunSpec>& runs,
                                          size_t shards);
std::vector<CostedRuns> GroupTrainedRuns(const std::vector<RunSpec>& runs,
                                         size_t shards);

// Gives each result to `sink` as its run finishes. When options.stop becomes
// true, both return; what has not finished by then is lost.
void RunSweep(const std::vector<RunSpec>& runs, const SweepOptions& options,
              ResultSink<RunResult>* sink);
// The same for runs that are trained.
void TrainSweep(const std::vector<RunSpec>& runs, const SweepOptions& options,
                ResultSink<RunResult>* sink);

}  // namespace initscope
