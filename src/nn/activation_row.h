// The slow path of propagation: activations and slopes of one sample, in
// double, for rows with exponents and for slopes that underflow in T.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nn/activations.h"

namespace initscope {

// Rows of slopes whose maximum is below this are computed from log|f'|. Even
// the fourth powers of larger slopes fit a double.
template <typename T>
inline constexpr double kSmallSlope = sizeof(T) == 4 ? 0x1p-60 : 0x1p-200;

// entries · 2^exponent.
template <typename T>
struct ScaledRow {
  std::vector<T> entries;
  int64_t exponent = 0;
};

// Stores x = f(z·2^e) and slope = f'(z·2^e), which have n entries each.
// REQUIRES: z is in canonical form (NormalizeRow); x will be.
// Exact for homogeneous f; otherwise f is evaluated in double, with its limits
// at 0 and ±∞ beyond double's range.
template <typename T>
void ActivateRow(const Activation& f, const T* z, size_t n, int64_t e,
                 ScaledRow<T>* x, ScaledRow<T>* slope);

}  // namespace initscope
