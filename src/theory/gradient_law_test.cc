#include "theory/gradient_law.h"

#include <gtest/gtest.h>

#include <cmath>

namespace initscope {
namespace {

// A linear layer of q = 1.
GradientLayer Linear(double width) {
  GradientLayer layer;
  layer.width = width;
  return layer;
}

// δ_L = (Z_L − Y)/(mc), with Y of variance q = 1: P_{L−k}/P_{L−1} = (k + 2)/3
// at infinite width.
TEST(GradientLaw, LinearNetworksWithMeanSquaredErrorGrowAsDerived) {
  const GradientLayer layer = Linear(1e15);
  GradientLaw law(std::log(2), 0, layer.width, 0, layer, false);
  const double first = law.LogDelta(layer);
  EXPECT_NEAR(std::exp(first), 3, 1e-12);
  for (int k = 2; k < 40; ++k) {
    law = law.Below(layer, layer, 0);
    EXPECT_NEAR(std::exp(law.LogDelta(layer) - first), (k + 2) / 3.0,
                1e-11 * k);
  }
}

// A delta_L that is drawn apart from Z_L keeps its mean square in a linear
// network of any width: what it has along X by chance makes up for what the
// rest lacks there. At infinite width neither is counted.
TEST(GradientLaw, ChanceAddsNothingToLinearNetworks) {
  for (const double width : {2.0, 10.0, 1000.0}) {
    const GradientLayer layer = Linear(width);
    for (const bool finite : {false, true}) {
      GradientLaw law(0, -std::log(width), width, 0, layer, finite);
      for (int k = 0; k < 50; ++k) {
        EXPECT_NEAR(law.LogDelta(layer), 0, 1e-12) << width;
        law = law.Below(layer, layer, 0);
      }
    }
  }
}

// ReLU at He's scale: α X_l keeps what it has (f' = 1 where X_l is not 0), and
// the fresh part half of it, which the weights make up for.
TEST(GradientLaw, ReluKeepsAllOfThePartAlongX) {
  GradientLayer layer;
  layer.log_q = std::log(2);
  layer.log_square = 0;  // E f² = q/2
  layer.log_slope = -std::log(2);
  layer.mixed = 2;
  layer.width = 1e15;
  const double log_weights = std::log(2);
  double along = 0.3, fresh = 0.7;  // E (α X)², E ε²
  // aligned = (fan_out/width)(E (δ·Z)²/(n² K) − 0)/E δ²
  GradientLaw law(0, std::log(along / fresh), layer.width, std::log(fresh),
                  layer, false);
  for (int k = 0; k < 10; ++k) {
    EXPECT_NEAR(std::exp(law.LogDelta(layer)), along + fresh / 2, 1e-12);
    fresh = 2 * (along + fresh / 2);
    law = law.Below(layer, layer, log_weights);
    EXPECT_NEAR(std::exp(law.log_fresh()), fresh, 1e-11 * fresh);
    // α_{l−1} = α_l · 2 E u f f'/q = α_l.
    EXPECT_NEAR(law.aligned() * fresh, along, 1e-11);
  }
}

// Orthogonal weights keep lengths, however much delta stands along Z.
TEST(GradientLaw, OrthogonalWeightsKeepTheLength) {
  GradientLayer layer = Linear(1e15);
  layer.orthogonal = true;
  for (const double aligned : {0.0, 0.3, 0.99}) {
    GradientLaw law(0, std::log(aligned), layer.width, 0, layer, false);
    for (int k = 0; k < 20; ++k) {
      EXPECT_NEAR(law.LogDelta(layer), 0, 1e-11) << aligned;
      law = law.Below(layer, layer, 0);
    }
  }
}

}  // namespace
}  // namespace initscope
