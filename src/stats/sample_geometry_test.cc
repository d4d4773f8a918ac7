#include "stats/sample_geometry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/test_matchers.h"
#include "random/variates.h"

namespace initscope {
namespace sample_geometry_test {

constexpr double kEps = std::numeric_limits<double>::epsilon();
constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr size_t kSizes[] = {1,  2,  3,  7,  8,  9,  15,
                             16, 17, 31, 33, 64, 65, 1000};

// One normal row that all share, plus `spread` times a normal row of its own.
template <typename T>
ScaledMatrix<T> Draw(size_t rows, size_t cols, double common = 0,
                     double spread = 1, uint64_t seed = 8) {
  Matrix<double> shared(1, cols);
  Matrix<double> own(rows, cols);
  FillVariates(VariateLaw::kNormal, {1000}, 0, 0, shared.view());
  FillVariates(VariateLaw::kNormal, {seed}, 0, 0, own.view());
  ScaledMatrix<T> x;
  x.Resize(rows, cols);
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < cols; ++j) {
      x.mantissa(i, j) =
          static_cast<T>(common * shared(0, j) + spread * own(i, j));
    }
  }
  return x;
}

// Rows [first, last) of `x`.
template <typename T>
ScaledMatrix<T> Part(const ScaledMatrix<T>& x, size_t first, size_t last) {
  ScaledMatrix<T> part;
  part.Resize(last - first, x.cols());
  for (size_t i = first; i < last; ++i) {
    std::copy_n(x.mantissa.row(i), x.cols(), part.mantissa.row(i - first));
    part.exponent[i - first] = x.exponent[i];
  }
  return part;
}

// One batch, packed as the engine has it.
template <typename T, typename Geometry>
void AddBatch(const ScaledMatrix<T>& x, Geometry* geometry) {
  PackedBatch<T> packed;
  Pack(x, &packed);
  std::vector<RowMoments> rows;
  for (size_t i = 0; i < x.rows(); ++i) {
    rows.push_back(ComputeRowMoments(x.mantissa.row(i), x.cols()));
  }
  SampleSum sum = Geometry::Begin(packed, rows);
  SumOverSamples<T>(packed, 1, {{&sum}});
  if constexpr (std::is_same_v<Geometry, PairCosine>) {
    geometry->End(sum);
  } else {
    geometry->End(packed, rows, std::move(sum));
  }
}

template <typename T>
double OneMinusCosine(const ScaledMatrix<T>& x) {
  PairCosine cosine;
  AddBatch(x, &cosine);
  return cosine.OneMinusCosine();
}

template <typename T>
ScaledDouble Variance(const ScaledMatrix<T>& x) {
  SampleVariance variance;
  AddBatch(x, &variance);
  return variance.MeanOverUnits();
}

// The sum over pairs of different rows of 1 − cosine = ½‖u_i − u_k‖², and the
// number of pairs; rows of zeros left out.
struct Pairs {
  long double sum = 0;
  long double count = 0;
};

template <typename T>
Pairs PlainPairs(const ScaledMatrix<T>& x) {
  std::vector<std::vector<long double>> unit;
  for (size_t i = 0; i < x.rows(); ++i) {
    std::vector<long double> row(x.mantissa.row(i),
                                 x.mantissa.row(i) + x.cols());
    long double square = 0;
    for (const long double v : row) square += v * v;
    if (square == 0) continue;
    for (long double& v : row) v /= std::sqrt(square);
    unit.push_back(row);
  }
  Pairs pairs;
  for (size_t i = 0; i < unit.size(); ++i) {
    for (size_t k = 0; k < i; ++k) {
      for (size_t j = 0; j < x.cols(); ++j) {
        const long double d = unit[i][j] - unit[k][j];
        pairs.sum += d * d / 2;
      }
      ++pairs.count;
    }
  }
  return pairs;
}

