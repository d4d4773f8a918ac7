#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/matchers_test.h"
#include "stats/sample_geometry.h"
#include "stats/samples_test.h"

namespace initscope {
namespace {

template <typename T>
ScaledDouble Variance(const ScaledMatrix<T>& x) {
  SampleVariance variance;
  AddBatch(x, &variance);
  return variance.MeanOverUnits();
}

// The plain loops; exponents of long double reach ±16000.
template <typename T>
long double PlainVariance(const ScaledMatrix<T>& x) {
  const long double m = static_cast<long double>(x.rows());
  const long double n = static_cast<long double>(x.cols());
  long double variance = 0;
  for (size_t j = 0; j < x.cols(); ++j) {
    const auto entry = [&](size_t i) {
      return std::ldexp(static_cast<long double>(x.mantissa(i, j)),
                        static_cast<int>(x.exponent[i]));
    };
    long double mean = 0;
    for (size_t i = 0; i < x.rows(); ++i) mean += entry(i) / m;
    for (size_t i = 0; i < x.rows(); ++i) {
      variance += (entry(i) - mean) * (entry(i) - mean) / m / n;
    }
  }
  return variance;
}

// As for the cosine: sums of m·n squares of deviations from the first row,
// and the subtraction of the mean, which multiplies by at most m.
long double VarianceTolerance(size_t m, size_t n, long double variance) {
  return static_cast<long double>(m * (m + n + 8)) * kEps * variance;
}

template <typename T>
class SampleVarianceOf : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(SampleVarianceOf, Types);

TYPED_TEST(SampleVarianceOf, IsThatOfThePlainLoop) {
  for (const size_t n : kSizes) {
    for (const size_t m : {1, 2, 3, 8, 17}) {
      for (const double common : {0.0, 1e4}) {
        const auto x = DrawAlike<TypeParam>(m, n, common);
        const long double expected = PlainVariance(x);
        EXPECT_THAT(ToLongDouble(Variance(x)),
                    IsNear(expected, VarianceTolerance(m, n, expected)))
            << m << " x " << n << ", common " << common;
      }
    }
  }
}

TYPED_TEST(SampleVarianceOf, OfTheSameRowsIsZeroExactly) {
  for (const size_t n : kSizes) {
    auto x = DrawAlike<TypeParam>(5, n, 1, 0);
    ScaleByPowerOfTwo(x.mantissa.row(2), n, 9);
    x.exponent = {-4000, -4000, -4009, -4000, -4000};
    EXPECT_EQ(Variance(x).value, 0);
    EXPECT_EQ(Variance(x).Log10(), -kInf);
    SampleVariance pooled;
    AddBatch(Part(x, 0, 3), &pooled);
    AddBatch(Part(x, 3, 5), &pooled);
    EXPECT_EQ(pooled.MeanOverUnits().value, 0);
  }
}

TYPED_TEST(SampleVarianceOf, TakesRowsAtDifferentExponents) {
  const std::vector<std::vector<int64_t>> cases = {
      {-4000, 0, 4000}, {4000, 0, -4000},    {-3990, -4000, -4005},
      {0, 40, -40},     {-1200, 5, -600, 0}, {-3500, -3500, -3500}};
  for (const auto& exponents : cases) {
    auto x = DrawAlike<TypeParam>(exponents.size(), 33);
    x.exponent = exponents;
    const long double expected = PlainVariance(x);
    EXPECT_THAT(ToLongDouble(Variance(x)),
                IsNear(expected, VarianceTolerance(5, 33, expected)))
        << exponents[0];
  }
}

// A row of zeros has exponent 0, which is 2^4000 times too large for the
// others here: it counts as a sample, and takes nothing from them.
TYPED_TEST(SampleVarianceOf, TakesZerosAtAnyExponent) {
  for (const size_t zero_row : {0, 1, 2}) {
    for (const int64_t exponent : {-4000, -500, 500, 4000}) {
      auto x = DrawAlike<TypeParam>(3, 33);
      x.exponent = {exponent, exponent, exponent};
      std::fill_n(x.mantissa.row(zero_row), 33, TypeParam{0});
      x.exponent[zero_row] = 0;
      const long double expected = PlainVariance(x);
      EXPECT_THAT(ToLongDouble(Variance(x)),
                  IsNear(expected, VarianceTolerance(3, 33, expected)))
          << "row " << zero_row << ", exponent " << exponent;
    }
  }
  // A whole batch of zeros, before the others and behind them.
  for (const bool zeros_first : {true, false}) {
    auto x = DrawAlike<TypeParam>(6, 33);
    x.exponent.assign(6, -4000);
    for (size_t i = 0; i < 3; ++i) {
      const size_t row = zeros_first ? i : 3 + i;
      std::fill_n(x.mantissa.row(row), 33, TypeParam{0});
      x.exponent[row] = 0;
    }
    SampleVariance pooled;
    AddBatch(Part(x, 0, 3), &pooled);
    AddBatch(Part(x, 3, 6), &pooled);
    const long double expected = PlainVariance(x);
    EXPECT_THAT(ToLongDouble(pooled.MeanOverUnits()),
                IsNear(expected, VarianceTolerance(6, 33, expected)));
  }
}

TYPED_TEST(SampleVarianceOf, OfZerosIsZero) {
  auto x = DrawAlike<TypeParam>(4, 33, 0, 0);
  x.exponent = {0, 0, 4000, -4000};
  SampleVariance pooled;
  AddBatch(x, &pooled);
  AddBatch(x, &pooled);
  EXPECT_EQ(pooled.MeanOverUnits().value, 0);
  EXPECT_EQ(pooled.MeanOverUnits().Log10(), -kInf);
  EXPECT_EQ(Variance(x).ToDouble(), 0);
}

TYPED_TEST(SampleVarianceOf, PoolsBatchesAsOne) {
  for (const size_t n : {1, 8, 33, 1000}) {
    for (const double common : {0.0, 1e4}) {
      auto x = DrawAlike<TypeParam>(17, n, common);
      for (size_t i = 0; i < 17; ++i) {  // batches at different exponents
        x.exponent[i] = i < 5 ? 0 : i < 6 ? -3 : 2;
      }
      SampleVariance pooled;
      AddBatch(Part(x, 0, 5), &pooled);
      AddBatch(Part(x, 5, 6), &pooled);
      AddBatch(Part(x, 6, 6), &pooled);  // empty
      AddBatch(Part(x, 6, 17), &pooled);
      const long double expected = PlainVariance(x);
      EXPECT_THAT(ToLongDouble(pooled.MeanOverUnits()),
                  IsNear(expected, VarianceTolerance(17, n, expected)))
          << n << ", common " << common;
    }
  }
}

TYPED_TEST(SampleVarianceOf, LeavesOutWhatIsNotFinite) {
  using T = TypeParam;
  const auto x = DrawAlike<T>(4, 33);
  const double expected = Variance(x).ToDouble();
  for (const size_t at : {0, 2, 4}) {
    ScaledMatrix<T> y;
    y.Resize(5, 33);
    size_t from = 0;
    for (size_t i = 0; i < 5; ++i) {
      if (i == at) {
        std::fill_n(y.mantissa.row(i), 33, T{1});
        y.mantissa(i, 32) = std::numeric_limits<T>::quiet_NaN();
        y.exponent[i] = 5000;
      } else {
        std::copy_n(x.mantissa.row(from++), 33, y.mantissa.row(i));
      }
    }
    // The others move to other lanes: sums take another order.
    EXPECT_THAT(Variance(y).ToDouble(), IsNear(expected, 64 * kEps * expected));
  }
}

TYPED_TEST(SampleVarianceOf, OfNothingIsNan) {
  using T = TypeParam;
  EXPECT_TRUE(std::isnan(SampleVariance().MeanOverUnits().value));
  EXPECT_TRUE(std::isnan(Variance(DrawAlike<T>(0, 5)).value));
  auto x = DrawAlike<T>(2, 5);
  x.mantissa(0, 1) = x.mantissa(1, 4) = std::numeric_limits<T>::infinity();
  EXPECT_TRUE(std::isnan(Variance(x).value));
}

}  // namespace
}  // namespace initscope
