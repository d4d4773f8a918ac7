// Pair means against closed forms and references.

#include "theory/pair_quadrature.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/matchers_test.h"
#include "nn/activations.h"
#include "nn/find_activation_test.h"

namespace initscope {
namespace {

using std::numbers::pi;
// Of √(E f² E g²); nested sums of some hundred terms each round to less.
constexpr double kTolerance = 1e-11;

constexpr PairLaw kLaws[] = {
    {1, 1, 0},         {1, 1, 0.3},         {1, 1, -0.7},
    {1, 1, 0.999},     {1, 1, 1 - 1e-9},    {1, 1, -1 + 1e-13},
    {1, 1, 1},         {1, 1, -1},          {0.01, 100, 0.9},
    {100, 0.01, -0.9}, {50, 0.5, 1 - 1e-6}, {1e-4, 1e-4, 0.5},
    {1e-4, 300, 1},    {300, 1e-4, -1},     {1e4, 1e4, 0.99}};

double ValueMean(const Activation& f, const PairLaw& law) {
  return PairMean([&](double u, double v) { return f.value(u) * f.value(v); },
                  f.kinks, f.kinks, law);
}

double SlopeMean(const Activation& f, const PairLaw& law) {
  return PairMean([&](double u, double v) { return f.slope(u) * f.slope(v); },
                  f.kinks, f.kinks, law);
}

// Cho & Saul 2009, equations 4 to 6, over 2π.
TEST(PairMean, IsTheArcCosineKernel) {
  const Activation& relu = FindActivation("relu");
  for (const PairLaw& law : kLaws) {
    const double theta = std::acos(law.correlation);
    const double sine = std::sin(theta), cosine = law.correlation;
    const double size = std::sqrt(law.q_a * law.q_b), left = pi - theta;
    EXPECT_THAT(SlopeMean(relu, law), IsNear(left / (2 * pi), kTolerance));
    EXPECT_THAT(
        ValueMean(relu, law),
        IsNear(size * (sine + left * cosine) / (2 * pi), kTolerance * size));
    const double square = PairMean(
        [&](double u, double v) {
          return std::pow(relu.value(u) * relu.value(v), 2);
        },
        relu.kinks, relu.kinks, law);
    EXPECT_THAT(square, IsNear(size * size *
                                   (3 * sine * cosine +
                                    left * (1 + 2 * cosine * cosine)) /
                                   (2 * pi),
                               kTolerance * size * size));
  }
}

// Williams 1997, equation 11, and its derivative by the covariance.
TEST(PairMean, IsWilliamsArcSineForErf) {
  const Activation& erf = FindActivation("erf");
  for (const PairLaw& law : kLaws) {
    const double covariance = law.correlation * std::sqrt(law.q_a * law.q_b);
    const double norm = (1 + 2 * law.q_a) * (1 + 2 * law.q_b);
    EXPECT_THAT(ValueMean(erf, law),
                IsNear(2 / pi * std::asin(2 * covariance / std::sqrt(norm)),
                       kTolerance));
    const double size = std::sqrt(norm - 4 * covariance * covariance);
    EXPECT_THAT(SlopeMean(erf, law),
                IsNear(4 / (pi * size), kTolerance * 4 / pi));
  }
}

TEST(PairMean, IsWhatItsNormalLawSays) {
  for (const PairLaw& law : kLaws) {
    const double covariance = law.correlation * std::sqrt(law.q_a * law.q_b);
    const auto mean = [&](const std::function<double(double, double)>& g) {
      return PairMean(g, {}, {}, law);
    };
    const double size = std::max(law.q_a, law.q_b);
    EXPECT_THAT(mean([](double, double) { return 1.0; }),
                IsNear(1, kTolerance));
    EXPECT_THAT(mean([](double u, double v) { return u * v; }),
                IsNear(covariance, kTolerance * size));
    EXPECT_THAT(mean([](double u, double) { return u * u; }),
                IsNear(law.q_a, kTolerance * size));
    EXPECT_THAT(mean([](double, double v) { return v * v; }),
                IsNear(law.q_b, kTolerance * size));
    // A kink in v alone: E 1[v > 1].
    const double kinks[] = {1};
    EXPECT_THAT(PairMean([](double, double v) { return v > 1 ? 1.0 : 0.0; }, {},
                         kinks, law),
                IsNear(std::erfc(1 / std::sqrt(2 * law.q_b)) / 2, kTolerance));
  }
}

struct PairReference {
  PairLaw law;
  double hard_tanh, hard_tanh_slope, selu, tanh;
};

// mpmath with 30 digits. The first three: E over v | u in closed form (normal
// distribution functions and exponentials), over u by tanh-sinh quadrature on
// panels that are cut at the kinks. tanh: trapezoidal rule in two independent
// variables, step 0.1 of a standard deviation, to 12.5.
constexpr PairReference kPairReferences[] = {
    {{1, 1, 0.5},
     0.238169165800770654,
     0.49797177783920799,
     0.490569128325475148,
     0.186324413203448086},
    {{0.5, 2, 0.6},
     0.270015431912287443,
     0.473617375629596216,
     0.579587484803085472,
     0.213596079523443554},
    {{3, 0.2, -0.9},
     -0.300216257946058463,
     0.436293903281108171,
     -0.705726385033598264,
     -0.251708129020140595},
    {{10, 10, 0.999},
     0.831063970393696822,
     0.234628360684806352,
     6.53024207514290481,
     0.755616953380841864},
};

TEST(PairMean, IsTheReference) {
  for (const PairReference& r : kPairReferences) {
    const Activation& hard = FindActivation("hard_tanh");
    EXPECT_THAT(ValueMean(hard, r.law), IsNear(r.hard_tanh, kTolerance));
    EXPECT_THAT(SlopeMean(hard, r.law), IsNear(r.hard_tanh_slope, kTolerance));
    EXPECT_THAT(ValueMean(FindActivation("selu"), r.law),
                IsNear(r.selu, kTolerance * std::abs(r.selu)));
    EXPECT_THAT(ValueMean(FindActivation("tanh"), r.law),
                IsNear(r.tanh, kTolerance));
  }
}

}  // namespace
}  // namespace initscope
