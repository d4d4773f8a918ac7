#include "sim/scheduler.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/parallel.h"
#include "sim/cost.h"
#include "sim/engine.h"
#include "sim/sharing.h"
#include "sim/statistics.h"
#include "sim/theory_sweep.h"

namespace initscope {
namespace {

constexpr double kBundleBytes = 512e6;

// A product of at least so many flop keeps several cores busy.
constexpr double kSharedFlops = 2e7;

double LargestProductFlops(const RunSpec& run) {
  double largest = 0;
  for (size_t l = 0; l < run.depth(); ++l) {
    largest = std::max(largest, static_cast<double>(run.widths[l]) *
                                    static_cast<double>(run.widths[l + 1]));
  }
  return 2 * largest * static_cast<double>(run.batch);
}

// The runs of one forward pass.
using PassRuns = std::vector<size_t>;

// Runs that share U, as the passes that they need.
std::vector<std::vector<PassRuns>> GroupRuns(const std::vector<RunSpec>& runs) {
  using Shared = std::tuple<uint64_t, UnitLaw, std::vector<size_t>, Precision>;
  struct Group {
    size_t index;
    std::map<PassKey, size_t> passes;
  };
  std::map<Shared, Group> groups;
  std::vector<std::vector<PassRuns>> out;  // in the order of their first run
  for (size_t i = 0; i < runs.size(); ++i) {
    const RunSpec& run = runs[i];
    const auto [group, fresh] = groups.try_emplace(
        Shared(run.seed, run.init->law, run.widths, run.precision));
    if (fresh) {
      group->second.index = out.size();
      out.emplace_back();
    }
    std::vector<PassRuns>& passes = out[group->second.index];
    const auto [pass, first] =
        group->second.passes.try_emplace(ForwardPassKey(run), passes.size());
    if (first) passes.emplace_back();
    passes[pass->second].push_back(i);
  }
  return out;
}

// How many backward passes `runs` runs of one forward pass make.
double BackwardPasses(const RunSpec& run, size_t runs) {
  return ShareBackward(run, run) ? 1 : static_cast<double>(runs);
}

double PassMemory(const std::vector<RunSpec>& runs, const PassRuns& pass) {
  const RunSpec& run = runs[pass[0]];
  return PassMemory(run, BackwardPasses(run, pass.size()));
}

// Cuts passes up whose own backward passes would not fit.
std::vector<PassRuns> CutPasses(const std::vector<RunSpec>& runs,
                                const std::vector<PassRuns>& passes,
                                double bytes) {
  std::vector<PassRuns> out;
  for (const PassRuns& pass : passes) {
    const RunSpec& run = runs[pass[0]];
    const double forward = PassMemory(run, 0);
    const double backward = PassMemory(run, 1) - forward;
    const size_t most = ShareBackward(run, run)
                            ? pass.size()
                            : static_cast<size_t>(std::clamp(
                                  (bytes - forward) / backward, 1.0, 1e9));
    for (size_t i = 0; i < pass.size(); i += most) {
      const auto begin = pass.begin() + static_cast<ptrdiff_t>(i);
      const size_t count = std::min(most, pass.size() - i);
      out.emplace_back(begin, begin + static_cast<ptrdiff_t>(count));
    }
  }
  return out;
}

struct CostedBundle {
  Bundle runs;
  double flops = 0;
  bool is_wide = false;
};

}  // namespace

Schedule MakeSchedule(const std::vector<RunSpec>& runs, size_t jobs,
                      double bundle_bytes) {
  const std::vector<std::vector<PassRuns>> groups = GroupRuns(runs);
  // With too few groups narrow ones are cut up, but not so far that drawing
  // the weights would weigh more than using them.
  constexpr size_t kBundlesPerJob = 4, kLeastPasses = 3;
  const size_t parts = (kBundlesPerJob * jobs + groups.size() - 1) /
                       std::max<size_t>(1, groups.size());
  std::vector<CostedBundle> bundles;
  for (const std::vector<PassRuns>& group : groups) {
    const std::vector<PassRuns> passes = CutPasses(runs, group, bundle_bytes);
    double memory = 1;
    bool is_wide = false;
    for (const PassRuns& pass : passes) {
      const RunSpec& run = runs[pass[0]];
      memory = std::max(memory, PassMemory(runs, pass));
      is_wide = is_wide || (run.init->law != UnitLaw::kZero &&
                            LargestProductFlops(run) >= kSharedFlops);
    }
    size_t step =
        static_cast<size_t>(std::clamp(bundle_bytes / memory, 1.0, 1e9));
    if (!is_wide && jobs > 1) {
      step = std::min(step, std::max(kLeastPasses, passes.size() / parts));
    }
    for (size_t begin = 0; begin < passes.size(); begin += step) {
      CostedBundle& bundle = bundles.emplace_back();
      bundle.is_wide = is_wide;
      for (size_t p = begin; p < std::min(begin + step, passes.size()); ++p) {
        bundle.runs.insert(bundle.runs.end(), passes[p].begin(),
                           passes[p].end());
        const RunSpec& run = runs[passes[p][0]];
        bundle.flops += RunFlops(run) * BackwardPasses(run, passes[p].size()) +
                        JacobianFlops(run);
      }
    }
  }
  std::stable_sort(bundles.begin(), bundles.end(),
                   [](const CostedBundle& a, const CostedBundle& b) {
                     return a.flops > b.flops;
                   });
  double left = 0;
  size_t wide = 0;
  for (const CostedBundle& bundle : bundles) {
    left += bundle.flops;
    wide += bundle.is_wide;
  }
  Schedule schedule;
  for (CostedBundle& bundle : bundles) {
    // What is longer than half a job's share of the rest would leave the other
    // jobs idle at the end; and so would the remainder of a division.
    const bool too_long = bundle.flops * 2 * static_cast<double>(jobs) > left;
    const bool remainder = wide < kBundlesPerJob * jobs && wide % jobs != 0;
    if (jobs > 1 && bundle.is_wide && schedule.parallel.empty() &&
        (too_long || remainder)) {
      schedule.shared.push_back(std::move(bundle.runs));
    } else {
      schedule.parallel.push_back(std::move(bundle.runs));
    }
    left -= bundle.flops;
    wide -= bundle.is_wide;
  }
  return schedule;
}

double ResultMemory(const RunSpec& run) {
  // Once in the results, once more as the columns that are written, with the
  // keys that stand beside them.
  constexpr double kKeys = 16, kJacobianColumns = 6;
  const double columns =
      static_cast<double>(StatisticColumns().size() + TheoryColumns().size());
  const double values =
      static_cast<double>(run.jacobian_samples) *
      static_cast<double>(std::min(run.widths.front(), run.widths.back()));
  return static_cast<double>(run.depth() + 1) * 8 * (2 * columns + kKeys) +
         values * 8 * (kJacobianColumns + kKeys);
}

SweepCost EstimateCost(const std::vector<RunSpec>& runs, size_t jobs,
                       double input_bytes) {
  SweepCost cost;
  cost.memory = input_bytes;
  const Schedule schedule = MakeSchedule(runs, jobs, kBundleBytes);
  cost.bundles = schedule.parallel.size() + schedule.shared.size();
  const auto memory = [&](const Bundle& bundle, double workers) {
    std::map<PassKey, PassRuns> passes;
    for (size_t i : bundle) passes[ForwardPassKey(runs[i])].push_back(i);
    double sum = BundleMemory(runs[bundle[0]], workers);
    for (const auto& [key, pass] : passes) {
      sum += PassMemory(runs, pass);
      cost.jacobian_flops += JacobianFlops(runs[pass[0]]);
    }
    cost.draw_flops += DrawFlops(runs[bundle[0]]);
    return sum;
  };
  std::vector<double> alone;
  for (const Bundle& bundle : schedule.parallel) {
    alone.push_back(memory(bundle, 1));
  }
  double shared = 0;
  for (const Bundle& bundle : schedule.shared) {
    shared = std::max(shared, memory(bundle, static_cast<double>(jobs)));
  }
  // The largest bundles that may run at the same time.
  std::sort(alone.rbegin(), alone.rend());
  double together = 0;
  for (size_t i = 0; i < std::min(jobs, alone.size()); ++i) {
    together += alone[i];
  }
  cost.memory += std::max(together, shared);
  cost.memory_per_job =
      alone.size() > jobs ? alone[jobs]
                          : BundleMemory(runs[0], 2) - BundleMemory(runs[0], 1);
  for (const RunSpec& run : runs) {
    cost.flops += RunFlops(run);
    cost.memory += ResultMemory(run);
  }
  return cost;
}

std::vector<RunResult> RunSweep(const std::vector<RunSpec>& runs,
                                const SweepOptions& options) {
  std::vector<RunResult> results(runs.size());
  const Schedule schedule = MakeSchedule(runs, options.jobs, kBundleBytes);
  InputGeometries geometries;
  const auto simulate = [&](const Bundle& bundle, size_t jobs) {
    std::vector<const RunSpec*> specs;
    std::vector<RunResult*> slots;
    std::vector<const BatchGeometry*> of_runs;
    for (size_t i : bundle) {
      specs.push_back(&runs[i]);
      slots.push_back(&results[i]);
      if (options.theory) of_runs.push_back(geometries.Of(i));
    }
    SimulateBundle(specs, {options.stop, nullptr, jobs, of_runs}, slots);
    if (options.on_progress) options.on_progress(specs.size());
  };
  try {
    if (options.theory) geometries = InputGeometries(runs, options.workers());
    ParallelFor(schedule.parallel.size(), options.workers(),
                [&](size_t b) { simulate(schedule.parallel[b], 1); });
    for (const Bundle& bundle : schedule.shared) simulate(bundle, options.jobs);
    if (options.theory) AddTheory(runs, geometries, options, &results);
  } catch (const Interrupted&) {
    // What is complete is kept; the caller sees which.
    for (size_t i = 0; i < runs.size() && options.theory; ++i) {
      if (HasTheory(runs[i]) && results[i].theory.empty()) {
        results[i].complete = false;
      }
    }
  }
  return results;
}

}  // namespace initscope
