#include "stats/moments.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/matchers_test.h"
#include "base/targets_test.h"
#include "random/variates.h"
#include "stats/samples_test.h"

namespace initscope {
namespace moments_test {

template <typename T>
Moments MomentsOf(const ScaledMatrix<T>& x) {
  Moments moments;
  moments.Add(x);
  return moments;
}

// The plain loops in long double, whose own exponents reach ±16000.
struct Reference {
  long double mean = 0, variance = 0, second = 0, abs_mean = 0, m4 = 0;
  long double row_variance = 0;
  long double min = kInf, max = -kInf;
};

template <typename T>
Reference ReferenceOf(const ScaledMatrix<T>& x) {
  const auto entry = [&x](size_t i, size_t j) {
    return std::ldexp(static_cast<long double>(x.mantissa(i, j)),
                      static_cast<int>(x.exponent[i]));
  };
  const long double n = static_cast<long double>(x.mantissa.size());
  const long double cols = static_cast<long double>(x.cols());
  const long double rows = static_cast<long double>(x.rows());
  Reference r;
  for (size_t i = 0; i < x.rows(); ++i) {
    long double row_mean = 0;
    for (size_t j = 0; j < x.cols(); ++j) {
      const long double v = entry(i, j);
      r.mean += v / n;
      row_mean += v / cols;
      r.second += v * v / n;
      r.abs_mean += std::abs(v) / n;
      r.min = std::min(r.min, v);
      r.max = std::max(r.max, v);
    }
    for (size_t j = 0; j < x.cols(); ++j) {
      const long double d = entry(i, j) - row_mean;
      r.row_variance += d * d / cols / rows;
    }
  }
  for (size_t i = 0; i < x.rows(); ++i) {
    for (size_t j = 0; j < x.cols(); ++j) {
      const long double d = entry(i, j) - r.mean;
      r.variance += d * d / n;
      r.m4 += d * d * d * d / n;
    }
  }
  return r;
}

// Tolerances: sums over a row of c entries are right to 2(c + 8)ε of the sum
// of their magnitudes (row_kernels_test.cc), and each of the r merges rounds
// a handful of times: together 4(c + r + 8)ε = `c` below. The means of the
// rows are off by ε|mean| each, r of them add up to r·ε|mean|, and a sum of
// squares feels that times the deviation: r·ε|mean|·σ, of which we allow 4;
// fourth powers feel it times 4σ³.
template <typename T>
void ExpectMoments(const ScaledMatrix<T>& x, const Moments& m,
                   const std::string& what) {
  const Reference r = ReferenceOf(x);
  const long double rows = static_cast<long double>(x.rows());
  const long double c =
      4 * (static_cast<long double>(x.cols()) + rows + 8) * kEps;
  const long double sigma = std::sqrt(r.variance);
  const long double shift = 4 * rows * kEps * std::abs(r.mean);
  EXPECT_EQ(m.count(), x.mantissa.size()) << what;
  EXPECT_EQ(m.non_finite(), 0u) << what;
  EXPECT_THAT(ToLongDouble(m.Mean()), IsNear(r.mean, shift + c * sigma))
      << what;
  EXPECT_THAT(ToLongDouble(m.Variance()),
              IsNear(r.variance, c * r.variance + shift * sigma))
      << what;
  EXPECT_THAT(ToLongDouble(m.SecondMoment()),
              IsNear(r.second, c * r.second + 2 * shift * std::abs(r.mean)))
      << what;
  EXPECT_THAT(ToLongDouble(m.AbsMean()), IsNear(r.abs_mean, c * r.abs_mean))
      << what;
  EXPECT_EQ(ToLongDouble(m.Min()), r.min) << what;
  EXPECT_EQ(ToLongDouble(m.Max()), r.max) << what;
  EXPECT_THAT(ToLongDouble(m.MeanRowVariance()),
              IsNear(r.row_variance, c * r.row_variance))
      << what;
  if (r.variance == 0) {
    EXPECT_TRUE(std::isnan(m.Kurtosis())) << what;
  } else {
    const long double kurtosis = r.m4 / r.variance / r.variance;
    EXPECT_THAT(m.Kurtosis(),
                IsNear(kurtosis, 4 * kurtosis * (c + shift / sigma)))
        << what;
  }
}

template <typename T>
class MomentsOfType : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(MomentsOfType, Types);

TYPED_TEST(MomentsOfType, AreThePlainSums) {
  using T = TypeParam;
  OnEveryTarget([] {
    for (const size_t cols : kSizes) {
      for (const size_t rows : {1, 2, 3, 17, 64}) {
        const std::string what =
            std::to_string(rows) + " x " + std::to_string(cols);
        for (const double mean : {0.0, -3.0, 1e6}) {
          const auto x = Draw<T>(rows, cols, mean);
          ExpectMoments(x, MomentsOf(x),
                        what + " about " + std::to_string(mean));
        }
      }
    }
  });
}

TYPED_TEST(MomentsOfType, AreThoseOfRowsAtDifferentExponents) {
  // Rows of all sizes, and orders in which the largest comes first and last.
  const std::vector<std::vector<int64_t>> cases = {
      {-4000, 0, 4000},     {4000, 0, -4000}, {-4000, -3990, -4010},
      {3990, 3995, 4000},   {0, 40, -40},     {-1200, 0, -600, -1100, 5},
      {-3500, -3500, -3500}};
  for (const size_t cols : {1, 7, 16, 33, 1000}) {
    for (const auto& exponents : cases) {
      auto x = Draw<TypeParam>(exponents.size(), cols);
      x.exponent = exponents;
      const Moments m = MomentsOf(x);
      // The smallest entries are out of a double's reach of the largest ones,
      // as min and max may be: compared are those that count.
      const Reference r = ReferenceOf(x);
      const long double c = 4 * (static_cast<long double>(cols) + 13) * kEps;
      const std::string what = std::to_string(cols) + " columns from 2^" +
                               std::to_string(exponents[0]);
      EXPECT_THAT(ToLongDouble(m.Mean()),
                  IsNear(r.mean, c * std::sqrt(r.second)))
          << what;
      EXPECT_THAT(ToLongDouble(m.SecondMoment()),
                  IsNear(r.second, c * r.second))
          << what;
      EXPECT_THAT(ToLongDouble(m.Variance()), IsNear(r.variance, c * r.second))
          << what;
      EXPECT_THAT(ToLongDouble(m.AbsMean()), IsNear(r.abs_mean, c * r.abs_mean))
          << what;
      EXPECT_THAT(ToLongDouble(m.MeanRowVariance()),
                  IsNear(r.row_variance, c * r.row_variance))
          << what;
      EXPECT_THAT(static_cast<long double>(m.SecondMoment().Log10()),
                  IsNear(std::log10(r.second),
                         c + 4 * kEps * std::abs(std::log10(r.second))))
          << what;
    }
  }
}

// The same values, written with other exponents, give the same moments: the
// rescaling is exact.
TYPED_TEST(MomentsOfType, DependOnTheValueAlone) {
  const auto x = Draw<TypeParam>(5, 33);
  auto y = Draw<TypeParam>(5, 33);
  for (size_t i = 0; i < 5; ++i) {
    const int64_t shift = 7 * static_cast<int64_t>(i) - 10;
    ScaleByPowerOfTwo(y.mantissa.row(i), 33, shift);
    y.exponent[i] = -shift;
  }
  const Moments a = MomentsOf(x);
  const Moments b = MomentsOf(y);
  EXPECT_EQ(a.Mean().ToDouble(), b.Mean().ToDouble());
  EXPECT_EQ(a.Variance().ToDouble(), b.Variance().ToDouble());
  EXPECT_EQ(a.SecondMoment().ToDouble(), b.SecondMoment().ToDouble());
  EXPECT_EQ(a.AbsMean().ToDouble(), b.AbsMean().ToDouble());
  EXPECT_EQ(a.Min().ToDouble(), b.Min().ToDouble());
  EXPECT_EQ(a.Max().ToDouble(), b.Max().ToDouble());
  EXPECT_EQ(a.Kurtosis(), b.Kurtosis());
  EXPECT_EQ(a.MeanRowVariance().ToDouble(), b.MeanRowVariance().ToDouble());
}

TYPED_TEST(MomentsOfType, OfAConstantAreExact) {
  using T = TypeParam;
  for (const size_t cols : kSizes) {
    for (const T value : {T{0.1}, T{1}, T{-3e8}, T{1e-20}}) {
      auto x = Constant<T>(3, cols, value);
      // The same value, written otherwise.
      ScaleByPowerOfTwo(x.mantissa.row(1), cols, 20);
      x.exponent[1] = -20;
      const Moments m = MomentsOf(x);
      EXPECT_EQ(m.Mean().ToDouble(), value);
      EXPECT_EQ(m.Variance().value, 0);
      EXPECT_EQ(m.Variance().Log10(), -kInf);
      EXPECT_EQ(m.MeanRowVariance().value, 0);
      EXPECT_EQ(m.Min().ToDouble(), value);
      EXPECT_EQ(m.Max().ToDouble(), value);
      EXPECT_TRUE(std::isnan(m.Kurtosis()));
    }
  }
}

TYPED_TEST(MomentsOfType, HaveNoUnitVarianceWhereEveryRowIsConstant) {
  using T = TypeParam;
  auto x = Constant<T>(4, 33, T{0});
  for (size_t i = 0; i < 4; ++i) {
    std::fill_n(x.mantissa.row(i), 33, T{0.1} * static_cast<T>(i + 1));
  }
  x.exponent = {0, 3000, -7, -3000};
  const Moments m = MomentsOf(x);
  EXPECT_EQ(m.MeanRowVariance().value, 0);
  EXPECT_GT(m.Variance().value, 0);
}

TYPED_TEST(MomentsOfType, OfZerosAreZero) {
  for (const size_t cols : kSizes) {
    auto x = Constant<TypeParam>(3, cols, 0);
    x.exponent = {0, -4000, 4000};
    const Moments m = MomentsOf(x);
    EXPECT_EQ(m.count(), 3 * cols);
    for (const ScaledDouble& value :
         {m.Mean(), m.Variance(), m.SecondMoment(), m.AbsMean(), m.Min(),
          m.Max(), m.MeanRowVariance()}) {
      EXPECT_EQ(value.ToDouble(), 0);
      EXPECT_EQ(value.Log10(), -kInf);
    }
    EXPECT_TRUE(std::isnan(m.Kurtosis()));
  }
}

// A row of zeros has exponent 0; it must not make the others underflow.
TYPED_TEST(MomentsOfType, ZerosDecideNoExponent) {
  for (const size_t zero_row : {0, 1, 2}) {
    for (const int64_t exponent : {-4000, 4000}) {
      auto x = Draw<TypeParam>(3, 16);
      x.exponent = {exponent, exponent, exponent};
      std::fill_n(x.mantissa.row(zero_row), 16, TypeParam{0});
      x.exponent[zero_row] = 0;
      const Moments m = MomentsOf(x);
      ExpectMoments(x, m, "zeros in row " + std::to_string(zero_row));
      EXPECT_TRUE(std::isfinite(m.Variance().Log10()));
    }
  }
}

TYPED_TEST(MomentsOfType, LeaveOutWhatIsNotFinite) {
  using T = TypeParam;
  constexpr T kNan = std::numeric_limits<T>::quiet_NaN();
  constexpr T kInfinite = std::numeric_limits<T>::infinity();
  for (const size_t cols : kSizes) {
    const auto finite = Draw<T>(2, cols);
    ScaledMatrix<T> x;  // the same, three entries more, a row more
    x.Resize(3, cols + 3);
    std::fill_n(x.mantissa.data(), x.mantissa.size(), kNan);
    for (size_t i = 0; i < 2; ++i) {
      T* row = x.mantissa.row(2 * i);
      std::copy_n(finite.mantissa.row(i), cols, row + 1);
      row[0] = kInfinite;
      row[cols + 1] = -kInfinite;
    }
    x.exponent[1] = 5000;
    const Moments m = MomentsOf(x);
    EXPECT_EQ(m.count(), 2 * cols);
    EXPECT_EQ(m.non_finite(), cols + 9);
    const Moments expected = MomentsOf(finite);
    // Rows of equal length and others merge in different ways.
    const double rounding = 64 * std::numeric_limits<double>::epsilon() *
                            expected.AbsMean().ToDouble();
    EXPECT_THAT(m.Mean().ToDouble(),
                IsNear(expected.Mean().ToDouble(), rounding));
    EXPECT_THAT(m.Variance().ToDouble(),
                IsNear(expected.Variance().ToDouble(), rounding));
    EXPECT_EQ(m.Min().ToDouble(), expected.Min().ToDouble());
    EXPECT_EQ(m.Max().ToDouble(), expected.Max().ToDouble());
    EXPECT_THAT(m.AbsMean().ToDouble(),
                IsNear(expected.AbsMean().ToDouble(), rounding));
    EXPECT_THAT(m.MeanRowVariance().ToDouble(),
                IsNear(expected.MeanRowVariance().ToDouble(), rounding));
  }
}

void ExpectNan(const Moments& m) {
  EXPECT_EQ(m.count(), 0u);
  for (const ScaledDouble& value :
       {m.Mean(), m.Variance(), m.SecondMoment(), m.AbsMean(), m.Min(), m.Max(),
        m.MeanRowVariance()}) {
    EXPECT_TRUE(std::isnan(value.ToDouble()));
    EXPECT_TRUE(std::isnan(value.Log10()));
  }
  EXPECT_TRUE(std::isnan(m.Kurtosis()));
}

TYPED_TEST(MomentsOfType, OfNothingAreNan) {
  using T = TypeParam;
  ExpectNan(Moments());
  ExpectNan(MomentsOf(Constant<T>(0, 5, 0)));
  ExpectNan(MomentsOf(Constant<T>(5, 0, 0)));
  const Moments m =
      MomentsOf(Constant<T>(5, 3, std::numeric_limits<T>::quiet_NaN()));
  ExpectNan(m);
  EXPECT_EQ(m.non_finite(), 15u);
}

TYPED_TEST(MomentsOfType, MergedSplitsAreTheWhole) {
  using T = TypeParam;
  constexpr size_t kRows = 12;
  for (const size_t cols : kSizes) {
    auto whole = Draw<T>(kRows, cols, 2);
    for (size_t i = 0; i < kRows; ++i) {
      whole.exponent[i] = static_cast<int64_t>(i % 3) - 1;
    }
    for (size_t cut = 0; cut <= kRows; cut += 3) {
      Moments a, b;
      for (size_t i = 0; i < kRows; ++i) {
        (i < cut ? a : b)
            .Add(ComputeRowMoments(whole.mantissa.row(i), cols),
                 whole.exponent[i]);
      }
      a.Merge(b);
      ExpectMoments(whole, a, "cut at " + std::to_string(cut));
    }
  }
}

TYPED_TEST(MomentsOfType, TheOrderOfMergingChangesRoundingOnly) {
  using T = TypeParam;
  constexpr size_t kRows = 24;
  constexpr size_t kCols = 33;
  const auto x = Draw<T>(kRows, kCols, 10);
  std::vector<Moments> parts(kRows);
  for (size_t i = 0; i < kRows; ++i) {
    parts[i].Add(ComputeRowMoments(x.mantissa.row(i), kCols), 0);
  }
  Moments backwards;
  for (size_t i = kRows; i-- > 0;) backwards.Merge(parts[i]);
  ExpectMoments(x, backwards, "backwards");
  Moments interleaved;
  for (size_t i = 0; i < kRows; ++i) interleaved.Merge(parts[i * 7 % kRows]);
  ExpectMoments(x, interleaved, "interleaved");
  while (parts.size() > 1) {  // a tree, of parts of different sizes
    parts[0].Merge(parts.back());
    parts.pop_back();
    std::rotate(parts.begin(), parts.begin() + 1, parts.end());
  }
  ExpectMoments(x, parts[0], "a tree");
}

TYPED_TEST(MomentsOfType, MergingNothingChangesNothing) {
  const auto x = Draw<TypeParam>(3, 17);
  Moments m = MomentsOf(x);
  m.Merge(Moments());
  ExpectMoments(x, m, "with nothing");
  Moments n;
  n.Merge(MomentsOf(x));
  ExpectMoments(x, n, "into nothing");
  Moments bad = MomentsOf(
      Constant<TypeParam>(1, 3, std::numeric_limits<TypeParam>::quiet_NaN()));
  bad.Merge(m);
  EXPECT_EQ(bad.non_finite(), 3u);
  EXPECT_EQ(bad.count(), m.count());
  m.Merge(bad);
  EXPECT_EQ(m.non_finite(), 3u);
}

// The kurtosis of n normal variates has standard error √(24/n), of n uniform
// ones (of which it is 1.8) less.
TEST(Moments, KurtosisKnowsTheLaw) {
  constexpr size_t kRows = 400;
  constexpr size_t kCols = 500;
  const double error = std::sqrt(24.0 / (kRows * kCols));
  for (const uint64_t seed : {1, 2, 3}) {
    EXPECT_THAT(MomentsOf(Draw<double>(kRows, kCols, 7, seed)).Kurtosis(),
                IsNear(3.0, 5 * error));
    ScaledMatrix<double> uniform;
    uniform.Resize(kRows, kCols);
    FillVariates(VariateLaw::kUniform, {seed}, 0, 0, uniform.mantissa.view());
    EXPECT_THAT(MomentsOf(uniform).Kurtosis(), IsNear(1.8, 5 * error));
  }
}

}  // namespace moments_test
}  // namespace initscope
