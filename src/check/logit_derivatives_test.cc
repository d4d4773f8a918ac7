#include "check/logit_derivatives.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/matchers_test.h"

namespace initscope {
namespace {

// ∂ℓ/∂β = ŷ − y for the cross-entropies, (ŷ − y)/c for mse, R for probe.
TEST(LogitDerivatives, AreWhatTheFormulasSay) {
  const std::vector<double> beta = {0.3, -1.7, 2.1, 0.05};
  const std::vector<double> y = {0.1, 0.2, 0.6, 0.1};
  for (const Loss& loss : Losses()) {
    const SampleDerivatives sample =
        DifferentiateLoss(loss, beta.data(), y.data(), beta.size());
    ASSERT_EQ(sample.outputs.size(), beta.size());
    EXPECT_TRUE(std::isfinite(sample.loss));
    for (size_t j = 0; j < beta.size(); ++j) {
      const LogitDerivative& d = sample.outputs[j];
      const double difference = d.prediction - d.target;
      const double expected = loss.name == "probe" ? y[j]
                              : loss.name == "mse" ? difference / 4
                                                   : difference;
      EXPECT_EQ(d.logit, beta[j]);
      EXPECT_EQ(d.target, y[j]);
      EXPECT_THAT(d.analytic,
                  IsNear(expected, 1e-15 * (std::abs(d.prediction) + y[j])))
          << loss.name;
      EXPECT_THAT(d.numeric, IsNear(expected, 4 * d.bound)) << loss.name;
      EXPECT_LE(d.bound, 1e-9) << loss.name;
    }
  }
}

}  // namespace
}  // namespace initscope
