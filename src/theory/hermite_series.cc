#include "theory/hermite_series.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "theory/chebyshev.h"
#include "theory/gaussian_rule.h"
#include "theory/hermite_recurrence.h"

namespace initscope {
namespace {

// The numbers of a struct that has nothing but doubles.
constexpr size_t kFront = 2, kPerTerm = 4;

template <class Coefficients>
auto* Numbers(Coefficients* c) {
  static_assert(sizeof(*c) ==
                (kFront + kPerTerm * kHermiteTerms) * sizeof(double));
  return &c->weighted_f;
}

// Points of a rule that are summed side by side: the recurrence of one alone
// waits for itself.
constexpr size_t kLanes = 8;
using Lanes = std::array<double, kLanes>;

double Sum(const Lanes& lanes) {
  return std::accumulate(lanes.begin(), lanes.end(), 0.0);
}

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
  static const HermiteRecurrence<kHermiteTerms> recurrence;
  struct Sums {
    Lanes f = {}, slope = {}, square = {}, slope_square = {};
  };
  std::array<Sums, kHermiteTerms> sums;
  double f2 = 0, slope2 = 0, slope4 = 0;
  for (size_t begin = 0; begin < n; begin += kLanes) {
    Lanes t = {}, f = {}, slope = {}, square = {}, slope_square = {};
    Lanes before = {}, h = {};
    for (size_t j = 0; j < std::min(kLanes, n - begin); ++j) {
      const size_t i = begin + j;
      t[j] = rule.z[i] / sigma;
      f[j] = a[i];
      slope[j] = s[i];
      square[j] = a[i] * a[i];
      slope_square[j] = s[i] * s[i];
      const double weight = h[j] = rule.weight[i];
      f2 += weight * square[j];
      slope2 += weight * slope_square[j];
      slope4 += weight * slope_square[j] * slope_square[j];
    }
    for (size_t k = 0; k < kHermiteTerms; ++k) {
      Sums& sum = sums[k];
      for (size_t j = 0; j < kLanes; ++j) {
        sum.f[j] += h[j] * f[j];
        sum.slope[j] += h[j] * slope[j];
        sum.square[j] += h[j] * square[j];
        sum.slope_square[j] += h[j] * slope_square[j];
        const double next = recurrence.of_t[k] * t[j] * h[j] -
                            recurrence.of_before[k] * before[j];
        before[j] = h[j];
        h[j] = next;
      }
    }
  }
  Coefficients c = {};
  for (size_t k = 0; k < kHermiteTerms; ++k) {
    c.terms[k] = {.f = Sum(sums[k].f) / std::sqrt(f2),
                  .slope = Sum(sums[k].slope) / std::sqrt(slope2),
                  .square = Sum(sums[k].square) / f2,
                  .slope_square = Sum(sums[k].slope_square) / slope2};
  }
  c.weighted_f = sigma * sigma * slope2 / f2;
  c.slope_square_square = slope4 / (slope2 * slope2);
  return c;
}

std::unique_ptr<HermiteTable::Series> HermiteTable::MakeSeries(
    double begin) const {
  using Nodes = ChebyshevNodes<kTerms>;
  constexpr double kNegligible = 1e-9;
  auto series = std::make_unique<Series>();
  series->count = 1;
  for (size_t i = 0; i < kTerms; ++i) {
    Coefficients at = Compute(begin + Nodes::Place(i));
    for (size_t k = series->count; k < kHermiteTerms; ++k) {
      const HermiteTerm& term = at.terms[k];
      if (std::max({std::abs(term.f), std::abs(term.slope),
                    std::abs(term.square), std::abs(term.slope_square)}) >
          kNegligible) {
        series->count = k + 1;
      }
    }
    const double* values = Numbers(&at);
    for (size_t k = 0; k < kTerms; ++k) {
      const double factor =
          Nodes::Polynomial(k, i) * (k == 0 ? 1.0 : 2.0) / kTerms;
      double* sum = Numbers(&series->terms[k]);
      for (size_t v = 0; v < kFront + kPerTerm * kHermiteTerms; ++v) {
        sum[v] += factor * values[v];
      }
    }
  }
  return series;
}

void HermiteTable::At(double log_q, HermiteCoefficients* out) const {
  log_q = std::clamp(log_q, double{kFirstInterval},
                     double{kFirstInterval + kIntervals});
  const double begin =
      std::min(std::floor(log_q), double{kFirstInterval + kIntervals - 1});
  Interval& interval = intervals_[static_cast<size_t>(begin - kFirstInterval)];
  std::call_once(interval.made, [&] { interval.series = MakeSeries(begin); });
  const Series& series = *interval.series;
  const double x = 2 * (log_q - begin) - 1;
  Coefficients sum;
  const size_t numbers = kFront + kPerTerm * series.count;
  double* values = Numbers(&sum);
  std::copy_n(Numbers(&series.terms[0]), numbers, values);
  double before = 1, chebyshev = x;
  for (size_t k = 1; k < kTerms; ++k) {
    const double* factors = Numbers(&series.terms[k]);
    for (size_t v = 0; v < numbers; ++v) values[v] += chebyshev * factors[v];
    const double next = 2 * x * chebyshev - before;
    before = chebyshev;
    chebyshev = next;
  }
  out->count = series.count;
  double f = 0, weighted_f = 0, slope = 0, slope_square = 0;
  for (size_t k = 0; k < series.count; ++k) {
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
