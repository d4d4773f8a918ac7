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
#include "linalg/packed_weights.h"
#include "nn/initializers.h"
#include "nn/layer_weights.h"

namespace initscope {

template <typename T>
class UnitWeights : public LayerWeights<T> {
 public:
  // U is fan_in × fan_out; `layer` is 0-based.
  UnitWeights(UnitLaw law, uint64_t seed, size_t layer, size_t fan_in,
              size_t fan_out, bool keep);

  void Forward(std::span<const ProductJob<T>> products, Jobs jobs) override;
  void Backward(std::span<const ProductJob<T>> products, Jobs jobs) override;
  Moments EntryMoments() const override { return moments_; }
  Matrix<T> Entries(StopFlag stop = {}) const override;

 private:
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
