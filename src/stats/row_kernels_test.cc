#include "stats/row_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "base/matchers_test.h"
#include "base/targets_test.h"
#include "random/variates.h"

namespace initscope {
namespace row_kernels_test {

constexpr double kEps = std::numeric_limits<double>::epsilon();
constexpr size_t kSizes[] = {1,  2,  3,  7,  8,  9,  15,
                             16, 17, 31, 33, 64, 65, 1000};

// mean + deviation·N(0,1).
template <typename T>
std::vector<T> Row(size_t n, double mean = 0, double deviation = 1) {
  std::vector<double> normal(n);
  FillVariates(VariateLaw::kNormal, {5}, 0, 0,
               MatrixView<double>(normal.data(), 1, n));
  std::vector<T> row(n);
  for (size_t i = 0; i < n; ++i) {
    row[i] = static_cast<T>(mean + deviation * normal[i]);
  }
  return row;
}

template <typename T>
class RowKernelsOf : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(RowKernelsOf, Types);

// The plain loops in long double, and the tolerances:
//
// With S_k = Σ|x − mean|^k the first pass leaves the mean off by at most
// δ = ε(|mean| + Σ|x − x_0|). The second pass takes that away from every sum.
// The rest of the mean is summed with error ε·n·S_1, divided by n; the mean is
// rounded once more. A sum of n k-th powers with relative errors of k + 1
// roundings each is off by (n + k + 1)ε/2 of its magnitude, which about the
// first mean is at most Σ(|x − mean| + δ)^k; the correction's own rounding is
// of the same size, so that 2(n + 8)ε takes in both.
//
// The reference, too, sums differences to x_0: else a large mean would cost
// it the digits that are compared.
template <typename T>
void ExpectMoments(const std::vector<T>& x, const std::string& what) {
  const long double n = static_cast<long double>(x.size());
  const long double origin = x[0];
  long double sum = 0, abs_sum = 0, spread = 0;
  for (const long double v : x) {
    sum += v - origin;
    abs_sum += std::abs(v);
    spread += std::abs(v - origin);
  }
  const long double mean = origin + sum / n;
  const long double delta = kEps * (std::abs(mean) + spread);
  long double m[5] = {}, magnitude[5] = {};
  for (const long double v : x) {
    const long double d = v - origin - sum / n;
    for (int k = 1; k <= 4; ++k) {
      m[k] += std::pow(d, k);
      magnitude[k] += std::pow(std::abs(d) + delta, k);
    }
  }

  const RowMoments r = ComputeRowMoments(x.data(), x.size());
  EXPECT_EQ(r.count, x.size()) << what;
  EXPECT_EQ(r.non_finite, 0u) << what;
  EXPECT_EQ(r.min, *std::min_element(x.begin(), x.end())) << what;
  EXPECT_EQ(r.max, *std::max_element(x.begin(), x.end())) << what;
  EXPECT_THAT(r.abs_sum, IsNear(abs_sum, n * kEps * abs_sum)) << what;
  EXPECT_THAT(r.mean, IsNear(mean, kEps * (std::abs(mean) + magnitude[1])))
      << what;
  const long double c = 2 * (n + 8) * kEps;
  EXPECT_THAT(r.m2, IsNear(m[2], c * magnitude[2])) << what;
  EXPECT_THAT(r.m3, IsNear(m[3], c * magnitude[3])) << what;
  EXPECT_THAT(r.m4, IsNear(m[4], c * magnitude[4])) << what;
}

TYPED_TEST(RowKernelsOf, RowMomentsAreThePlainSums) {
  OnEveryTarget([] {
    for (const size_t n : kSizes) {
      const std::string what = std::to_string(n) + " entries";
      ExpectMoments(Row<TypeParam>(n), what);
      ExpectMoments(Row<TypeParam>(n, -3, 0.01), what + " about -3");
      ExpectMoments(Row<TypeParam>(n, 0, 1e-30), what + " of size 1e-30");
    }
  });
}

// A sum of squares less the square of the sum would keep 4 digits of m2 here.
TYPED_TEST(RowKernelsOf, RowMomentsKeepTheirDigitsAtALargeMean) {
  OnEveryTarget([] {
    for (const size_t n : kSizes) {
      const std::string what = std::to_string(n) + " entries about 10^6";
      ExpectMoments(Row<TypeParam>(n, 1e6), what);
      ExpectMoments(Row<TypeParam>(n, -1e6, 0.1), what);
    }
  });
}

// Entries that are a few ulp apart: here the mean's own rounding is as large
// as the deviations, and a sum that it is not taken out of has no digit right.
TEST(RowMoments, CorrectTheMeansRounding) {
  OnEveryTarget([] {
    for (const size_t n : kSizes) {
      std::vector<double> x = Row<double>(n, 1e6, 2 * 0x1p-33);
      const RowMoments r = ComputeRowMoments(x.data(), n);
      const long double origin = x[0];
      long double sum = 0;
      for (const long double v : x) sum += v - origin;
      long double m2 = 0, m3 = 0, m4 = 0, s3 = 0;
      for (const long double v : x) {
        const long double d = v - origin - sum / n;
        m2 += d * d;
        m3 += d * d * d;
        s3 += std::abs(d * d * d);
        m4 += d * d * d * d;
      }
      // Differences of such entries are exact in double, and the shift is no
      // larger than they are: only the sums' rounding is left, times the
      // binomial coefficients of the correction, which add up to 16.
      const long double c = 16 * (static_cast<double>(n) + 8) * kEps;
      EXPECT_THAT(r.m2, IsNear(m2, c * m2)) << n;
      EXPECT_THAT(r.m3, IsNear(m3, c * s3)) << n;
      EXPECT_THAT(r.m4, IsNear(m4, c * m4)) << n;
    }
  });
}

TYPED_TEST(RowKernelsOf, RowMomentsOfAConstantAreExact) {
  OnEveryTarget([] {
    using T = TypeParam;
    for (const size_t n : kSizes) {
      for (const T v : {T{0}, T{0.1}, T{-7.3e12}, T{1e-30},
                        std::numeric_limits<T>::max() / 2048}) {
        const std::vector<T> x(n, v);
        const RowMoments r = ComputeRowMoments(x.data(), n);
        EXPECT_EQ(r.mean, v);
        EXPECT_EQ(r.m2, 0);
        EXPECT_EQ(r.m3, 0);
        EXPECT_EQ(r.m4, 0);
        EXPECT_EQ(r.min, v);
        EXPECT_EQ(r.max, v);
      }
    }
  });
}

TYPED_TEST(RowKernelsOf, RowMomentsOfNothing) {
  const RowMoments r = ComputeRowMoments<TypeParam>(nullptr, 0);
  EXPECT_EQ(r.count, 0u);
  EXPECT_EQ(r.non_finite, 0u);
  EXPECT_EQ(r.m2, 0);
  EXPECT_EQ(r.abs_sum, 0);
}

TYPED_TEST(RowKernelsOf, RowMomentsLeaveOutWhatIsNotFinite) {
  OnEveryTarget([] {
    using T = TypeParam;
    constexpr T kInf = std::numeric_limits<T>::infinity();
    for (const size_t n : kSizes) {
      const std::vector<T> finite = Row<T>(n);
      const RowMoments expected = ComputeRowMoments(finite.data(), n);
      for (const T bad : {kInf, -kInf, std::numeric_limits<T>::quiet_NaN()}) {
        for (size_t at = 0; at <= n; at += std::max<size_t>(1, n / 70)) {
          std::vector<T> x = finite;
          x.insert(x.begin() + static_cast<ptrdiff_t>(at), bad);
          x.push_back(kInf);
          const RowMoments r = ComputeRowMoments(x.data(), x.size());
          ASSERT_EQ(r.count, n);
          ASSERT_EQ(r.non_finite, 2u);
          ASSERT_EQ(r.mean, expected.mean) << at << " of " << n;
          ASSERT_EQ(r.m2, expected.m2);
          ASSERT_EQ(r.m3, expected.m3);
          ASSERT_EQ(r.m4, expected.m4);
          ASSERT_EQ(r.abs_sum, expected.abs_sum);
          ASSERT_EQ(r.min, expected.min);
          ASSERT_EQ(r.max, expected.max);
        }
      }
      const std::vector<T> none(n, std::numeric_limits<T>::quiet_NaN());
      const RowMoments r = ComputeRowMoments(none.data(), n);
      EXPECT_EQ(r.count, 0u);
      EXPECT_EQ(r.non_finite, n);
    }
  });
}

TYPED_TEST(RowKernelsOf, PowerSumsAreThePlainLoop) {
  OnEveryTarget([] {
    for (const size_t n : kSizes) {
      const std::vector<TypeParam> x = Row<TypeParam>(n);
      long double first = 0, second = 0, magnitude = 0;
      for (const long double v : x) {
        first += v;
        second += v * v;
        magnitude += std::abs(v);
      }
      const PowerSums sums = ComputePowerSums(x.data(), n);
      const double rounding = static_cast<double>(n) * kEps;
      EXPECT_THAT(sums.first, IsNear(first, rounding * magnitude)) << n;
      EXPECT_THAT(sums.second, IsNear(second, rounding * second)) << n;
    }
  });
}

TYPED_TEST(RowKernelsOf, CountsWhatIsBelowAndZero) {
  OnEveryTarget([] {
    using T = TypeParam;
    constexpr T kNan = std::numeric_limits<T>::quiet_NaN();
    constexpr T kInf = std::numeric_limits<T>::infinity();
    EXPECT_EQ(CountBelow<T>(nullptr, 0, 1), 0u);
    EXPECT_EQ(CountZeros<T>(nullptr, 0), 0u);
    for (const size_t n : kSizes) {
      std::vector<T> x = Row<T>(n);
      const T values[] = {
          T{0},    T{-0.0}, T{0.5},
          T{-0.5}, kNan,    kInf,
          -kInf,   T{-2},   std::numeric_limits<T>::denorm_min()};
      for (size_t i = 0; i < n; i += 3)
        x[i] = values[i / 3 % std::size(values)];
      size_t below = 0, zeros = 0;
      for (const T v : x) {
        below += std::abs(v) < T{0.5};
        zeros += v == 0;
      }
      EXPECT_EQ(CountBelow(x.data(), n, T{0.5}), below) << n;
      EXPECT_EQ(CountZeros(x.data(), n), zeros) << n;
      EXPECT_EQ(CountBelow(x.data(), n, T{0}), 0u) << n;
      // One zero, in every place.
      std::vector<T> ones(n, T{1});
      for (size_t i = 0; i < n; ++i) {
        ones[i] = T{-0.0};
        ASSERT_EQ(CountZeros(ones.data(), n), 1u) << i << " of " << n;
        ASSERT_EQ(CountBelow(ones.data(), n, T{1}), 1u) << i << " of " << n;
        ones[i] = T{1};
      }
    }
  });
}

}  // namespace row_kernels_test
}  // namespace initscope
