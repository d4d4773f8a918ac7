#include "theory/batch_spread.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace initscope {
namespace {

// Beyond this the largest term alone is the variance of the logarithm.
constexpr double kLargestVariance = 500;

}  // namespace

double MeanOverPairs(const BatchGeometry& geometry,
                     const std::function<double(size_t)>& self,
                     const std::function<double(size_t)>& pair) {
  const double diagonal = MeanOver(geometry.classes(), self);
  if (geometry.pairs().empty()) return diagonal;
  const double off_diagonal = MeanOver(geometry.pairs(), pair);
  const double share = 1 / static_cast<double>(geometry.samples());
  return share * diagonal + (1 - share) * off_diagonal;
}

void SpreadOfMean(const BatchGeometry& geometry,
                  std::span<const ClassLaw> classes,
                  const std::function<double(size_t)>& covariance,
                  Estimate* estimate) {
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
