// The critical line: published points, erf's closed form, and the fixed points
// on both sides of it.

#include "theory/critical_gain.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "base/matchers_test.h"
#include "theory/fixed_points_test.h"

namespace initscope {
namespace {

using std::numbers::pi;

std::vector<CriticalPoint> Find(std::string_view name, double bias_variance) {
  const ActivationMeans means(FindActivation(name));
  return CriticalPoints(means, bias_variance);
}

// Those where deep networks are critical.
std::vector<CriticalPoint> FindCritical(std::string_view name,
                                        double bias_variance) {
  std::vector<CriticalPoint> points = Find(name, bias_variance);
  std::erase_if(points,
                [](const CriticalPoint& at) { return !at.IsCritical(); });
  return points;
}

// Schoenholz et al. 2017, section 3, have 1.76. mpmath with 30 digits as in
// fixed_point_test.cc.
TEST(CriticalPoints, IsSchoenholzsForTanh) {
  const auto points = Find("tanh", 0.05);
  ASSERT_EQ(points.size(), 1u);
  EXPECT_THAT(points[0].weight_variance, IsNear(1.7609546396067391316, 1e-10));
  EXPECT_THAT(std::exp(points[0].log_q), IsNear(0.57004788164076414999, 1e-10));
  EXPECT_EQ(points[0].Text(), "critical at σ_w² = 1.76095");
}

TEST(CriticalPoints, WithoutBiasesIsTheInverseOfTheSlopeAtZero) {
  for (const auto& [name, expected] : {std::pair{"tanh", 1.0},
                                       {"erf", pi / 4},
                                       {"softsign", 1.0},
                                       {"hard_tanh", 1.0},
                                       {"elu", 1.0}}) {
    const auto points = FindCritical(name, 0);
    ASSERT_EQ(points.size(), 1u) << name;
    EXPECT_THAT(points[0].weight_variance, IsNear(expected, 1e-10)) << name;
    EXPECT_EQ(points[0].log_q, -HUGE_VAL) << name;
  }
}

TEST(CriticalPoints, IsAtHesVarianceForReluAndOnlyWithoutBiases) {
  for (const auto& [name, expected] :
       {std::pair{"relu", 2.0}, {"linear", 1.0}, {"leaky_relu", 2 / 1.0001}}) {
    const auto points = Find(name, 0);
    ASSERT_EQ(points.size(), 1u) << name;
    EXPECT_THAT(points[0].weight_variance, IsNear(expected, 1e-14)) << name;
    EXPECT_TRUE(points[0].IsCritical()) << name;
    for (double bias : {1e-12, 0.05, 1e6}) {
      const auto none = Find(name, bias);
      ASSERT_EQ(none.size(), 1u) << name;
      EXPECT_THAT(none[0].weight_variance, IsNear(expected, 1e-14)) << name;
      EXPECT_EQ(none[0].log_q, HUGE_VAL) << name;
      EXPECT_FALSE(none[0].IsCritical()) << name;
    }
  }
  EXPECT_EQ(Find("relu", 0.1)[0].Text(),
            "not critical at σ_w² = 2, where χ_1 = 1 but q grows without end");
}

// Roberts, Yaida & Hanin 2022, section 5.3.4, print σ_b² and σ_w² to eight
// digits. q* is where χ_q = χ_1 = 1, by mpmath with 25 digits.
struct HalfStable {
  std::string_view activation;
  double bias, weight, q;
};
constexpr HalfStable kHalfStable[] = {
    {"gelu", 0.17292239, 1.98305826, 3.56155281280883},
    {"silu", 0.55514317, 1.98800468, 14.3201736180258},
};

TEST(CriticalPoints, IsHalfStableWherePublished) {
  for (const HalfStable& c : kHalfStable) {
    const auto points = FindCritical(c.activation, c.bias);
    ASSERT_EQ(points.size(), 1u) << c.activation;
    EXPECT_EQ(points[0].stability, Stability::kHalfStable) << c.activation;
    // Half a unit of the last digit, and that of σ_b² times −dσ_w²/dσ_b²,
    // which is σ_w²/(q − σ_b²) < 0.6 here.
    EXPECT_THAT(points[0].weight_variance, IsNear(c.weight, 1.6 * 5e-9));
    EXPECT_THAT(std::exp(points[0].log_q), IsNear(c.q, 1e-6 * c.q));
    // Above this σ_b² the point attracts, below it is unstable.
    EXPECT_EQ(FindCritical(c.activation, 1.01 * c.bias)[0].stability,
              Stability::kStable);
    EXPECT_TRUE(FindCritical(c.activation, 0.99 * c.bias).empty());
    const auto below = Find(c.activation, 0.99 * c.bias);
    EXPECT_EQ(below[0].stability, Stability::kUnstable);
    EXPECT_TRUE(below[0].Text().ends_with("(unstable)")) << below[0].Text();
  }
}

// χ_1 = 4σ_w²/(π√(1 + 4q)) = 1 and q' = q with Williams' arcsine.
TEST(CriticalPoints, IsTheClosedFormForErf) {
  for (double bias : {1e-6, 0.01, 0.3, 4.0, 100.0}) {
    const auto excess = [](double q) {
      return q - std::sqrt(1 + 4 * q) / 2 * std::asin(2 * q / (1 + 2 * q));
    };
    double low = 0, high = 1000;
    for (int i = 0; i < 200; ++i) {
      const double q = (low + high) / 2;
      (excess(q) < bias ? low : high) = q;
    }
    const auto points = Find("erf", bias);
    ASSERT_EQ(points.size(), 1u);
    // `excess` cancels to 1e-16/q² of q.
    const double expected = pi / 4 * std::sqrt(1 + 4 * low);
    EXPECT_THAT(points[0].weight_variance, IsNear(expected, 1e-10 * expected))
        << bias;
  }
}

// Its fixed point is critical; a little less weight and it is ordered, a
// little more and it is chaotic. Where there is no point, no weight has a
// critical fixed point.
TEST(CriticalPoints, PartOrderFromChaos) {
  for (const Activation& f : Activations()) {
    const ActivationMeans means(f);
    for (double bias : kBiasVariances) {
      const auto points = FindCritical(f.name, bias);
      EXPECT_LE(points.size(), 1u) << f.name << " at " << bias;
      for (const CriticalPoint& point : points) {
        const auto phase = [&](double factor) {
          return FindFixedPoints(means, {factor * point.weight_variance, bias})
              .attractors[0]
              .phase;
        };
        EXPECT_EQ(phase(1), Phase::kCritical) << f.name << " at " << bias;
        EXPECT_EQ(phase(0.99), Phase::kOrdered) << f.name << " at " << bias;
        EXPECT_EQ(phase(1.01), Phase::kChaotic) << f.name << " at " << bias;
      }
      if (!points.empty()) continue;
      Phase before = Phase::kOrdered;
      for (double weight = 0.1; weight < 10; weight *= 1.01) {
        for (const Attractor& at :
             FindFixedPoints(means, {weight, bias}).attractors) {
          if (std::isinf(at.q)) continue;
          EXPECT_EQ(at.phase, before)
              << f.name << " at " << weight << ", " << bias;
        }
      }
    }
  }
}

}  // namespace
}  // namespace initscope