// Normalized entries carry the rounding of the norm, (n + 4)ε/2, and two of
// their own; with D = √(2·value) the distance of two unit vectors, the value
// is off by the sums' (m + n)ε of itself, which the subtraction of the mean
// of m deviations from the first row multiplies by at most m; by D times the
// entries' own rounding, 4ε; and by the square of that.
double CosineTolerance(size_t m, size_t n, long double value) {
  const long double sums = static_cast<long double>(m * (m + n + 8)) * kEps;
  const long double rounding = 4 * kEps;
  return static_cast<double>(sums * value + rounding * std::sqrt(2 * value) +
                             rounding * rounding);
}

template <typename T>
class SampleGeometryOf : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(SampleGeometryOf, Types);

TYPED_TEST(SampleGeometryOf, CosineIsThatOfThePlainPairs) {
  for (const size_t n : kSizes) {
    for (const size_t m : {2, 3, 8, 17}) {
      for (const double common : {0.0, 1.0, 1000.0}) {
        const auto x = Draw<TypeParam>(m, n, common);
        const Pairs pairs = PlainPairs(x);
        const long double expected = pairs.sum / pairs.count;
        EXPECT_THAT(OneMinusCosine(x),
                    IsNear(expected, CosineTolerance(m, n, expected)))
            << m << " x " << n << ", common " << common;
      }
    }
  }
}

TYPED_TEST(SampleGeometryOf, CosineOfTheSameRowsIsOneExactly) {
  using T = TypeParam;
  for (const size_t n : kSizes) {
    for (const size_t m : {2, 3, 17}) {
      auto x = Draw<T>(m, n, 1, 0);
      EXPECT_EQ(OneMinusCosine(x), 0) << m << " x " << n;
      // Nor does a row's length matter, where it is a power of two …
      for (size_t i = 0; i < m; ++i) {
        ScaleByPowerOfTwo(x.mantissa.row(i), n, static_cast<int64_t>(i));
        x.exponent[i] = 1000 * static_cast<int64_t>(i) - 3000;
      }
      EXPECT_EQ(OneMinusCosine(x), 0) << m << " x " << n;
      // … and another one by rounding only: its square, as entries go.
      for (size_t j = 0; j < n; ++j) x.mantissa(1, j) *= 3;
      const double eps = std::numeric_limits<T>::epsilon();
      EXPECT_THAT(OneMinusCosine(x), IsNear(0.0, 4 * eps * eps));
    }
  }
}

TYPED_TEST(SampleGeometryOf, CosineOfOppositeAndOrthogonalRows) {
  ScaledMatrix<TypeParam> x;
  x.Resize(2, 65);
  std::fill_n(x.mantissa.data(), x.mantissa.size(), TypeParam{0});
  x.mantissa(0, 3) = 5;
  x.mantissa(1, 64) = TypeParam{0.1};
  // Two unit vectors, a rounding or two each.
  EXPECT_THAT(OneMinusCosine(x), IsNear(1.0, 4 * kEps));
  std::swap(x.mantissa(1, 64), x.mantissa(1, 3));
  EXPECT_THAT(OneMinusCosine(x), IsNear(0.0, 4 * kEps * kEps));
  x.mantissa(1, 3) *= -1;
  EXPECT_THAT(OneMinusCosine(x), IsNear(2.0, 8 * kEps));
  // All rows orthogonal to each other.
  x.Resize(9, 33);
  std::fill_n(x.mantissa.data(), x.mantissa.size(), TypeParam{0});
  for (size_t i = 0; i < 9; ++i) x.mantissa(i, 3 * i) = TypeParam(i + 1);
  EXPECT_THAT(OneMinusCosine(x), IsNear(1.0, 9 * 4 * kEps));
}

// 1 − cosine = 1e-20, of which nothing is left of 1 less a cosine. Unit
// vectors that are D = 1.4e-10 apart have entries with roundings of ε/2 each,
// two a row; they are independent, so that a sum of n of them feels
// 4ε/(D√n) = 2e-7.
TEST(PairCosine, KeepsItsDigitsNearOne) {
  for (const size_t m : {2, 3, 17}) {
    const auto x = Draw<double>(m, 1000, 1, 1e-10);
    const Pairs pairs = PlainPairs(x);
    const long double expected = pairs.sum / pairs.count;
    EXPECT_THAT(expected, IsNear(1e-20, 2e-21));
    EXPECT_THAT(OneMinusCosine(x), IsNear(expected, 1e-6 * expected));
  }
}

