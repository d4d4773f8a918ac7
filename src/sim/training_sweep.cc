#include "sim/training_sweep.h"

#include <algorithm>
#include <numeric>

#include "base/parallel.h"
#include "sim/cost.h"
#include "sim/training.h"

namespace initscope {
namespace {

double Parameters(const RunSpec& run) {
  double sum = 0;
  for (size_t l = 0; l < run.depth(); ++l) {
    sum += (static_cast<double>(run.widths[l]) + 1) *
           static_cast<double>(run.widths[l + 1]);
  }
  return sum;
}

// Bytes that a run needs while it is trained.
double TrainingMemory(const RunSpec& run) {
  const double entry = run.precision == Precision::kFloat32 ? 4 : 8;
  // W, its packed copy, and the velocity; and as it begins, the passes and
  // weights of a run.
  const double copies = run.training.rule.momentum > 0 ? 4 : 3;
  return Parameters(run) * entry * copies + BundleMemory(run, 1) +
         2 * PassMemory(run, 1);
}

double TrainingResultMemory(const RunSpec& run) {
  return static_cast<double>(run.training.steps + 1) * 6 * sizeof(StepResult) +
         static_cast<double>(run.training.record.size()) * ResultMemory(run);
}

double TrainingFlops(const RunSpec& run) {
  const double steps = static_cast<double>(run.training.steps + 1);
  return 6 * steps * static_cast<double>(run.batch) * Parameters(run);
}

}  // namespace

std::vector<RunResult> TrainSweep(const std::vector<RunSpec>& runs,
                                  const SweepOptions& options) {
  std::vector<RunResult> results(runs.size());
  // The longest first, so that none is left over for one worker at the end.
  std::vector<size_t> order(runs.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return TrainingFlops(runs[a]) > TrainingFlops(runs[b]);
  });
  const bool alone = runs.size() < options.jobs;
  const size_t at_once = alone ? 1 : options.jobs;
  const size_t inside = alone ? options.jobs : 1;
  try {
    ParallelFor(runs.size(), {at_once, options.stop}, [&](size_t i) {
      TrainRun(runs[order[i]], {options.stop, nullptr, inside},
               &results[order[i]]);
      if (options.on_progress) options.on_progress(1);
    });
  } catch (const Interrupted&) {
    // What is complete is kept; the caller sees which.
  }
  return results;
}

SweepCost EstimateTrainingCost(const std::vector<RunSpec>& runs, size_t jobs,
                               double input_bytes) {
  SweepCost cost;
  cost.bundles = runs.size();
  cost.memory = input_bytes;
  std::vector<double> alone;
  for (const RunSpec& run : runs) {
    cost.flops += TrainingFlops(run);
    cost.memory += TrainingResultMemory(run);
    alone.push_back(TrainingMemory(run));
  }
  std::sort(alone.rbegin(), alone.rend());
  for (size_t i = 0; i < std::min(jobs, alone.size()); ++i) {
    cost.memory += alone[i];
  }
  cost.memory_per_job = alone[std::min(jobs, alone.size() - 1)];
  return cost;
}

}  // namespace initscope
