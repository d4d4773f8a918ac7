#include "report/verdict.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <set>

#include "base/error.h"

namespace initscope {
namespace {

using Runs = std::vector<const RunReadings*>;

enum class Zero { kNone, kExact, kRounding };

// Whether `measured` (log10) is zero where the sum of n independent terms would
// have the second moment `expected` (log10). Comparisons with NaN are false.
Zero ZeroOf(const RunReadings& run, double measured, double expected,
            double n) {
  if (std::isinf(measured) && measured < 0) return Zero::kExact;
  const double rounding =
      2 * std::log10(kRoundingMargin * n * run.unit_roundoff);
  return measured < expected + rounding ? Zero::kRounding : Zero::kNone;
}

// Whether Z_l is zero; row 0 has no Z.
Zero ForwardZero(const RunReadings& run, size_t l) {
  if (l == 0) return Zero::kNone;
  const double n = run.width[l - 1];
  return ZeroOf(run, run.measured(kPreActivationSecondMoment)[l],
                std::log10(n) + run.log10_weight[l] +
                    run.measured(kActivationSecondMoment)[l - 1],
                n);
}

// Whether delta_l is zero below the output; delta_L comes from the loss.
Zero BackwardZero(const RunReadings& run, size_t l) {
  if (l == run.depth()) return Zero::kNone;
  const std::vector<double>& delta = run.measured(kDeltaSecondMoment);
  const double n = run.width[l + 1];
  const double slope = l > 0 ? run.measured(kSlopeSecondMoment)[l] : 0;
  return ZeroOf(run, delta[l],
                std::log10(n) + run.log10_weight[l + 1] + slope + delta[l + 1],
                n);
}

// Whether the units of Z_l are equal but for rounding, and not 0. A single unit
// is not.
bool HasIdenticalUnits(const RunReadings& run, size_t l) {
  const double second_moment = run.measured(kPreActivationSecondMoment)[l];
  if (!(run.width[l] > 1) || !std::isfinite(second_moment)) return false;
  const double variance = run.log10_unit_variance[l];
  return ZeroOf(run, variance, second_moment, run.width[l - 1]) != Zero::kNone;
}

// The first zero of the group in one direction.
struct FirstZero {
  void Add(size_t step, Zero zero) {
    if (zero == Zero::kNone || step > steps) return;
    by_rounding = zero == Zero::kRounding && (step < steps || by_rounding);
    steps = step;
  }