// Float entries that differ by one unit in the last place of one entry.
TEST(PairCosine, SeesASingleFloatUlp) {
  auto x = Draw<float>(2, 1000, 1, 0);
  x.mantissa(1, 500) = std::nextafter(x.mantissa(1, 500), 100.0f);
  const long double expected = PlainPairs(x).sum;
  EXPECT_GT(expected, 0);
  EXPECT_THAT(OneMinusCosine(x),
              IsNear(expected, CosineTolerance(2, 1000, expected)));
}

TYPED_TEST(SampleGeometryOf, CosineLeavesOutZerosAndWhatIsNotFinite) {
  using T = TypeParam;
  const auto x = Draw<T>(4, 33, 1);
  const double expected = OneMinusCosine(x);
  for (const T bad : {std::numeric_limits<T>::quiet_NaN(),
                      std::numeric_limits<T>::infinity()}) {
    for (const size_t at : {0, 2, 5}) {
      ScaledMatrix<T> y;
      y.Resize(6, 33);
      size_t from = 0;
      for (size_t i = 0; i < 6; ++i) {
        if (i == at) {
          std::fill_n(y.mantissa.row(i), 33, T{0});
        } else if (i == (at + 1) % 6) {
          std::fill_n(y.mantissa.row(i), 33, T{1});
          y.mantissa(i, 32) = bad;
        } else {
          std::copy_n(x.mantissa.row(from++), 33, y.mantissa.row(i));
        }
      }
      // The others move to other lanes: sums take another order.
      EXPECT_THAT(OneMinusCosine(y), IsNear(expected, 64 * kEps * expected));
    }
  }
}

TYPED_TEST(SampleGeometryOf, CosineWantsTwoRows) {
  EXPECT_TRUE(std::isnan(PairCosine().OneMinusCosine()));
  EXPECT_TRUE(std::isnan(OneMinusCosine(Draw<TypeParam>(0, 5))));
  EXPECT_TRUE(std::isnan(OneMinusCosine(Draw<TypeParam>(1, 5))));
  EXPECT_TRUE(std::isnan(OneMinusCosine(Draw<TypeParam>(5, 0))));
  auto x = Draw<TypeParam>(2, 5);
  std::fill_n(x.mantissa.row(1), 5, TypeParam{0});
  EXPECT_TRUE(std::isnan(OneMinusCosine(x)));
  // Two batches of one row make no pair either.
  PairCosine cosine;
  AddBatch(Draw<TypeParam>(1, 5), &cosine);
  AddBatch(Draw<TypeParam>(1, 5), &cosine);
  EXPECT_TRUE(std::isnan(cosine.OneMinusCosine()));
}

// Rows that no float and no product of two floats could hold together.
TYPED_TEST(SampleGeometryOf, CosineDoesNotSeeExponents) {
  auto x = Draw<TypeParam>(5, 17, 1);
  const double expected = OneMinusCosine(x);
  x.exponent = {-4000, 0, 4000, 17, -17};
  EXPECT_EQ(OneMinusCosine(x), expected);
}

