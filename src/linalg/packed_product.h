// The matrix products of propagation, on packed operands.
//
// Sums are in T, in blocks of kWeightBlock inner indices that are added in
// order. The error of an entry is at most k·eps·Σ|a||b|, where k is the inner
// dimension. The bits depend only on shapes and values, not on which blocks,
// panels or tiles a call computes, nor on the number of workers. The caller
// cares for exponents.
#pragma once

#include <span>

#include "base/parallel.h"
#include "linalg/packed_batch.h"
#include "linalg/packed_weights.h"

namespace initscope {

// Computes units [w.column, w.column + w.columns) of out = x W, for the samples
// of panels [begin, end), summed over the rows of `w`: the first block of rows
// sets them, later ones add. x: samples × rows of W, out: samples × columns of
// W. Also writes padded units of `out`.
template <typename T>
void Multiply(const WeightBlock<T>& w, const PackedBatch<T>& x, size_t begin,
              size_t end, PackedBatch<T>* out);

// The same for units [w.row, w.row + w.rows) of out = d Wᵀ, summed over the
// columns of `w`.
template <typename T>
void MultiplyTransposed(const WeightBlock<T>& w, const PackedBatch<T>& d,
                        size_t begin, size_t end, PackedBatch<T>* out);

// One of several products with the same matrix. `out` has its final shape.
template <typename T>
struct ProductJob {
  const PackedBatch<T>* in;
  PackedBatch<T>* out;
};

// out = in W, spread over workers: batch × fan_in → batch × fan_out.
template <typename T>
void MultiplyAll(PackedWeights<T>* w, std::span<const ProductJob<T>> products,
                 Jobs jobs);

// out = in Wᵀ, likewise: batch × fan_out → batch × fan_in.
template <typename T>
void MultiplyTransposedAll(PackedWeights<T>* w,
                           std::span<const ProductJob<T>> products, Jobs jobs);

// Gram tiles of a's panel p and b's panels q in [begin, end), tile by tile:
//
//     grams[((q − begin)·width + i)·width + k] = Σ_j a_ij b_kj
//
// over all units j, where i is a sample of p and k a sample of q. Sums over
// kWeightBlock units are in T, the sums of these in double.
// REQUIRES: a and b have the same number of units.
template <typename T>
void GramTiles(const PackedBatch<T>& a, size_t p, const PackedBatch<T>& b,
               size_t begin, size_t end, double* grams);

}  // namespace initscope
