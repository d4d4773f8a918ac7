// Rows of every magnitude that a network may meet, and what is expected of
// stored rows, for the tests of propagation.
#pragma once

#include <cstddef>
#include <cstdint>

#include "linalg/packed_batch.h"
#include "stats/row_kernels.h"

namespace initscope {

// Normal rows, by turns: of magnitudes at and beyond the edges of the stored
// range, of the moments' and of NormalizeRow's; with exponents that T, and
// double, cannot hold; around ±200, where slopes vanish; of one number alone;
// zero; and with an entry that is not finite.
template <typename T>
ScaledMatrix<T> RowsOfEveryKind(size_t rows, size_t cols, uint32_t draw);
// Enough rows for one of each kind, and a panel that is not full.
inline constexpr size_t kRowsOfEveryKind = 37;

// x·2^exponent; a long double holds it up to 2^16383.
long double TimesPowerOfTwo(long double x, int64_t exponent);
template <typename T>
long double ValueOf(const PackedBatch<T>& x, size_t sample, size_t unit);

// The moments of a sample's mantissas, up to `power` (2 or 4). About the mean
// of the first few units, which is off the mean by at most R, rounding in T
// leaves the k-th moment off by c·Σ(|x − mean| + R)^k; panel_kernels_test.cc
// has c.
template <typename T>
void ExpectMomentsOf(const PackedBatch<T>& x, size_t sample, int power,
                     const RowMoments& found);

// Whether a stored row is where operands are: its largest magnitude in
// 2^±range, or zero.
template <typename T>
void ExpectStoredRange(const PackedBatch<T>& x, size_t sample);

}  // namespace initscope
