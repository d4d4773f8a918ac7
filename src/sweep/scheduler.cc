#include "sweep/scheduler.h"

#include <algorithm>
#include <map>

#include "base/parallel.h"
#include "engine/engine.h"
#include "engine/sharing.h"
#include "engine/training.h"
#include "sweep/run_cost.h"
#include "sweep/theory_sweep.h"

namespace initscope {
namespace {

// The runs of one forward pass.
using PassRuns = std::vector<size_t>;

// Groups runs that share U; each group is the list of its forward passes.
std::vector<std::vector<PassRuns>> GroupRuns(const std::vector<RunSpec>& runs) {
  struct Group {
    size_t index;
    std::map<ForwardPassSpec, size_t> passes;
  };
  std::map<UnitDraw, Group> groups;
  std::vector<std::vector<PassRuns>> out;  // in the order of their first run
  for (size_t i = 0; i < runs.size(); ++i) {
    const RunSpec& run = runs[i];
    const auto [group, fresh] = groups.try_emplace(UnitDrawOf(run));
    if (fresh) {
      group->second.index = out.size();
      out.emplace_back();
    }
    std::vector<PassRuns>& passes = out[group->second.index];
    const auto [pass, first] =
        group->second.passes.try_emplace(ForwardPassOf(run), passes.size());
    if (first) passes.emplace_back();
    passes[pass->second].push_back(i);
  }
  return out;
}

double PassMemory(const std::vector<RunSpec>& runs, const PassRuns& pass) {
  const RunSpec& run = runs[pass[0]];
  return PassMemory(run, BackwardPasses(run, pass.size()));
}

// Cuts up passes whose backward passes would not fit into `bytes`.
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

constexpr size_t kBundlesPerJob = 4;

struct CostedBundle {
  Bundle runs;
  double flops = 0;
  bool is_wide = false;
};

// Runs that share U, in as many bundles as keep all jobs busy, the longest
// first. None takes more than `bundle_bytes` unless a single pass does.
std::vector<CostedBundle> MakeBundles(const std::vector<RunSpec>& runs,
                                      size_t jobs, double bundle_bytes) {
  const std::vector<std::vector<PassRuns>> groups = GroupRuns(runs);
  // If there are too few groups, narrow ones are cut up, but not so far that
  // drawing the weights would cost more than using them.
  constexpr size_t kLeastPasses = 3;
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
      is_wide = is_wide || IsShared(run);
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
                        JacobianWork(run)[Part::kJacobians];
      }
    }
  }
  std::ranges::stable_sort(bundles, std::greater<>(), &CostedBundle::flops);
  return bundles;
}

}  // namespace

bool IsShared(const RunSpec& run) {
  if (run.init->law == UnitLaw::kZero) return false;
  constexpr double kSharedFlops = 4e6;  // some tens of microseconds
  return 2 * run.most_weights() * static_cast<double>(run.batch) >=
         kSharedFlops;
}

Schedule MakeSchedule(const std::vector<RunSpec>& runs, size_t jobs,
                      double bundle_bytes) {
  std::vector<CostedBundle> bundles = MakeBundles(runs, jobs, bundle_bytes);
  double left = 0;
  size_t wide = 0;
  for (const CostedBundle& bundle : bundles) {
    left += bundle.flops;
    wide += bundle.is_wide;
  }
  Schedule schedule;
  for (CostedBundle& bundle : bundles) {
    // A bundle longer than half a job's share of the rest would leave the other
    // jobs idle at the end, and so would bundles left over when all jobs have
    // had equally many.
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
  const bool done = RunUninterrupted([&] {
    if (options.theory) geometries = InputGeometries(runs, options.workers());
    ParallelFor(schedule.parallel.size(), options.workers(),
                [&](size_t b) { simulate(schedule.parallel[b], 1); });
    for (const Bundle& bundle : schedule.shared) simulate(bundle, options.jobs);
    if (options.theory) AddTheory(runs, geometries, options, &results);
  });
  for (size_t i = 0; i < runs.size() && options.theory && !done; ++i) {
    if (HasTheory(runs[i]) && results[i].theory.empty()) {
      results[i].complete = false;
    }
  }
  return results;
}

std::vector<RunResult> TrainSweep(const std::vector<RunSpec>& runs,
                                  const SweepOptions& options) {
  std::vector<RunResult> results(runs.size());
  const bool one_by_one = runs.size() < options.jobs;
  SweepOptions outside = options;
  if (one_by_one) outside.jobs = 1;
  RunLongestFirst(
      runs.size(), [&](size_t i) { return RunFlops(runs[i]); }, outside,
      [&](size_t i) {
        const bool shared = one_by_one && IsShared(runs[i]);
        TrainRun(runs[i],
                 {options.stop, nullptr, shared ? options.jobs : size_t{1}},
                 &results[i]);
      });
  return results;
}

}  // namespace initscope
