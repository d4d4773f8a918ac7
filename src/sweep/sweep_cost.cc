#include "sweep/sweep_cost.h"

#include <algorithm>
#include <map>

#include "engine/engines.h"
#include "engine/sharing.h"
#include "engine/statistics.h"
#include "sweep/cost.h"
#include "sweep/scheduler.h"
#include "sweep/theory_work.h"

namespace initscope {
namespace {

using PassRuns = std::vector<size_t>;

bool IsTrained(const std::vector<RunSpec>& runs) {
  return runs[0].training.steps > 0;
}

// The runs of a bundle by forward pass.
std::map<ForwardPassSpec, PassRuns> Passes(const std::vector<RunSpec>& runs,
                                           const Bundle& bundle) {
  std::map<ForwardPassSpec, PassRuns> passes;
  for (size_t i : bundle) passes[ForwardPassOf(runs[i])].push_back(i);
  return passes;
}

double MemoryOf(const std::vector<RunSpec>& runs, const Bundle& bundle,
                double workers) {
  const RunSpec& first = runs[bundle[0]];
  double sum = EngineOf(first).bytes(first, workers);
  for (const auto& [key, pass] : Passes(runs, bundle)) {
    const RunSpec& run = runs[pass[0]];
    sum += PassMemory(run, BackwardPasses(run, pass.size()));
  }
  return sum;
}

Work WorkOf(const std::vector<RunSpec>& runs, const Bundle& bundle) {
  Work work = WeightWork(runs[bundle[0]]);
  for (const auto& [key, pass] : Passes(runs, bundle)) {
    const RunSpec& run = runs[pass[0]];
    work.Add(ForwardWork(run));
    work.Add(BackwardWork(run), BackwardPasses(run, pass.size()));
    work.Add(JacobianWork(run));
  }
  return work;
}

}  // namespace

double ResultMemory(const RunSpec& run, bool theory) {
  // Once in the results, once more as the columns that are written, with the
  // keys that stand beside them; and the vectors that hold them.
  constexpr double kKeys = 16, kJacobianColumns = 6, kRunBytes = 2560;
  const double columns = static_cast<double>(
      StatisticColumns().size() + (theory ? TheoryColumns().size() : 0));
  const double records =
      std::max<double>(1, static_cast<double>(run.training.record.size()));
  const double steps =
      run.training.steps > 0 ? static_cast<double>(run.training.steps + 1) : 0;
  const double values =
      static_cast<double>(run.jacobian_samples) *
      static_cast<double>(std::min(run.inputs(), run.outputs()));
  return kRunBytes + (theory ? TheoryStartMemory(run) : 0) +
         records * static_cast<double>(run.depth() + 1) * 8 *
             (2 * columns + kKeys) +
         steps * 6 * sizeof(StepResult) +
         values * 8 * (kJacobianColumns + kKeys);
}

SweepMemory EstimateMemory(const std::vector<RunSpec>& runs, size_t jobs,
                           bool theory, double used) {
  SweepMemory memory;
  for (const RunSpec& run : runs) {
    memory.results += ResultMemory(run, theory && !IsTrained(runs));
  }
  std::vector<double> alone;
  double other = 0;
  if (IsTrained(runs)) {
    for (const RunSpec& run : runs) alone.push_back(TrainingMemory(run));
  } else {
    const Schedule schedule = MakeSchedule(runs, jobs, kBundleBytes);
    for (const Bundle& bundle : schedule.parallel) {
      alone.push_back(MemoryOf(runs, bundle, 1));
    }
    const Engine& engine = EngineOf(runs[0]);
    memory.per_job = engine.bytes(runs[0], 2) - engine.bytes(runs[0], 1);
    if (theory) other = GeometryMemory(runs, jobs);
    for (const Bundle& bundle : schedule.shared) {
      other =
          std::max(other, MemoryOf(runs, bundle, static_cast<double>(jobs)));
    }
  }
  const JobMemory parallel = LargestTogether(alone, jobs);
  if (parallel.one_more > 0) memory.per_job = parallel.one_more;
  const double most = std::max(parallel.together, other);
  memory.total = used + kProcessMemory + most + memory.results;
  return memory;
}

SweepWork CountWork(const std::vector<RunSpec>& runs, size_t jobs,
                    bool theory) {
  SweepWork sum;
  const auto add = [&](const Work& work, bool alone) {
    sum.total.Add(work);
    ++sum.bundles;
    // By what they share, products: bundles are of one kind.
    const auto size = [](const Work& w) {
      return w[Part::kProducts] + 2 * w[Part::kDoubleProducts];
    };
    if (alone && size(work) >= size(sum.longest)) sum.longest = work;
  };
  if (IsTrained(runs)) {
    for (const RunSpec& run : runs) {
      add(TrainingWork(run), runs.size() >= jobs || !IsShared(run));
    }
    theory = false;
  } else {
    const Schedule schedule = MakeSchedule(runs, jobs, kBundleBytes);
    for (const Bundle& bundle : schedule.parallel) {
      add(WorkOf(runs, bundle), true);
    }
    for (const Bundle& bundle : schedule.shared) {
      const Work work = WorkOf(runs, bundle);
      add(work, false);
      sum.serial[Part::kDecompositions] += work[Part::kDecompositions];
    }
  }
  if (theory) sum.total.Add(TheoryWork(runs));
  Work results;
  for (const RunSpec& run : runs) results.Add(ResultWork(run, theory));
  results[Part::kMemory] = EstimateMemory(runs, jobs, theory, 0).total;
  sum.serial.Add(results);
  sum.total.Add(results);
  return sum;
}

double SweepFlops(const std::vector<RunSpec>& runs) {
  double flops = 0;
  for (const RunSpec& run : runs) flops += RunFlops(run);
  return flops;
}

}  // namespace initscope
