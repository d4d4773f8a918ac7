#include "theory/hermite_series.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "theory/gaussian_rule.h"

namespace initscope {
namespace {

// The numbers of a struct that has nothing but doubles.
constexpr size_t kFront = 2, kPerTerm = 4;

template <class Coefficients>
double* Numbers(Coefficients* c) {
  static_assert(sizeof(*c) ==
                (kFront + kPerTerm * kHermiteTerms) * sizeof(double));
  return &c->weighted_f;
}

struct SquareRoots {
  SquareRoots() {
    for (size_t k = 0; k <= kHermiteTerms; ++k) {
      at[k] = std::sqrt(static_cast<double>(k));
    }
  }
  double at[kHermiteTerms + 1];
};

// Beyond interpolation errors.
double Tail(double total, double sum) {
  return total - sum > 1e-9 * total ? total - sum : 0;
}

}  // namespace

HermiteTable::HermiteTable(const Activation& activation)
    : activation_(activation), intervals_(new Interval[kIntervals]) {}

HermiteTable::Coefficients HermiteTable::Compute(double log_q) const {
  const double sigma = std::exp(log_q / 2);
  const GaussianRule rule = MakeGaussianRule(activation_.kinks, sigma * sigma);
  const size_t n = rule.z.size();
  std::vector<double> a(n), s(n);
  activation_.Apply(rule.z.data(), n, a.data(), s.data());
  static const SquareRoots roots;
  Coefficients c = {};
  double f2 = 0, slope2 = 0, slope4 = 0;
  for (size_t i = 0; i < n; ++i) {
    const double weight = rule.weight[i], t = rule.z[i] / sigma;
    const double square = a[i] * a[i], slope_square = s[i] * s[i];
    f2 += weight * square;
    slope2 += weight * slope_square;
    slope4 += weight * slope_square * slope_square;
    // √(k + 1) h_{k+1} = t h_k − √k h_{k−1}
    double before = 0, h = weight;
    for (size_t k = 0; k < kHermiteTerms; ++k) {
      HermiteTerm& term = c.terms[k];
      term.f += h * a[i];
      term.slope += h * s[i];
      term.square += h * square;
      term.slope_square += h * slope_square;
      const double next = (t * h - roots.at[k] * before) / roots.at[k + 1];
      before = h;
      h = next;
    }
  }
  for (HermiteTerm& term : c.terms) {
    term.f /= std::sqrt(f2);
    term.slope /= std::sqrt(slope2);
    term.square /= f2;
    term.slope_square /= slope2;
  }
  c.weighted_f = sigma * sigma * slope2 / f2;
  c.slope_square_square = slope4 / (slope2 * slope2);
  return c;
}

void HermiteTable::Make(double begin, Interval* interval) const {
  const auto angle = [](size_t i) {
    return std::numbers::pi * (static_cast<double>(i) + 0.5) / kTerms;
  };
  constexpr double kNegligible = 1e-9;
  interval->series = {};
  interval->count = 1;
  for (size_t i = 0; i < kTerms; ++i) {
    Coefficients at = Compute(begin + (1 + std::cos(angle(i))) / 2);
    for (size_t k = interval->count; k < kHermiteTerms; ++k) {
      const HermiteTerm& term = at.terms[k];
      if (std::max({std::abs(term.f), std::abs(term.slope),
                    std::abs(term.square), std::abs(term.slope_square)}) >
          kNegligible) {
        interval->count = k + 1;
      }
    }
    const double* values = Numbers(&at);
    for (size_t k = 0; k < kTerms; ++k) {
      const double factor = std::cos(static_cast<double>(k) * angle(i)) *
                            (k == 0 ? 1.0 : 2.0) / kTerms;
      double* sum = Numbers(&interval->series[k]);
      for (size_t v = 0; v < kFront + kPerTerm * kHermiteTerms; ++v) {
        sum[v] += factor * values[v];
      }
    }
  }
}

void HermiteTable::At(double log_q, HermiteCoefficients* out) const {
  log_q = std::clamp(log_q, double{kFirstInterval},
                     double{kFirstInterval + kIntervals});
  const double begin =
      std::min(std::floor(log_q), double{kFirstInterval + kIntervals - 1});
  Interval& interval = intervals_[static_cast<size_t>(begin - kFirstInterval)];
  std::call_once(interval.made, [&] { Make(begin, &interval); });
  const double x = 2 * (log_q - begin) - 1;
  Coefficients sum;
  const size_t numbers = kFront + kPerTerm * interval.count;
  double* values = Numbers(&sum);
  std::copy_n(Numbers(&interval.series[0]), numbers, values);
  double before = 1, chebyshev = x;
  for (size_t k = 1; k < kTerms; ++k) {
    const double* series = Numbers(&interval.series[k]);
    for (size_t v = 0; v < numbers; ++v) values[v] += chebyshev * series[v];
    const double next = 2 * x * chebyshev - before;
    before = chebyshev;
    chebyshev = next;
  }
  out->count = interval.count;
  double f = 0, weighted_f = 0, slope = 0, slope_square = 0;
  for (size_t k = 0; k < interval.count; ++k) {
    const HermiteTerm& term = out->terms[k] = sum.terms[k];
    f += term.f * term.f;
    weighted_f += static_cast<double>(k) * term.f * term.f;
    slope += term.slope * term.slope;
    slope_square += term.slope_square * term.slope_square;
  }
  out->f_tail = Tail(1, f);
  out->weighted_f_tail = Tail(sum.weighted_f, weighted_f);
  out->slope_tail = Tail(1, slope);
  out->slope_square_tail = Tail(sum.slope_square_square, slope_square);
}

}  // namespace initscope
