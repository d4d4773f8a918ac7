// Samples that the tests of moments and of sample geometry measure.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "random/variates.h"
#include "stats/sample_geometry.h"

namespace initscope {

inline constexpr double kEps = std::numeric_limits<double>::epsilon();
inline constexpr double kInf = std::numeric_limits<double>::infinity();
inline constexpr size_t kSizes[] = {1,  2,  3,  7,  8,  9,  15,
                                    16, 17, 31, 33, 64, 65, 1000};

inline long double ToLongDouble(const ScaledDouble& x) {
  return std::ldexp(static_cast<long double>(x.value),
                    static_cast<int>(x.exponent));
}

// Rows of mean + N(0,1), at exponent 0.
template <typename T>
ScaledMatrix<T> Draw(size_t rows, size_t cols, double mean = 0,
                     uint64_t seed = 6) {
  Matrix<double> normal(rows, cols);
  FillVariates(VariateLaw::kNormal, {seed}, 0, 0, normal.view());
  ScaledMatrix<T> x;
  x.Resize(rows, cols);
  for (size_t i = 0; i < x.mantissa.size(); ++i) {
    x.mantissa.data()[i] = static_cast<T>(mean + normal.data()[i]);
  }
  return x;
}

template <typename T>
ScaledMatrix<T> Constant(size_t rows, size_t cols, T value) {
  ScaledMatrix<T> x;
  x.Resize(rows, cols);
  std::fill_n(x.mantissa.data(), x.mantissa.size(), value);
  return x;
}

// One normal row that all share, plus `spread` times a normal row of its own.
template <typename T>
ScaledMatrix<T> DrawAlike(size_t rows, size_t cols, double common = 0,
                          double spread = 1, uint64_t seed = 8) {
  Matrix<double> shared(1, cols);
  Matrix<double> own(rows, cols);
  FillVariates(VariateLaw::kNormal, {1000}, 0, 0, shared.view());
  FillVariates(VariateLaw::kNormal, {seed}, 0, 0, own.view());
  ScaledMatrix<T> x;
  x.Resize(rows, cols);
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < cols; ++j) {
      x.mantissa(i, j) =
          static_cast<T>(common * shared(0, j) + spread * own(i, j));
    }
  }
  return x;
}

// Rows [first, last) of `x`.
template <typename T>
ScaledMatrix<T> Part(const ScaledMatrix<T>& x, size_t first, size_t last) {
  ScaledMatrix<T> part;
  part.Resize(last - first, x.cols());
  for (size_t i = first; i < last; ++i) {
    std::copy_n(x.mantissa.row(i), x.cols(), part.mantissa.row(i - first));
    part.exponent[i - first] = x.exponent[i];
  }
  return part;
}

// One batch, packed as the engine has it.
template <typename T, typename Geometry>
void AddBatch(const ScaledMatrix<T>& x, Geometry* geometry) {
  PackedBatch<T> packed;
  Pack(x, &packed);
  SampleMoments rows;
  rows.Resize(x.rows());
  for (size_t i = 0; i < x.rows(); ++i) {
    rows.Set(i, ComputeRowMoments(x.mantissa.row(i), x.cols()));
  }
  SampleSum sum = Geometry::Begin(packed, rows);
  SumOverSamples<T>(packed, 1, {{&sum}});
  if constexpr (std::is_same_v<Geometry, PairCosine>) {
    geometry->End(sum);
  } else {
    geometry->End(packed, rows, std::move(sum));
  }
}

}  // namespace initscope
