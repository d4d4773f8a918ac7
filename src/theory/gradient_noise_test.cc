#include "theory/gradient_noise.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace initscope {
namespace {

constexpr double kWidth = 1e9;  // log(1 + c/n) is c/n

// Covariance of (log p, log α, log K_L) for one sample, by the linear map that
// the header states, step after step.
class PlainNoise {
 public:
  void Step(double along, const UnitNoise& unit, const NoisePull& pull) {
    const double map[3][3] = {{1 - along, 2 * along, 0}, {0, 1, 0}, {0, 0, 1}};
    // What own (first) and η (second) do to each.
    const double from[3][2] = {
        {1, pull.a}, {0, pull.alpha_a}, {0, pull.output_a}};
    const double noise[2][2] = {{unit.own, unit.with_kernel},
                                {unit.with_kernel, unit.kernel}};
    std::array<std::array<double, 3>, 3> next = {};
    for (int i = 0; i < 3; ++i) {
      for (int k = 0; k < 3; ++k) {
        for (int a = 0; a < 3; ++a) {
          for (int b = 0; b < 3; ++b) {
            next[i][k] += map[i][a] * at[a][b] * map[k][b];
          }
        }
        for (int a = 0; a < 2; ++a) {
          for (int b = 0; b < 2; ++b) {
            next[i][k] += from[i][a] * noise[a][b] * from[k][b] / kWidth;
          }
        }
      }
    }
    at = next;
  }

  std::array<std::array<double, 3>, 3> at = {};
};

TEST(GradientNoise, CarriesTheCovarianceOfTheMapThatItStates) {
  GradientNoise noise;
  PlainNoise plain;
  for (int l = 0; l < 20; ++l) {
    const double along = 0.04 * l, x = 0.1 * l;
    const UnitNoise unit = {2 + x, 0.7 - x, 1.5};
    const NoisePull pull = {0.3 + x, 0.3 + x, 1 - x, 1 - x, 0.9, 0.9};
    noise.Step(along, unit, pull, kWidth);
    plain.Step(along, unit, pull);
    const auto near = [&](double found, int i, int k) {
      EXPECT_NEAR(found * kWidth, plain.at[i][k] * kWidth, 1e-6) << l;
    };
    near(noise.delta, 0, 0);
    near(noise.both, 0, 1);
    near(noise.alpha, 1, 1);
    near(noise.delta_with_output, 0, 2);
    near(noise.alpha_with_output, 1, 2);
  }
}

// A linear network whose delta_L is drawn apart from Z_L: each row multiplies
// |delta|² by a chi-squared variable over its units.
TEST(GradientNoise, OfALinearNetworkIsThatOfChiSquaredVariables) {
  GradientNoise noise;
  for (int l = 0; l < 10; ++l) {
    noise.Step(0, {2, 0, 2}, {0, 0, 1, 1, 1, 1}, 100);
  }
  EXPECT_NEAR(noise.delta, 10 * std::log1p(0.02), 1e-12);
}

}  // namespace
}  // namespace initscope
