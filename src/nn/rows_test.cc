#include "nn/rows_test.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/matchers_test.h"
#include "linalg/batches_test.h"
#include "stats/panel_kernels.h"

namespace initscope {

template <typename T>
ScaledMatrix<T> RowsOfEveryKind(size_t rows, size_t cols, uint32_t draw) {
  constexpr int kMagnitudes[] = {0,  -16, 16, -17, 17,  -24, 24,
                                 25, -25, 32, -32, -33, 33,  -3};
  constexpr int64_t kExponents[] = {1, -1, 40, -40, 500, -500, 5000, -5000};
  constexpr size_t kMagnitudeKinds = std::size(kMagnitudes);
  constexpr size_t kExponentKinds = std::size(kExponents);
  ScaledMatrix<T> out = DrawNormal<T>(rows, cols, draw);
  for (size_t i = 0; i < rows; ++i) {
    T* row = out.mantissa.row(i);
    size_t kind = i % (kMagnitudeKinds + kExponentKinds + 7);
    if (kind < kMagnitudeKinds) {
      ScaleByPowerOfTwo(row, cols, kMagnitudes[kind]);
      continue;
    }
    kind -= kMagnitudeKinds;
    if (kind < kExponentKinds) {
      out.exponent[i] = kExponents[kind];
      continue;
    }
    kind -= kExponentKinds;
    if (kind == 0) std::for_each(row, row + cols, [](T& x) { x -= 200; });
    if (kind == 1) std::for_each(row, row + cols, [](T& x) { x += 200; });
    if (kind == 2) std::fill_n(row, cols, T(0.3));
    if (kind == 3) std::fill_n(row, cols, T{0});
    if (kind == 4) {
      std::fill_n(row, cols, T{0});
      out.exponent[i] = 77;
    }
    if (kind == 5) row[cols / 2] = std::numeric_limits<T>::quiet_NaN();
    if (kind == 6) row[cols - 1] = std::numeric_limits<T>::infinity();
  }
  return out;
}

long double TimesPowerOfTwo(long double x, int64_t exponent) {
  constexpr int64_t kLimit = 50000;  // beyond which all is 0 or infinite
  return std::ldexp(x, static_cast<int>(std::clamp(exponent, -kLimit, kLimit)));
}

template <typename T>
long double ValueOf(const PackedBatch<T>& x, size_t sample, size_t unit) {
  return TimesPowerOfTwo(x.unit(sample / x.width(), unit)[sample % x.width()],
                         x.exponent[sample]);
}

template <typename T>
void ExpectMomentsOf(const PackedBatch<T>& x, size_t sample, int power,
                     const RowMoments& found) {
  std::vector<T> row(x.units());
  CopySample(x, sample, row.data());
  std::vector<long double> finite;
  for (T v : row) {
    if (std::isfinite(v)) finite.push_back(v);
  }
  ASSERT_EQ(found.count, finite.size());
  ASSERT_EQ(found.non_finite, row.size() - finite.size());
  if (finite.empty()) return;
  const long double n = static_cast<long double>(finite.size());
  // About the first, so that equal numbers have no spread here either.
  const long double first = finite[0];
  long double shift = 0, largest = 0;
  for (long double v : finite) {
    shift += (v - first) / n;
    largest = std::max(largest, std::abs(v));
  }
  long double r = 0, abs_sum = 0, m[5] = {}, magnitude[5] = {};
  for (size_t j = 0; j < std::min<size_t>(finite.size(), 8); ++j) {
    r = std::max(r, std::abs(finite[j] - first - shift));
  }
  for (long double v : finite) {
    abs_sum += std::abs(v);
    const long double d = v - first - shift;
    long double power_of_d = 1, power_of_size = 1;
    for (int k = 1; k <= 4; ++k) {
      m[k] += power_of_d *= d;
      magnitude[k] += power_of_size *= std::abs(d) + r;
    }
  }
  const long double mean = first + shift;
  const long double c =
      3 * (kChunk + 8.0L) * std::numeric_limits<T>::epsilon() +
      3 * (n + 8) * std::numeric_limits<double>::epsilon();
  // What T, or the powers of what T holds, flush to zero.
  const long double tiny = n * std::numeric_limits<T>::min() * (1 + largest);
  EXPECT_THAT(found.abs_sum, IsNear(abs_sum, c * abs_sum + tiny));
  EXPECT_THAT(found.mean,
              IsNear(mean, (c * magnitude[1] + tiny) / n +
                               std::numeric_limits<double>::epsilon() *
                                   std::abs(mean)));
  EXPECT_THAT(found.m2, IsNear(m[2], c * magnitude[2] + tiny));
  const auto [min, max] = std::minmax_element(finite.begin(), finite.end());
  EXPECT_THAT(found.min, IsNear(*min, std::numeric_limits<T>::min()));
  EXPECT_THAT(found.max, IsNear(*max, std::numeric_limits<T>::min()));
  if (power < 4) return;
  EXPECT_THAT(found.m3, IsNear(m[3], c * magnitude[3] + tiny));
  EXPECT_THAT(found.m4, IsNear(m[4], c * magnitude[4] + tiny));
}

template <typename T>
void ExpectStoredRange(const PackedBatch<T>& x, size_t sample) {
  constexpr int kRange = sizeof(T) == 4 ? 16 : kPlainRange<double>;
  std::vector<T> row(x.units());
  CopySample(x, sample, row.data());
  const T max = MaxMagnitude(row.data(), row.size());
  if (max == 0) {
    EXPECT_EQ(x.exponent[sample], 0);
  } else if (std::isfinite(max)) {
    EXPECT_LE(std::abs(std::ilogb(max)), kRange);
  }
}

#define INITSCOPE_INSTANTIATE(T)                                       \
  template ScaledMatrix<T> RowsOfEveryKind(size_t, size_t, uint32_t);  \
  template long double ValueOf(const PackedBatch<T>&, size_t, size_t); \
  template void ExpectMomentsOf(const PackedBatch<T>&, size_t, int,    \
                                const RowMoments&);                    \
  template void ExpectStoredRange(const PackedBatch<T>&, size_t);
INITSCOPE_INSTANTIATE(float)
INITSCOPE_INSTANTIATE(double)
#undef INITSCOPE_INSTANTIATE

}  // namespace initscope
