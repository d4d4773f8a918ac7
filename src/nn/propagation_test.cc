// FinishForward against the formulas, sample by sample, on every target.

#include "nn/propagation.h"

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
#include "nn/rows_test.h"

namespace initscope {
namespace propagation_test {

using Real = long double;

// A layer whose panels were finished; `product` has the exponents of X.
template <typename T>
struct Finished {
  Finished(const ScaledMatrix<T>& product, const Activation* f, double scale,
           const std::vector<T>& bias, bool backwards = false) {
    Pack(product, &z);
    x.Resize(z.samples(), 1);
    x.exponent = product.exponent;
    // What the product has left in lanes that are no sample.
    const size_t last = z.panels() - 1;
    for (size_t j = 0; j < z.units(); ++j) {
      std::fill(z.unit(last, j) + z.PanelSamples(last),
                z.unit(last, j) + z.width(),
                std::numeric_limits<T>::quiet_NaN());
    }
    layer.activation = f;
    layer.scale = scale;
    layer.bias = bias;
    layer.x = &x;
    layer.z = &z;
    layer.next = &next;
    layer.slope = &slope;
    const FlushDenormals flush;
    layer.Prepare();
    for (size_t p = 0; p < z.panels(); ++p) {
      FinishForward(&layer, backwards ? last - p : p);
    }
  }