TYPED_TEST(SampleGeometryOf, CosinePoolsBatchesPairByPair) {
  PairCosine cosine;
  Pairs pooled;
  for (const size_t m : {3, 1, 8, 2}) {
    const auto x = Draw<TypeParam>(m, 33, static_cast<double>(m), 1, m);
    AddBatch(x, &cosine);
    const Pairs pairs = PlainPairs(x);
    pooled.sum += pairs.sum;
    pooled.count += pairs.count;
  }
  EXPECT_EQ(pooled.count, 3 + 0 + 28 + 1);
  const long double expected = pooled.sum / pooled.count;
  EXPECT_THAT(cosine.OneMinusCosine(),
              IsNear(expected, CosineTolerance(8, 33, expected)));
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

long double ToLongDouble(const ScaledDouble& x) {
  return std::ldexp(static_cast<long double>(x.value),
                    static_cast<int>(x.exponent));
}

// As for the cosine: sums of m·n squares of deviations from the first row,
// and the subtraction of the mean, which multiplies by at most m.
long double VarianceTolerance(size_t m, size_t n, long double variance) {
  return static_cast<long double>(m * (m + n + 8)) * kEps * variance;
}

TYPED_TEST(SampleGeometryOf, VarianceIsThatOfThePlainLoop) {
  for (const size_t n : kSizes) {
    for (const size_t m : {1, 2, 3, 8, 17}) {
      for (const double common : {0.0, 1e4}) {
        const auto x = Draw<TypeParam>(m, n, common);
        const long double expected = PlainVariance(x);
        EXPECT_THAT(ToLongDouble(Variance(x)),
                    IsNear(expected, VarianceTolerance(m, n, expected)))
            << m << " x " << n << ", common " << common;
      }
    }
  }
}

TYPED_TEST(SampleGeometryOf, VarianceOfTheSameRowsIsZeroExactly) {
  for (const size_t n : kSizes) {
    auto x = Draw<TypeParam>(5, n, 1, 0);
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

TYPED_TEST(SampleGeometryOf, VarianceTakesRowsAtDifferentExponents) {
  const std::vector<std::vector<int64_t>> cases = {
      {-4000, 0, 4000}, {4000, 0, -4000},    {-3990, -4000, -4005},
      {0, 40, -40},     {-1200, 5, -600, 0}, {-3500, -3500, -3500}};
  for (const auto& exponents : cases) {
    auto x = Draw<TypeParam>(exponents.size(), 33);
    x.exponent = exponents;
    const long double expected = PlainVariance(x);
    EXPECT_THAT(ToLongDouble(Variance(x)),
                IsNear(expected, VarianceTolerance(5, 33, expected)))
        << exponents[0];
  }
}

// A row of zeros has exponent 0, which is 2^4000 times too large for the
// others here: it counts as a sample, and takes nothing from them.
TYPED_TEST(SampleGeometryOf, VarianceTakesZerosAtAnyExponent) {
  for (const size_t zero_row : {0, 1, 2}) {
    for (const int64_t exponent : {-4000, -500, 500, 4000}) {
      auto x = Draw<TypeParam>(3, 33);
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
    auto x = Draw<TypeParam>(6, 33);
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

TYPED_TEST(SampleGeometryOf, VarianceOfZerosIsZero) {
  auto x = Draw<TypeParam>(4, 33, 0, 0);
  x.exponent = {0, 0, 4000, -4000};
  SampleVariance pooled;
  AddBatch(x, &pooled);
  AddBatch(x, &pooled);
  EXPECT_EQ(pooled.MeanOverUnits().value, 0);
  EXPECT_EQ(pooled.MeanOverUnits().Log10(), -kInf);
  EXPECT_EQ(Variance(x).ToDouble(), 0);
}

TYPED_TEST(SampleGeometryOf, VariancePoolsBatchesAsOne) {
  for (const size_t n : {1, 8, 33, 1000}) {
    for (const double common : {0.0, 1e4}) {
      auto x = Draw<TypeParam>(17, n, common);
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

TYPED_TEST(SampleGeometryOf, VarianceLeavesOutWhatIsNotFinite) {
  using T = TypeParam;
  const auto x = Draw<T>(4, 33);
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

TYPED_TEST(SampleGeometryOf, VarianceOfNothingIsNan) {
  using T = TypeParam;
  EXPECT_TRUE(std::isnan(SampleVariance().MeanOverUnits().value));
  EXPECT_TRUE(std::isnan(Variance(Draw<T>(0, 5)).value));
  auto x = Draw<T>(2, 5);
  x.mantissa(0, 1) = x.mantissa(1, 4) = std::numeric_limits<T>::infinity();
  EXPECT_TRUE(std::isnan(Variance(x).value));
}

}  // namespace sample_geometry_test
}  // namespace initscope
