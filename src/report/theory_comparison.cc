#include "report/theory_comparison.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "random/normal_quantile.h"

namespace initscope {
namespace {

using Curves = std::vector<const RunCurves*>;

// Whether one run's theory has a band there: not where it has no spread, which
// is where it starts from what was measured. A mean is a plain double, which
// may leave its range where the logarithms do not.
bool HasBand(const ComparedQuantity& quantity, const RunCurve& curve,
             size_t l) {
  const double theory = curve.theory[l], s = curve.theory_std[l];
  if (std::isnan(theory) || !(s > 0)) return false;
  return quantity.is_log10 || (std::isfinite(theory) && std::isfinite(s) &&
                               s > std::numeric_limits<double>::min());
}

// Means over the seeds at one row.
struct RowMean {
  double distance = 0, s = 0;
  double theory = 0;    // absolute
  double relative = 0;  // r² of X's second moment
  size_t seeds = 0;     // 0: no band
};

// Of infinities that agree as well: 0.
double Distance(double measured, double theory) {
  return measured == theory ? 0 : measured - theory;
}

RowMean MeanAt(const Curves& runs, size_t q, size_t l) {
  RowMean mean;
  for (auto run = runs.begin(); run != runs.end();) {
    const uint64_t seed = (*run)->seed;
    double distance = 0, variance = 0, theory = 0, relative = 0, count = 0;
    for (; run != runs.end() && (*run)->seed == seed; ++run) {
      const RunCurve& c = (*run)->curves[q];
      if (!HasBand(kComparedQuantities[q], c, l)) continue;
      distance += Distance(c.measured[l], c.theory[l]);
      variance += c.theory_std[l] * c.theory_std[l];
      theory += std::abs(c.theory[l]);
      const double r = std::numbers::ln10 *
                       (*run)->curves[kActivationSecondMoment].theory_std[l];
      if (r > 0) relative += r * r;
      ++count;
    }
    if (count == 0) continue;
    mean.distance += distance / count;
    mean.s += variance / count;
    mean.theory += theory / count;
    mean.relative += relative / count;
    ++mean.seeds;
  }
  if (mean.seeds == 0) return mean;
  const auto n = static_cast<double>(mean.seeds);
  mean.distance /= n;
  mean.s = std::sqrt(mean.s / n);
  mean.theory /= n;
  mean.relative /= n;
  return mean;
}

// |z| and its bound at a row.
struct Score {
  size_t layer;
  double distance, z, bound;

  bool outside() const { return !(std::abs(z) <= bound); }
};

Score ScoreOf(const ComparedQuantity& quantity, const RowMean& mean,
              size_t layer, double quantile) {
  const double s = mean.s, r = s * std::numbers::ln10;
  const double rounding = quantity.is_log10
                              ? kRounding
                              : kRounding * std::numbers::ln10 * mean.theory;
  const double noise =
      std::hypot(s / std::sqrt(static_cast<double>(mean.seeds)), rounding);
  const double allowed =
      quantity.is_log10 ? s * std::min(1.0, r * r) / 2
                        : (s + mean.theory) * std::min(1.0, mean.relative) / 2;
  if (mean.distance == 0) return {layer, 0, 0, quantile};
  return {layer, mean.distance, mean.distance / noise,
          quantile + (allowed > 0 ? allowed / noise : 0)};
}

void Compare(const std::vector<Score>& scores, Comparison* found) {
  double most = -1;
  for (const Score& score : scores) {
    const double part = std::isnan(score.z)
                            ? std::numeric_limits<double>::infinity()
                            : std::abs(score.z) / score.bound;
    if (part > most) {
      most = part;
      found->z = {score.z, score.layer};
      found->bound = score.bound;
      found->distance = score.distance;
    }
    found->outside += score.outside();
  }
  if (found->outside == 0) return;
  const auto outside = [](const Score& score) { return score.outside(); };
  found->stays = scores.back().outside();
  const auto first =
      found->stays
          ? std::find_if_not(scores.rbegin(), scores.rend(), outside).base()
          : std::find_if(scores.begin(), scores.end(), outside);
  found->drift = first->layer;
}

bool HasTheory(const Curves& runs, size_t q) {
  return std::any_of(runs.begin(), runs.end(), [&](const RunCurves* run) {
    const std::vector<double>& theory = run->curves[q].theory;
    return !std::all_of(theory.begin(), theory.end(),
                        [](double value) { return std::isnan(value); });
  });
}

}  // namespace

double Comparison::part() const {
  if (rows == 0) return 0;
  return std::isnan(z.value) ? std::numeric_limits<double>::infinity()
                             : std::abs(z.value) / bound;
}

Comparisons CompareWithTheory(const Curves& runs) {
  const size_t rows = runs[0]->curves[0].measured.size();
  Comparisons found;
  // In the order in which each is propagated.
  std::array<std::vector<std::pair<size_t, RowMean>>, kComparedCount> means;
  size_t tests = 0;
  for (size_t q = 0; q < kComparedCount; ++q) {
    found[q].has_theory = HasTheory(runs, q);
    for (size_t i = 0; i < rows; ++i) {
      const size_t l = kComparedQuantities[q].is_backward ? rows - 1 - i : i;
      const RowMean mean = MeanAt(runs, q, l);
      if (mean.seeds > 0) means[q].emplace_back(l, mean);
    }
    found[q].rows = means[q].size();
    tests += found[q].rows;
  }
  if (tests == 0) return found;
  const double quantile =
      -NormalQuantile(kFalseAlarms / 2 / static_cast<double>(tests));
  for (size_t q = 0; q < kComparedCount; ++q) {
    std::vector<Score> scores;
    for (const auto& [layer, mean] : means[q]) {
      scores.push_back(ScoreOf(kComparedQuantities[q], mean, layer, quantile));
    }
    if (!scores.empty()) Compare(scores, &found[q]);
  }
  return found;
}

}  // namespace initscope
