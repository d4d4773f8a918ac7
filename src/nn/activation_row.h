// One sample's activations and slopes where T's own arithmetic is not enough:
// rows with exponents, and slopes that underflow. The slow path of propagation,
// in double.
#pragma once

#include <cstddef>
#include <cstdint>

#include "nn/activations.h"

namespace initscope {

// Slopes whose row maximum is below this are computed from their logarithm:
// even fourth powers of what is above it fit a double.
template <typename T>
inline constexpr double kSmallSlope = sizeof(T) == 4 ? 0x1p-60 : 0x1p-200;

// x = f(z·2^e) and slope = f'(z·2^e), n entries each with an exponent of its
// own, from a row in canonical form (NormalizeRow); x leaves in it. Homogeneous
// f are exact; else f_e(x) = 2^−e f(2^e x), with the limits of f at 0 and ±∞
// beyond the range of a double.
template <typename T>
void ActivateRow(const Activation& f, const T* z, size_t n, int64_t e, T* x,
                 int64_t* x_exponent, T* slope, int64_t* slope_exponent);

}  // namespace initscope
