// Fixed points of the correlation: published ones, erf's closed form, and
// their equation by quadrature.

#include "theory/fixed_correlation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "base/matchers_test.h"
#include "theory/fixed_points_test.h"
#include "theory/pair_quadrature.h"

namespace initscope {
namespace {

using std::numbers::pi;

FixedCorrelation Find(const ActivationMeans& means,
                      const LayerVariances& variances) {
  const FixedPoints found = FindFixedPoints(means, variances);
  return FindFixedCorrelation(means, variances, found.attractors[0]);
}

// Poole et al. 2016: tanh at bias_std 0.3. Computed with 64-bit significands:
// trapezoidal rule in two independent variables, steps of 0.1/√q, and Newton's
// iteration from c = 0.3.
TEST(FixedCorrelation, IsPoolesForTanh) {
  const ActivationMeans means(FindActivation("tanh"));
  EXPECT_EQ(Find(means, {1.69, 0.09}).c, 1);  // gain 1.3: ordered
  const FixedCorrelation mild = Find(means, {6.25, 0.09});
  EXPECT_THAT(mild.c, IsNear(0.122103747305585393734, 1e-11));
  EXPECT_THAT(mild.chi_c, IsNear(0.82222917272356448715, 1e-11));
  const FixedCorrelation wild = Find(means, {16, 0.09});
  EXPECT_THAT(wild.c, IsNear(0.02969592158033772139, 1e-11));
  EXPECT_THAT(wild.chi_c, IsNear(0.75974360501218481605, 1e-11));
  EXPECT_THAT(wild.Depth(), IsNear(-1 / std::log(wild.chi_c), 1e-12));
}

// q* and c* from Williams' arcsines alone.
TEST(FixedCorrelation, SolvesTheArcSineForErf) {
  const ActivationMeans means(FindActivation("erf"));
  for (const LayerVariances& v : {LayerVariances{1.4, 0.05},
                                  {2, 0.05},
                                  {4, 0.3},
                                  {25, 1},
                                  {100, 0.001}}) {
    double q = 1;
    const auto next = [&](double covariance) {
      return v.weight * 2 / pi * std::asin(2 * covariance / (1 + 2 * q)) +
             v.bias;
    };
    for (int i = 0; i < 300; ++i) q = next(q);
    double low = 0, high = 1 - 1e-7;  // c' − c falls at c*
    for (int i = 0; i < 100; ++i) {
      const double c = (low + high) / 2;
      (next(c * q) > c * q ? low : high) = c;
    }
    const FixedCorrelation found = Find(means, v);
    const double slope =
        4 * v.weight /
        (pi * std::sqrt(std::pow(1 + 2 * q, 2) - std::pow(2 * low * q, 2)));
    // Near 1 the arcsines cancel to 1e-16/(1 − χ_c).
    EXPECT_THAT(found.c, IsNear(low, 1e-11)) << v.weight;
    EXPECT_THAT(found.chi_c, IsNear(slope, 1e-10)) << v.weight;
  }
}

// Odd f without biases, and selu, whose mean is 0 at its q* = 1.
TEST(FixedCorrelation, IsZeroWhereTheMeanIs) {
  for (std::string_view name : {"tanh", "softsign", "erf", "hard_tanh"}) {
    const ActivationMeans means(FindActivation(name));
    for (double weight : {1.5, 4.0, 50.0}) {
      const FixedCorrelation found = Find(means, {weight, 0});
      EXPECT_THAT(found.c, IsNear(0, 1e-13)) << name;
      // c' = b_1 c + …: b_1 = σ_w² (E f')², by Stein's lemma.
      const FixedPoints at = FindFixedPoints(means, {weight, 0});
      const MeansAt m = means.At(at.attractors[0].log_q);
      const double slope = m[Mean::kSlope];
      EXPECT_THAT(found.chi_c,
                  IsNear(at.attractors[0].chi_1 * slope * slope, 1e-11))
          << name;
    }
  }
  EXPECT_THAT(Find(ActivationMeans(FindActivation("selu")), {1, 0}).c,
              IsNear(0, 1e-13));
}

// Every chaotic fixed point of the grid: 1 − c' = 1 − c and χ_c by quadrature.
// Those near 1 with kinks are the ones that take no series.
TEST(FixedCorrelation, SolvesItsEquation) {
  int chaotic = 0;
  for (const Activation& f : Activations()) {
    const ActivationMeans means(f);
    for (double weight : {0.9, 2.0, 4.5, 120.0}) {
      const LayerVariances v = {weight, 0.09};
      for (const Attractor& at : FindFixedPoints(means, v).attractors) {
        if (std::isinf(at.q)) continue;
        const FixedCorrelation found = FindFixedCorrelation(means, v, at);
        if (at.phase != Phase::kChaotic) {
          EXPECT_EQ(found.c, 1);
          EXPECT_EQ(found.chi_c, at.chi_1);
          continue;
        }
        ++chaotic;
        ASSERT_TRUE(found.c >= 0 && found.c < 1) << f.name;
        const PairLaw law = {at.q, at.q, found.c};
        const double apart = PairMean(
            [&](double a, double b) {
              return std::pow(f.value(a) - f.value(b), 2);
            },
            f.kinks, f.kinks, law);
        EXPECT_THAT(weight * apart / (2 * at.q * (1 - found.c)),
                    IsNear(1, 1e-10))
            << f.name << " at " << weight << ", c* = " << found.c;
        const double slope = PairMean(
            [&](double a, double b) { return f.slope(a) * f.slope(b); },
            f.kinks, f.kinks, law);
        EXPECT_THAT(found.chi_c, IsNear(weight * slope, 1e-10)) << f.name;
        EXPECT_LT(found.chi_c, 1) << f.name;
      }
    }
  }
  EXPECT_GE(chaotic, 10);
}

}  // namespace
}  // namespace initscope
