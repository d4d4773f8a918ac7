#include "theory/pair_means.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "nn/find_activation_test.h"
#include "theory/activation_means.h"
#include "theory/pair_quadrature.h"

namespace initscope {
namespace {

PairFunction FunctionOf(const Activation& f, double q_a, double q_b) {
  if (f.homogeneous) return PairFunction(f);
  const HermiteTable table(f);
  HermiteCoefficients a, b;
  table.At(std::log(q_a), &a);
  table.At(std::log(q_b), &b);
  return {a, b};
}

// The same by nested quadrature.
PairMeans Reference(const Activation& f, double q_a, double q_b, double c) {
  const auto mean = [&](const std::function<double(double, double)>& g) {
    return PairMean(g, f.kinks, f.kinks, {q_a, q_b, c});
  };
  const auto square = [&](const Activation& of, double q, Mean which) {
    return std::exp(ComputeMeans(of, std::log(q))[static_cast<size_t>(which)]);
  };
  const double f_a = square(f, q_a, Mean::kLogSquare);
  const double f_b = square(f, q_b, Mean::kLogSquare);
  const double s_a = square(f, q_a, Mean::kLogSlopeSquare);
  const double s_b = square(f, q_b, Mean::kLogSlopeSquare);
  const auto v = f.value;
  const auto s = f.slope;
  const auto product = [&](double q) {  // E (f f')²
    const MeanValues means = ComputeMeans(f, std::log(q));
    return means[static_cast<size_t>(Mean::kMixed)] *
           square(f, q, Mean::kLogSquare) * square(f, q, Mean::kLogSlopeSquare);
  };
  return {mean([&](double x, double y) {
            const double d = v(x) / std::sqrt(f_a) - v(y) / std::sqrt(f_b);
            return d * d / 2;
          }),
          mean([&](double x, double y) { return s(x) * s(y); }) /
              std::sqrt(s_a * s_b),
          mean([&](double x, double y) { return v(x) * s(x) * v(y) * s(y); }) /
              std::sqrt(product(q_a) * product(q_b)),
          mean([&](double x, double y) { return v(x) * v(x) * v(y) * v(y); }) /
              (f_a * f_b),
          mean([&](double x, double y) { return s(x) * s(x) * s(y) * s(y); }) /
              (s_a * s_b),
          mean([&](double x, double y) {
            const double a = v(x) * v(x) * s(y) * s(y) / (f_a * s_b);
            const double b = s(x) * s(x) * v(y) * v(y) / (s_a * f_b);
            return (a + b) / 2;
          }),
          mean([&](double x, double y) {
            const double a = v(x) * v(x) * v(y) / (f_a * std::sqrt(f_b));
            const double b = v(x) * v(y) * v(y) / (f_b * std::sqrt(f_a));
            return (a + b) / 2;
          })};
}

bool Near(double found, double expected, double tolerance) {
  return std::abs(found - expected) <= tolerance;
}

// Away from |c| = 1 the series converge whatever f is: c^64 of 0.8 is 6e-7, and
// the tail has about the right size. From tiny q, where f is its slope, to ones
// where most units saturate.
TEST(PairMeans, AgreeWithQuadrature) {
  constexpr struct {
    double q, c;
  } kPoints[] = {{0.01, 0.8}, {0.3, -0.7},  {0.3, 0.0},
                 {1.0, 0.8},  {10.0, -0.7}, {10.0, 0.8}};
  for (const Activation& f : Activations()) {
    for (const auto& [q, c] : kPoints) {
      SCOPED_TRACE(::testing::Message() << f.name << " q " << q << " c " << c);
      const PairMeans found = FunctionOf(f, q, 1.5 * q).At(1 - c);
      const PairMeans expected = Reference(f, q, 1.5 * q, c);
      const double tolerance = f.kinks.empty() || f.homogeneous ? 1e-6 : 2e-4;
      EXPECT_TRUE(Near(found.one_minus_f, expected.one_minus_f, tolerance));
      EXPECT_TRUE(Near(found.slope, expected.slope, tolerance));
      const bool is_hard = !f.kinks.empty() || q >= 10;
      EXPECT_TRUE(Near(found.product, expected.product,
                       f.homogeneous ? 1e-12
                       : is_hard     ? 5e-2
                                     : 5e-4))
          << found.product - expected.product;
      EXPECT_TRUE(Near(found.square, expected.square, tolerance));
      EXPECT_TRUE(
          Near(found.slope_square, expected.slope_square, 20 * tolerance));
      EXPECT_TRUE(Near(found.mixed, expected.mixed, 5 * tolerance));
      EXPECT_TRUE(Near(found.cube, expected.cube, tolerance));
    }
  }
}

// Against central differences: step² times a third derivative, below 1e4 for
// these series at 0.8, and rounding over the step, 1e-11.
TEST(PairMeans, RisesAreDerivatives) {
  constexpr double kStep = 1e-5;
  for (const Activation& f : Activations()) {
    for (const double c : {-0.6, 0.0, 0.5, 0.8}) {
      SCOPED_TRACE(::testing::Message() << f.name << " c " << c);
      const PairFunction function = FunctionOf(f, 0.7, 1.2);
      const PairMeans found = function.At(1 - c);
      const PairMeans above = function.At(1 - c - kStep);
      const PairMeans below = function.At(1 - c + kStep);
      EXPECT_NEAR(found.slope_rise, (above.slope - below.slope) / (2 * kStep),
                  1e-6);
      EXPECT_NEAR(found.product_rise,
                  (above.product - below.product) / (2 * kStep), 1e-6);
    }
  }
}

// At c → 1 a layer multiplies 1 − c by q E f'²/E f², kinks or not.
TEST(PairMeans, AreLinearNearOne) {
  for (const Activation& f : Activations()) {
    const MeanValues means = ComputeMeans(f, 0);
    const double ratio =
        std::exp(means[static_cast<size_t>(Mean::kLogSlopeSquare)] -
                 means[static_cast<size_t>(Mean::kLogSquare)]);
    const double d = 1e-9;  // a kink adds O(√d)
    EXPECT_TRUE(Near(FunctionOf(f, 1, 1).At(d).one_minus_f / (d * ratio), 1,
                     f.kinks.empty() ? 1e-6 : 1e-4))
        << f.name;
  }
}

// Cho & Saul 2009: degree 1 from c = 0 is 1/π, the correlation map of relu.
TEST(PairMeans, ReluMapsZeroCorrelationToOneOverPi) {
  const Activation& relu = FindActivation("relu");
  EXPECT_TRUE(Near(1 - PairFunction(relu).At(1).one_minus_f, 1 / M_PI, 1e-15));
}

// To second order in the spread: the mean over c ± spread.
TEST(PairMeans, SpreadIsTheMeanOverBothSides) {
  for (const Activation& f : Activations()) {
    const PairFunction function = FunctionOf(f, 1, 1);
    const PairMeans found = function.At(0.6, 0.1);
    EXPECT_TRUE(Near(found.slope, function.At(0.6).slope, 1e-15)) << f.name;
    EXPECT_TRUE(Near(found.square,
                     (function.At(0.5).square + function.At(0.7).square) / 2,
                     1e-12))
        << f.name;
  }
}

}  // namespace
}  // namespace initscope
