// The product over samples, xᵀ d, of packed batches: what a weight gradient is.
//
// Sums are in T, in blocks of some kWeightBlock samples that are added in
// order. The error of an entry is at most samples·eps·Σ|x||d|. The bits depend
// only on shapes and values, not on which rows a call computes. The caller
// cares for exponents.
#pragma once

#include "linalg/packed_batch.h"

namespace initscope {

// Units become samples, and samples units; exponents are not copied. Padded
// lanes of `to` become 0.
template <typename T>
void Transpose(const PackedBatch<T>& from, PackedBatch<T>* to);

// Computes out.rows() rows of xᵀ d, from unit `row` of x on:
//
//     out(i, j) = Σ_s x_s,(row+i) d_s,j    over all samples s
//
// `dt` is Transpose() of d. REQUIRES: `row` is a multiple of kUnitStep.
template <typename T>
void TransposedMultiply(const PackedBatch<T>& x, size_t row,
                        const PackedBatch<T>& dt, MatrixView<T> out);

// Sums over some entries of a product.
struct EntrySums {
  double origin;  // one of the entries
  double first;   // Σ (entry − origin)
  double second;  // Σ (entry − origin)²
};

// The sums over `rows` rows of xᵀ d, from unit `row` of x on, without storing
// them. Sums of kHeight terms are in T, the sums of these in double; if all
// entries are equal, both are exactly 0. REQUIRES: rows > 0; `row` is a
// multiple of kUnitStep.
template <typename T>
EntrySums TransposedSums(const PackedBatch<T>& x, size_t row, size_t rows,
                         const PackedBatch<T>& dt);

}  // namespace initscope
