// The matrix products of propagation, on packed operands.
//
// Precision: sums are in T, in blocks of kWeightBlock inner indices that are
// added up in order; the error of an entry is at most k·eps·Σ|a||b| with k the
// inner dimension. Single-threaded, and a function of shapes and values alone:
// which blocks, panels or tiles are asked for together changes no bit.
// Exponents are the caller's.
#pragma once

#include "linalg/packed_batch.h"
#include "linalg/packed_weights.h"

namespace initscope {

// Units [w.column, w.column + w.columns) of out = x W, summed over the rows of
// `w`: the first block of rows sets them, later ones add. Samples of panels
// [begin, end) only. x: samples × rows of W, out: samples × columns of W.
// Also writes padded units of `out`.
template <typename T>
void Multiply(const WeightBlock<T>& w, const PackedBatch<T>& x, size_t begin,
              size_t end, PackedBatch<T>* out);

// Units [w.row, w.row + w.rows) of out = d Wᵀ, summed over the columns of `w`.
template <typename T>
void MultiplyTransposed(const WeightBlock<T>& w, const PackedBatch<T>& d,
                        size_t begin, size_t end, PackedBatch<T>* out);

// Gram tiles of a's panel p and b's panels q in [begin, end), tile by tile:
//
//     grams[((q − begin)·width + i)·width + k] = Σ_j a_ij b_kj
//
// over all units j, with i a sample of p and k one of q; in T over kWeightBlock
// units, then double. a and b have the same number of units.
template <typename T>
void GramTiles(const PackedBatch<T>& a, size_t p, const PackedBatch<T>& b,
               size_t begin, size_t end, double* grams);

// out(i, j) = Σ_s x_s,(row+i) d_s,j over all samples s: out.rows() rows of xᵀ
// d, with `dt` the transpose of d (linalg/packed_batch.h). `row` is a multiple
// of kUnitStep.
template <typename T>
void TransposedMultiply(const PackedBatch<T>& x, size_t row,
                        const PackedBatch<T>& dt, MatrixView<T> out);

}  // namespace initscope
