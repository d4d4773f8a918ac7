// The unit draw U of one layer, and products with it.
//
// Runs with the same seed, law and shape share U, because scales are applied to
// products. U is drawn directly into the packed blocks that the matrix core
// reads: once if it is kept, else anew for each product, block by block, so a
// model may be far larger than memory. zero and constant have no matrix: a row
// of their X U is a single sum, computed in double, so units that must agree do
// so to the bit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/parallel.h"
#include "linalg/packed_weights.h"
#include "nn/initializers.h"
#include "nn/layer_weights.h"
#include "random/variates.h"

namespace initscope {

// out = U, the draw of `source`, whole and plain. Throws Interrupted.
template <typename T>
void DrawUnit(UnitLaw law, const VariateSource& source, StopFlag stop,
              MatrixView<T> out);

template <typename T>
class UnitWeights : public LayerWeights<T> {
 public:
  // U is fan_in × fan_out; layers are counted from 0. `keep`: whether to keep U
  // between products.
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

  // Draws the entries of a block, and adds them to `moments` unless it is null.
  void Draw(const WeightBlock<T>& block, Moments* moments) const;
  // Draws block (i, j) into `buffer`.
  WeightBlock<T> DrawBlock(size_t i, size_t j, Moments* moments,
                           Matrix<T>* buffer) const;
  // Draws what a product does not draw block by block.
  void Begin(Jobs jobs);

  UnitLaw law_;
  VariateSource source_;
  size_t fan_in_, fan_out_;
  bool keep_;
  Matrix<T> dense_;          // an orthogonal U, while blocks are copied from it
  PackedWeights<T> packed_;  // empty unless kept
  Moments moments_;
};

}  // namespace initscope
