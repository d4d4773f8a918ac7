#include "engine/batch_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "spec/small_data_test.h"

namespace initscope {
namespace {

TEST(BatchSource, TargetsAreSmoothedOneHotRows) {
  const RunSpec run = Resolve({{"input", "small"},
                               {"batch", "3"},
                               {"depth", "1"},
                               {"label_smoothing", "0.3"}});
  const Matrix<double> y = MakeTargets(run, 1);
  for (size_t i = 0; i < 3; ++i) {
    const size_t label = run.samples->Label((*run.order)[3 + i]);
    for (size_t j = 0; j < 3; ++j) {
      EXPECT_NEAR(y(i, j), j == label ? 0.8 : 0.1, 1e-15);
    }
  }
}

TEST(BatchSource, TwoClassesMayShareASigmoid) {
  const RunSpec run = Resolve({{"input", "small"},
                               {"classes", "1,2"},
                               {"batch", "4"},
                               {"loss", "sigmoid_cross_entropy"},
                               {"shape", "3x1"}});
  const Matrix<double> y = MakeTargets(run, 0);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(y(i, 0), run.samples->Label((*run.order)[i]));
  }
}

TEST(BatchSource, GaussianInputsHaveTheirVarianceAndCorrelation) {
  const RunSpec run = Resolve({{"width", "4000"},
                               {"depth", "1"},
                               {"batch", "8"},
                               {"input_variance", "4"},
                               {"input_correlation", "0.75"}});
  ScaledMatrix<double> x;
  FillInputs(run, 0, 1, &x);
  const auto dot = [&](size_t a, size_t b) {
    double sum = 0;
    for (size_t j = 0; j < 4000; ++j) {
      sum += x.mantissa(a, j) * x.mantissa(b, j);
    }
    return sum / 4000;
  };
  // Five standard errors: √(2/n)·variance.
  for (size_t i = 0; i < 8; ++i) {
    EXPECT_NEAR(dot(i, i), 4, 4 * 5 * std::sqrt(2.0 / 4000));
    if (i > 0) {
      EXPECT_NEAR(dot(0, i), 3, 4 * 5 * std::sqrt(2.0 / 4000));
    }
  }
}

TEST(BatchSource, SphereInputsHaveTheirRadius) {
  const RunSpec run = Resolve({{"input", "sphere"},
                               {"width", "50"},
                               {"input_variance", "2"},
                               {"batch", "4"}});
  ScaledMatrix<double> x;
  FillInputs(run, 0, 1, &x);
  for (size_t i = 0; i < 4; ++i) {
    double squares = 0;
    for (size_t j = 0; j < 50; ++j) {
      squares += x.mantissa(i, j) * x.mantissa(i, j);
    }
    EXPECT_NEAR(squares, 100, 1e-12);
  }
}

TEST(BatchSource, BatchesGoThroughTheSamplesOnce) {
  const RunSpec run = Resolve({{"batch", "3"}, {"width", "5"}});
  const RunSpec whole = Resolve({{"batch", "6"}, {"width", "5"}});
  ScaledMatrix<double> second, all;
  FillInputs(run, 1, 1, &second);
  FillInputs(whole, 0, 1, &all);
  for (size_t j = 0; j < 5; ++j) {
    EXPECT_EQ(second.mantissa(0, j), all.mantissa(3, j));
  }
}

}  // namespace
}  // namespace initscope
