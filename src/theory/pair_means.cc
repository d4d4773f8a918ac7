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

// The power of c that stands for the missing terms of an f' with a jump.
constexpr double kJumpPower = 1.5 * kHermiteTerms;

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

PairFunction::PairFunction(const Activation& activation)
    : homogeneous_(&activation) {
  INITSCOPE_CHECK(activation.homogeneous);
}

PairFunction::PairFunction(const HermiteCoefficients& a,
                           const HermiteCoefficients& b)
    : terms_(std::max(a.count, b.count)) {
  const auto term = [](const HermiteCoefficients& c, size_t k) {
    return k < c.count ? c.terms[k] : HermiteTerm{};
  };
  double product_a = 0, product_b = 0;
  for (size_t k = 0; k < terms_; ++k) {
    const HermiteTerm s = term(a, k), t = term(b, k);
    product_a += static_cast<double>(k) * s.square * s.square;
    product_b += static_cast<double>(k) * t.square * t.square;
    products_[k] = {
        .f = s.f * t.f,
        .slope = s.slope * t.slope,
        .square = s.square * t.square,
        .slope_square = s.slope_square * t.slope_square,
        .mixed = (s.square * t.slope_square + s.slope_square * t.square) / 2,
        .cube = (s.square * t.f + s.f * t.square) / 2};
    difference_ += (s.f - t.f) * (s.f - t.f) / 2;
  }
  product_norm_ = std::sqrt(product_a * product_b);
  slope_tail_ = std::sqrt(a.slope_tail * b.slope_tail);
  slope_square_tail_ = std::sqrt(a.slope_square_tail * b.slope_square_tail);
  f_tail_ = std::sqrt(a.f_tail * b.f_tail);
  if (f_tail_ == 0) return;
  const double root = std::sqrt(a.f_tail) - std::sqrt(b.f_tail);
  difference_ += root * root / 2;
  f_power_ = std::max(
      double{kHermiteTerms},
      std::sqrt(a.weighted_f_tail / a.f_tail * (b.weighted_f_tail / b.f_tail)));
}

PairMeans PairFunction::At(double one_minus_c, double spread) const {
  return homogeneous_ != nullptr ? ClosedForm(one_minus_c, spread)
                                 : Series(one_minus_c, spread);
}

PairMeans PairFunction::Series(double d, double spread) const {
  const double c = 1 - d;
  PairMeans sum = {};
  sum.one_minus_f = difference_;
  double power = 1, one_minus_power = 0;  // c^k, 1 − c^k
  double lower_power = 0, low_power = 0;  // c^(k − 1), c^(k − 2)
  const double above = std::min(1.0, c + spread);
  const double below = std::max(-1.0, c - spread);
  double above_power = 0.5, below_power = 0.5;
  for (size_t k = 0; k < terms_; ++k) {
    const Term& p = products_[k];
    sum.one_minus_f += p.f * one_minus_power;
    sum.slope += p.slope * power;
    // The derivative of f² is 2 f f', whose terms are √(k + 1) (f²)_{k+1}/2.
    const auto order = static_cast<double>(k);
    sum.product += order * p.square * lower_power;
    sum.product_rise += order * (order - 1) * p.square * low_power;
    sum.slope_rise += order * p.slope * lower_power;
    low_power = lower_power;
    lower_power = power;
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
  if (product_norm_ > 0) {
    sum.product /= product_norm_;
    sum.product_rise /= product_norm_;
  } else {
    sum.product = 1;
  }
  // For c < 0 the terms of the tails have both signs: no tail.
  const double log_c = c > 0 ? std::log1p(-d) : -HUGE_VAL;
  if (f_tail_ > 0) sum.one_minus_f -= f_tail_ * std::expm1(f_power_ * log_c);
  if (slope_tail_ > 0) {
    sum.slope += slope_tail_ * std::exp(kJumpPower * log_c);
    sum.slope_rise +=
        slope_tail_ * kJumpPower * std::exp((kJumpPower - 1) * log_c);
  }
  for (const double at : {above, below}) {
    if (slope_square_tail_ > 0 && at > 0) {
      sum.slope_square += slope_square_tail_ / 2 * std::pow(at, kJumpPower);
    }
  }
  return sum;
}

PairMeans PairFunction::ClosedForm(double d, double spread) const {
  // f(z) = α z for z > 0, β z for z < 0. `quadrant`, `mixed` and `square` are
  // the means of 1, u² and u²v² over u, v > 0; those over u > 0 > v follow from
  // the means over u > 0.
  const double alpha = homogeneous_->value(1), beta = -homogeneous_->value(-1);
  const double a2 = alpha * alpha, b2 = beta * beta;
  const double f2 = (a2 + b2) / 2;
  PairMeans means;
  const Angle at(d);
  // ½ − E u v over the quadrant
  const double lacking = (kPi * d - SineMinus(at.theta)) / (2 * kPi);
  means.one_minus_f =
      ((alpha - beta) * (alpha - beta) * lacking + alpha * beta * d) / f2;
  const double same = a2 * a2 + b2 * b2, other = 2 * a2 * b2;
  const double differing = (a2 - b2) * (a2 - b2);
  means.product = 1 - (2 * differing * lacking + other * d) / same;
  means.product_rise = (2 * differing * at.Quadrant() + other) / same;
  means.slope =
      (2 * f2 * at.Quadrant() + 2 * alpha * beta * (0.5 - at.Quadrant())) / f2;
  means.slope_rise = (alpha - beta) * (alpha - beta) / f2 /
                     (2 * kPi * std::max(at.sine, 1e-150));
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