  size_t steps = SIZE_MAX;  // from row 0 or L; SIZE_MAX: none
  bool by_rounding = false;
};

// Sets the fields of dead and of non-finite runs; returns the others, by seed.
Runs Living(std::span<const RunReadings> runs, GroupVerdict* verdict) {
  Runs living;
  FirstZero forward, backward;
  const size_t depth = runs[0].depth();
  for (const RunReadings& run : runs) {
    bool dead = false;
    for (size_t l = 0; l <= depth; ++l) {
      const Zero of_z = ForwardZero(run, l), of_delta = BackwardZero(run, l);
      forward.Add(l, of_z);
      backward.Add(depth - l, of_delta);
      dead |= of_z != Zero::kNone || of_delta != Zero::kNone;
    }
    verdict->dead_runs += dead;
    verdict->non_finite_runs += run.non_finite;
    if (!dead && !run.non_finite) living.push_back(&run);
  }
  if (verdict->dead_runs > 0) {
    verdict->dead_forward = forward.steps != SIZE_MAX;
    verdict->dead_layer =
        verdict->dead_forward ? forward.steps : depth - backward.steps;
    verdict->dead_by_rounding =
        verdict->dead_forward ? forward.by_rounding : backward.by_rounding;
  }
  std::ranges::stable_sort(living,
                           [](const RunReadings* a, const RunReadings* b) {
                             return a->seed < b->seed;
                           });
  return living;
}

void FindIdenticalUnits(std::span<const RunReadings> runs,
                        GroupVerdict* verdict) {
  for (const RunReadings& run : runs) {
    if (run.non_finite) continue;
    for (size_t l = 1; l < run.depth(); ++l) {
      if (!HasIdenticalUnits(run, l)) continue;
      ++verdict->identical_runs;
      size_t& first = verdict->identical_layer;
      first = first == 0 ? l : std::min(first, l);
      break;
    }
  }
}

// The mean over the runs that have a value; NaN if none has.
double MeanAt(const Runs& runs,
              const std::function<double(const RunReadings&)>& value) {
  double sum = 0, count = 0;
  for (const RunReadings* run : runs) {
    const double of_run = value(*run);
    if (std::isnan(of_run)) continue;
    sum += of_run;
    ++count;
  }
  return sum / count;
}

// REQUIRES: no run has identical units, which also make samples parallel.
void FindCollapse(std::span<const RunReadings> runs, GroupVerdict* verdict) {
  Runs finite;
  for (const RunReadings& run : runs) {
    if (!run.non_finite) finite.push_back(&run);
  }
  for (size_t l = finite.empty() ? 0 : finite[0]->depth(); l-- > 1;) {
    const double decades = MeanAt(finite, [&](const RunReadings& run) {
      return run.log10_one_minus_cosine[l];
    });
    if (!(decades < kCollapsedDecades)) return;
    if (verdict->collapsed.layer == 0) verdict->collapsed.value = decades;
    verdict->collapsed.layer = l;
  }
}

// The hidden layer where the mean over the runs is largest.
Place Largest(const Runs& runs, std::vector<double> RunReadings::*fractions) {
  Place most;
  for (size_t l = 1; l < runs[0]->depth(); ++l) {
    const double mean = MeanAt(
        runs, [&](const RunReadings& run) { return (run.*fractions)[l]; });
    if (mean > most.value) most = {mean, l};
  }
  return most;
}

// The hidden layer where the fewest entries carry delta.
Place LeastCarried(const Runs& runs) {
  Place least = {1, 0};
  for (size_t l = 1; l < runs[0]->depth(); ++l) {
    const double decades = MeanAt(runs, [&](const RunReadings& run) {
      const double mean = run.delta_abs_mean[l];
      const double log10 =
          mean > 0 ? 2 * std::log10(mean) : std::nan("");  // may underflow
      return log10 - run.measured(kDeltaSecondMoment)[l];
    });
    const double fraction = std::numbers::pi / 2 * std::pow(10, decades);
    if (fraction < least.value) least = {fraction, l};
  }
  return least;
}

Trend TrendOf(const Runs& runs, Compared quantity, int direction) {
  const size_t depth = runs[0]->depth();
  Trend trend;
  if (depth < 4) return trend;
  trend.layers = depth - 3;
  trend.decades = direction * MeanAt(runs, [&](const RunReadings& run) {
                    const std::vector<double>& log10 = run.measured(quantity);
                    return log10[depth - 1] - log10[2];
                  });
  return trend;
}

void FindTheory(const Comparisons& theory,
                const std::function<void(Finding, bool)>& find) {
  bool is_there = false;
  size_t rows = 0, outside = 0;
  for (const Comparison& quantity : theory) {
    is_there |= quantity.has_theory;
    rows += quantity.rows;
    outside += quantity.outside;
  }
  find(Finding::kDrifts, outside > 0);
  find(Finding::kConsistent, outside == 0 && rows > 0);
  find(Finding::kNoBand, is_there && rows == 0);
  find(Finding::kNoTheory, !is_there);
}

}  // namespace

bool Trend::Runs(int sign) const {
  return layers > 0 && sign * decades >= kTrendDecades;
}

GroupVerdict JudgeRuns(std::span<const RunReadings> runs) {
  INITSCOPE_CHECK(!runs.empty());
  GroupVerdict verdict;
  verdict.runs = runs.size();
  std::set<uint64_t> seeds;
  for (const RunReadings& run : runs) seeds.insert(run.seed);
  verdict.seeds = seeds.size();
  const Runs living = Living(runs, &verdict);
  FindIdenticalUnits(runs, &verdict);
  if (verdict.identical_runs == 0) FindCollapse(runs, &verdict);
  Trend &forward = verdict.forward, &backward = verdict.backward;
  verdict.carried.value = 1;
  if (!living.empty()) {
    verdict.dead_units = Largest(living, &RunReadings::dead);
    verdict.saturated = Largest(living, &RunReadings::saturated);
    verdict.carried = LeastCarried(living);
    forward = TrendOf(living, kPreActivationSecondMoment, 1);
    backward = TrendOf(living, kDeltaSecondMoment, -1);
    verdict.theory = CompareWithTheory({living.begin(), living.end()});
  }
  const auto find = [&](Finding finding, bool holds) {
    if (holds) verdict.findings.push_back(finding);
  };
  const bool dead =
      verdict.dead_runs > 0 || verdict.dead_units.value > kDeadFraction;
  const bool saturated = verdict.saturated.value > kSaturatedFraction;
  find(Finding::kDead, dead);
  find(Finding::kNotFinite, verdict.non_finite_runs > 0);
  find(Finding::kIdenticalUnits, verdict.identical_runs > 0);
  find(Finding::kVanishes, forward.Runs(-1) || backward.Runs(-1));
  find(Finding::kExplodes, forward.Runs(1) || backward.Runs(1));
  find(Finding::kCollapsedSamples, verdict.collapsed.layer > 0);
  find(Finding::kSparseGradient,
       !dead && !saturated && verdict.carried.value < kSparseFraction);
  find(Finding::kSaturated, saturated);
  if (!living.empty()) FindTheory(verdict.theory, find);
  return verdict;
}

}  // namespace initscope
