// Every kernel against plain loops, lane by lane, on every target.

#include "stats/panel_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "base/matchers_test.h"
#include "base/targets_test.h"
#include "linalg/batches_test.h"

namespace initscope {
namespace panel_kernels_test {

template <typename T>
constexpr T kInf = std::numeric_limits<T>::infinity();
template <typename T>
constexpr T kNan = std::numeric_limits<T>::quiet_NaN();

template <typename T>
class PanelKernelsOf : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(PanelKernelsOf, Types);

// One full panel.
template <typename T>
PackedBatch<T> Panel(size_t units, uint32_t draw = 0, double mean = 0,
                     double deviation = 1) {
  return Packed(DrawNormal<T>(PanelWidth<T>(), units, draw, mean, deviation));
}

// One number per lane.
template <typename T>
std::array<T, kMaxPanelWidth> Lanes(uint32_t draw) {
  std::array<T, kMaxPanelWidth> lanes = {};
  const ScaledMatrix<T> drawn = DrawNormal<T>(1, kMaxPanelWidth, draw);
  std::copy_n(drawn.mantissa.data(), lanes.size(), lanes.begin());
  return lanes;
}

template <typename T>
SampleMoments Moments(const PackedBatch<T>& x, bool fourth) {
  LaneMoments<T> sums;
  sums.Begin(x.panel(0), x.units(), x.width());
  for (size_t j = 0; j < x.units(); j += kChunk) {
    const size_t units = std::min(kChunk, x.units() - j);
    fourth ? sums.Add4(x.unit(0, j), units) : sums.Add2(x.unit(0, j), units);
  }
  SampleMoments moments;
  moments.Resize(x.width());
  sums.Store(0, &moments);
  return moments;
}

// What LaneMoments takes the powers about: the mean of the first units. Only
// the tolerance depends on it.
long double Origin(const std::vector<long double>& x) {
  size_t first = 8;
  while (first > x.size()) first /= 2;
  long double sum = 0;
  for (size_t j = 0; j < first; ++j) sum += x[j];
  return sum / static_cast<long double>(first);
}

// Two passes in long double. With d = x − origin and S_k = Σ|d|^k:
//
// d^k has at most 2k roundings, a chunk's sum kChunk more, of eps/2 each, and
// the n/kChunk sums of doubles double's: the k-th power sum is off by at most
// c_k·S_k, c_k = (kChunk + 2k)·eps_T + (n/kChunk + 8)·eps_double (twice what is
// needed, which takes in second order terms and those of the last formula).
// By the binomial theorem that leaves the k-th moment about the mean off by at
// most (k − 1)·c_k·Σ(|d| + D)^k, D = S_1/n, for k = 2, 3, 4: term by term, with
// |shift| <= D.
template <typename T>
void ExpectLane(const PackedBatch<T>& panel, size_t lane, bool fourth,
                const RowMoments& found) {
  std::vector<long double> x;
  for (size_t j = 0; j < panel.units(); ++j) {
    x.push_back(panel.unit(0, j)[lane]);
  }
  const long double n = static_cast<long double>(x.size());
  const long double origin = Origin(x);
  long double spread = 0, shift = 0, abs_sum = 0;
  for (long double v : x) {
    spread += std::abs(v - origin) / n;
    shift += (v - origin) / n;
    abs_sum += std::abs(v);
  }
  std::array<long double, 5> m = {}, magnitude = {};
  for (long double v : x) {
    for (int k = 2; k <= 4; ++k) {
      m[k] += std::pow(v - origin - shift, k);
      magnitude[k] += std::pow(std::abs(v - origin) + spread, k);
    }
  }
  constexpr long double kEps = std::numeric_limits<double>::epsilon();
  const auto rounding = [&](int k) {
    return (kChunk + 2.0L * k) * std::numeric_limits<T>::epsilon() +
           (n / kChunk + 8) * kEps;
  };
  EXPECT_EQ(found.count, x.size());
  EXPECT_EQ(found.non_finite, 0u);
  EXPECT_EQ(found.min, *std::min_element(x.begin(), x.end()));
  EXPECT_EQ(found.max, *std::max_element(x.begin(), x.end()));
  EXPECT_THAT(found.abs_sum, IsNear(abs_sum, rounding(1) * abs_sum));
  EXPECT_THAT(found.mean,
              IsNear(origin + shift, rounding(1) * spread +
                                         kEps * (std::abs(origin) + spread)));
  EXPECT_THAT(found.m2, IsNear(m[2], rounding(2) * magnitude[2]));
  if (!fourth) {
    EXPECT_EQ(found.m3, 0);
    EXPECT_EQ(found.m4, 0);
    return;
  }
  EXPECT_THAT(found.m3, IsNear(m[3], 2 * rounding(3) * magnitude[3]));
  EXPECT_THAT(found.m4, IsNear(m[4], 3 * rounding(4) * magnitude[4]));
}

TYPED_TEST(PanelKernelsOf, LaneMomentsAreThePlainSums) {
  using T = TypeParam;
  OnEveryTarget([] {
    for (size_t n : kTestSizes) {
      for (double mean : {0.0, -3.0, 1e4}) {
        for (bool fourth : {false, true}) {
          const PackedBatch<T> x =
              Panel<T>(n, 0, mean, mean == 0 ? 1 : 0.01 * std::abs(mean));
          const SampleMoments sums = Moments(x, fourth);
          for (size_t i = 0; i < x.width(); ++i) {
            SCOPED_TRACE(std::to_string(n) + " units about " +
                         std::to_string(mean) + ", lane " + std::to_string(i));
            ExpectLane(x, i, fourth, sums[i]);
          }
        }
      }
    }
  });
}

TYPED_TEST(PanelKernelsOf, LaneMomentsOfEqualUnitsAreExact) {
  using T = TypeParam;
  OnEveryTarget([] {
    const T values[] = {0, T(0.1), T(-7.3e12), T(1e-30),
                        std::numeric_limits<T>::max() / 2048};
    for (size_t n : kTestSizes) {
      for (bool fourth : {false, true}) {
        PackedBatch<T> x = Panel<T>(n);
        for (size_t k = 0; k < n * x.width(); ++k) {
          x.panel(0)[k] = values[k % x.width() % std::size(values)];
        }
        const SampleMoments sums = Moments(x, fourth);
        for (size_t i = 0; i < x.width(); ++i) {
          const T value = values[i % std::size(values)];
          const RowMoments row = sums[i];
          EXPECT_EQ(row.mean, value) << n;
          EXPECT_EQ(row.m2, 0) << n;
          EXPECT_EQ(row.m3, 0) << n;
          EXPECT_EQ(row.m4, 0) << n;
          EXPECT_EQ(row.min, value) << n;
          EXPECT_EQ(row.max, value) << n;
        }
      }
    }
  });
}

// Other lanes do not see it.
TYPED_TEST(PanelKernelsOf, LaneMomentsTellWhatIsNotFinite) {
  using T = TypeParam;
  OnEveryTarget([] {
    for (size_t n : {1, 2, 15, 17, 65}) {
      for (T bad : {kNan<T>, kInf<T>, -kInf<T>}) {
        for (size_t unit = 0; unit < n; ++unit) {
          PackedBatch<T> x = Panel<T>(n);
          const SampleMoments before = Moments(x, true);
          const size_t lane = unit % x.width();
          x.unit(0, unit)[lane] = bad;
          const SampleMoments after = Moments(x, true);
          for (size_t i = 0; i < x.width(); ++i) {
            const RowMoments row = after[i], other = before[i];
            if (i == lane) {
              EXPECT_FALSE(std::isfinite(row.mean)) << unit << " of " << n;
            } else {
              EXPECT_EQ(std::memcmp(&row, &other, sizeof(row)), 0) << i;
            }
          }
        }
      }
    }
  });
}

TYPED_TEST(PanelKernelsOf, CountBelowAddsUp) {
  using T = TypeParam;
  OnEveryTarget([] {
    for (size_t n : kTestSizes) {
      PackedBatch<T> x = Panel<T>(n);
      // What equals the bound is not below it, and NaN is below nothing.
      x.unit(0, n / 2)[0] = T(-0.5);
      x.unit(0, n - 1)[1] = kNan<T>;
      x.unit(0, n - 1)[0] = kInf<T>;
      for (T bound : {T(0.5), std::numeric_limits<T>::min(), kInf<T>}) {
        std::array<uint32_t, kMaxPanelWidth> counts, expected;
        for (size_t i = 0; i < x.width(); ++i) {
          counts[i] = expected[i] = static_cast<uint32_t>(3 * i);
          for (size_t j = 0; j < n; ++j) {
            expected[i] += std::abs(x.unit(0, j)[i]) < bound ? 1 : 0;
          }
        }
        CountBelow(x.panel(0), n, x.width(), bound, counts.data());
        for (size_t i = 0; i < x.width(); ++i) {
          EXPECT_EQ(counts[i], expected[i]) << "lane " << i << " of " << n;
        }
      }
    }
  });
}

// Lanes beyond the samples, whatever is in them, mark nothing.
TYPED_TEST(PanelKernelsOf, MarkNonZeroSeesTheSamplesAlone) {
  using T = TypeParam;
  OnEveryTarget([] {
    const size_t width = PanelWidth<T>();
    for (size_t n : kTestSizes) {
      for (size_t samples = 1; samples <= width; ++samples) {
        PackedBatch<T> x = Panel<T>(n);
        std::vector<uint8_t> marks(n), expected(n);
        for (size_t j = 0; j < n; ++j) {
          T* unit = x.unit(0, j);
          std::fill_n(unit, samples, j % 2 == 0 ? T(0) : T(-0.0));
          std::fill(unit + samples, unit + width, kNan<T>);
          // Every third unit has one entry that is not zero, anywhere.
          expected[j] = j % 3 == 0;
          if (expected[j]) {
            unit[j / 3 % samples] =
                j % 2 == 0 ? std::numeric_limits<T>::min() : kNan<T>;
          }
          marks[j] = j % 7 == 0;  // marked before
          expected[j] |= marks[j];
        }
        MarkNonZero(x.panel(0), n, width, samples, marks.data());
        EXPECT_EQ(marks, expected) << samples << " samples, " << n << " units";
      }
    }
  });
}

// Two roundings, in whatever order the instruction set takes them.
TYPED_TEST(PanelKernelsOf, ScaleUnitsScalesAndAddsTheBias) {
  using T = TypeParam;
  constexpr double kEps = std::numeric_limits<T>::epsilon();
  OnEveryTarget([] {
    const auto factor = Lanes<T>(1);
    for (size_t n : kTestSizes) {
      const PackedBatch<T> x = Panel<T>(n);
      const ScaledMatrix<T> bias = DrawNormal<T>(1, n, 2);
      for (const T* b :
           {static_cast<const T*>(nullptr), bias.mantissa.row(0)}) {
        PackedBatch<T> found = CopyOf(x);
        ScaleUnits(found.panel(0), n, x.width(), factor.data(), b);
        for (size_t k = 0; k < n * x.width(); ++k) {
          const size_t j = k / x.width(), i = k % x.width();
          const long double scaled =
              static_cast<long double>(x.panel(0)[k]) * factor[i];
          const long double expected = scaled + (b == nullptr ? 0 : b[j]);
          EXPECT_THAT(
              found.panel(0)[k],
              IsNear(expected,
                     kEps / 2 * (std::abs(scaled) + 2 * std::abs(expected))))
              << "unit " << j << ", lane " << i;
        }
      }
    }
  });
}

// Products and differences are rounded one by one: there is one right result.
TYPED_TEST(PanelKernelsOf, MultiplyUnitsAndCenterUnitsRoundLikePlainLoops) {
  using T = TypeParam;
  OnEveryTarget([] {
    const auto factor = Lanes<T>(1), origin = Lanes<T>(2);
    for (size_t n : kTestSizes) {
      const PackedBatch<T> x = Panel<T>(n), s = Panel<T>(n, 3);
      PackedBatch<T> scaled = CopyOf(x), multiplied = CopyOf(x);
      ScaleUnits<T>(scaled.panel(0), n, x.width(), factor.data(), nullptr);
      MultiplyUnits(multiplied.panel(0), n, x.width(), factor.data(),
                    s.panel(0));
      for (size_t k = 0; k < n * x.width(); ++k) {
        const T product = x.panel(0)[k] * factor[k % x.width()];
        ASSERT_EQ(scaled.panel(0)[k], product) << k << " of " << n;
        ASSERT_EQ(multiplied.panel(0)[k], product * s.panel(0)[k])
            << k << " of " << n;
      }
      for (size_t samples = 1; samples <= x.width(); ++samples) {
        PackedBatch<T> padded = CopyOf(x), centered = CopyOf(s);
        for (size_t k = 0; k < n * x.width(); ++k) {
          if (k % x.width() >= samples) padded.panel(0)[k] = kNan<T>;
        }
        CenterUnits(padded.panel(0), n, x.width(), origin.data(), samples,
                    centered.panel(0));
        for (size_t k = 0; k < n * x.width(); ++k) {
          const size_t i = k % x.width();
          ASSERT_EQ(centered.panel(0)[k],
                    i < samples ? x.panel(0)[k] - origin[i] : T{0})
              << "unit " << k / x.width() << " of " << n << ", lane " << i;
        }
      }
    }
  });
}

}  // namespace panel_kernels_test
}  // namespace initscope
