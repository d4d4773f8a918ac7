#include "engine/delta_recorder.h"

#include <gtest/gtest.h>

#include <cmath>

namespace initscope {
namespace {

constexpr size_t kSamples = 5, kUnits = 3;

// Few enough samples that each is a class, and each pair a group, of its own.
BatchGeometry Geometry() {
  return BatchGeometry(1, [](size_t) {
    ScaledMatrix<double> x;
    x.Resize(kSamples, 4);
    for (size_t i = 0; i < kSamples; ++i) {
      for (size_t j = 0; j < 4; ++j) {
        x.mantissa(i, j) =
            std::sin(1.0 + static_cast<double>(3 * i + 5 * j * j));
      }
    }
    return x;
  });
}

struct Entries {
  double value[kSamples][kUnits];
  int exponent[kSamples];

  double at(size_t i, size_t j) const {
    return std::ldexp(value[i][j], exponent[i]);
  }
};
constexpr Entries kDelta = {
    {{1, -0.5, 0.25}, {0.75, 1, -1}, {-1, 0.5, 1}, {0.5, 0.5, 0.5}, {1, 0, 0}},
    {0, -3, 5, -1, 2}};
constexpr Entries kZ = {{{0.5, 1, 1},
                         {-1, 0.25, 0.5},
                         {1, 1, -0.75},
                         {0.25, -1, 0.5},
                         {0.5, 0.125, 1}},
                        {1, 0, -2, 3, 0}};
// Entries are short binary numbers: what float rounds is the moments and Gram
// matrices, sums of three products, each to 6e-8.
constexpr double kTolerance = 1e-6;
constexpr ScaledDouble kFactor = {1.5, -1};  // Z_L = 0.75 z

template <typename T>
PackedBatch<T> Pack(const Entries& entries) {
  PackedBatch<T> batch;
  batch.Resize(kSamples, kUnits);
  for (size_t i = 0; i < kSamples; ++i) {
    T row[kUnits];
    for (size_t j = 0; j < kUnits; ++j) {
      row[j] = static_cast<T>(entries.value[i][j]);
    }
    SetSample(row, i, &batch);
    batch.exponent[i] = entries.exponent[i];
  }
  return batch;
}

template <typename T>
DeltaStart Record(const BatchGeometry& geometry, const Entries& delta_entries,
                  const Entries& z_entries) {
  ScaledMatrix<T> plain;
  Unpack(Pack<T>(delta_entries), &plain);
  MeasuredBatch<T> delta;
  Measure(plain, 1, &delta);
  DeltaRecorder recorder(geometry);
  recorder.Add(0, delta, Pack<T>(z_entries));
  return recorder.Result(kFactor);
}

// Σ_j f(delta_aj, Z_aj, delta_bj, Z_bj).
template <typename F>
double Sum(size_t a, size_t b, F f) {
  double sum = 0;
  for (size_t j = 0; j < kUnits; ++j) {
    sum += f(kDelta.at(a, j), 0.75 * kZ.at(a, j), kDelta.at(b, j),
             0.75 * kZ.at(b, j));
  }
  return sum;
}
double Square(size_t a) {
  return Sum(a, a, [](double d, double, double, double) { return d * d; });
}
double Output(size_t a) {
  return Sum(a, a, [](double, double z, double, double) { return z * z; });
}
double Aligned(size_t a) {
  return Sum(a, a, [](double d, double z, double, double) { return d * z; }) /
         kUnits;
}

template <typename T>
class DeltaRecorderTest : public testing::Test {};
using Precisions = testing::Types<float, double>;
TYPED_TEST_SUITE(DeltaRecorderTest, Precisions);

TYPED_TEST(DeltaRecorderTest, AgreesWithPlainSums) {
  const BatchGeometry geometry = Geometry();
  const DeltaStart start = Record<TypeParam>(geometry, kDelta, kZ);
  double output = 0, self = 0, pairs = 0, concentration = 0;
  for (size_t i = 0; i < kSamples; ++i) {
    const size_t c = geometry.Class(i);
    EXPECT_NEAR(start.class_log_square[c], std::log(Square(i) / kUnits),
                kTolerance);
    for (size_t k = 0; k < DeltaStart::kPowers; ++k) {
      const double power = static_cast<double>(k) / 2;
      EXPECT_NEAR(std::exp(start.class_log_aligned[k][c]) *
                      std::pow(Output(i) / kUnits, power),
                  Aligned(i) * Aligned(i),
                  kTolerance * Aligned(i) * Aligned(i));
    }
    output += Output(i) / kUnits / kSamples;
    concentration +=
        Sum(i, i,
            [](double d, double z, double, double) { return d * d * z * z; }) *
        kUnits / (Square(i) * Output(i)) / kSamples;
    for (size_t k = 0; k < kSamples; ++k) {
      const double overlap = Sum(i, k,
                                 [](double d, double, double e, double) {
                                   return d * d * e * e;
                                 }) /
                             (Square(i) * Square(k));
      (i == k ? self : pairs) += overlap;
    }
  }
  EXPECT_NEAR(start.log_output, std::log(output), kTolerance);
  EXPECT_NEAR(start.concentration, concentration, kTolerance);
  EXPECT_NEAR(start.self_overlap, self / kSamples, kTolerance);
  EXPECT_NEAR(start.pair_overlap, pairs / (kSamples * (kSamples - 1)),
              kTolerance);
}

TYPED_TEST(DeltaRecorderTest, KeepsEveryPair) {
  const BatchGeometry geometry = Geometry();
  const DeltaStart start = Record<TypeParam>(geometry, kDelta, kZ);
  for (size_t k = 0; k < kSamples; ++k) {
    for (size_t i = 0; i < k; ++i) {
      const uint32_t p = geometry.PairGroupOf(i, k);
      const double product =
          Sum(i, k, [](double d, double, double e, double) { return d * e; });
      const double norms = std::sqrt(Square(i) * Square(k));
      EXPECT_NEAR(start.product[p] * std::exp(start.log_unit), product / kUnits,
                  kTolerance * norms);
      EXPECT_NEAR(start.cosine_square[p], product * product / (norms * norms),
                  kTolerance);
      EXPECT_NEAR(start.aligned_product[p] * std::exp(start.log_aligned_unit),
                  Aligned(i) * Aligned(k), kTolerance * norms);
    }
  }
}

// Rows too small to count in sums of products keep their cosines.
TYPED_TEST(DeltaRecorderTest, KeepsCosinesAtAnyScale) {
  const BatchGeometry geometry = Geometry();
  Entries far = kDelta;
  far.exponent[1] = -3000;
  far.exponent[3] = -5000;
  const DeltaStart expected = Record<TypeParam>(geometry, kDelta, kZ);
  const DeltaStart found = Record<TypeParam>(geometry, far, kZ);
  for (size_t p = 0; p < geometry.pairs().size(); ++p) {
    EXPECT_NEAR(found.cosine_square[p], expected.cosine_square[p], kTolerance)
        << p;
  }
}

// A sample without a delta has no part in what is relative to delta.
TYPED_TEST(DeltaRecorderTest, LeavesOutWhatHasNoDelta) {
  const BatchGeometry geometry = Geometry();
  Entries some = kDelta;
  for (size_t i = 1; i < kSamples; ++i) {
    for (double& value : some.value[i]) value = 0;
  }
  const DeltaStart start = Record<TypeParam>(geometry, some, kZ);
  EXPECT_NEAR(
      start.self_overlap,
      Sum(0, 0,
          [](double d, double, double, double) { return d * d * d * d; }) /
          (Square(0) * Square(0)),
      1e-6);
  EXPECT_EQ(start.pair_overlap, 0);
  EXPECT_EQ(start.class_log_square[geometry.Class(1)], -HUGE_VAL);
  for (const double product : start.product) EXPECT_EQ(product, 0);
}

}  // namespace
}  // namespace initscope
