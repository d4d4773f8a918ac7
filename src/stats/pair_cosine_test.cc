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
double OneMinusCosine(const ScaledMatrix<T>& x) {
  PairCosine cosine;
  AddBatch(x, &cosine);
  return cosine.OneMinusCosine();
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
class PairCosineOf : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(PairCosineOf, Types);

TYPED_TEST(PairCosineOf, IsThatOfThePlainPairs) {
  for (const size_t n : kSizes) {
    for (const size_t m : {2, 3, 8, 17}) {
      for (const double common : {0.0, 1.0, 1000.0}) {
        const auto x = DrawAlike<TypeParam>(m, n, common);
        const Pairs pairs = PlainPairs(x);
        const long double expected = pairs.sum / pairs.count;
        EXPECT_THAT(OneMinusCosine(x),
                    IsNear(expected, CosineTolerance(m, n, expected)))
            << m << " x " << n << ", common " << common;
      }
    }
  }
}

TYPED_TEST(PairCosineOf, OfTheSameRowsIsOneExactly) {
  using T = TypeParam;
  for (const size_t n : kSizes) {
    for (const size_t m : {2, 3, 17}) {
      auto x = DrawAlike<T>(m, n, 1, 0);
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

TYPED_TEST(PairCosineOf, OfOppositeAndOrthogonalRows) {
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
    const auto x = DrawAlike<double>(m, 1000, 1, 1e-10);
    const Pairs pairs = PlainPairs(x);
    const long double expected = pairs.sum / pairs.count;
    EXPECT_THAT(expected, IsNear(1e-20, 2e-21));
    EXPECT_THAT(OneMinusCosine(x), IsNear(expected, 1e-6 * expected));
  }
}

// Float entries that differ by one unit in the last place of one entry.
TEST(PairCosine, SeesASingleFloatUlp) {
  auto x = DrawAlike<float>(2, 1000, 1, 0);
  x.mantissa(1, 500) = std::nextafter(x.mantissa(1, 500), 100.0f);
  const long double expected = PlainPairs(x).sum;
  EXPECT_GT(expected, 0);
  EXPECT_THAT(OneMinusCosine(x),
              IsNear(expected, CosineTolerance(2, 1000, expected)));
}

TYPED_TEST(PairCosineOf, LeavesOutZerosAndWhatIsNotFinite) {
  using T = TypeParam;
  const auto x = DrawAlike<T>(4, 33, 1);
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

TYPED_TEST(PairCosineOf, WantsTwoRows) {
  EXPECT_TRUE(std::isnan(PairCosine().OneMinusCosine()));
  EXPECT_TRUE(std::isnan(OneMinusCosine(DrawAlike<TypeParam>(0, 5))));
  EXPECT_TRUE(std::isnan(OneMinusCosine(DrawAlike<TypeParam>(1, 5))));
  EXPECT_TRUE(std::isnan(OneMinusCosine(DrawAlike<TypeParam>(5, 0))));
  auto x = DrawAlike<TypeParam>(2, 5);
  std::fill_n(x.mantissa.row(1), 5, TypeParam{0});
  EXPECT_TRUE(std::isnan(OneMinusCosine(x)));
  // Two batches of one row make no pair either.
  PairCosine cosine;
  AddBatch(DrawAlike<TypeParam>(1, 5), &cosine);
  AddBatch(DrawAlike<TypeParam>(1, 5), &cosine);
  EXPECT_TRUE(std::isnan(cosine.OneMinusCosine()));
}

// Rows that no float and no product of two floats could hold together.
TYPED_TEST(PairCosineOf, DoesNotSeeExponents) {
  auto x = DrawAlike<TypeParam>(5, 17, 1);
  const double expected = OneMinusCosine(x);
  x.exponent = {-4000, 0, 4000, 17, -17};
  EXPECT_EQ(OneMinusCosine(x), expected);
}

TYPED_TEST(PairCosineOf, PoolsBatchesPairByPair) {
  PairCosine cosine;
  Pairs pooled;
  for (const size_t m : {3, 1, 8, 2}) {
    const auto x = DrawAlike<TypeParam>(m, 33, static_cast<double>(m), 1, m);
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

}  // namespace
}  // namespace initscope
