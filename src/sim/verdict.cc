#include "sim/verdict.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <set>
#include <utility>

#include "base/error.h"
#include "random/normal_quantile.h"

namespace initscope {
namespace {

using Runs = std::vector<const RunReadings*>;

size_t Depth(const RunReadings& run) { return run.forward.measured.size() - 1; }

bool IsZero(double log10) { return std::isinf(log10) && log10 < 0; }

// Sets the fields of dead and of non-finite runs; the others, by seed.
Runs Living(std::span<const RunReadings> runs, GroupVerdict* verdict) {
  Runs living;
  size_t first_forward = SIZE_MAX, last_backward = 0;
  for (const RunReadings& run : runs) {
    const size_t depth = Depth(run);
    bool dead = false;
    for (size_t l = 0; l <= depth; ++l) {
      if (IsZero(run.forward.measured[l])) {
        first_forward = std::min(first_forward, l);
        dead = true;
      }
      if (l < depth && IsZero(run.backward.measured[l])) {
        last_backward = std::max(last_backward, l);
        dead = true;
      }
    }
    verdict->dead_runs += dead;
    verdict->non_finite_runs += run.non_finite;
    if (!dead && !run.non_finite) living.push_back(&run);
  }
  verdict->dead_forward = first_forward != SIZE_MAX;
  verdict->dead_layer = verdict->dead_forward ? first_forward : last_backward;
  std::stable_sort(living.begin(), living.end(),
                   [](const RunReadings* a, const RunReadings* b) {
                     return a->seed < b->seed;
                   });
  return living;
}

// The hidden layer where the mean over the runs is largest.
Place Largest(const Runs& runs, std::vector<double> RunReadings::*fractions) {
  Place most;
  for (size_t l = 1; l < Depth(*runs[0]); ++l) {
    double sum = 0;
    for (const RunReadings* run : runs) sum += (run->*fractions)[l];
    const double mean = sum / static_cast<double>(runs.size());
    if (mean > most.value) most = {mean, l};
  }
  return most;
}

void Measure(const Runs& runs, RunCurve RunReadings::*curve, bool backward,
             DirectionVerdict* verdict) {
  const size_t depth = Depth(*runs[0]);
  if (depth < 4) return;
  verdict->layers = depth - 3;
  for (const RunReadings* run : runs) {
    const std::vector<double>& log10 = (run->*curve).measured;
    const double change = log10[depth - 1] - log10[2];
    verdict->decades +=
        (backward ? -change : change) / static_cast<double>(runs.size());
  }
}

// Mean distance from the theory, and the theory's s, at one row.
struct Distance {
  double decades = 0;
  double std = 0;
  size_t seeds = 0;  // 0: no theory
};

// REQUIRES: runs in the order of their seeds.
Distance DistanceAt(const Runs& runs, RunCurve RunReadings::*curve, size_t l) {
  Distance mean;
  for (auto run = runs.begin(); run != runs.end();) {
    const uint64_t seed = (*run)->seed;
    double decades = 0, variance = 0, count = 0;
    for (; run != runs.end() && (*run)->seed == seed; ++run) {
      const RunCurve& c = (*run)->*curve;
      if (std::isnan(c.theory[l]) || std::isnan(c.theory_std[l])) continue;
      decades += c.measured[l] - c.theory[l];
      variance += c.theory_std[l] * c.theory_std[l];
      ++count;
    }
    if (count == 0) continue;
    mean.decades += decades / count;
    mean.std += variance / count;
    ++mean.seeds;
  }
  if (mean.seeds == 0) return mean;
  mean.decades /= static_cast<double>(mean.seeds);
  mean.std = std::sqrt(mean.std / static_cast<double>(mean.seeds));
  return mean;
}

// |z| and its bound at a row.
struct Score {
  size_t layer;
  double ratio, z, bound;

