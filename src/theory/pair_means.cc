#include "theory/pair_means.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"

namespace initscope {
namespace {

constexpr double kPi = std::numbers::pi;

// sin θ − θ cos θ, without cancellation.
double SineMinus(double theta) {
  if (theta > 0.3) return std::sin(theta) - theta * std::cos(theta);
  // Σ_k (−1)^k θ^(2k+3) (2k + 2)/(2k + 3)!
  const double square = theta * theta;
  double term = theta * square / 3, sum = 0;
  for (int k = 1; k < 12; ++k) {
    sum += term;
    term *= -square / ((2.0 * k) * (2.0 * k + 3));
  }
  return sum;
}

constexpr double kJumpPower = 1.5 * kHermiteTerms;

// What Σ c_k² lacks of `total`.
double TailMass(const HermiteCoefficients::Series& series, double total) {
  double sum = total;
  for (double c : series) sum -= c * c;
  return sum > 1e-9 * total ? sum : 0;  // below: interpolation errors
}

double WeightedSum(const HermiteCoefficients::Series& series) {
  double sum = 0;
  for (size_t k = 0; k < series.size(); ++k) {
    sum += static_cast<double>(k) * series[k] * series[k];
  }
  return sum;
}

}  // namespace

PairFunction::PairFunction(const Activation& activation)
    : homogeneous_(&activation) {
  INITSCOPE_CHECK(activation.homogeneous);
}

PairFunction::PairFunction(const HermiteCoefficients& a,
                           const HermiteCoefficients& b) {
  double largest = 0;
  for (size_t k = kHermiteTerms; k-- > 0;) {
    Term& p = products_[k];
    p.f = a.f[k] * b.f[k];
    p.slope = a.slope[k] * b.slope[k];
    p.square = a.square[k] * b.square[k];
    p.slope_square = a.slope_square[k] * b.slope_square[k];
    p.mixed =
        (a.square[k] * b.slope_square[k] + a.slope_square[k] * b.square[k]) / 2;
    p.cube = (a.square[k] * b.f[k] + a.f[k] * b.square[k]) / 2;
    const double difference = a.f[k] - b.f[k];
    difference_ += difference * difference / 2;
    for (double value : {p.f, p.slope, p.square, p.slope_square}) {
      largest = std::max(largest, std::abs(value));
    }
    if (terms_ == 0 && largest > 1e-15) terms_ = k + 1;
  }
  slope_tail_ = std::sqrt(TailMass(a.slope, 1) * TailMass(b.slope, 1));
  slope_square_tail_ =
      std::sqrt(TailMass(a.slope_square, a.slope_square_square) *
                TailMass(b.slope_square, b.slope_square_square));
  const double mass_a = TailMass(a.f, 1), mass_b = TailMass(b.f, 1);
  f_tail_ = std::sqrt(mass_a * mass_b);
  if (f_tail_ == 0) return;
  const double root = std::sqrt(mass_a) - std::sqrt(mass_b);
  difference_ += root * root / 2;
  const double rest = (a.weighted_f - WeightedSum(a.f)) / mass_a *
                      ((b.weighted_f - WeightedSum(b.f)) / mass_b);
  f_power_ = std::max(double{kHermiteTerms}, std::sqrt(std::max(0.0, rest)));
}

PairMeans PairFunction::At(double one_minus_c, double spread) const {
  return homogeneous_ != nullptr ? ClosedForm(one_minus_c, spread)
                                 : Series(one_minus_c, spread);
}

PairMeans PairFunction::Series(double d, double spread) const {
  const double c = 1 - d;
  PairMeans sum = {difference_, 0, 0, 0, 0, 0};
  double power = 1, one_minus_power = 0;  // c^k, 1 − c^k
  const double above = std::min(1.0, c + spread);
  const double below = std::max(-1.0, c - spread);
  double above_power = 0.5, below_power = 0.5;
  for (size_t k = 0; k < terms_; ++k) {
    const Term& p = products_[k];
    sum.one_minus_f += p.f * one_minus_power;
    sum.slope += p.slope * power;
    const double spread_power = above_power + below_power;
    sum.square += p.square * spread_power;
    sum.slope_square += p.slope_square * spread_power;
    sum.mixed += p.mixed * spread_power;
    sum.cube += p.cube * spread_power;
    above_power *= above;
    below_power *= below;
    one_minus_power = one_minus_power * c + d;
    power *= c;
  }
  // Where c < 0 the tails' terms have either sign.
  const double log_c = c > 0 ? std::log1p(-d) : -HUGE_VAL;
  if (f_tail_ > 0) sum.one_minus_f -= f_tail_ * std::expm1(f_power_ * log_c);
  if (slope_tail_ > 0) sum.slope += slope_tail_ * std::exp(kJumpPower * log_c);
  for (const double at : {above, below}) {
    if (slope_square_tail_ > 0 && at > 0) {
      sum.slope_square += slope_square_tail_ / 2 * std::pow(at, kJumpPower);
    }
  }
  return sum;
}

namespace {

// The angle between two samples, and sin and cos of it.
struct Angle {
  double theta, sine, c;

  explicit Angle(double d)
      : theta(2 * std::asin(std::sqrt(std::min(1.0, d / 2)))),
        sine(std::sqrt(d * (2 - d))),
        c(1 - d) {}
  // P(u > 0, v > 0).
  double Quadrant() const { return (kPi - theta) / (2 * kPi); }
};

}  // namespace

PairMeans PairFunction::ClosedForm(double d, double spread) const {
  // f(z) = α z for z > 0, β z for z < 0. What is called quadrant, mixed and
  // square are means of 1, u² and u²v² over u, v > 0; over u > 0 > v they
  // follow from those over u > 0.
  const double alpha = homogeneous_->value(1), beta = -homogeneous_->value(-1);
  const double a2 = alpha * alpha, b2 = beta * beta;
  const double f2 = (a2 + b2) / 2;
  PairMeans means;
  const Angle at(d);
  // ½ − E u v over the quadrant
  const double lacking = (kPi * d - SineMinus(at.theta)) / (2 * kPi);
  means.one_minus_f =
      ((alpha - beta) * (alpha - beta) * lacking + alpha * beta * d) / f2;
  means.slope =
      (2 * f2 * at.Quadrant() + 2 * alpha * beta * (0.5 - at.Quadrant())) / f2;

  const double same = a2 * a2 + b2 * b2, other = 2 * a2 * b2;
  const double norm = 2 * f2 * f2;  // of the mean of two
  means.square = means.slope_square = means.mixed = means.cube = 0;
  for (const double shift : {spread, -spread}) {
    const Angle near(std::clamp(d - shift, 0.0, 2.0));
    const double c = near.c, quadrant = near.Quadrant();
    const double mixed = quadrant + near.sine * c / (2 * kPi);
    const double square =
        (3 * near.sine * c + (kPi - near.theta) * (1 + 2 * c * c)) / (2 * kPi);
    const double half = (1 + 2 * c * c) / 2;
    means.square += (same * square + other * (half - square)) / norm;
    means.slope_square += (same * quadrant + other * (0.5 - quadrant)) / norm;
    means.mixed += (same * mixed + other * (0.5 - mixed)) / norm;
    // E u² v over the quadrant is (1 + c)²/(2√(2π)).
    const double plus = (1 + c) * (1 + c), minus = (1 - c) * (1 - c);
    means.cube += (alpha * a2 * plus - a2 * beta * minus + b2 * alpha * minus -
                   beta * b2 * plus) /
                  (4 * std::sqrt(2 * kPi) * f2 * std::sqrt(f2));
  }
  return means;
}

}  // namespace initscope
