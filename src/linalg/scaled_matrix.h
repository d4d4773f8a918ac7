// Matrices whose rows carry a power of two, so that float32 neither underflows
// nor overflows at any depth or gain.
//
//     entry (i, j) = mantissa(i, j) · 2^exponent[i]
//
// A row is one sample. One exponent for a whole matrix would not do: at large
// gain the gradients of two samples drift apart by hundreds of decades.
// Rescaling multiplies by powers of two, which is exact; entries that become
// denormal are more than 2⁹⁰ times smaller than the largest of their row.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/matrix.h"

namespace initscope {

template <typename T>
struct ScaledMatrix {
  Matrix<T> mantissa;
  std::vector<int64_t> exponent;  // one per row

  // Changes the shape; the entries are lost and the exponents 0.
  void Resize(size_t rows, size_t cols) {
    mantissa.Resize(rows, cols);
    exponent.assign(rows, 0);
  }
  size_t rows() const { return mantissa.rows(); }
  size_t cols() const { return mantissa.cols(); }
};

// A row whose largest magnitude lies in 2^±kPlainRange has exponent 0. The
// range leaves room for a product over any width. Below its lower end every
// activation is linear in T to the last bit.
template <typename T>
inline constexpr int kPlainRange = sizeof(T) == 4 ? 32 : 64;

// The largest |x|; infinity if an entry is infinite or NaN, 0 if n = 0.
template <typename T>
T MaxMagnitude(const T* x, size_t n);

// x *= 2^shift for any shift; exact, except for overflow and denormals.
template <typename T>
void ScaleByPowerOfTwo(T* x, size_t n, int64_t shift);

// Brings a row to its canonical form, which depends only on its value: exponent
// 0 if its largest magnitude lies in the plain range, otherwise the exponent
// that brings that magnitude into [1, 2). A row of zeros gets exponent 0; a row
// with a non-finite entry stays as it is.
template <typename T>
void NormalizeRow(T* row, size_t n, int64_t* exponent);

// value · 2^shift for any shift: 0 below the range, infinity above it.
double LdexpFar(double value, int64_t shift);
inline double Ldexp(double value, int64_t shift) {
  constexpr int64_t kBias = 1023;
  if (shift <= -kBias || shift > kBias) return LdexpFar(value, shift);
  return value * std::bit_cast<double>((shift + kBias) << 52);
}
inline double PowerOfTwo(int64_t shift) { return Ldexp(1, shift); }

}  // namespace initscope
