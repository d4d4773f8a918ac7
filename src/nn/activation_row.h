// The slow path of propagation: activations and slopes of one sample, in
// double, for rows with exponents and for slopes that underflow in T.
#pragma once

#include <cstddef>
#include <cstdint>

#include "nn/activations.h"

namespace initscope {

// Rows of slopes whose maximum is below this are computed from log|f'|. Even
// the fourth powers of larger slopes fit a double.
template <typename T>
inline constexpr double kSmallSlope = sizeof(T) == 4 ? 0x1p-60 : 0x1p-200;

// Stores x·2^x_exponent = f(z·2^e) and slope·2^slope_exponent = f'(z·2^e), n
// entries each. REQUIRES: z is in canonical form (NormalizeRow); x will be.
// Exact for homogeneous f; otherwise f is evaluated in double, with its limits
// at 0 and ±∞ beyond double's range.
template <typename T>
void ActivateRow(const Activation& f, const T* z, size_t n, int64_t e, T* x,
                 int64_t* x_exponent, T* slope, int64_t* slope_exponent);

}  // namespace initscope