  PackedBatch<T> x, slope;
  MeasuredBatch<T> z, next;
  ForwardLayer<T> layer;
};

template <typename T>
class FinishForwardOf : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(FinishForwardOf, Types);

// Beyond this a plain double is at f's limits: linear with the slope at ±∞, or
// constant; and around 0 linear in z.
constexpr Real kFar = 0x1p900L;

Real ValueAt(const Activation& f, Real z) {
  if (std::abs(z) > kFar) {
    const double far = z > 0 ? 1e300 : -1e300;
    return f.slope(far) != 0 ? z * f.slope(far) : Real{f.value(far)};
  }
  if (std::abs(z) < 1 / kFar)
    return f.value(0) + z * f.slope(z < 0 ? -1e-300 : 1e-300);
  return f.value(static_cast<double>(z));
}

// f'(z)·2^−exponent, from log|f'| where the row has an exponent.
Real SlopeAt(const Activation& f, Real z, int64_t exponent) {
  // A stand-in that a double holds.
  const Real size = std::clamp(std::abs(z), Real{1e-300}, Real{1e300});
  const double at = z == 0 ? 0 : static_cast<double>(std::copysign(size, z));
  const double slope = f.slope(at);
  if (exponent == 0) return slope;
  const Real sign = f.slope(std::clamp(at, -30.0, 30.0)) < 0 ? -1 : 1;
  return sign * std::exp(f.log_abs_slope(at) -
                         static_cast<Real>(exponent) * std::log(Real{2}));
}

// Z = scale·product·2^e + b: the scale, the product and the sum are rounded to
// T; entries 2^90 times smaller than the row's largest may be lost to an
// exponent (linalg/scaled_matrix.h).
template <typename T>
void ExpectZ(const Finished<T>& found, const ScaledMatrix<T>& product,
             size_t i) {
  constexpr Real kEps = std::numeric_limits<T>::epsilon();
  const ForwardLayer<T>& layer = found.layer;
  std::vector<Real> expected, magnitude;
  Real largest = 0;
  for (size_t j = 0; j < product.cols(); ++j) {
    const Real scaled = TimesPowerOfTwo(
        Real{product.mantissa(i, j)} * layer.scale, product.exponent[i]);
    const Real bias = layer.bias.empty() ? 0 : layer.bias[j];
    expected.push_back(scaled + bias);
    magnitude.push_back(std::abs(scaled) + std::abs(bias));
    if (std::isfinite(scaled)) largest = std::max(largest, magnitude.back());
  }
  for (size_t j = 0; j < product.cols(); ++j) {
    const Real z = ValueOf(found.z, i, j);
    if (!std::isfinite(expected[j])) {
      ASSERT_FALSE(std::isfinite(z));
      continue;
    }
    ASSERT_THAT(
        z, IsNear(expected[j], 2 * kEps * magnitude[j] + 0x1p-90L * largest))
        << "z, unit " << j;
  }
}

// X and f'(Z) at the Z that is stored: 8 ulp, as the activations promise; what
// lies below T's smallest number may be 0. log|f'| is right to some
// double ulp of itself.
template <typename T>
void ExpectActivated(const Finished<T>& found, size_t i) {
  constexpr Real kEps = std::numeric_limits<T>::epsilon();
  constexpr Real kTiny = 2 * std::numeric_limits<T>::min();
  const Activation& f = *found.layer.activation;
  const bool changes_sign = f.name == "gelu" || f.name == "silu";
  const int64_t e = found.next.exponent[i], se = found.slope.exponent[i];
  for (size_t j = 0; j < found.z.units(); ++j) {
    const Real z = ValueOf(found.z, i, j);
    const Real x = ValueOf(found.next, i, j);
    const Real slope =
        found.slope.unit(i / found.z.width(), j)[i % found.z.width()];
    SCOPED_TRACE("at " + std::to_string(static_cast<double>(z)));
    if (std::isnan(z)) {
      ASSERT_TRUE(std::isnan(x));
      ASSERT_TRUE(std::isnan(slope));
    }
    if (!std::isfinite(z)) continue;
    const Real value = ValueAt(f, z);
    // gelu's reference rounds the argument of erfc, which costs it z² ulp.
    const Real reference_error =
        f.name == "gelu" && z < 0 ? std::min<Real>(z * z, 2000) * 0x1p-52L : 0;
    ASSERT_THAT(x,
                IsNear(value, (8 * kEps + reference_error) * std::abs(value) +
                                  TimesPowerOfTwo(kTiny, e)));
    // log|f'| of what a double cannot hold is not asked for.
    if (std::abs(z) > kFar && f.name == "softsign") continue;
    const Real expected = SlopeAt(f, z, se);
    const Real size =
        changes_sign && se == 0 ? Real{f.max_slope} : std::abs(expected);
    const Real log_error =
        se == 0 ? 0 : 4 * std::abs(static_cast<Real>(se)) * 0x1p-52L;
    ASSERT_THAT(slope, IsNear(expected, (8 * kEps + log_error) * size + kTiny));
  }
}

template <typename T>
void ExpectCounts(const Finished<T>& found, size_t i) {
  const Activation& f = *found.layer.activation;
  std::vector<T> x(found.z.units()), slope(found.z.units());
  CopySample(found.next, i, x.data());
  CopySample(found.slope, i, slope.data());
  const T bound = static_cast<T>(0.01 * f.max_slope);
  uint32_t zeros = 0, saturated = 0;
  for (size_t j = 0; j < x.size(); ++j) {
    zeros += std::abs(x[j]) < std::numeric_limits<T>::min() ? 1 : 0;
    saturated +=
        TimesPowerOfTwo(std::abs(slope[j]), found.slope.exponent[i]) < bound
            ? 1
            : 0;
  }
  EXPECT_EQ(found.layer.zeros[i], zeros);
  EXPECT_EQ(found.layer.saturated[i], saturated);
}

// Lanes of X' that are no sample are zero; a unit is alive if a sample's slope
// is not 0, which NaN is not.
template <typename T>
void ExpectPanels(const Finished<T>& found) {
  const PackedBatch<T>& next = found.next;
  for (size_t p = 0; p < next.panels(); ++p) {
    const size_t samples = next.PanelSamples(p);
    for (size_t j = 0; j < next.units(); ++j) {
      for (size_t i = samples; i < next.width(); ++i) {
        ASSERT_EQ(next.unit(p, j)[i], 0) << "lane " << i;
      }
      if (!found.layer.HasExactZeros()) continue;
      const T* slope = found.slope.unit(p, j);
      const bool alive =
          std::any_of(slope, slope + samples, [](T s) { return s != 0; });
      EXPECT_EQ(found.layer.alive(p, j), alive) << "unit " << j;
    }
    for (size_t j = next.units(); j < next.padded_units(); ++j) {
      for (size_t i = 0; i < next.width(); ++i) {
        ASSERT_EQ(next.unit(p, j)[i], 0) << "unit " << j;
      }
    }
  }
}

template <typename T>
void ExpectLikeFormulas(const ScaledMatrix<T>& product, const Activation* f,
                        double scale, const std::vector<T>& bias) {
  SCOPED_TRACE(std::string(f == nullptr ? "no activation" : f->name) +
               ", scale " + std::to_string(scale) +
               (bias.empty() ? "" : ", with biases"));
  const Finished<T> found(product, f, scale, bias);
  const ForwardLayer<T>& layer = found.layer;
  for (size_t i = 0; i < product.rows(); ++i) {
    SCOPED_TRACE("sample " + std::to_string(i));
    ExpectZ(found, product, i);
    ExpectMomentsOf(found.z, i, 4, found.z.rows[i]);
    if (f == nullptr || testing::Test::HasFatalFailure()) continue;
    ExpectActivated(found, i);
    ExpectMomentsOf(found.next, i, 2, found.next.rows[i]);
    ExpectMomentsOf(found.slope, i, 2, layer.slope_rows[i]);
    ExpectStoredRange(found.next, i);
    ExpectCounts(found, i);
    if (testing::Test::HasFailure()) return;
  }
  if (f != nullptr) ExpectPanels(found);
}

template <typename T>
std::vector<T> Biases(size_t n) {
  const ScaledMatrix<T> drawn = DrawNormal<T>(1, n, 9, 0, 0.5);
  return {drawn.mantissa.row(0), drawn.mantissa.row(0) + n};
}

TYPED_TEST(FinishForwardOf, EveryActivationOnRowsOfEveryKind) {
  using T = TypeParam;
  const auto rows = RowsOfEveryKind<T>(kRowsOfEveryKind, 33, 0);
  OnEveryTarget([&] {
    for (const Activation& f : Activations()) {
      for (double scale : {1.0, 0.37}) {
        ExpectLikeFormulas(rows, &f, scale, {});
        ExpectLikeFormulas(rows, &f, scale, Biases<T>(33));
      }
    }
    ExpectLikeFormulas<T>(rows, nullptr, 0.37, {});
    ExpectLikeFormulas<T>(rows, nullptr, 0.37, Biases<T>(33));
  });
}

TYPED_TEST(FinishForwardOf, AnyScale) {
  using T = TypeParam;
  const auto rows = RowsOfEveryKind<T>(kRowsOfEveryKind, 17, 0);
  OnEveryTarget([&] {
    for (const char* name : {"relu", "tanh", "gelu"}) {
      for (const Activation& f : Activations()) {
        if (f.name != name) continue;
        for (double scale :
             {0.0, 0x1p30, 0x1p-30, 0x1.8p31, 0x1.8p-31, 1e100, 1e-100}) {
          ExpectLikeFormulas(rows, &f, scale, {});
          ExpectLikeFormulas(rows, &f, scale, Biases<T>(17));
        }
      }
    }
  });
}

TYPED_TEST(FinishForwardOf, EverySize) {
  using T = TypeParam;
  const Activation& f = Activations()[2];
  OnEveryTarget([&] {
    for (size_t n : kTestSizes) {
      SCOPED_TRACE("size " + std::to_string(n));
      ExpectLikeFormulas(DrawNormal<T>(3, n, 0), &f, 0.5, Biases<T>(n));
      ExpectLikeFormulas(DrawNormal<T>(n, 3, 0), &f, 0.5, {});
      ExpectLikeFormulas(RowsOfEveryKind<T>(n, 5, 0), &Activations()[3], 0.5,
                         {});
    }
  });
}

template <typename T>
void ExpectSameSample(const Finished<T>& a, const Finished<T>& b, size_t i) {
  SCOPED_TRACE("sample " + std::to_string(i));
  const size_t n = a.z.units();
  std::vector<T> one(n), other(n);
  const auto expect_same = [&](const PackedBatch<T>& x, const PackedBatch<T>& y,
                               const RowMoments& p, const RowMoments& q) {
    CopySample(x, i, one.data());
    CopySample(y, i, other.data());
    EXPECT_EQ(std::memcmp(one.data(), other.data(), n * sizeof(T)), 0);
    EXPECT_EQ(x.exponent[i], y.exponent[i]);
    EXPECT_EQ(std::memcmp(&p, &q, sizeof(RowMoments)), 0);
  };
  expect_same(a.z, b.z, a.z.rows[i], b.z.rows[i]);
  expect_same(a.next, b.next, a.next.rows[i], b.next.rows[i]);
  expect_same(a.slope, b.slope, a.layer.slope_rows[i], b.layer.slope_rows[i]);
  EXPECT_EQ(a.layer.zeros[i], b.layer.zeros[i]);
  EXPECT_EQ(a.layer.saturated[i], b.layer.saturated[i]);
}

TYPED_TEST(FinishForwardOf, PanelsMayBeFinishedInAnyOrder) {
  using T = TypeParam;
  const auto rows = RowsOfEveryKind<T>(3 * kRowsOfEveryKind, 33, 0);
  OnEveryTarget([&] {
    for (const Activation& f : Activations()) {
      SCOPED_TRACE(f.name);
      const Finished<T> one(rows, &f, 0.7, Biases<T>(33));
      const Finished<T> other(rows, &f, 0.7, Biases<T>(33), true);
      for (size_t i = 0; i < rows.rows(); ++i) ExpectSameSample(one, other, i);
    }
  });
}

// Whatever the other lanes of its panel hold.
TYPED_TEST(FinishForwardOf, ASampleDoesNotSeeItsNeighbours) {
  using T = TypeParam;
  const auto rows = RowsOfEveryKind<T>(kRowsOfEveryKind, 18, 0);
  OnEveryTarget([&] {
    for (const Activation& f : Activations()) {
      SCOPED_TRACE(f.name);
      for (const std::vector<T>& bias : {std::vector<T>(), Biases<T>(18)}) {
        const Finished<T> one(rows, &f, 0.7, bias);
        for (size_t i = 0; i < rows.rows(); i += 3) {
          auto tame = DrawNormal<T>(rows.rows(), 18, 5);
          std::copy_n(rows.mantissa.row(i), 18, tame.mantissa.row(i));
          tame.exponent[i] = rows.exponent[i];
          ExpectSameSample(one, Finished<T>(tame, &f, 0.7, bias), i);
        }
      }
    }
  });
}

}  // namespace propagation_test
}  // namespace initscope
