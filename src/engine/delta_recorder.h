// Records where theory's backward recursion begins: delta_L as a run measured
// it, and delta_L · Z_L.
#pragma once

#include "nn/propagation.h"
#include "theory/backward_theory.h"

namespace initscope {

class DeltaRecorder {
 public:
  // `geometry` is that of the run's inputs.
  explicit DeltaRecorder(const BatchGeometry& geometry);

  // delta_L and Z_L of batch `index`, and delta_L's moments as MeasurePanel
  // takes them.
  template <typename T>
  void Add(size_t index, const PackedBatch<T>& delta,
           const SampleMoments& moments, const PackedBatch<T>& z);

  // After the last batch. Z_L = z_factor·z.
  DeltaStart Result(ScaledDouble z_factor) const;

 private:
  template <typename T>
  void AddProducts(const PackedBatch<T>& delta);
  void AddAlignedProducts();
  template <typename T>
  void AddOverlap(const std::vector<T>& delta_row, const std::vector<T>& z_row);

  const BatchGeometry& geometry_;
  std::vector<double> log_square_;  // per sample
  // delta · z/units, per sample: its sign and the log of its square.
  std::vector<double> sign_, log_aligned_;
  std::vector<double> log_output_;  // log of the mean square of z, per sample
  // Of the first batch: Σ_a delta_aj²/|delta_a|² per unit, Σ_a of its square,
  // and how many samples have a delta.
  std::vector<double> shares_;
  double self_overlap_ = 0, concentration_ = 0, overlapping_ = 0;
  // Sums over a group's pairs.
  std::vector<double> product_, cosine_square_, aligned_product_;
  double log_unit_ = 0, log_aligned_unit_ = 0;
};

}  // namespace initscope
