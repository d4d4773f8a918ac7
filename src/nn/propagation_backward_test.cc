// FinishBackward and Measure against the formulas, sample by sample, on
// every target.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "base/denormals.h"
#include "base/matchers_test.h"
#include "base/targets_test.h"
#include "linalg/batches_test.h"
#include "nn/propagation.h"
#include "nn/rows_test.h"

namespace initscope {
namespace propagation_backward_test {

using Real = long double;

template <typename T>
class FinishBackwardOf : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(FinishBackwardOf, Types);

// What a forward pass may leave: slopes in [0, 1.1], some rows with exponents.
template <typename T>
ScaledMatrix<T> Slopes(size_t rows, size_t cols) {
  ScaledMatrix<T> out = DrawNormal<T>(rows, cols, 3);
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < cols; ++j) {
      T& s = out.mantissa(i, j);
      s = std::min(std::abs(s), T(1.1));
      if (j % 5 == 4) s = 0;
    }
    if (i % 7 == 3) out.exponent[i] = -300;
    if (i % 7 == 5) out.exponent[i] = -100000;
  }
  return out;
}

// A layer whose panels were finished; `product` has the exponents of delta.
template <typename T>
struct Finished {
  Finished(const ScaledMatrix<T>& product, const ScaledMatrix<T>* slopes,
           double scale, bool backwards = false) {
    Pack(product, &out);
    out.rows.Resize(out.samples());
    delta.Resize(out.samples(), 1);
    delta.exponent = product.exponent;
    if (slopes != nullptr) Pack(*slopes, &slope);
    // The product has written into padded units.
    for (size_t p = 0; p < out.panels(); ++p) {
      std::fill(out.unit(p, out.units()), out.unit(p, out.padded_units()),
                std::numeric_limits<T>::quiet_NaN());
    }
    layer.scale = scale;
    layer.delta = &delta;
    layer.slope = slopes == nullptr ? nullptr : &slope;
    layer.out = &out;
    const FlushDenormals flush;
    for (size_t p = 0; p < out.panels(); ++p) {
      FinishBackward(&layer, backwards ? out.panels() - 1 - p : p);
    }
  }

  PackedBatch<T> delta, slope;
  MeasuredBatch<T> out;
  BackwardLayer<T> layer;
};

template <typename T>
void ExpectMeasured(const MeasuredBatch<T>& x, size_t sample) {
  ExpectMomentsOf(x, sample, 2, x.rows[sample]);
  ExpectStoredRange(x, sample);
}

// Three roundings to T: of the scale and of two products, each of which may be
// flushed to zero, in units of the row's power of two.
template <typename T>
void ExpectLikeFormula(const ScaledMatrix<T>& product,
                       const ScaledMatrix<T>* slopes, double scale) {
  SCOPED_TRACE("scale " + std::to_string(scale));
  constexpr Real kEps = std::numeric_limits<T>::epsilon();
  const Finished<T> found(product, slopes, scale);
  for (size_t i = 0; i < product.rows(); ++i) {
    SCOPED_TRACE("sample " + std::to_string(i));
    const int64_t slope_exponent = slopes == nullptr ? 0 : slopes->exponent[i];
    // In units of which the stored row is: delta underflows long double, too.
    const int64_t e =
        product.exponent[i] + slope_exponent - found.out.exponent[i];
    for (size_t j = 0; j < product.cols(); ++j) {
      const Real slope = slopes == nullptr ? 1 : slopes->mantissa(i, j);
      const Real scaled =
          TimesPowerOfTwo(Real{product.mantissa(i, j)} * scale, e);
      const Real expected = scaled * slope;
      const Real d =
          found.out.unit(i / found.out.width(), j)[i % found.out.width()];
      if (!std::isfinite(product.mantissa(i, j))) {
        ASSERT_FALSE(std::isfinite(d));
        continue;
      }
      // Where the row was zero its exponent is, too.
      const Real tiny =
          found.out.exponent[i] == 0 && expected == 0
              ? 0
              : TimesPowerOfTwo(std::numeric_limits<T>::min(),
                                e + std::ilogb(scale == 0 ? 1 : scale) + 1);
      ASSERT_THAT(d, IsNear(expected, 2 * kEps * std::abs(expected) +
                                          2 * (1 + slope) * tiny +
                                          std::numeric_limits<T>::min()))
          << "unit " << j;
    }
    ExpectMeasured(found.out, i);
    if (testing::Test::HasFailure()) return;
  }
  for (size_t p = 0; p < found.out.panels(); ++p) {
    const T* padding = found.out.unit(p, found.out.units());
    ASSERT_TRUE(std::all_of(padding,
                            found.out.unit(p, found.out.padded_units()),
                            [](T x) { return x == 0; }));
  }
}

