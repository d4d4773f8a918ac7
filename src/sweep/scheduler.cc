#include "sweep/scheduler.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>

#include "base/error.h"
#include "base/parallel.h"
#include "engine/engine.h"
#include "engine/shared_batches.h"
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
  return PassMemory(runs[pass[0]], BackwardPasses(runs, pass));
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
    const auto most =
        static_cast<size_t>(std::clamp((bytes - forward) / backward, 1.0, 1e9));
    // The piece in which the runs of a backward pass are, and its backward
    // passes.
    std::map<BackwardPassSpec, size_t> piece_of;
    size_t filled = most;
    for (const size_t i : pass) {
      const auto [piece, fresh] =
          piece_of.try_emplace(BackwardPassOf(runs[i]), out.size() - 1);
      if (fresh && filled == most) {
        piece->second = out.size();
        out.emplace_back();
        filled = 0;
      }
      if (fresh) ++filled;
      out[piece->second].push_back(i);
    }
  }
  return out;
}

constexpr size_t kBundlesPerJob = 4;

struct CostedBundle : CostedRuns {
  bool is_wide = false;
};

enum class Cut { kNarrow, kAll };  // which bundles are cut up for more jobs

// Runs that share U, in as many bundles as keep all jobs busy, the longest
// first. None takes more than `bundle_bytes` unless a single pass does.
std::vector<CostedBundle> MakeBundles(const std::vector<RunSpec>& runs,
                                      size_t jobs, double bundle_bytes,
                                      Cut cut) {
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
    if (jobs > 1 && (!is_wide || cut == Cut::kAll)) {
      const size_t least = is_wide ? 1 : kLeastPasses;
      step = std::min(step, std::max(least, passes.size() / parts));
    }
    for (size_t begin = 0; begin < passes.size(); begin += step) {
      CostedBundle& bundle = bundles.emplace_back();
      bundle.is_wide = is_wide;
      for (size_t p = begin; p < std::min(begin + step, passes.size()); ++p) {
        bundle.runs.insert(bundle.runs.end(), passes[p].begin(),
                           passes[p].end());
        const RunSpec& run = runs[passes[p][0]];
        bundle.flops += RunFlops(run) * BackwardPasses(runs, passes[p]) +
                        JacobianWork(run)[Part::kJacobians];
      }
    }
  }
  std::ranges::stable_sort(bundles, std::greater<>(), &CostedBundle::flops);
  return bundles;
}

// Simulates bundles and adds the theory of their runs.
class BundleRunner {
 public:
  BundleRunner(const std::vector<RunSpec>& runs, const SweepOptions& options,
               ResultSink<RunResult>* sink)
      : runs_(runs), options_(options), sink_(sink) {}

  void Begin() {
    if (options_.theory) theory_.emplace(runs_, tables_, options_.workers());
  }

  void Run(const Bundle& bundle, size_t jobs, size_t theory_jobs) {
    std::vector<RunResult> results(bundle.size());
    try {
      Simulate(bundle, jobs, &results);
    } catch (const UserError& error) {
      if (bundle.size() == 1) {
        sink_->Take(bundle[0], RunResult::Failed(error.what()));
      } else {  // which one?
        for (const size_t run : bundle) Run({run}, jobs, theory_jobs);
      }
      return;
    }
    const size_t inside = bundle.size() < theory_jobs ? theory_jobs : 1;
    ParallelFor(bundle.size(), {theory_jobs, options_.stop}, [&](size_t k) {
      if (theory_)
        theory_->Fill(bundle[k], {inside, options_.stop}, &results[k]);
      sink_->Take(bundle[k], std::move(results[k]));
    });
  }

 private:
  void Simulate(const Bundle& bundle, size_t jobs,
                std::vector<RunResult>* results) {
    std::vector<const RunSpec*> specs;
    std::vector<RunResult*> slots;
    std::vector<const BatchGeometry*> geometries;
    for (size_t k = 0; k < bundle.size(); ++k) {
      specs.push_back(&runs_[bundle[k]]);
      slots.push_back(&(*results)[k]);
      if (theory_) geometries.push_back(theory_->GeometryOf(bundle[k]));
    }
    const auto underway = [&, pace = TellPace()](double share) mutable {
      if (!pace.IsDue()) return;
      for (const size_t run : bundle) sink_->Underway(run, share);
    };
    SimulateBundle(
        specs, {options_.stop, nullptr, jobs, geometries, &batches_, underway},
        slots);
  }

  const std::vector<RunSpec>& runs_;
  const SweepOptions& options_;
  ResultSink<RunResult>* sink_;
  SharedBatches batches_;
  const TheoryTables tables_;
  std::optional<SweepTheory> theory_;
};

}  // namespace

bool IsShared(const RunSpec& run) {
  if (run.init->law == UnitLaw::kZero) return false;
  constexpr double kSharedFlops = 4e6;  // some tens of microseconds
  return 2 * run.most_weights() * static_cast<double>(run.batch) >=
         kSharedFlops;
}

Schedule MakeSchedule(const std::vector<RunSpec>& runs, size_t jobs,
                      double bundle_bytes) {
  std::vector<CostedBundle> bundles =
      MakeBundles(runs, jobs, bundle_bytes, Cut::kNarrow);
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

std::vector<CostedRuns> GroupRunsOfShards(const std::vector<RunSpec>& runs,
                                          size_t shards) {
  std::vector<CostedRuns> groups;
  for (CostedBundle& bundle :
       MakeBundles(runs, shards, kBundleBytes, Cut::kAll)) {
    groups.push_back(std::move(bundle));
  }
  return groups;
}

std::vector<CostedRuns> GroupTrainedRuns(const std::vector<RunSpec>& runs,
                                         size_t /*shards*/) {
  return EachRun<RunSpec>(runs, RunFlops);
}

void RunSweep(const std::vector<RunSpec>& runs, const SweepOptions& options,
              ResultSink<RunResult>* sink) {
  const Schedule schedule = MakeSchedule(runs, options.jobs, kBundleBytes);
  const std::vector<Bundle>& parallel = schedule.parallel;
  BundleRunner runner(runs, options, sink);
  const size_t theory_jobs = parallel.size() < options.jobs ? options.jobs : 1;
  RunUninterrupted([&] {
    runner.Begin();
    ParallelFor(parallel.size(), options.workers(),
                [&](size_t b) { runner.Run(parallel[b], 1, theory_jobs); });
    for (const Bundle& bundle : schedule.shared) {
      runner.Run(bundle, options.jobs, options.jobs);
    }
  });
}

void TrainSweep(const std::vector<RunSpec>& runs, const SweepOptions& options,
                ResultSink<RunResult>* sink) {
  const bool one_by_one = runs.size() < options.jobs;
  SweepOptions outside = options;
  if (one_by_one) outside.jobs = 1;
  RunLongestFirst(
      runs.size(), [&](size_t i) { return RunFlops(runs[i]); }, outside,
      [&](size_t i) {
        const bool shared = one_by_one && IsShared(runs[i]);
        RunResult result;
        const auto underway = [&, pace = TellPace()](double share) mutable {
          if (pace.IsDue()) sink->Underway(i, share);
        };
        try {
          TrainRun(runs[i],
                   {options.stop,
                    nullptr,
                    shared ? options.jobs : size_t{1},
                    {},
                    nullptr,
                    underway},
                   &result);
        } catch (const UserError& error) {
          result = RunResult::Failed(error.what());
        }
        sink->Take(i, std::move(result));
      });
}

}  // namespace initscope
