// Fixed points that q leaves: published half-stable ones, and unstable ones
// between any two attractors.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/matchers_test.h"
#include "theory/fixed_point.h"
#include "theory/fixed_points_test.h"

namespace initscope {
namespace {

// Roberts, Yaida & Hanin 2022, section 5.3.4; q* as in critical_gain_test.cc.
// χ_1 and χ_q are 1 to the digits that σ_w² has.
TEST(FixedPoints, AreHalfStableWherePublished) {
  struct Published {
    std::string_view activation;
    LayerVariances variances;
    double q;
  };
  for (const Published& c :
       {Published{"gelu", {1.98305826, 0.17292239}, 3.56155281280883},
        {"silu", {1.98800468, 0.55514317}, 14.3201736180258}}) {
    const ActivationMeans means(FindActivation(c.activation));
    const FixedPoints found = FindFixedPoints(means, c.variances);
    ASSERT_EQ(found.repellers.size(), 1u) << c.activation;
    const Attractor& at = found.repellers[0];
    EXPECT_EQ(at.stability, Stability::kHalfStable);
    EXPECT_EQ(StabilityName(at.stability), "half-stable");
    // χ_q − 1 is less than 1e-4 of log(q/q*) here, and 5e-9/σ_w² off.
    EXPECT_THAT(at.q, IsNear(c.q, 5e-5 * c.q));
    EXPECT_THAT(at.chi_1, IsNear(1, 1e-6));
    EXPECT_THAT(at.chi_q, IsNear(1, 1e-8));
    EXPECT_TRUE(std::isinf(at.QDepth()) || at.QDepth() > 1e8);
    // Nothing of the kind where σ_w² is a millionth off.
    const FixedPoints off = FindFixedPoints(
        means, {c.variances.weight * (1 + 1e-6), c.variances.bias});
    for (const Attractor& other : off.repellers) {
      EXPECT_EQ(other.stability, Stability::kUnstable) << c.activation;
    }
  }
}

// Between two attractors, and only there, q leaves one that is not stable.
TEST(FixedPoints, StableAndUnstableTakeTurns) {
  size_t unstable = 0;
  for (const Activation& f : Activations()) {
    const ActivationMeans means(f);
    for (double weight : kWeightVariances) {
      for (double bias : {0.0, 1e-6, 0.05, 1.0, 100.0}) {
        const LayerVariances variances = {weight, bias};
        const FixedPoints found = FindFixedPoints(means, variances);
        const std::string where = std::string(f.name) + " at " +
                                  std::to_string(weight) + ", " +
                                  std::to_string(bias);
        std::vector<Attractor> all = found.attractors;
        for (const Attractor& at : found.repellers) {
          ASSERT_EQ(at.stability, Stability::kUnstable) << where;
          all.push_back(at);
          ++unstable;
          if (at.q == 0) continue;
          const double next = NextLogQ(means, variances, at.log_q);
          EXPECT_THAT(next, IsNear(at.log_q, 1e-11)) << where;
          EXPECT_GT(at.chi_q, 1) << where;
        }
        std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
          return a.log_q < b.log_q;
        });
        for (size_t i = 1; i < all.size(); ++i) {
          EXPECT_NE(all[i].stability, all[i - 1].stability) << where;
        }
      }
    }
  }
  EXPECT_GT(unstable, 10u);
}

TEST(FixedPoints, ZeroIsUnstableWhereTheSignalGrowsFromIt) {
  const ActivationMeans tanh(FindActivation("tanh"));
  const FixedPoints found = FindFixedPoints(tanh, {2.25, 0});
  ASSERT_EQ(found.repellers.size(), 1u);
  EXPECT_EQ(found.repellers[0].q, 0);
  EXPECT_THAT(found.repellers[0].chi_1, IsNear(2.25, 1e-10));
  EXPECT_THAT(found.repellers[0].chi_q, IsNear(2.25, 1e-10));
  EXPECT_TRUE(FindFixedPoints(tanh, {0.5, 0}).repellers.empty());
  // f(0) ≠ 0: nothing stays at 0.
  const ActivationMeans sigmoid(FindActivation("sigmoid"));
  EXPECT_TRUE(FindFixedPoints(sigmoid, {2.25, 0}).repellers.empty());
}

}  // namespace
}  // namespace initscope
