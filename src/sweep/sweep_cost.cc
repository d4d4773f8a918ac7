#include "sweep/sweep_cost.h"

#include <algorithm>
#include <map>

#include "engine/engines.h"
#include "engine/sharing.h"
#include "sweep/result_sink.h"
#include "sweep/scheduler.h"
#include "sweep/theory_work.h"

namespace initscope {
namespace {

// By which bundles are compared: products dominate.
double ProductFlops(const Work& work) {
  return work[Part::kProducts] + 2 * work[Part::kDoubleProducts];
}

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

void MemoryEstimate::Add(const RunSpec& run, double seconds) {
  runs_ += 1;
  seconds_ += seconds;
  rows_ += LayerRows(run);
  const double bytes = ResultMemory(run, theory_ && run.training.steps == 0);
  results_ += bytes;
  most_of_a_run_ = std::max(most_of_a_run_, bytes);
  block_.Add(run);
  if (block_.is_full()) AddBlock();
}

void MemoryEstimate::AddBlock() {
  const std::vector<RunSpec>& runs = block_.runs();
  std::vector<double> alone;
  double other = 0, kept = 0;
  // The results of a bundle leave it together, as they were computed.
  const auto results_of = [&](const Bundle& bundle) {
    double sum = 0;
    for (const size_t i : bundle) sum += ResultMemory(runs[i], theory_) / 2;
    return place_ == ResultPlace::kStore ? sum : 0;
  };
  if (IsTrained(runs)) {
    for (const RunSpec& run : runs) alone.push_back(TrainingMemory(run));
  } else {
    const Schedule schedule = MakeSchedule(runs, jobs_, kBundleBytes);
    for (const Bundle& bundle : schedule.parallel) {
      alone.push_back(MemoryOf(runs, bundle, 1) + results_of(bundle));
    }
    const Engine& engine = EngineOf(runs[0]);
    per_job_ =
        std::max(per_job_, engine.bytes(runs[0], 2) - engine.bytes(runs[0], 1));
    if (theory_) {
      other = GeometryMemory(runs, jobs_);
      kept = ForwardTheoryMemory(runs);
    }
    for (const Bundle& bundle : schedule.shared) {
      other =
          std::max(other, MemoryOf(runs, bundle, jobs_) + results_of(bundle));
    }
  }
  const JobMemory parallel = LargestTogether(alone, jobs_);
  if (parallel.one_more > 0) per_job_ = parallel.one_more;
  most_ = std::max({most_, parallel.together + kept, other + kept});
  block_.Clear();
}

SweepMemory MemoryEstimate::Total(double used) {
  if (!block_.runs().empty()) AddBlock();
  SweepMemory memory;
  double merging = 0;
  if (place_ == ResultPlace::kMemory) {
    memory.results = results_;
  } else {
    // While some are written (as results, as columns, and twice as a file), as
    // many may gather; and each job has one.
    const double stored =
        10.0 * kStoredTogether + static_cast<double>(jobs_) * most_of_a_run_;
    const bool has_parts = results_ / 2 > kStoredTogether;
    memory.results = has_parts ? std::min(1.5 * results_, stored) : results_;
    constexpr double kOpenPart = 1e6, kMostOpen = 64;
    merging = MergeMemory(runs_, rows_) +
              kOpenPart * std::min(kMostOpen, results_ / 2 / kStoredTogether);
  }
  // Threads do not share what they have freed. Seen with 2 jobs: the twelve
  // sweeps of plan_accuracy.py, of 30 to 900 MB, took up to 2 % more.
  const auto with = [&](size_t jobs, double bytes) {
    constexpr double kThread = 1e6;
    return (jobs == 1 ? 1 : 1.05) * bytes +
           kThread * static_cast<double>(jobs - 1);
  };
  const double computing = with(jobs_, most_ + memory.results);
  memory.per_job =
      with(jobs_ + 1, most_ + memory.results + per_job_) - computing;
  if (merging > computing) memory.results = merging;
  memory.total = used + kProcessMemory + std::max(computing, merging);
  if (place_ == ResultPlace::kStore) {
    // Parts are written from the first second on, and read at the end: five of
    // a sweep that needs 20 MB without any took 4 MB more.
    constexpr double kParts = 4e6;
    memory.total +=
        kParts * std::min(1.0, seconds_ / static_cast<double>(jobs_));
  }
  return memory;
}

double MergeMemory(double runs, double rows) {
  // Some columns at a time, or one (io/merged_tables.cc), of results of this
  // size; and where each run and its rows stand.
  const double columns = std::min<double>(64e6, 100 * 8 * rows);
  return std::max(columns, 16 * rows) + 12 * rows + 280 * runs;
}

SweepMemory EstimateMemory(const std::vector<RunSpec>& runs, size_t jobs,
                           bool theory, double used) {
  MemoryEstimate estimate(jobs, theory, ResultPlace::kMemory);
  for (const RunSpec& run : runs) estimate.Add(run, 0);
  return estimate.Total(used);
}

void SweepWork::Add(const SweepWork& next) {
  const bool is_first = bundles == 0;
  total.Add(next.total);
  serial.Add(next.serial);
  bundles += next.bundles;
  if (is_first || ProductFlops(next.longest) > ProductFlops(longest)) {
    longest = next.longest;
  }
}

SweepWork CountWork(const std::vector<RunSpec>& runs, size_t jobs,
                    bool theory) {
  SweepWork sum;
  const auto add = [&](const Work& work, bool alone) {
    sum.total.Add(work);
    ++sum.bundles;
    if (alone && ProductFlops(work) >= ProductFlops(sum.longest)) {
      sum.longest = work;
    }
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
  sum.serial.Add(results, 0.5);  // the rest is done while others compute
  sum.total.Add(results);
  return sum;
}

}  // namespace initscope
