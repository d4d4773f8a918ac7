// Products over samples against plain loops in double, over sizes around the
// vectors, tiles and blocks, on every kernel target of this machine.

#include "linalg/transposed_product.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "base/matchers_test.h"
#include "base/targets_test.h"
#include "linalg/batches_test.h"
#include "linalg/plain_products_test.h"

namespace initscope {
namespace transposed_product_test {

template <typename T>
class TransposedProductOf : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(TransposedProductOf, Types);

template <typename T>
void ExpectTransposedProduct(const Shape& shape) {
  SCOPED_TRACE(ToText(shape));
  const auto x = DrawNormal<T>(shape.samples, shape.fan_in, 3);
  const auto d = DrawNormal<T>(shape.samples, shape.fan_out, 4);
  OnEveryTarget([&] {
    const PackedBatch<T> px = Packed(x);
    PackedBatch<T> dt;
    Transpose(Packed(d), &dt);
    Matrix<T> gradient(shape.fan_in, shape.fan_out);
    TransposedMultiply<T>(px, 0, dt, gradient.view());
    for (size_t i : Sampled(shape.fan_in)) {
      for (size_t j : Sampled(shape.fan_out)) {
        SCOPED_TRACE("at " + std::to_string(i) + ", " + std::to_string(j));
        ExpectDot<T>(
            gradient(i, j), shape.samples,
            [&](size_t k) { return x.mantissa(k, i); },
            [&](size_t k) { return d.mantissa(k, j); });
      }
      if (testing::Test::HasFailure()) return;
    }
    // A part of it is the same to the bit.
    if (shape.fan_in <= kUnitStep) return;
    Matrix<T> part(std::min<size_t>(shape.fan_in - kUnitStep, 40),
                   shape.fan_out);
    TransposedMultiply<T>(px, kUnitStep, dt, part.view());
    for (size_t i = 0; i < part.rows(); ++i) {
      for (size_t j = 0; j < part.cols(); ++j) {
        ASSERT_EQ(part(i, j), gradient(i + kUnitStep, j));
      }
    }
  });
}

TYPED_TEST(TransposedProductOf, AgreesWithPlainLoops) {
  for (const Shape& shape : Shapes()) ExpectTransposedProduct<TypeParam>(shape);
}

TYPED_TEST(TransposedProductOf, TransposesEverySize) {
  using T = TypeParam;
  OnEveryTarget([] {
    for (size_t samples : kTestSizes) {
      for (size_t units : {1, 16, 32, 33, 100}) {
        const auto x = DrawNormal<T>(samples, units, 5);
        PackedBatch<T> transposed;
        Transpose(Packed(x), &transposed);
        ASSERT_EQ(transposed.samples(), units);
        ASSERT_EQ(transposed.units(), samples);
        const size_t width = transposed.width();
        for (size_t j = 0; j < transposed.panels() * width; ++j) {
          for (size_t i = 0; i < samples; ++i) {
            ASSERT_EQ(transposed.unit(j / width, i)[j % width],
                      j < units ? x.mantissa(i, j) : T{0})
                << samples << " x " << units << " at " << i << ", " << j;
          }
        }
      }
    }
  });
}

// Against the entries themselves. Of each sum, kHeight <= 12 terms are in T.
template <typename T>
void ExpectSums(const Shape& shape) {
  SCOPED_TRACE(ToText(shape));
  const auto x = DrawNormal<T>(shape.samples, shape.fan_in, 3);
  const auto d = DrawNormal<T>(shape.samples, shape.fan_out, 4, 0.5);
  OnEveryTarget([&] {
    const PackedBatch<T> px = Packed(x);
    PackedBatch<T> dt;
    Transpose(Packed(d), &dt);
    for (size_t row = 0; row < shape.fan_in; row += 8 * kUnitStep) {
      const size_t rows = std::min(8 * kUnitStep + 5, shape.fan_in - row);
      Matrix<T> entries(rows, shape.fan_out);
      TransposedMultiply<T>(px, row, dt, entries.view());
      const EntrySums sums = TransposedSums(px, row, rows, dt);
      ASSERT_EQ(sums.origin, double{entries(0, 0)});
      double first = 0, second = 0, magnitude = 0;
      for (size_t k = 0; k < entries.size(); ++k) {
        const double e = entries.data()[k] - sums.origin;
        first += e;
        second += e * e;
        magnitude += std::abs(e);
      }
      // The plain sums above round, too.
      const double eps = 13.0 * std::numeric_limits<T>::epsilon() +
                         static_cast<double>(entries.size()) * 0x1p-53;
      ASSERT_THAT(sums.first, IsNear(first, eps * magnitude));
      ASSERT_THAT(sums.second, IsNear(second, eps * second));
    }
  });
}

TYPED_TEST(TransposedProductOf, SumsAreThoseOfItsEntries) {
  for (const Shape& shape : Shapes()) ExpectSums<TypeParam>(shape);
}

TYPED_TEST(TransposedProductOf, EqualEntriesHaveNoSums) {
  using T = TypeParam;
  OnEveryTarget([] {
    const PackedBatch<T> x = Packed(DrawNormal<T>(40, 100, 3, 0.3, 0));
    PackedBatch<T> dt;
    Transpose(Packed(DrawNormal<T>(40, 70, 3, 0.7, 0)), &dt);
    const EntrySums sums = TransposedSums(x, 0, 100, dt);
    EXPECT_NEAR(sums.origin, 40 * 0.3 * 0.7, 1e-5);
    EXPECT_EQ(sums.first, 0);
    EXPECT_EQ(sums.second, 0);
  });
}

}  // namespace transposed_product_test
}  // namespace initscope
