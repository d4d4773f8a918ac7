#include "theory/activation_means.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "theory/gaussian_rule.h"

namespace initscope {
namespace {

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
    m[Mean::kLogSquare] = std::log(f2);
    m[Mean::kLogSlopeSquare] = std::log(slope2);
    m[Mean::kFirst] = f2 > 0 ? f / f_norm : 0;
    m[Mean::kSlope] = slope2 > 0 ? slope / slope_norm : 0;
    m[Mean::kCube] = f2 > 0 ? f3 / (f2 * f_norm) : 0;
    m[Mean::kFourth] = f2 > 0 ? f4 / (f2 * f2) : 1;
    m[Mean::kLogSlopeFourth] =
        slope2 > 0 ? std::log(slope4 / (slope2 * slope2)) : 0;
    m[Mean::kMixed] = f2 > 0 && slope2 > 0 ? mixed / (f2 * slope2) : 1;
    m[Mean::kGrowth] = f2 > 0 ? growth / f2 : 1;
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

// Beyond the table every mean is, up to e^−32, a power of q that is a multiple
// of ½. Only E f'/√(E f'²) of a bounded f still falls as q^−¼, from e^−16.
double RoundedPower(double slope) { return std::round(2 * slope) / 2; }

}  // namespace

MeanValues ComputeMeans(const Activation& activation, double log_q) {
  RawMeans raw;
  const double q = std::exp(log_q);
  if (activation.homogeneous) {
    MeanValues means = HomogeneousMeans(activation);
    means[Mean::kLogSquare] += log_q;
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
      at_zero_(
          ComputeMeans(activation, activation.homogeneous ? 0.0 : -HUGE_VAL)) {}

// All means at once: Σ_k c[k] T_k(x), by Clenshaw's recurrence.
MeanValues ActivationMeans::Sum(const Coefficients& c, double x) {
  MeanValues b1 = {}, b2 = {};
  for (size_t k = kTerms - 1; k > 0; --k) {
    for (size_t m = 0; m < kMeans; ++m) {
      const double b = c[k][m] + 2 * x * b1[m] - b2[m];
      b2[m] = b1[m];
      b1[m] = b;
    }
  }
  for (size_t m = 0; m < kMeans; ++m) b1[m] = c[0][m] + x * b1[m] - b2[m];
  return b1;
}

// The series of the derivative with respect to log q, of which one unit is two
// of x.
ActivationMeans::Coefficients ActivationMeans::Differentiate(
    const Coefficients& c) {
  Coefficients d = {};
  for (size_t m = 0; m < kMeans; ++m) {
    for (size_t k = kTerms - 1; k > 0; --k) {
      d[k - 1][m] = (k + 1 < kTerms ? d[k + 1][m] : 0) +
                    4 * static_cast<double>(k) * c[k][m];
    }
    d[0][m] /= 2;
  }
  return d;
}

ActivationMeans::Table<ActivationMeans::Series>::Place
ActivationMeans::SeriesAt(double log_q) const {
  return series_.At(log_q, [&](double begin) {
    using Nodes = ChebyshevNodes<kTerms>;
    Coefficients samples, value = {};
    for (size_t i = 0; i < kTerms; ++i) {
      samples[i] = ComputeMeans(activation_, begin + Nodes::Place(i));
    }
    for (size_t k = 0; k < kTerms; ++k) {
      for (size_t i = 0; i < kTerms; ++i) {
        const double factor = Nodes::Polynomial(k, i);
        for (size_t m = 0; m < kMeans; ++m) {
          value[k][m] += samples[i][m] * factor;
        }
      }
      for (double& term : value[k]) term = term * (k == 0 ? 1.0 : 2.0) / kTerms;
    }
    const Coefficients first = Differentiate(value);
    return Series{value, first, Differentiate(first)};
  });
}

MeansAt ActivationMeans::At(double log_q) const {
  MeansAt at = {at_zero_, {}, {}};
  if (activation_.homogeneous) {
    at.value[Mean::kLogSquare] += log_q;
    at.first[Mean::kLogSquare] = 1;
    return at;
  }
  if (log_q == -HUGE_VAL) return at;
  const double inside = std::clamp(log_q, double{kFirstInterval},
                                   double{kFirstInterval + kIntervals});
  const auto [series, x] = SeriesAt(inside);
  at = {Sum(series.value, x), Sum(series.first, x), Sum(series.second, x)};
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
    const auto compute = [&](double q) { return ComputeMeans(activation_, q); };
    return at_wholes_.At(log_q, compute).series;
  }
  const auto [series, x] = SeriesAt(log_q);
  return Sum(series.value, x);
}

}  // namespace initscope
