// Sums over the samples of a batch against plain loops in long double.

#include "stats/sample_sums.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/matchers_test.h"
#include "base/targets_test.h"
#include "linalg/batches_test.h"

namespace initscope {
namespace sample_sums_test {

template <typename T>
class SumOverSamplesOf : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(SumOverSamplesOf, Types);

// A sum with drawn factors, every fifth of them 0, and an origin or none.
SampleSum DrawSum(size_t samples, size_t units, uint32_t draw, bool origin) {
  SampleSum sum;
  const ScaledMatrix<double> factor = DrawNormal<double>(1, samples, draw);
  for (size_t i = 0; i < samples; ++i) {
    sum.factor.push_back(i % 5 == 2 ? 0 : factor.mantissa(0, i));
  }
  if (!origin) return sum;
  const ScaledMatrix<double> drawn = DrawNormal<double>(1, units, draw + 1);
  sum.origin.assign(drawn.mantissa.row(0), drawn.mantissa.row(0) + units);
  return sum;
}

// A batch whose samples 2, 7, 12 … are not finite: those that are left out.
template <typename T>
PackedBatch<T> DrawBatch(size_t samples, size_t units) {
  ScaledMatrix<T> x = DrawNormal<T>(samples, units, 0);
  for (size_t i = 2; i < samples; i += 5) {
    for (size_t j = 0; j < units; ++j) {
      x.mantissa(i, j) = j % 2 == 0 ? std::numeric_limits<T>::infinity()
                                    : std::numeric_limits<T>::quiet_NaN();
    }
  }
  return Packed(x);
}

// e = factor·x − origin has two roundings, of |factor·x| and of |e|; the sum of
// m of them m more, that of all their squares as many as there are entries,
// in any order. In double, whatever T is.
template <typename T>
void ExpectSum(const PackedBatch<T>& x, const SampleSum& sum) {
  constexpr long double kEps = std::numeric_limits<double>::epsilon();
  const long double m = static_cast<long double>(x.samples());
  const long double n = static_cast<long double>(x.units());
  ASSERT_EQ(sum.factor.size(), x.samples());
  ASSERT_EQ(sum.sum.size(), x.units());
  long double squares = 0, squares_error = 0;
  for (size_t j = 0; j < x.units(); ++j) {
    long double total = 0, magnitude = 0;
    for (size_t i = 0; i < x.samples(); ++i) {
      if (sum.factor[i] == 0) continue;
      const long double scaled = x.unit(i / x.width(), j)[i % x.width()] *
                                 static_cast<long double>(sum.factor[i]);
      const long double e = scaled - (sum.origin.empty() ? 0 : sum.origin[j]);
      const long double error = std::abs(scaled) + std::abs(e);
      total += e;
      magnitude += error / 2 + m * std::abs(e);
      squares += e * e;
      squares_error += std::abs(e) * error;
    }
    ASSERT_THAT(sum.sum[j], IsNear(total, kEps * magnitude)) << "unit " << j;
  }
  EXPECT_THAT(sum.squares,
              IsNear(squares, kEps * (squares_error + m * n * squares)));
}

template <typename T>
void ExpectSums(size_t samples, size_t units) {
  SCOPED_TRACE(std::to_string(samples) + " samples, " + std::to_string(units) +
               " units");
  const PackedBatch<T> x = DrawBatch<T>(samples, units);
  for (size_t count = 1; count <= 3; ++count) {
    std::array<SampleSum, 3> one, other;
    std::vector<SampleSum*> ones, others;
    for (size_t s = 0; s < count; ++s) {
      one[s] = other[s] = DrawSum(samples, units, 10 * s + 1, s != 1);
      ones.push_back(&one[s]);
      others.push_back(&other[s]);
    }
    SumOverSamples<T>(x, 1, ones);
    SumOverSamples<T>(x, 3, others);
    for (size_t s = 0; s < count; ++s) {
      SCOPED_TRACE("sum " + std::to_string(s) + " of " + std::to_string(count));
      ExpectSum(x, one[s]);
      EXPECT_EQ(one[s].sum, other[s].sum);
      EXPECT_EQ(one[s].squares, other[s].squares);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

TYPED_TEST(SumOverSamplesOf, AreThePlainSums) {
  OnEveryTarget([] {
    const size_t count = std::size(kTestSizes);
    for (size_t i = 0; i < count; ++i) {
      ExpectSums<TypeParam>(kTestSizes[i], kTestSizes[(i + 4) % count]);
      ExpectSums<TypeParam>(kTestSizes[(i + 9) % count], kTestSizes[i]);
    }
  });
}

// With the first sample as the origin: product and difference rounded apart.
TYPED_TEST(SumOverSamplesOf, EqualSamplesLeaveNoRest) {
  using T = TypeParam;
  OnEveryTarget([] {
    for (size_t samples : kTestSizes) {
      ScaledMatrix<T> x = DrawNormal<T>(samples, 37, 0);
      for (size_t i = 1; i < samples; ++i) {
        std::copy_n(x.mantissa.row(0), 37, x.mantissa.row(i));
      }
      SampleSum sum;
      sum.factor.assign(samples, 1 / 3.0);
      for (size_t j = 0; j < 37; ++j) {
        sum.origin.push_back(x.mantissa(0, j) * sum.factor[0]);
      }
      SumOverSamples<T>(Packed(x), 1, {{&sum}});
      EXPECT_EQ(sum.squares, 0);
      for (double s : sum.sum) ASSERT_EQ(s, 0);
    }
  });
}

// Two samples out of a thousand count, one of them the last.
TYPED_TEST(SumOverSamplesOf, LeavesOutWhateverHasNoFactor) {
  using T = TypeParam;
  OnEveryTarget([] {
    ScaledMatrix<T> x = DrawNormal<T>(1000, 3, 0);
    SampleSum sum;
    sum.factor.assign(1000, 0.0);
    for (size_t i = 0; i < 999; ++i) {
      if (i == 500) continue;
      std::fill_n(x.mantissa.row(i), 3, std::numeric_limits<T>::infinity());
    }
    sum.factor[500] = sum.factor[999] = 2;
    SumOverSamples<T>(Packed(x), 1, {{&sum}});
    for (size_t j = 0; j < 3; ++j) {
      // Doubling is exact; one sum.
      EXPECT_EQ(sum.sum[j],
                2 * (double{x.mantissa(500, j)} + double{x.mantissa(999, j)}));
    }
  });
}

}  // namespace sample_sums_test
}  // namespace initscope
