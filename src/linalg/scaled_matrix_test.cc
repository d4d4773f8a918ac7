#include "linalg/scaled_matrix.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "base/targets_test.h"
#include "random/variates.h"

namespace initscope {
namespace scaled_matrix_test {

constexpr size_t kSizes[] = {1,  2,  3,  7,  8,  9,  15,
                             16, 17, 31, 33, 64, 65, 1000};

template <typename T>
constexpr T kInf = std::numeric_limits<T>::infinity();

template <typename T>
std::vector<T> NormalRow(size_t n) {
  std::vector<T> row(n);
  FillVariates(VariateLaw::kNormal, {3}, 0, 0, MatrixView<T>(row.data(), 1, n));
  return row;
}

template <typename T>
class ScaledMatrixOf : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(ScaledMatrixOf, Types);

TYPED_TEST(ScaledMatrixOf, ResizeZeroesTheExponents) {
  ScaledMatrix<TypeParam> x;
  x.Resize(2, 3);
  EXPECT_EQ(x.exponent, (std::vector<int64_t>{0, 0}));
  x.exponent[1] = 7;
  x.Resize(3, 2);
  EXPECT_EQ(x.rows(), 3u);
  EXPECT_EQ(x.cols(), 2u);
  EXPECT_EQ(x.exponent, (std::vector<int64_t>{0, 0, 0}));
}

TYPED_TEST(ScaledMatrixOf, MaxMagnitudeFindsTheLargest) {
  OnEveryTarget([] {
    using T = TypeParam;
    EXPECT_EQ(MaxMagnitude<T>(nullptr, 0), 0);
    for (const size_t n : kSizes) {
      std::vector<T> row = NormalRow<T>(n);
      T expected = 0;
      for (const T v : row) expected = std::max(expected, std::abs(v));
      EXPECT_EQ(MaxMagnitude(row.data(), n), expected) << n;
      for (size_t i = 0; i < n; ++i) {  // wherever it is, of either sign
        const T kept = row[i];
        for (const T v : {T{-100}, T{100}, std::numeric_limits<T>::max()}) {
          row[i] = v;
          ASSERT_EQ(MaxMagnitude(row.data(), n), std::abs(v))
              << i << " of " << n;
        }
        row[i] = kept;
      }
      std::fill(row.begin(), row.end(), T{-0.0});
      EXPECT_EQ(MaxMagnitude(row.data(), n), 0);
      // A denormal is not nothing.
      row[n - 1] = -std::numeric_limits<T>::denorm_min();
      EXPECT_EQ(MaxMagnitude(row.data(), n),
                std::numeric_limits<T>::denorm_min());
    }
  });
}

TYPED_TEST(ScaledMatrixOf, MaxMagnitudeIsInfiniteForWhatIsNotFinite) {
  OnEveryTarget([] {
    using T = TypeParam;
    for (const size_t n : kSizes) {
      std::vector<T> row = NormalRow<T>(n);
      for (size_t i = 0; i < n; ++i) {
        const T kept = row[i];
        for (const T bad :
             {kInf<T>, -kInf<T>, std::numeric_limits<T>::quiet_NaN(),
              -std::numeric_limits<T>::quiet_NaN()}) {
          row[i] = bad;
          ASSERT_EQ(MaxMagnitude(row.data(), n), kInf<T>) << i << " of " << n;
        }
        row[i] = kept;
      }
    }
  });
}

TYPED_TEST(ScaledMatrixOf, ScaleByPowerOfTwoIsExact) {
  OnEveryTarget([] {
    using T = TypeParam;
    // |x| is between 2^-30 and 4 here; with these shifts no result is denormal.
    constexpr int kRange = std::numeric_limits<T>::max_exponent - 40;
    for (const size_t n : kSizes) {
      const std::vector<T> row = NormalRow<T>(n);
      for (const int shift : {0, 1, -1, 20, -20, kRange, -kRange}) {
        std::vector<T> x = row;
        ScaleByPowerOfTwo(x.data(), n, shift);
        for (size_t i = 0; i < n; ++i) {
          ASSERT_EQ(x[i], std::ldexp(row[i], shift)) << shift << ' ' << n;
        }
        ScaleByPowerOfTwo(x.data(), n, -shift);
        EXPECT_EQ(x, row) << "and back";
      }
    }
  });
}

TYPED_TEST(ScaledMatrixOf, ScaleByPowerOfTwoSpansTheWholeRange) {
  OnEveryTarget([] {
    using T = TypeParam;
    using Limits = std::numeric_limits<T>;
    const auto scaled = [](T x, int64_t shift) {
      ScaleByPowerOfTwo(&x, 1, shift);
      return x;
    };
    const int span =
        Limits::max_exponent - 1 -
        (Limits::min_exponent - Limits::digits);  // denorm_min to 2^max
    const T top = std::ldexp(T{1}, Limits::max_exponent - 1);
    EXPECT_EQ(scaled(Limits::denorm_min(), span), top);
    EXPECT_EQ(scaled(-top, -span), -Limits::denorm_min());
    EXPECT_EQ(scaled(Limits::denorm_min(), span + 1), kInf<T>);
    EXPECT_EQ(scaled(top, -span - 2), 0);
    for (const int64_t far :
         {int64_t{100000}, std::numeric_limits<int64_t>::max()}) {
      EXPECT_EQ(scaled(Limits::denorm_min(), far), kInf<T>);
      EXPECT_EQ(scaled(T{-1}, far), -kInf<T>);
      EXPECT_EQ(scaled(T{0}, far), 0);
      EXPECT_EQ(scaled(Limits::max(), -far), 0);
      EXPECT_EQ(scaled(Limits::max(), std::numeric_limits<int64_t>::min()), 0);
    }
  });
}

// mantissa·2^exponent as an integer mantissa and an exponent: a value's one
// and only name.
template <typename T>
std::pair<double, int64_t> Canonical(T mantissa, int64_t exponent) {
  if (mantissa == 0 || !std::isfinite(mantissa)) return {mantissa, 0};
  int power;
  const double fraction = std::frexp(static_cast<double>(mantissa), &power);
  return {fraction, power + exponent};
}

template <typename T>
void ExpectCanonicalRow(const std::vector<T>& row, int64_t exponent,
                        const std::string& what) {
  const T max = MaxMagnitude(row.data(), row.size());
  if (max == 0) {
    EXPECT_EQ(exponent, 0) << what;
  } else if (exponent == 0) {
    EXPECT_LE(std::abs(std::ilogb(max)), kPlainRange<T>) << what;
  } else {
    EXPECT_GE(max, 1) << what;
    EXPECT_LT(max, 2) << what;
    EXPECT_GT(std::abs(exponent), kPlainRange<T>) << what;
  }
}

constexpr int64_t kExponents[] = {
    0,   1,  -1,  31, -31, 32, -32, 33, -33, 34,  -34,  35,    -35,   60,
    -60, 63, -63, 64, -64, 65, -65, 66, -66, 500, -500, 40000, -40000};

TYPED_TEST(ScaledMatrixOf, NormalizeRowKeepsTheValue) {
  OnEveryTarget([] {
    using T = TypeParam;
    for (const size_t n : kSizes) {
      const std::vector<T> row = NormalRow<T>(n);
      for (const int64_t given : kExponents) {
        const std::string what =
            std::to_string(n) + " entries, exponent " + std::to_string(given);
        std::vector<T> x = row;
        int64_t exponent = given;
        NormalizeRow(x.data(), n, &exponent);
        ExpectCanonicalRow(x, exponent, what);
        for (size_t i = 0; i < n; ++i) {
          ASSERT_EQ(Canonical(x[i], exponent), Canonical(row[i], given))
              << what;
        }
        // Once more changes nothing.
        std::vector<T> again = x;
        int64_t again_exponent = exponent;
        NormalizeRow(again.data(), n, &again_exponent);
        EXPECT_EQ(again, x) << what;
        EXPECT_EQ(again_exponent, exponent) << what;
      }
    }
  });
}

TYPED_TEST(ScaledMatrixOf, NormalizeRowIsAFunctionOfTheValue) {
  OnEveryTarget([] {
    using T = TypeParam;
    constexpr int kFar = std::numeric_limits<T>::max_exponent - 40;
    for (const size_t n : {size_t{1}, size_t{17}, size_t{65}}) {
      const std::vector<T> row = NormalRow<T>(n);
      for (const int64_t given : kExponents) {
        std::vector<T> expected = row;
        int64_t expected_exponent = given;
        NormalizeRow(expected.data(), n, &expected_exponent);
        for (const int shift : {-kFar, -64, -33, -1, 1, 5, 33, 64, kFar}) {
          std::vector<T> x = row;
          for (T& v : x) v = std::ldexp(v, shift);
          int64_t exponent = given - shift;
          NormalizeRow(x.data(), n, &exponent);
          EXPECT_EQ(x, expected) << given << ' ' << shift;
          EXPECT_EQ(exponent, expected_exponent) << given << ' ' << shift;
        }
      }
    }
  });
}

TYPED_TEST(ScaledMatrixOf, NormalizeRowAtTheEndsOfThePlainRange) {
  OnEveryTarget([] {
    using T = TypeParam;
    constexpr int kRange = kPlainRange<T>;
    const auto exponent_of = [](T x) {
      int64_t exponent = 0;
      NormalizeRow(&x, 1, &exponent);
      return exponent;
    };
    const T low = std::ldexp(T{1}, -kRange);
    const T high = std::ldexp(T{1}, kRange + 1);  // excluded
    EXPECT_EQ(exponent_of(low), 0);
    EXPECT_EQ(exponent_of(std::nextafter(low, T{0})), -kRange - 1);
    EXPECT_EQ(exponent_of(std::nextafter(high, T{0})), 0);
    EXPECT_EQ(exponent_of(high), kRange + 1);
    EXPECT_EQ(exponent_of(std::numeric_limits<T>::max()),
              std::numeric_limits<T>::max_exponent - 1);
    EXPECT_EQ(
        exponent_of(std::numeric_limits<T>::denorm_min()),
        std::numeric_limits<T>::min_exponent - std::numeric_limits<T>::digits);
  });
}

TYPED_TEST(ScaledMatrixOf, NormalizeRowGivesZerosExponentZero) {
  OnEveryTarget([] {
    using T = TypeParam;
    for (const size_t n : {size_t{0}, size_t{1}, size_t{33}}) {
      for (const int64_t given : kExponents) {
        std::vector<T> x(n, T{0});
        int64_t exponent = given;
        NormalizeRow(x.data(), n, &exponent);
        EXPECT_EQ(exponent, 0);
        EXPECT_EQ(x, std::vector<T>(n, T{0}));
      }
    }
  });
}

TYPED_TEST(ScaledMatrixOf, NormalizeRowLeavesWhatIsNotFinite) {
  OnEveryTarget([] {
    using T = TypeParam;
    for (const T bad :
         {kInf<T>, -kInf<T>, std::numeric_limits<T>::quiet_NaN()}) {
      for (const size_t at : {0, 5, 32}) {
        std::vector<T> row = NormalRow<T>(33);
        row[at] = bad;
        std::vector<T> x = row;
        int64_t exponent = 100;
        NormalizeRow(x.data(), x.size(), &exponent);
        EXPECT_EQ(exponent, 100);
        for (size_t i = 0; i < x.size(); ++i) {
          EXPECT_TRUE(x[i] == row[i] ||
                      (std::isnan(x[i]) && std::isnan(row[i])));
        }
      }
    }
  });
}

TEST(PowerOfTwo, IsExactInItsRange) {
  for (int shift = -1074; shift <= 1023; ++shift) {
    ASSERT_EQ(PowerOfTwo(shift), std::ldexp(1.0, shift));
  }
  EXPECT_EQ(PowerOfTwo(0), 1);
  EXPECT_EQ(PowerOfTwo(-1074), std::numeric_limits<double>::denorm_min());
}

TEST(PowerOfTwo, IsZeroBelowAndInfiniteAbove) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  for (const int64_t shift : {int64_t{1024}, int64_t{1} << 32, kMax}) {
    EXPECT_EQ(PowerOfTwo(shift), kInf<double>) << shift;
  }
  for (const int64_t shift : {int64_t{-1075}, -(int64_t{1} << 32), kMin}) {
    EXPECT_EQ(PowerOfTwo(shift), 0) << shift;
  }
}

}  // namespace scaled_matrix_test
}  // namespace initscope
