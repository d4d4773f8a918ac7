#include "report/theory_comparison.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "random/normal_quantile.h"

namespace initscope {
namespace {

using Curves = std::vector<const RunCurves*>;

// Whether one run's theory has a band there: not where it has no spread,
// because it starts there from measured values. A mean is a plain double, which
// may leave its range where the logarithms do not.
bool HasBand(const ComparedQuantity& quantity, const RunCurve& curve,
             size_t l) {
  const double theory = curve.theory[l], s = curve.theory_std[l];
  if (std::isnan(theory) || !(s > 0)) return false;
  return quantity.is_log10 || (std::isfinite(theory) && std::isfinite(s) &&
                               s > std::numeric_limits<double>::min());
}

// Sums over runs of one seed, or over seeds, at one row.
struct RowSum {
  double distance = 0, variance = 0;
  double theory = 0;    // absolute
  double relative = 0;  // r² of X's second moment
  double count = 0;     // 0: no band

  // Adds the means of `other`.
  void Add(const RowSum& other) {
    if (other.count == 0) return;
    distance += other.distance / other.count;
    variance += other.variance / other.count;
    theory += other.theory / other.count;
    relative += other.relative / other.count;
    ++count;
  }
};

RowSum SumAt(const Curves& runs, size_t q, size_t l) {
  RowSum sum;
  for (auto run = runs.begin(); run != runs.end();) {
    const uint64_t seed = (*run)->seed;
    RowSum of_seed;
    for (; run != runs.end() && (*run)->seed == seed; ++run) {
      const RunCurve& c = (*run)->curves[q];
      if (!HasBand(kComparedQuantities[q], c, l)) continue;
      const double measured = c.measured[l], theory = c.theory[l];
      const double s = c.theory_std[l];
      const double r = std::numbers::ln10 *
                       (*run)->curves[kActivationSecondMoment].theory_std[l];
      // Infinities may be equal, too.
      of_seed.Add({measured == theory ? 0 : measured - theory, s * s,
                   std::abs(theory), r > 0 ? r * r : 0, 1});
    }
    sum.Add(of_seed);
  }
  return sum;
}

// |z|/bound; infinite for NaN.
double PartOf(double z, double bound) {
  return std::isnan(z) ? std::numeric_limits<double>::infinity()
                       : std::abs(z) / bound;
}

// z and its bound at a row.
struct Score {
  size_t layer;
  double distance, z, bound;

  bool outside() const { return !(std::abs(z) <= bound); }
};

Score ScoreOf(const ComparedQuantity& quantity, const RowSum& sum, size_t layer,
              double quantile) {
  const double n = sum.count, distance = sum.distance / n;
  if (distance == 0) return {layer, 0, 0, quantile};
  const double s = std::sqrt(sum.variance / n), r = s * std::numbers::ln10;
  const double theory = sum.theory / n;
  const double rounding =
      quantity.is_log10 ? kRounding : kRounding * std::numbers::ln10 * theory;
  const double noise = std::hypot(s / std::sqrt(n), rounding);
  const double allowed =
      quantity.is_log10 ? s * std::min(1.0, r * r) / 2
                        : (s + theory) * std::min(1.0, sum.relative / n) / 2;
  return {layer, distance, distance / noise,
          quantile + (allowed > 0 ? allowed / noise : 0)};
}

// REQUIRES: scores not empty.
void Compare(const std::vector<Score>& scores, Comparison* found) {
  double most = -1;
  for (const Score& score : scores) {
    const double part = PartOf(score.z, score.bound);
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
          : std::ranges::find_if(scores, outside);
  found->drift = first->layer;
}

bool HasTheory(const Curves& runs, size_t q) {
  return std::ranges::any_of(runs, [&](const RunCurves* run) {
    const std::vector<double>& theory = run->curves[q].theory;
    return !std::ranges::all_of(theory,
                                [](double value) { return std::isnan(value); });
  });
}

}  // namespace

double Comparison::part() const {
  return rows == 0 ? 0 : PartOf(z.value, bound);
}

Comparisons CompareWithTheory(const Curves& runs) {
  const size_t rows = runs[0]->curves[0].measured.size();
  Comparisons found;
  // Layers and sums, in the order of propagation.
  std::array<std::vector<std::pair<size_t, RowSum>>, kComparedCount> sums;
  size_t tests = 0;
  for (size_t q = 0; q < kComparedCount; ++q) {
    found[q].has_theory = HasTheory(runs, q);
    for (size_t i = 0; i < rows; ++i) {
      const size_t l = kComparedQuantities[q].is_backward ? rows - 1 - i : i;
      const RowSum sum = SumAt(runs, q, l);
      if (sum.count > 0) sums[q].emplace_back(l, sum);
    }
    found[q].rows = sums[q].size();
    tests += found[q].rows;
  }
  if (tests == 0) return found;
  const double quantile =
      -NormalQuantile(kFalseAlarms / 2 / static_cast<double>(tests));
  for (size_t q = 0; q < kComparedCount; ++q) {
    std::vector<Score> scores;
    for (const auto& [layer, sum] : sums[q]) {
      scores.push_back(ScoreOf(kComparedQuantities[q], sum, layer, quantile));
    }
    if (!scores.empty()) Compare(scores, &found[q]);
  }
  return found;
}

}  // namespace initscope