  bool outside() const { return !(std::abs(z) <= bound); }
};

Score ScoreOf(const Distance& distance, size_t layer, double quantile) {
  const double s = distance.std;
  const double noise =
      std::hypot(s / std::sqrt(static_cast<double>(distance.seeds)), kRounding);
  const double relative = s * std::numbers::ln10;
  return {layer, distance.decades, distance.decades / noise,
          quantile + s * relative * relative / 2 / noise};
}

void Compare(const std::vector<Score>& scores, DirectionVerdict* verdict) {
  verdict->rows = scores.size();
  double most = -1;
  for (const Score& score : scores) {
    const double part = std::abs(score.z) / score.bound;
    if (!(part <= most)) {  // NaN is worst
      most = std::isnan(part) ? std::numeric_limits<double>::infinity() : part;
      verdict->z = {score.z, score.layer};
      verdict->bound = score.bound;
      verdict->ratio = score.ratio;
    }
    verdict->outside += score.outside();
  }
  if (verdict->outside == 0) return;
  const auto outside = [](const Score& score) { return score.outside(); };
  verdict->stays = scores.back().outside();
  const auto first =
      verdict->stays
          ? std::find_if_not(scores.rbegin(), scores.rend(), outside).base()
          : std::find_if(scores.begin(), scores.end(), outside);
  verdict->drift = first->layer;
}

// Forward and backward, in the order in which they are propagated.
void CompareBoth(const Runs& runs, GroupVerdict* verdict) {
  const size_t depth = Depth(*runs[0]);
  std::vector<std::pair<size_t, Distance>> forward, backward;
  for (size_t l = 0; l <= depth; ++l) {
    const Distance at_l = DistanceAt(runs, &RunReadings::forward, l);
    if (at_l.seeds > 0) forward.emplace_back(l, at_l);
    const size_t k = depth - l;
    const Distance at_k = DistanceAt(runs, &RunReadings::backward, k);
    if (at_k.seeds > 0) backward.emplace_back(k, at_k);
  }
  const size_t rows = forward.size() + backward.size();
  if (rows == 0) return;
  const double quantile =
      -NormalQuantile(kFalseAlarms / 2 / static_cast<double>(rows));
  const auto scores = [&](const auto& distances) {
    std::vector<Score> of_rows;
    for (const auto& [layer, distance] : distances) {
      of_rows.push_back(ScoreOf(distance, layer, quantile));
    }
    return of_rows;
  };
  Compare(scores(forward), &verdict->forward);
  Compare(scores(backward), &verdict->backward);
}

}  // namespace

bool DirectionVerdict::Runs(int sign) const {
  const double change = sign * decades;
  return change > kDecadesInAll ||
         (change > kLeastDecades &&
          change > kDecadesALayer * static_cast<double>(layers));
}

GroupVerdict JudgeRuns(std::span<const RunReadings> runs) {
  INITSCOPE_CHECK(!runs.empty());
  GroupVerdict verdict;
  verdict.runs = runs.size();
  std::set<uint64_t> seeds;
  for (const RunReadings& run : runs) seeds.insert(run.seed);
  verdict.seeds = seeds.size();
  const Runs living = Living(runs, &verdict);
  DirectionVerdict &forward = verdict.forward, &backward = verdict.backward;
  if (!living.empty()) {
    verdict.dead_units = Largest(living, &RunReadings::dead);
    verdict.saturated = Largest(living, &RunReadings::saturated);
    Measure(living, &RunReadings::forward, false, &forward);
    Measure(living, &RunReadings::backward, true, &backward);
    CompareBoth(living, &verdict);
  }
  const auto find = [&](Finding finding, bool holds) {
    if (holds) verdict.findings.push_back(finding);
  };
  find(Finding::kDead,
       verdict.dead_runs > 0 || verdict.dead_units.value > kDeadFraction);
  find(Finding::kVanishes, forward.Runs(-1) || backward.Runs(-1));
  find(Finding::kExplodes,
       forward.Runs(1) || backward.Runs(1) || verdict.non_finite_runs > 0);
  find(Finding::kSaturated, verdict.saturated.value > kSaturatedFraction);
  const bool drifts = forward.outside + backward.outside > 0;
  find(Finding::kDrifts, drifts);
  find(Finding::kConsistent, !drifts && forward.rows + backward.rows > 0);
  find(Finding::kNoTheory,
       forward.rows + backward.rows == 0 && !living.empty());
  return verdict;
}

}  // namespace initscope
