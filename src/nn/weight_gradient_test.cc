// Moments of dW, and dW itself, against sums in long double, where its terms
// are as they come and where they cancel.

#include "nn/weight_gradient.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/matchers_test.h"
#include "base/targets_test.h"
#include "linalg/batches_test.h"
#include "nn/gradient_reference_test.h"

namespace initscope {
namespace weight_gradient_test {

struct Shape {
  size_t samples, fan_in, fan_out;
};
// The first is where Gram matrices are cheaper, the second where forming is.
constexpr Shape kGrams = {96, 100, 120};
constexpr Shape kFormed = {130, 24, 40};

template <typename T>
MeasuredBatch<T> Measured(const ScaledMatrix<T>& from) {
  MeasuredBatch<T> batch;
  Measure(from, 1, &batch);
  return batch;
}

template <typename T>
Moments Found(const GradientBatch<T>& batch, size_t jobs) {
  const MeasuredBatch<T> x = Measured(batch.x), delta = Measured(batch.delta);
  GradientScratch<T> scratch;
  Moments moments;
  AddWeightGradient(x, delta, jobs, &scratch, &moments);
  return moments;
}

Real Value(ScaledDouble a) {
  return std::ldexp(Real{a.value}, static_cast<int>(a.exponent));
}

bool operator==(ScaledDouble a, ScaledDouble b) {
  return a.value == b.value && a.exponent == b.exponent;
}

// The relative error of the variance.
template <typename T>
double ExpectMoments(const GradientBatch<T>& batch,
                     const GradientReference& expected) {
  const Moments moments = Found(batch, 1);
  EXPECT_EQ(moments.count(), expected.finite);
  EXPECT_EQ(moments.non_finite(), expected.dw.size() - expected.finite);
  EXPECT_THAT(Value(moments.Mean()),
              IsNear(expected.mean, expected.mean_error));
  EXPECT_THAT(Value(moments.Variance()),
              IsNear(expected.variance, expected.variance_error));
  EXPECT_THAT(Value(moments.SecondMoment()),
              IsNear(expected.second_moment,
                     expected.variance_error +
                         expected.mean_error * (2 * std::abs(expected.mean) +
                                                expected.mean_error)));
  for (size_t jobs : {2, 5}) {
    const Moments other = Found(batch, jobs);
    EXPECT_TRUE(other.Mean() == moments.Mean()) << jobs << " jobs";
    EXPECT_TRUE(other.Variance() == moments.Variance()) << jobs << " jobs";
  }
  if (expected.variance == 0) return 0;
  return static_cast<double>(
      std::abs(Value(moments.Variance()) / expected.variance - 1));
}

// Each entry, by the header's bound.
template <typename T>
void ExpectFormed(const GradientBatch<T>& batch,
                  const GradientReference& expected) {
  const MeasuredBatch<T> x = Measured(batch.x), delta = Measured(batch.delta);
  ScaledMatrix<T> formed;
  FormWeightGradient(x, delta, &formed);
  ASSERT_EQ(formed.rows(), expected.dw.rows());
  ASSERT_EQ(formed.cols(), expected.dw.cols());
  const Real eps = std::numeric_limits<T>::epsilon();
  for (size_t i = 0; i < formed.rows(); ++i) {
    ASSERT_EQ(formed.exponent[i], formed.exponent[0]);
    // What T flushes to 0.
    const Real tiny = std::ldexp(Real{std::numeric_limits<T>::min()},
                                 static_cast<int>(formed.exponent[i]));
    const Real roundings = static_cast<Real>(x.samples());
    for (size_t j = 0; j < formed.cols(); ++j) {
      if (!std::isfinite(expected.dw(i, j))) {
        ASSERT_FALSE(std::isfinite(formed.mantissa(i, j))) << i << ", " << j;
        continue;
      }
      ASSERT_THAT(EntryOf(formed, i, j),
                  IsNear(expected.dw(i, j),
                         roundings * (eps * expected.magnitude(i, j) + tiny)))
          << i << ", " << j;
    }
  }
}

template <typename T>
class WeightGradientOf : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(WeightGradientOf, Types);

template <typename T>
GradientBatch<T> Random(const Shape& shape) {
  return {DrawNormal<T>(shape.samples, shape.fan_in, 0, 0.5),
          DrawNormal<T>(shape.samples, shape.fan_out, 1)};
}

TYPED_TEST(WeightGradientOf, DrawnBatchesOfEverySize) {
  using T = TypeParam;
  std::vector<Shape> shapes;
  for (size_t n : kTestSizes) {
    for (const Shape& shape :
         {Shape{n, 40, 24}, Shape{24, n, 31}, Shape{9, 33, n}}) {
      shapes.push_back(shape);
    }
  }
  std::vector<double> errors;
  for (const Shape& shape : shapes) {
    const GradientBatch<T> batch = Random<T>(shape);
    const GradientReference expected = ComputeGradient(batch);
    OnEveryTarget([&] {
      SCOPED_TRACE(std::to_string(shape.samples) + " samples, " +
                   std::to_string(shape.fan_in) + " x " +
                   std::to_string(shape.fan_out));
      errors.push_back(ExpectMoments(batch, expected));
      ExpectFormed(batch, expected);
    });
  }
  // Seldom anywhere near the bound.
  std::nth_element(errors.begin(), errors.begin() + errors.size() / 2,
                   errors.end());
  EXPECT_THAT(errors[errors.size() / 2],
              IsNear(0, 8 * std::numeric_limits<T>::epsilon()));
}

template <typename T>
void ExpectLikeReference(const GradientBatch<T>& batch) {
  const GradientReference expected = ComputeGradient(batch);
  OnEveryTarget([&] {
    ExpectMoments(batch, expected);
    ExpectFormed(batch, expected);
  });
}

// Samples in clusters: a cluster has one x and one delta, up to `noise`; the
// deltas of all clusters add up to `rest` of themselves. Rounding then moves
// all entries of the Gram matrices alike. `level` makes the deltas ±1 rather
// than normal.
template <typename T>
GradientBatch<T> Clusters(const Shape& shape, size_t clusters, double rest,
                          double noise, bool level) {
  GradientBatch<T> batch = {
      DrawNormal<T>(shape.samples, shape.fan_in, 2, 0, noise),
      DrawNormal<T>(shape.samples, shape.fan_out, 3, 0, noise)};
  const auto x = DrawNormal<double>(1, shape.fan_in, 4, 0.5, 0.3);
  auto delta = DrawNormal<double>(clusters, shape.fan_out, 5);
  for (size_t j = 0; j < shape.fan_out; ++j) {
    double sum = 0;
    for (size_t c = 0; c < clusters; ++c) {
      double& d = delta.mantissa(c, j);
      if (level) d = std::copysign(0.7, d);
      if (c + 1 == clusters) d = rest * d - sum;
      sum += d;
    }
  }
  for (size_t s = 0; s < shape.samples; ++s) {
    for (size_t i = 0; i < shape.fan_in; ++i) {
      batch.x.mantissa(s, i) += static_cast<T>(x.mantissa(0, i));
    }
    for (size_t j = 0; j < shape.fan_out; ++j) {
      batch.delta.mantissa(s, j) +=
          static_cast<T>(delta.mantissa(s % clusters, j));
    }
  }
  return batch;
}

TYPED_TEST(WeightGradientOf, ClustersThatCancel) {
  for (const Shape& shape : {kGrams, kFormed}) {
    for (size_t clusters : {2, 3}) {
      for (double rest : {0.005, 0.02, 0.1}) {
        for (bool level : {false, true}) {
          SCOPED_TRACE(std::to_string(clusters) + " clusters, rest " +
                       std::to_string(rest));
          const auto batch = Clusters<TypeParam>(shape, clusters, rest,
                                                 level ? 0 : 1e-6, level);
          const GradientReference expected = ComputeGradient(batch);
          OnEveryTarget([&] { ExpectMoments(batch, expected); });
        }
      }
    }
  }
}

// A sigmoid network with one-hot targets: x near 0.5 whatever the sample, and
// deltas that are a class probability less one for the class.
TYPED_TEST(WeightGradientOf, SigmoidsWithOneHotTargets) {
  using T = TypeParam;
  for (const Shape& shape : {kGrams, kFormed}) {
    for (double spread : {0.1, 1e-3, 1e-5}) {
      GradientBatch<T> batch = {
          DrawNormal<T>(shape.samples, shape.fan_in, 2, 0.5, spread),
          DrawNormal<T>(shape.samples, shape.fan_out, 3, 0.1, 0.1 * spread)};
      for (size_t s = 0; s < shape.samples; ++s) {
        batch.delta.mantissa(s, s % 10) -= 1;
      }
      SCOPED_TRACE("spread " + std::to_string(spread));
      ExpectLikeReference(batch);
    }
  }
}

TYPED_TEST(WeightGradientOf, EqualRowsConstantUnitsAndZeros) {
  using T = TypeParam;
  for (const Shape& shape : {kGrams, kFormed}) {
    GradientBatch<T> equal = Random<T>(shape);
    GradientBatch<T> constant = Random<T>(shape);
    GradientBatch<T> holes = Random<T>(shape);
    GradientBatch<T> zero = Random<T>(shape);
    for (size_t s = 0; s < shape.samples; ++s) {
      std::copy_n(equal.x.mantissa.row(0), shape.fan_in,
                  equal.x.mantissa.row(s));
      std::copy_n(equal.delta.mantissa.row(0), shape.fan_out,
                  equal.delta.mantissa.row(s));
      std::fill_n(constant.x.mantissa.row(s), shape.fan_in,
                  constant.x.mantissa(s, 0));
      std::fill_n(constant.delta.mantissa.row(s), shape.fan_out,
                  constant.delta.mantissa(s, 0));
      if (s % 3 == 0) {
        std::fill_n(holes.x.mantissa.row(s), shape.fan_in, T{0});
      }
      if (s % 3 == 1) {
        std::fill_n(holes.delta.mantissa.row(s), shape.fan_out, T{0});
      }
      std::fill_n(
          s % 2 == 0 ? zero.x.mantissa.row(s) : zero.delta.mantissa.row(s),
          s % 2 == 0 ? shape.fan_in : shape.fan_out, T{0});
    }
    ExpectLikeReference(equal);
    ExpectLikeReference(holes);
    ExpectLikeReference(
        GradientBatch<T>{std::move(equal.x), std::move(constant.delta)});
    OnEveryTarget([&] {
      const Moments moments = Found(zero, 1);
      EXPECT_EQ(moments.count(), shape.fan_in * shape.fan_out);
      EXPECT_EQ(moments.SecondMoment().value, 0);
      EXPECT_EQ(moments.Variance().value, 0);
    });
  }
}

// Powers of two that T cannot hold, even in the products.
TYPED_TEST(WeightGradientOf, SamplesWithExponentsOfTheirOwn) {
  using T = TypeParam;
  for (const Shape& shape : {kGrams, kFormed}) {
    for (int64_t range : {8, 40, 700}) {
      GradientBatch<T> batch = Random<T>(shape);
      for (size_t s = 0; s < shape.samples; ++s) {
        const int64_t step = static_cast<int64_t>(s * 7919 % 101) - 50;
        batch.x.exponent[s] = step * range / 50;
        batch.delta.exponent[s] =
            (static_cast<int64_t>(s * 104729 % 31) - 15) * range / 15 + 500;
      }
      SCOPED_TRACE("range " + std::to_string(range));
      ExpectLikeReference(batch);
      // Those that cannot be seen have the largest exponent of all.
      std::fill_n(batch.x.mantissa.row(3), shape.fan_in, T{0});
      batch.delta.exponent[3] = 4000;
      ExpectLikeReference(batch);
    }
  }
}

TYPED_TEST(WeightGradientOf, CountsWhatIsNotFinite) {
  using T = TypeParam;
  for (const Shape& shape : {kGrams, kFormed}) {
    GradientBatch<T> batch = Random<T>(shape);
    batch.x.mantissa(7, 2) = std::numeric_limits<T>::quiet_NaN();
    batch.x.mantissa(shape.samples - 1, 5) = std::numeric_limits<T>::infinity();
    batch.delta.mantissa(9, 1) = -std::numeric_limits<T>::infinity();
    const GradientReference expected = ComputeGradient(batch);
    EXPECT_EQ(expected.finite, (shape.fan_in - 2) * (shape.fan_out - 1));
    ExpectLikeReference(batch);
  }
}

TYPED_TEST(WeightGradientOf, BatchesArePooled) {
  using T = TypeParam;
  const GradientBatch<T> batch = Random<T>(kGrams);
  const MeasuredBatch<T> x = Measured(batch.x), delta = Measured(batch.delta);
  GradientScratch<T> scratch;
  Moments once, twice;
  AddWeightGradient(x, delta, 1, &scratch, &once);
  for (int k = 0; k < 2; ++k) {
    AddWeightGradient(x, delta, 1, &scratch, &twice);
  }
  EXPECT_EQ(twice.count(), 2 * once.count());
  EXPECT_TRUE(twice.Mean() == once.Mean());
  EXPECT_TRUE(twice.Variance() == once.Variance());
}

}  // namespace weight_gradient_test
}  // namespace initscope
