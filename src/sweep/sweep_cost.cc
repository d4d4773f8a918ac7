#include "sweep/sweep_cost.h"

#include <algorithm>
#include <map>

#include "engine/engines.h"
#include "engine/sharing.h"
#include "sweep/scheduler.h"
#include "sweep/theory_work.h"

namespace initscope {
namespace {

bool IsTrained(const std::vector<RunSpec>& runs) {
  return runs[0].training.steps > 0;
}

// Calls visit(run, n) for each forward pass of a bundle: a run of that pass,
// and the number of backward passes.
template <typename Visit>
void VisitPasses(const std::vector<RunSpec>& runs, const Bundle& bundle,
                 const Visit& visit) {
  std::map<ForwardPassSpec, Bundle> passes;
  for (size_t i : bundle) passes[ForwardPassOf(runs[i])].push_back(i);
  for (const auto& [key, pass] : passes) {
    const RunSpec& run = runs[pass[0]];
    visit(run, BackwardPasses(run, pass.size()));
  }
}

double MemoryOf(const std::vector<RunSpec>& runs, const Bundle& bundle,
                size_t workers) {
  const RunSpec& first = runs[bundle[0]];
  double sum = EngineOf(first).bytes(first, static_cast<double>(workers));
  VisitPasses(runs, bundle, [&](const RunSpec& run, double backward) {
    sum += PassMemory(run, backward);
  });
  return sum;
}

Work WorkOf(const std::vector<RunSpec>& runs, const Bundle& bundle) {
  Work work = WeightWork(runs[bundle[0]]);
  VisitPasses(runs, bundle, [&](const RunSpec& run, double backward) {
    work.Add(ForwardWork(run));
    work.Add(BackwardWork(run), backward);
    work.Add(JacobianWork(run));
  });
  return work;
}

}  // namespace

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
      other = std::max(other, MemoryOf(runs, bundle, jobs));
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
    // Bundles are compared by their products, which dominate.
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
