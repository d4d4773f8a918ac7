#include "theory/hermite_series.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "theory/gaussian_rule.h"

namespace initscope {
namespace {

// All series of a struct as one array, for what is done to each alike.
constexpr size_t kValues = 4 * kHermiteTerms + 2;
static_assert(sizeof(HermiteCoefficients) == kValues * sizeof(double));

double* Values(HermiteCoefficients* c) { return c->f.data(); }
const double* Values(const HermiteCoefficients& c) { return c.f.data(); }

void Scale(double factor, HermiteCoefficients::Series* series) {
  for (double& c : *series) c *= factor;
}

HermiteCoefficients Compute(const Activation& activation, double log_q) {
  const double sigma = std::exp(log_q / 2);
  const GaussianRule rule = MakeGaussianRule(activation.kinks, sigma * sigma);
  const size_t n = rule.z.size();
  std::vector<double> a(n), s(n);
  activation.Apply(rule.z.data(), n, a.data(), s.data());
  HermiteCoefficients c = {};
  double f2 = 0, slope2 = 0, slope4 = 0;
  for (size_t i = 0; i < n; ++i) {
    const double weight = rule.weight[i], t = rule.z[i] / sigma;
    f2 += weight * a[i] * a[i];
    slope2 += weight * s[i] * s[i];
    slope4 += weight * s[i] * s[i] * s[i] * s[i];
    // √(k + 1) h_{k+1} = t h_k − √k h_{k−1}
    double before = 0, h = 1;
    for (size_t k = 0; k < kHermiteTerms; ++k) {
      const double wh = weight * h;
      c.f[k] += wh * a[i];
      c.slope[k] += wh * s[i];
      c.square[k] += wh * (a[i] * a[i]);
      c.slope_square[k] += wh * (s[i] * s[i]);
      const auto degree = static_cast<double>(k);
      const double next =
          (t * h - std::sqrt(degree) * before) / std::sqrt(degree + 1);
      before = h;
      h = next;
    }
  }
  Scale(1 / std::sqrt(f2), &c.f);
  Scale(1 / std::sqrt(slope2), &c.slope);
  Scale(1 / f2, &c.square);
  Scale(1 / slope2, &c.slope_square);
  c.weighted_f = sigma * sigma * slope2 / f2;
  c.slope_square_square = slope4 / (slope2 * slope2);
  return c;
}

}  // namespace

HermiteTable::HermiteTable(const Activation& activation)
    : activation_(activation), intervals_(new Interval[kIntervals]) {}

void HermiteTable::At(double log_q, HermiteCoefficients* coefficients) const {
  log_q = std::clamp(log_q, double{kFirstInterval},
                     double{kFirstInterval + kIntervals});
  const double begin =
      std::min(std::floor(log_q), double{kFirstInterval + kIntervals - 1});
  Interval& interval = intervals_[static_cast<size_t>(begin - kFirstInterval)];
  std::call_once(interval.made, [&] {
    const auto angle = [](size_t i) {
      return std::numbers::pi * (static_cast<double>(i) + 0.5) / kTerms;
    };
    interval.series = {};
    for (size_t i = 0; i < kTerms; ++i) {
      const HermiteCoefficients at =
          Compute(activation_, begin + (1 + std::cos(angle(i))) / 2);
      for (size_t k = 0; k < kTerms; ++k) {
        const double factor = std::cos(static_cast<double>(k) * angle(i)) *
                              (k == 0 ? 1.0 : 2.0) / kTerms;
        double* sum = Values(&interval.series[k]);
        for (size_t v = 0; v < kValues; ++v) sum[v] += factor * Values(at)[v];
      }
    }
  });
  const double x = 2 * (log_q - begin) - 1;
  *coefficients = interval.series[0];
  double* out = Values(coefficients);
  double before = 1, chebyshev = x;
  for (size_t k = 1; k < kTerms; ++k) {
    const double* series = Values(interval.series[k]);
    for (size_t v = 0; v < kValues; ++v) out[v] += chebyshev * series[v];
    const double next = 2 * x * chebyshev - before;
    before = chebyshev;
    chebyshev = next;
  }
}

}  // namespace initscope
