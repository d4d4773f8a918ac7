#include "stats/sample_moments.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "base/matchers_test.h"
#include "base/targets_test.h"
#include "stats/samples_test.h"

namespace initscope {
namespace sample_moments_test {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kEntries = 5;
constexpr size_t kCounts[] = {1, 2, 7, 8, 9, 16, 31, 33, 64, 100};

Matrix<double> Entries(size_t samples, double mean) {
  return std::move(DrawNormal<double>(samples, kEntries, 1, mean, 1).mantissa);
}

// What lies behind the last sample is anything.
SampleMoments MomentsOf(const Matrix<double>& x) {
  SampleMoments out;
  out.Resize(x.rows());
  for (size_t f = 0; f < SampleMoments::kFields; ++f) {
    double* const field = out.field(static_cast<SampleMoments::Field>(f));
    std::fill_n(field, RoundUp(x.rows(), kMaxPanelWidth), kNan);
  }
  for (size_t i = 0; i < x.rows(); ++i) {
    out.Set(i, ComputeRowMoments(x.row(i), x.cols()));
  }
  return out;
}

TEST(SampleMoments, KeepWhatIsSet) {
  SampleMoments moments;
  moments.Resize(3);
  const RowMoments set = {4, 2, 0.5, 1, 2, 3, 4, -5, 6};
  moments.Set(1, set);
  const RowMoments found = moments[1];
  EXPECT_EQ(std::memcmp(&found, &set, sizeof set), 0);
  EXPECT_FALSE(moments.IsFinite(1));
}

// Against all entries in long double. Sums of r·c terms are right to
// (r·c + 16)·ε of the sum of their magnitudes, and a mean that is off by
// δ = r·ε·|mean| changes the k-th by at most k·δ times the (k − 1)-th.
TEST(SampleMoments, PoolIsThatOfAllEntries) {
  OnEveryTarget([] {
    for (const size_t samples : kCounts) {
      for (const double mean : {0.0, -3.0, 1e5}) {
        for (const bool has_units : {false, true}) {
          SCOPED_TRACE(std::to_string(samples) + " about " +
                       std::to_string(mean));
          const Matrix<double> x = Entries(samples, mean);
          std::vector<double> unit;
          for (size_t i = 0; i < samples && has_units; ++i) {
            unit.push_back(std::ldexp(1.0, static_cast<int>(i % 5) - 4));
          }
          const PooledMoments pooled = MomentsOf(x).Pool(unit);
          std::vector<long double> all;
          long double total = 0, own = 0;
          for (size_t i = 0; i < samples; ++i) {
            const long double f = has_units ? unit[i] : 1;
            long double row = 0;
            for (size_t j = 0; j < kEntries; ++j) {
              all.push_back(f * x(i, j));
              total += f * x(i, j);
              row += f * x(i, j) / kEntries;
            }
            for (size_t j = 0; j < kEntries; ++j) {
              own += std::pow(f * x(i, j) - row, 2.0L) / kEntries;
            }
          }
          const auto n = static_cast<long double>(all.size());
          const long double center = total / n;
          std::array<long double, 5> m = {}, magnitude = {};
          long double abs_sum = 0, least = kInf, most = -kInf;
          for (const long double v : all) {
            for (int k = 1; k <= 4; ++k) {
              m[k] += std::pow(v - center, k);
              magnitude[k] += std::pow(std::abs(v - center), k);
            }
            abs_sum += std::abs(v);
            least = std::min(least, v);
            most = std::max(most, v);
          }
          constexpr long double kEps = std::numeric_limits<double>::epsilon();
          const long double rounding = 4 * (n + 16) * kEps;
          const long double shift =
              4 * static_cast<long double>(samples) * kEps * std::abs(center);
          const auto near = [&](int k) {
            return IsNear(m[k], rounding * magnitude[k] +
                                    k * shift * magnitude[k - 1] +
                                    kEps * abs_sum * (k == 1));
          };
          magnitude[0] = n;
          const RowMoments& sums = pooled.sums;
          EXPECT_EQ(sums.count, all.size());
          EXPECT_THAT(sums.mean,
                      IsNear(center, rounding * magnitude[1] / n + shift));
          EXPECT_THAT(sums.m2, near(2));
          EXPECT_THAT(sums.m3, near(3));
          EXPECT_THAT(sums.m4, near(4));
          EXPECT_THAT(sums.abs_sum, IsNear(abs_sum, rounding * abs_sum));
          EXPECT_EQ(sums.min, static_cast<double>(least));
          EXPECT_EQ(sums.max, static_cast<double>(most));
          EXPECT_THAT(pooled.row_variance_sum,
                      IsNear(own, rounding * own + shift * magnitude[1]));
        }
      }
    }
  });
}

TEST(SampleMoments, LargestAreThoseOfTheSamplesAlone) {
  OnEveryTarget([] {
    for (const size_t samples : kCounts) {
      const Matrix<double> x = Entries(samples, 0);
      for (size_t begin = 0; begin < samples; begin += kMaxPanelWidth / 2) {
        const size_t end = std::min(samples, begin + kMaxPanelWidth / 2);
        SampleMoments moments = MomentsOf(x);
        double least = kInf, most = 0;
        for (size_t i = begin; i < end; ++i) {
          double largest = 0;
          for (size_t j = 0; j < kEntries; ++j) {
            largest = std::max(largest, std::abs(x(i, j)));
          }
          least = std::min(least, largest);
          most = std::max(most, largest);
        }
        LargestMagnitudes found = moments.LargestOf(begin, end - begin);
        EXPECT_TRUE(found.all_finite);
        EXPECT_EQ(found.least, least);
        EXPECT_EQ(found.least_positive, least);
        EXPECT_EQ(found.most, most);
        for (size_t i = begin; i < end; ++i) {
          const RowMoments kept = moments[i];
          moments.Set(i, {kEntries});  // zeros
          found = moments.LargestOf(begin, end - begin);
          EXPECT_EQ(found.least, 0);
          EXPECT_EQ(found.least_positive > 0, true);
          EXPECT_EQ(std::isfinite(found.least_positive), end - begin > 1);
          for (const double bad : {kNan, kInf, -kInf}) {
            RowMoments row = kept;
            row.mean = bad;
            moments.Set(i, row);
            EXPECT_FALSE(moments.LargestOf(begin, end - begin).all_finite);
            row = kept;
            row.abs_sum = bad;
            moments.Set(i, row);
            EXPECT_FALSE(moments.LargestOf(begin, end - begin).all_finite);
          }
          moments.Set(i, kept);
        }
      }
    }
  });
}

TEST(SampleMoments, InverseNormsAreThoseOfTheRows) {
  OnEveryTarget([] {
    for (const size_t samples : kCounts) {
      Matrix<double> x = Entries(samples, 0.3);
      for (size_t i = 0; i < samples; ++i) {
        if (i % 5 == 3) std::fill_n(x.row(i), kEntries, 0.0);
        if (i % 5 == 4) x(i, 2) = kNan;
      }
      const std::vector<double> found = MomentsOf(x).InverseNorms();
      ASSERT_EQ(found.size(), samples);
      for (size_t i = 0; i < samples; ++i) {
        long double squares = 0;
        for (size_t j = 0; j < kEntries; ++j) {
          squares += static_cast<long double>(x(i, j)) * x(i, j);
        }
        const bool is_left_out = i % 5 >= 3;
        const long double expected = is_left_out ? 0 : 1 / std::sqrt(squares);
        // Sums of kEntries positive terms, a root and a quotient.
        EXPECT_THAT(found[i], IsNear(expected, 4e-15L * expected)) << i;
      }
    }
  });
}

TEST(SampleMoments, AreAlikeWhereEverySampleHasAsManyEntries) {
  SampleMoments moments;
  EXPECT_FALSE(moments.AreAlike());
  for (size_t i = 0; i < 33; ++i) {
    moments = MomentsOf(Entries(33, 0));
    EXPECT_TRUE(moments.AreAlike());
    RowMoments row = moments[i];
    row.count -= 1;
    moments.Set(i, row);
    EXPECT_FALSE(moments.AreAlike()) << i;
    row.count += 1;
    row.non_finite = 1;
    moments.Set(i, row);
    EXPECT_FALSE(moments.AreAlike()) << i;
  }
}

}  // namespace sample_moments_test
}  // namespace initscope
