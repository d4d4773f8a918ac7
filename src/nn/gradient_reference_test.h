// The slow plain reference of the weight gradient: sums in long double.
#pragma once

#include <cmath>
#include <cstdint>

#include "linalg/scaled_matrix.h"

namespace initscope {

using Real = long double;

// One batch as it is drawn.
template <typename T>
struct GradientBatch {
  ScaledMatrix<T> x, delta;
};

template <typename T>
Real EntryOf(const ScaledMatrix<T>& a, size_t i, size_t j) {
  return std::ldexp(Real{a.mantissa(i, j)}, static_cast<int>(a.exponent[i]));
}

// What is right, and how far off it may be.
//
// Formed in T, an entry is off by about √batch·eps of A, the root mean square
// of Σ|x||δ|: that moves its variance by 2σE + E². Grams may leave 1e-4 of the
// variance, but in no case more than the rounding of their entries, whose sum
// is at most 4·eps·(Σ_i ‖x_i‖‖δ_i‖)². The mean comes from the rows' means,
// each of which has kChunk + 2 roundings in T.
struct GradientReference {
  Matrix<Real> dw, magnitude;  // Σ xδ and Σ|xδ|
  uint64_t finite = 0;
  Real mean = 0, variance = 0, second_moment = 0;
  Real mean_error = 0, variance_error = 0;
};

template <typename T>
GradientReference ComputeGradient(const GradientBatch<T>& batch);

}  // namespace initscope
