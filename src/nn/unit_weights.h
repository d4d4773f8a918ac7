// The unit draw U of one layer, and products with it.
//
// Runs with the same seed, law and shape share one: scales never touch it. It
// is drawn straight into the packed blocks that the matrix core reads, once if
// it is kept, else anew for each product, block by block, so that a model may
// be far larger than the memory. zero and constant have no matrix: a row of
// their X U is one sum, taken in double, so that units that must agree agree
// to the bit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/parallel.h"
#include "linalg/whole_product.h"
#include "nn/initializers.h"
#include "stats/moments.h"

namespace initscope {

template <typename T>
class UnitWeights {
 public:
  // U is fan_in × fan_out; `layer` is 0-based.
  UnitWeights(UnitLaw law, uint64_t seed, size_t layer, size_t fan_in,
              size_t fan_out, bool keep);

  size_t fan_in() const { return fan_in_; }
  size_t fan_out() const { return fan_out_; }

  // out = in U, mantissas only: batch × fan_in → batch × fan_out.
  void Forward(std::span<const ProductJob<T>> products, Jobs jobs);
  // out = in Uᵀ: batch × fan_out → batch × fan_in.
  void Backward(std::span<const ProductJob<T>> products, Jobs jobs);

  // Of the entries of U: mean, variance, second moment. REQUIRES: Forward().
  const Moments& EntryMoments() const { return moments_; }

  // U as a plain matrix. Throws Interrupted, as the products do.
  Matrix<T> Entries(StopFlag stop = {}) const;

 private:
  bool HasMatrix() const;
  // For zero and constant.
  void SetMomentsOfConstant();
  void Broadcast(const PackedBatch<T>& in, PackedBatch<T>* out) const;

  // Draws the entries of a block, and adds them to `moments` unless null.
  void Draw(const WeightBlock<T>& block, Moments* moments) const;
  // The same for block (i, j), in `buffer`.
  WeightBlock<T> DrawBlock(size_t i, size_t j, Moments* moments,
                           Matrix<T>* buffer) const;
  // Before a product: draws what is not drawn block by block.
  void Begin(Jobs jobs);

  UnitLaw law_;
  uint64_t seed_;
  size_t layer_;
  size_t fan_in_, fan_out_;
  bool keep_;
  Matrix<T> dense_;          // of orthogonal, while blocks are drawn
  PackedWeights<T> packed_;  // empty unless kept
  Moments moments_;
};

}  // namespace initscope
