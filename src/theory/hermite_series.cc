#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "theory/hermite_series.cc"
#include "theory/hermite_series.h"

#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "theory/gaussian_rule.h"

#ifndef INITSCOPE_THEORY_HERMITE_SERIES_COMMON
#define INITSCOPE_THEORY_HERMITE_SERIES_COMMON
namespace initscope {
namespace {

// Coefficients hold only doubles: kFront and then kPerTerm for each term.
constexpr size_t kFront = 2, kPerTerm = 4;

// Points of a rule that are summed side by side, because the recurrence of a
// single point waits for its own results.
constexpr size_t kLanes = 8;

}  // namespace

// Some points: t, the weight and the four functions at each, 0 where there is
// none.
struct HermitePoints {
  alignas(64) double t[kLanes], weight[kLanes];
  alignas(64) double functions[kPerTerm][kLanes];
};
struct HermiteSums {
  alignas(64) double lanes[kHermiteTerms][kPerTerm][kLanes];
};
}  // namespace initscope
#endif  // INITSCOPE_THEORY_HERMITE_SERIES_COMMON

HWY_BEFORE_NAMESPACE();
namespace initscope {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// sums[k][g] += weight·g·h_k, lane by lane. Products and sums round
// separately, so that no bit depends on the instruction set.
void AddHermiteT(const HermitePoints& points,
                 const HermiteRecurrence<kHermiteTerms>& recurrence,
                 HermiteSums* sums) {
  const hn::CappedTag<double, kLanes> d;
  using V = hn::Vec<hn::CappedTag<double, kLanes>>;
  for (size_t j = 0; j < kLanes; j += hn::Lanes(d)) {
    const V t = hn::Load(d, points.t + j);
    V before = hn::Zero(d), h = hn::Load(d, points.weight + j);
    for (size_t k = 0; k < kHermiteTerms; ++k) {
      for (size_t g = 0; g < kPerTerm; ++g) {
        double* const sum = sums->lanes[k][g] + j;
        const V product = hn::Mul(h, hn::Load(d, points.functions[g] + j));
        hn::Store(hn::Add(hn::Load(d, sum), product), d, sum);
      }
      const V next =
          hn::Sub(hn::Mul(hn::Mul(hn::Set(d, recurrence.of_t[k]), t), h),
                  hn::Mul(hn::Set(d, recurrence.of_before[k]), before));
      before = h;
      h = next;
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace initscope
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace initscope {
namespace {

HWY_EXPORT(AddHermiteT);

template <class Coefficients>
auto* Numbers(Coefficients* c) {
  static_assert(sizeof(*c) ==
                (kFront + kPerTerm * kHermiteTerms) * sizeof(double));
  return &c->weighted_f;
}

double Sum(const double (&lanes)[kLanes]) {
  return std::accumulate(lanes, lanes + kLanes, 0.0);
}

// What `sum` lacks of `total`, if it is more than an interpolation error.
double Tail(double total, double sum) {
  return total - sum > 1e-9 * total ? total - sum : 0;
}

}  // namespace

HermiteTable::Coefficients HermiteTable::Compute(double log_q) const {
  const double sigma = std::exp(log_q / 2);
  const GaussianRule rule = MakeGaussianRule(activation_.kinks, sigma * sigma);
  const size_t n = rule.z.size();
  std::vector<double> a(n), s(n);
  activation_.Apply(rule.z.data(), n, a.data(), s.data());
  static const HermiteRecurrence<kHermiteTerms> recurrence;
  HermiteSums sums = {};
  double f2 = 0, slope2 = 0, slope4 = 0;
  for (size_t begin = 0; begin < n; begin += kLanes) {
    HermitePoints points = {};
    for (size_t j = 0; j < std::min(kLanes, n - begin); ++j) {
      const size_t i = begin + j;
      const double weight = points.weight[j] = rule.weight[i];
      const double square = a[i] * a[i], slope_square = s[i] * s[i];
      points.t[j] = rule.z[i] / sigma;
      // In the order of HermiteTerm.
      points.functions[0][j] = a[i];
      points.functions[1][j] = s[i];
      points.functions[2][j] = square;
      points.functions[3][j] = slope_square;
      f2 += weight * square;
      slope2 += weight * slope_square;
      slope4 += weight * slope_square * slope_square;
    }
    HWY_DYNAMIC_DISPATCH(AddHermiteT)(points, recurrence, &sums);
  }
  Coefficients c = {};
  for (size_t k = 0; k < kHermiteTerms; ++k) {
    c.terms[k] = {.f = Sum(sums.lanes[k][0]) / std::sqrt(f2),
                  .slope = Sum(sums.lanes[k][1]) / std::sqrt(slope2),
                  .square = Sum(sums.lanes[k][2]) / f2,
                  .slope_square = Sum(sums.lanes[k][3]) / slope2};
  }
  c.weighted_f = sigma * sigma * slope2 / f2;
  c.slope_square_square = slope4 / (slope2 * slope2);
  return c;
}

HermiteTable::Series HermiteTable::MakeSeries(double begin) const {
  using Nodes = ChebyshevNodes<kTerms>;
  constexpr double kNegligible = 1e-9;
  Series series = {.count = 1, .terms = {}};
  for (size_t i = 0; i < kTerms; ++i) {
    Coefficients at = Compute(begin + Nodes::Place(i));
    for (size_t k = series.count; k < kHermiteTerms; ++k) {
      const HermiteTerm& term = at.terms[k];
      if (std::max({std::abs(term.f), std::abs(term.slope),
                    std::abs(term.square), std::abs(term.slope_square)}) >
          kNegligible) {
        series.count = k + 1;
      }
    }
    const double* values = Numbers(&at);
    for (size_t k = 0; k < kTerms; ++k) {
      const double factor =
          Nodes::Polynomial(k, i) * (k == 0 ? 1.0 : 2.0) / kTerms;
      double* sum = Numbers(&series.terms[k]);
      for (size_t v = 0; v < kFront + kPerTerm * kHermiteTerms; ++v) {
        sum[v] += factor * values[v];
      }
    }
  }
  return series;
}

void HermiteTable::At(double log_q, HermiteCoefficients* out) const {
  const auto [series, x] =
      series_.At(log_q, [&](double begin) { return MakeSeries(begin); });
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
#endif  // HWY_ONCE
