#include "theory/activation_means.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "theory/chebyshev.h"
#include "theory/gaussian_rule.h"

namespace initscope {
namespace {

constexpr size_t Index(Mean mean) { return static_cast<size_t>(mean); }

struct RawMeans {
  double f = 0, f2 = 0, f3 = 0, f4 = 0;
  double slope = 0, slope2 = 0, slope4 = 0, mixed = 0, growth = 0;

  void Add(double weight, double z, double a, double s) {
    f += weight * a;
    f2 += weight * a * a;
    f3 += weight * a * a * a;
    f4 += weight * a * a * a * a;
    slope += weight * s;
    slope2 += weight * s * s;
    slope4 += weight * s * s * s * s;
    mixed += weight * a * a * s * s;
    growth += weight * z * a * s;
  }

  MeanValues Relative() const {
    const double f_norm = std::sqrt(f2), slope_norm = std::sqrt(slope2);
    MeanValues m;
    m[Index(Mean::kLogSquare)] = std::log(f2);
    m[Index(Mean::kLogSlopeSquare)] = std::log(slope2);
    m[Index(Mean::kFirst)] = f2 > 0 ? f / f_norm : 0;
    m[Index(Mean::kSlope)] = slope2 > 0 ? slope / slope_norm : 0;
    m[Index(Mean::kCube)] = f2 > 0 ? f3 / (f2 * f_norm) : 0;
    m[Index(Mean::kFourth)] = f2 > 0 ? f4 / (f2 * f2) : 1;
    m[Index(Mean::kLogSlopeFourth)] =
        slope2 > 0 ? std::log(slope4 / (slope2 * slope2)) : 0;
    m[Index(Mean::kMixed)] = f2 > 0 && slope2 > 0 ? mixed / (f2 * slope2) : 1;
    m[Index(Mean::kGrowth)] = f2 > 0 ? growth / f2 : 1;
    return m;
  }
};

// f(z) = α z for z > 0, β z for z < 0, at q = 1.
MeanValues HomogeneousMeans(const Activation& f) {
  const double root = std::sqrt(2 / std::numbers::pi);  // E |z|
  const double up = f.value(1), down = -f.value(-1);
  RawMeans raw;
  for (const double side : {up, -down}) {  // f = side·|z| on one half
    const double square = side * side;
    raw.f += side * root / 2;
    raw.f2 += square / 2;
    raw.f3 += square * side * root;  // E |z|³ = 2 E |z|
    raw.f4 += square * square * 3 / 2;
    raw.slope2 += square / 2;
    raw.slope4 += square * square / 2;
    raw.mixed += square * square / 2;
    raw.growth += square / 2;
  }
  raw.slope = (up + down) / 2;
  return raw.Relative();
}

// All means at once: Σ_k c[k] T_k(x), by Clenshaw's recurrence.
template <size_t terms>
MeanValues ChebyshevSum(const std::array<MeanValues, terms>& c, double x) {
  MeanValues b1 = {}, b2 = {};
  for (size_t k = terms - 1; k > 0; --k) {
    for (size_t m = 0; m < kMeans; ++m) {
      const double b = c[k][m] + 2 * x * b1[m] - b2[m];
      b2[m] = b1[m];
      b1[m] = b;
    }
  }
  for (size_t m = 0; m < kMeans; ++m) b1[m] = c[0][m] + x * b1[m] - b2[m];
  return b1;
}

// The series of the derivative by log q, of which x covers two units in one.
template <size_t terms>
std::array<MeanValues, terms> Differentiate(
    const std::array<MeanValues, terms>& c) {
  std::array<MeanValues, terms> d = {};
  for (size_t m = 0; m < kMeans; ++m) {
    for (size_t k = terms - 1; k > 0; --k) {
      d[k - 1][m] = (k + 1 < terms ? d[k + 1][m] : 0) +
                    4 * static_cast<double>(k) * c[k][m];
    }
    d[0][m] /= 2;
  }
  return d;
}

}  // namespace

MeanValues ComputeMeans(const Activation& activation, double log_q) {
  RawMeans raw;
  const double q = std::exp(log_q);
  if (activation.homogeneous) {
    MeanValues means = HomogeneousMeans(activation);
    means[Index(Mean::kLogSquare)] += log_q;
    return means;
  }
  if (q == 0) {
    raw.Add(1, 0, activation.value(0), activation.slope(0));
    return raw.Relative();
  }
  const GaussianRule rule = MakeGaussianRule(activation.kinks, q);
  const size_t n = rule.z.size();
  std::vector<double> a(n), s(n);
  activation.Apply(rule.z.data(), n, a.data(), s.data());
  for (size_t i = 0; i < n; ++i) raw.Add(rule.weight[i], rule.z[i], a[i], s[i]);
  return raw.Relative();
}

ActivationMeans::ActivationMeans(const Activation& activation)
    : activation_(activation),
      intervals_(activation.homogeneous ? nullptr : new Interval[kIntervals]),
      at_zero_(
          ComputeMeans(activation, activation.homogeneous ? 0.0 : -HUGE_VAL)) {}

std::unique_ptr<ActivationMeans::Series> ActivationMeans::MakeSeries(
    double begin) const {
  auto series = std::make_unique<Series>();
  std::array<MeanValues, kTerms> samples;
  using Nodes = ChebyshevNodes<kTerms>;
  for (size_t i = 0; i < kTerms; ++i) {
    samples[i] = ComputeMeans(activation_, begin + Nodes::Place(i));
  }
  for (size_t k = 0; k < kTerms; ++k) {
    MeanValues sum = {};
    for (size_t i = 0; i < kTerms; ++i) {
      const double factor = Nodes::Polynomial(k, i);
      for (size_t m = 0; m < kMeans; ++m) sum[m] += samples[i][m] * factor;
    }
    for (size_t m = 0; m < kMeans; ++m) {
      series->value[k][m] = sum[m] * (k == 0 ? 1.0 : 2.0) / kTerms;
    }
  }
  series->first = Differentiate(series->value);
  series->second = Differentiate(series->first);
  return series;
}

const ActivationMeans::Series& ActivationMeans::SeriesAt(double log_q,
                                                         double* x) const {
  const double last = kFirstInterval + kIntervals - 1;
  const double begin =
      std::clamp(std::floor(log_q), double{kFirstInterval}, last);
  Interval& interval = intervals_[static_cast<size_t>(begin - kFirstInterval)];
  std::call_once(interval.made, [&] { interval.series = MakeSeries(begin); });
  *x = 2 * (log_q - begin) - 1;
  return *interval.series;
}

MeansAt ActivationMeans::Homogeneous(double log_q) const {
  MeansAt at = {at_zero_, {}, {}};
  at.value[Index(Mean::kLogSquare)] += log_q;
  at.first[Index(Mean::kLogSquare)] = 1;
  return at;
}

namespace {

// Beyond the table every mean has reached its power of q, a multiple of ½, up
// to e^−32; only E f'/√(E f'²) of a bounded f still falls as q^−¼, from e^−16.
double RoundedPower(double slope) { return std::round(2 * slope) / 2; }

}  // namespace

MeansAt ActivationMeans::At(double log_q) const {
  if (activation_.homogeneous) return Homogeneous(log_q);
  if (log_q == -HUGE_VAL) return {at_zero_, {}, {}};
  const double inside = std::clamp(log_q, double{kFirstInterval},
                                   double{kFirstInterval + kIntervals});
  double x = 0;
  const Series& series = SeriesAt(inside, &x);
  MeansAt at = {ChebyshevSum(series.value, x), ChebyshevSum(series.first, x),
                ChebyshevSum(series.second, x)};
  for (size_t m = 0; m < kMeans && inside != log_q; ++m) {
    at.first[m] = RoundedPower(at.first[m]);
    at.second[m] = 0;
    at.value[m] += at.first[m] * (log_q - inside);
  }
  return at;
}

MeanValues ActivationMeans::ValuesAt(double log_q) const {
  const bool inside =
      log_q >= kFirstInterval && log_q < kFirstInterval + kIntervals;
  if (activation_.homogeneous || !inside) return At(log_q).value;
  if (log_q == std::floor(log_q)) {
    Interval& interval =
        intervals_[static_cast<size_t>(log_q - kFirstInterval)];
    std::call_once(interval.begin_made, [&] {
      interval.at_begin =
          std::make_unique<MeanValues>(ComputeMeans(activation_, log_q));
    });
    return *interval.at_begin;
  }
  double x = 0;
  const Series& series = SeriesAt(log_q, &x);
  return ChebyshevSum(series.value, x);
}

}  // namespace initscope
