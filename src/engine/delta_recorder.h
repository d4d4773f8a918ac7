// Records where the backward recursion of theory starts: the measured delta_L
// and delta_L · Z_L of a run.
#pragma once

#include <array>
#include <vector>

#include "nn/propagation.h"
#include "theory/backward_theory.h"

namespace initscope {

// Sums over the units of delta and Z, for every lane of a panel; one lane per
// sample.
struct LaneProducts {
  using Lanes = std::array<double, kMaxPanelWidth>;
  Lanes delta_z = {}, z_square = {};  // Σ δ z, Σ z²
  // Σ δ², Σ δ² z², Σ δ⁴
  Lanes delta_square = {}, both_square = {}, delta_fourth = {};
};

class DeltaRecorder {
 public:
  // `geometry`: that of the run's inputs.
  explicit DeltaRecorder(const BatchGeometry& geometry);

  // Adds delta_L and Z_L of batch `index`.
  template <typename T>
  void Add(size_t index, const MeasuredBatch<T>& delta,
           const PackedBatch<T>& z);

  // To be called after the last batch. Z_L = z_factor·z.
  DeltaStart Result(ScaledDouble z_factor) const;

 private:
  template <typename T>
  void AddProducts(const PackedBatch<T>& delta);
  void AddAlignedProducts();
  template <typename T>
  void AddOverlap(const PackedBatch<T>& delta, size_t p,
                  const LaneProducts& sums);

  const BatchGeometry& geometry_;
  std::vector<double> log_square_;  // per sample
  // delta · z/units, per sample: its sign and the log of its square.
  std::vector<double> sign_, log_aligned_;
  std::vector<double> log_output_;  // log of the mean square of z, per sample
  // First batch, with s_aj = delta_aj²/|delta_a|² for sample a and unit j: Σ_a
  // s_aj; Σ_aj s_aj²; Σ_a of the concentration; the number of samples with
  // delta ≠ 0.
  std::vector<double> shares_;
  double self_overlap_ = 0, concentration_ = 0, overlapping_ = 0;
  // Sums over the pairs of each group.
  std::vector<double> product_, cosine_square_, aligned_product_;
  double log_unit_ = 0, log_aligned_unit_ = 0;
};

}  // namespace initscope
