#include "sweep/sweep_cost.h"

#include <algorithm>
#include <map>

#include "engine/engines.h"
#include "engine/sharing.h"
#include "sweep/scheduler.h"
#include "sweep/store_pace.h"
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
    visit(runs[pass[0]], BackwardPasses(runs, pass));
  }
}

double MemoryOf(const std::vector<RunSpec>& runs, const Bundle& bundle,
                size_t workers) {
  const RunSpec& first = runs[bundle[0]];
  double sum = EngineOf(first).bytes(first, static_cast<double>(workers));
  double most_shared = 0;
  VisitPasses(runs, bundle, [&](const RunSpec& run, double backward) {
    const double shared = SharedPassMemory(run);
    sum += PassMemory(run, backward) - shared;
    most_shared = std::max(most_shared, shared);
  });
  return sum + most_shared;
}

Work WorkOf(const std::vector<RunSpec>& runs, const Bundle& bundle) {
  Work work = WeightWork(runs[bundle[0]]);
  std::vector<const RunSpec*> inputs, targets;  // of those counted
  // Whether a run is the first with what it shares with others.
  const auto is_first = [](const RunSpec& run, auto share,
                           std::vector<const RunSpec*>* counted) {
    if (std::ranges::any_of(*counted, [&](const RunSpec* other) {
          return share(*other, run);
        })) {
      return false;
    }
    counted->push_back(&run);
    return true;
  };
  VisitPasses(runs, bundle, [&](const RunSpec& run, double backward) {
    if (is_first(run, ShareInputs, &inputs)) work.Add(InputWork(run));
    if (is_first(run, ShareTargets, &targets)) work.Add(TargetWork(run));
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
  other_rows_ += OtherRows(run);
  const bool theory = theory_ && run.training.steps == 0;
  const double bytes = ResultMemory(run, theory);
  results_ += bytes;
  result_bytes_ += ResultBytes(run, theory);
  file_bytes_ += FileBytes(run, theory);
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

MemoryEstimate::Stored MemoryEstimate::StoredMemory() const {
  const double jobs = static_cast<double>(jobs_);
  const double seconds = seconds_ / jobs;
  // What is stored together, of all results; a machine may be faster.
  constexpr double kFaster = 1.25;
  const double largest = StoredTogether(0);
  const double share = std::min(
      {1.0, kFaster * StorePause(seconds) / seconds, largest / result_bytes_});
  // Of results_, half is for columns. A machine that is not much slower stores
  // nothing before the end, when nothing is computed any more; nor is a single
  // run.
  constexpr double kSlower = 1.5;
  if (runs_ <= 1 || (share == 1 && kSlower * seconds < StorePause(seconds))) {
    return {0.5 * results_, results_};
  }
  // While some are there as results, as columns and as a file, each job, which
  // then waits, may gather as many.
  const double written = share * (results_ + file_bytes_);
  const double waiting = 0.5 * std::min(jobs * share, 1 - share) * results_;
  // What is freed is not all used again, up to 9 % in plan_accuracy.py, or
  // given back to the system.
  constexpr double kScattered = 1.1, kLeft = 0.2, kOpenPart = 3.2e6;
  const double parts = std::min(runs_, PartCount(seconds, result_bytes_));
  const double computing =
      kScattered * (written + waiting) + jobs * most_of_a_run_;
  return {computing, kLeft * (most_ + computing) +
                         MergeMemory(runs_, rows_, other_rows_) +
                         kOpenPart * std::min<double>(kMostOpenParts, parts)};
}

SweepMemory MemoryEstimate::Total(double used) {
  if (!block_.runs().empty()) AddBlock();
  SweepMemory memory;
  const Stored results =
      place_ == ResultPlace::kStore ? StoredMemory() : Stored{results_, 0};
  // Threads do not share what they have freed. The twelve sweeps of
  // plan_accuracy.py, of 30 to 3000 MB with 1 to 8 jobs, took up to 2 % more.
  const auto with = [&](size_t jobs, double bytes) {
    constexpr double kThread = 1e6;
    return (jobs == 1 ? 1.03 : 1.05) * bytes +
           kThread * static_cast<double>(jobs - 1);
  };
  const double computing = with(jobs_, most_ + results.computing);
  memory.per_job =
      with(jobs_ + 1, most_ + results.computing + per_job_) - computing;
  memory.results =
      results.ending > computing ? results.ending : results.computing;
  memory.total = used + kProcessMemory + std::max(computing, results.ending);
  return memory;
}

double MergeMemory(double runs, double rows, double other_rows) {
  // Some columns at a time, or one (io/merged_tables.cc), of results of this
  // size; and where each run and its rows stand.
  constexpr double kColumns = 100, kOtherColumns = 12;
  const double most_rows = std::max(rows, other_rows);
  const double columns = std::min<double>(
      64e6, 8 * std::max(kColumns * rows, kOtherColumns * other_rows));
  return std::max(columns, 16 * most_rows) + 12 * most_rows + 280 * runs;
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
