// Records where theory's backward recursion begins: delta as a run measured it.
#pragma once

#include "nn/propagation.h"
#include "theory/backward_theory.h"

namespace initscope {

class DeltaRecorder {
 public:
  // `geometry` is that of the run's inputs; `layer` is delta's row.
  DeltaRecorder(const BatchGeometry& geometry, size_t layer);

  size_t layer() const { return layer_; }

  // delta of batch `index`, and its moments as MeasurePanel takes them.
  template <typename T>
  void Add(size_t index, const PackedBatch<T>& delta,
           const SampleMoments& moments);

  // After the last batch.
  DeltaStart Result() const;

 private:
  template <typename T>
  void AddProducts(const PackedBatch<T>& delta);

  const BatchGeometry& geometry_;
  size_t layer_;
  std::vector<double> log_square_;               // per sample
  std::vector<double> product_, cosine_square_;  // sums over a group's pairs
  double log_unit_ = 0;
};

}  // namespace initscope
