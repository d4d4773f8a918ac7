#include "theory/output_kernel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "nn/find_activation_test.h"

namespace initscope {
namespace {

// A linear network of one sample, q = 1 at every layer.
class OutputKernelTest : public testing::Test {
 protected:
  OutputKernelTest()
      : geometry_(1,
                  [](size_t) {
                    ScaledMatrix<double> x;
                    x.Resize(1, 4);
                    std::fill_n(x.mantissa.data(), 4, 1.0);
                    return x;
                  }),
        forward_(Model(), geometry_, tables_),
        rows_(ForwardRows(forward_, 1)) {
    for (size_t k = 0; k < DeltaStart::kPowers; ++k) {
      start_.log_aligned[k] = start_.class_log_aligned[k] = {std::log(0.5)};
    }
    start_.log_square = start_.class_log_square = {0};
  }

  static const NetworkModel& Model() {
    static const NetworkModel model = [] {
      NetworkModel linear;
      linear.SetLayers(FindActivation("linear"), {4, kWidth, kWidth, kOutputs});
      linear.log_scale = {-std::log(4), -std::log(kWidth), -std::log(kWidth)};
      linear.bias_variance.assign(3, {0, 0});
      return linear;
    }();
    return model;
  }

  static constexpr size_t kWidth = 100, kOutputs = 10;
  const BatchGeometry geometry_;
  const TheoryTables tables_;
  const ForwardTheory forward_;
  const std::vector<TheoryRow> rows_;
  DeltaStart start_;
};

TEST_F(OutputKernelTest, WithoutZItIsTheLimits) {
  const OutputKernel kernel(forward_, start_, rows_.back());
  EXPECT_TRUE(kernel.known());
  EXPECT_EQ(kernel.shift(), 0);
  EXPECT_NEAR(kernel.LogAligned(start_.class_log_aligned, 0, 0), std::log(0.5),
              1e-15);
}

// log K_L has the variance 2 log(1 + 2/100) of two layers, and Z_L² measures it
// with the error log(1 + 2/10): what is measured counts by the first's share.
TEST_F(OutputKernelTest, OneSampleIsShrunkByTheErrorOfItsOutputs) {
  const double variance = 2 * std::log1p(0.02), error = std::log1p(0.2);
  start_.log_output = 0.3;
  const OutputKernel kernel(forward_, start_, rows_.back());
  ASSERT_TRUE(kernel.known());
  EXPECT_NEAR(kernel.variance(), variance + error, 1e-12);
  // A lognormal variable of mean 1 has the mean logarithm −variance/2.
  EXPECT_NEAR(kernel.measured(), 0.3 + (variance + error) / 2, 1e-12);
  EXPECT_NEAR(kernel.shift(), variance / (variance + error) * kernel.measured(),
              1e-12);
  // (δ · Z)²/K_L: K_L by its estimate.
  const double log_kernel = -(variance + error) / 2 + kernel.shift();
  EXPECT_NEAR(kernel.LogAligned(start_.class_log_aligned, 0, 0),
              std::log(0.5) - log_kernel, 1e-12);
}

TEST_F(OutputKernelTest, WhereDeltaAndZAreOrthogonalThereIsNoAlignment) {
  for (auto& of_power : start_.class_log_aligned) of_power = {-HUGE_VAL};
  const OutputKernel kernel(forward_, start_, rows_.back());
  EXPECT_EQ(kernel.LogAligned(start_.class_log_aligned, 0, 0), -HUGE_VAL);
}

}  // namespace
}  // namespace initscope
