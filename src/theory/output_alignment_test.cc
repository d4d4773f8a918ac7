#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "theory/output_kernel.h"

namespace initscope {
namespace {

double Alignment(std::string_view name, double q, TargetMoments target) {
  const auto loss = std::find_if(Losses().begin(), Losses().end(),
                                 [&](const Loss& l) { return l.name == name; });
  return OutputAlignment(*loss, std::log(q), target);
}

// delta_L ∝ z − y: E (δ z)² = q², E δ² = q + E y².
TEST(OutputAlignment, OfMeanSquaredErrors) {
  for (const double q : {1e-3, 0.5, 20.0}) {
    EXPECT_NEAR(Alignment("mse", q, {0, 1}), q / (q + 1), 1e-12);
    EXPECT_NEAR(Alignment("mse", q, {0.1, 0.3}), q / (q + 0.1), 1e-12);
  }
}

// σ(z) − y is z/4 + ½ − y near 0; far out it is a step of ±½ about 0.
TEST(OutputAlignment, OfSigmoids) {
  EXPECT_NEAR(Alignment("sigmoid_cross_entropy", 1e-4, {0.5, 0.5}), 1e-4 / 4,
              1e-8);
  // δ² is 0 or 1, half of the time each; E z σ(z) = E |z|/2.
  EXPECT_NEAR(Alignment("sigmoid_cross_entropy", 1e8, {0.5, 0.5}), 1 / M_PI,
              1e-3);
}

TEST(OutputAlignment, IsNoneWhereDeltaIsDrawnOrOutputsCompete) {
  EXPECT_NEAR(Alignment("probe", 2, {0, 1}), 0, 1e-24);
  EXPECT_EQ(Alignment("softmax_cross_entropy", 2, {0.1, 0.3}), 0);
}

}  // namespace
}  // namespace initscope