TYPED_TEST(FinishBackwardOf, RowsOfEveryKindAtAnyScale) {
  using T = TypeParam;
  const auto rows = RowsOfEveryKind<T>(3 * kRowsOfEveryKind, 19, 0);
  const auto slopes = Slopes<T>(3 * kRowsOfEveryKind, 19);
  OnEveryTarget([&] {
    for (double scale : {1.0, 0.37, 0.0, 0x1p30, 0x1p-30, 0x1.8p31, 0x1.8p-31,
                         1e100, 1e-100}) {
      ExpectLikeFormula(rows, &slopes, scale);
      ExpectLikeFormula<T>(rows, nullptr, scale);
    }
  });
}

TYPED_TEST(FinishBackwardOf, EverySize) {
  using T = TypeParam;
  OnEveryTarget([&] {
    for (size_t n : kTestSizes) {
      SCOPED_TRACE("size " + std::to_string(n));
      const auto wide = Slopes<T>(3, n), tall = Slopes<T>(n, 3);
      ExpectLikeFormula(DrawNormal<T>(3, n, 0), &wide, 0.5);
      ExpectLikeFormula(RowsOfEveryKind<T>(n, 3, 0), &tall, 0.5);
    }
  });
}

template <typename T>
void ExpectSameSample(const Finished<T>& a, const Finished<T>& b, size_t i) {
  std::vector<T> one(a.out.units()), other(a.out.units());
  CopySample(a.out, i, one.data());
  CopySample(b.out, i, other.data());
  EXPECT_EQ(std::memcmp(one.data(), other.data(), one.size() * sizeof(T)), 0);
  EXPECT_EQ(a.out.exponent[i], b.out.exponent[i]);
  const RowMoments p = a.out.rows[i], q = b.out.rows[i];
  EXPECT_EQ(std::memcmp(&p, &q, sizeof(RowMoments)), 0);
}

TYPED_TEST(FinishBackwardOf, NeitherOrderNorNeighboursChangeABit) {
  using T = TypeParam;
  const size_t samples = 2 * kRowsOfEveryKind;
  const auto rows = RowsOfEveryKind<T>(samples, 19, 0);
  const auto slopes = Slopes<T>(samples, 19);
  OnEveryTarget([&] {
    const Finished<T> one(rows, &slopes, 0.7);
    const Finished<T> backwards(rows, &slopes, 0.7, true);
    for (size_t i = 0; i < samples; ++i) {
      SCOPED_TRACE("sample " + std::to_string(i));
      ExpectSameSample(one, backwards, i);
      auto tame = DrawNormal<T>(samples, 19, 5);
      std::copy_n(rows.mantissa.row(i), 19, tame.mantissa.row(i));
      tame.exponent[i] = rows.exponent[i];
      ExpectSameSample(one, Finished<T>(tame, &slopes, 0.7), i);
    }
  });
}

// The values stay what they are: only powers of two move.
TYPED_TEST(FinishBackwardOf, MeasureBringsRowsIntoRange) {
  using T = TypeParam;
  const auto rows = RowsOfEveryKind<T>(2 * kRowsOfEveryKind, 21, 0);
  OnEveryTarget([&] {
    MeasuredBatch<T> x;
    Measure(rows, 1, &x);
    for (size_t i = 0; i < x.samples(); ++i) {
      SCOPED_TRACE("sample " + std::to_string(i));
      ExpectMeasured(x, i);
      for (size_t j = 0; j < x.units(); ++j) {
        if (!std::isfinite(rows.mantissa(i, j))) {
          ASSERT_FALSE(std::isfinite(ValueOf(x, i, j)));
          continue;
        }
        ASSERT_EQ(ValueOf(x, i, j),
                  TimesPowerOfTwo(rows.mantissa(i, j), rows.exponent[i]));
      }
    }
  });
}

}  // namespace propagation_backward_test
}  // namespace initscope
