// The law of a batch's mean from the laws of its samples and pairs.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "theory/batch_geometry.h"
#include "theory/log_sum.h"
#include "theory/theory_row.h"

namespace initscope {

// log(1 + x) and e^x − 1, accurate to 1e-12 (relative); fast for small x.
inline double CheapLog1p(double x) {
  if (!(std::abs(x) < 1e-2)) return std::log1p(x);
  return x * (1 - x * (1. / 2 - x * (1. / 3 - x * (1. / 4 - x / 5))));
}
inline double CheapExpm1(double x) {
  if (!(std::abs(x) < 1e-2)) return std::expm1(x);
  return x * (1 + x * (1. / 2 + x * (1. / 6 + x * (1. / 24 + x / 120))));
}

// log(1 + c/n), the covariance of the logarithms of two means over n units with
// the relative covariance c per unit.
inline double LogCovariance(double of_unit, double n) {
  return CheapLog1p(std::max(of_unit / n, -0.5));
}

// Variance of the correlation c of two samples over n units, from the square of
// its mean, and from the mean square of the samples' product in one unit
// relative to their norms. Exact for linear f: (1 − c²)²/n.
inline double CorrelationVariance(double mean_square, double of_product,
                                  double n) {
  const double rest = std::max(0.0, 1 - mean_square);
  return std::max(0.0, of_product - mean_square) * rest * rest /
         (1 + mean_square) / n;
}

// A quantity of one class of samples that is lognormal over draws of the
// weights.
struct ClassLaw {
  double log_limit;
  double shift;     // of the mean logarithm, from log_limit
  double variance;  // of the logarithm
};

// Mean over all pairs of samples, including each sample with itself: `self(i)`
// for class i, `pair(p)` for pair group p.
template <class OfClass, class OfPair>
double MeanOverPairs(const BatchGeometry& geometry, const OfClass& self,
                     const OfPair& pair) {
  const double diagonal = MeanOver(geometry.classes(), self);
  if (geometry.pairs().empty()) return diagonal;
  const double off_diagonal = MeanOver(geometry.pairs(), pair);
  const double share = 1 / static_cast<double>(geometry.samples());
  return share * diagonal + (1 - share) * off_diagonal;
}

// Sets the mean and the variance of the logarithm of the quantity's mean over
// all samples, but not log_limit. `covariance(p)` is that of the logarithms of
// pair group p.
template <class OfPair>
void SpreadOfMean(const BatchGeometry& geometry,
                  std::span<const ClassLaw> classes, const OfPair& covariance,
                  Estimate* estimate) {
  // Beyond this the largest term alone is the variance of the logarithm.
  constexpr double kLargestVariance = 500;
  std::vector<double> log_mean;
  for (const ClassLaw& law : classes) {
    log_mean.push_back(law.log_limit + law.shift + law.variance / 2);
  }
  const double log_total = LogMeanExp(log_mean, geometry.classes());
  if (!std::isfinite(log_total)) {
    estimate->log_mean = log_total;
    estimate->log_variance = 0;
    return;
  }
  std::vector<double> weight;  // of each class's mean, relative to all
  for (double log : log_mean) weight.push_back(std::exp(log - log_total));
  double largest = 0;
  const auto term = [&](double product, double log_covariance) {
    largest = std::max(largest, log_covariance);
    return product * CheapExpm1(std::min(log_covariance, kLargestVariance));
  };
  const double relative = MeanOverPairs(
      geometry,
      [&](size_t i) {
        return term(weight[i] * weight[i], classes[i].variance);
      },
      [&](size_t p) {
        const BatchGeometry::PairGroup& pair = geometry.pairs()[p];
        return term(weight[pair.a] * weight[pair.b], covariance(p));
      });
  estimate->log_variance = largest > kLargestVariance
                               ? largest
                               : std::log1p(std::max(0.0, relative));
  estimate->log_mean = log_total - estimate->log_variance / 2;
}

}  // namespace initscope
