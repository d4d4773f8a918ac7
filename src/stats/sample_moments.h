// The moments of every sample of a batch.
//
// They lie field by field, so that a vector holds those of several samples:
// what is done sample by sample would otherwise take longer in a narrow layer
// than its products. All sums are double. Deterministic on one type of CPU;
// instruction sets differ in the order of sums over samples, and so in their
// rounding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/matrix.h"
#include "stats/row_kernels.h"

namespace initscope {

// Of the largest magnitudes of some samples.
struct LargestMagnitudes {
  bool all_finite;        // every entry of every sample
  double least, most;     // of all; +∞ and 0 without a sample
  double least_positive;  // of those that are not 0; +∞ if there are none
};

// What all samples have together, about the mean of all their entries.
struct PooledMoments {
  RowMoments sums;
  double row_variance_sum = 0;  // of Σ(x − the sample's mean)²/n over samples
};

class SampleMoments {
 public:
  // In the order of RowMoments.
  enum Field { kMean, kM2, kM3, kM4, kAbsSum, kMin, kMax };
  static constexpr size_t kFields = 7;
  static constexpr size_t kBytes =  // of a sample
      kFields * sizeof(double) + 2 * sizeof(uint32_t);

  // What they are is lost.
  void Resize(size_t samples);
  size_t size() const { return count_.size(); }

  RowMoments operator[](size_t sample) const;
  void Set(size_t sample, const RowMoments& moments);
  // For who sets all fields of some samples: then each has `count` entries, all
  // of them finite.
  void SetCount(size_t begin, size_t samples, size_t count);

  double* field(Field f) { return fields_.row(f); }
  const double* field(Field f) const { return fields_.row(f); }
  bool IsFinite(size_t sample) const { return non_finite_[sample] == 0; }
  bool IsZero(size_t sample) const {
    return non_finite_[sample] == 0 && field(kAbsSum)[sample] == 0;
  }
  // Whether all samples have as many entries, at least one, and all finite.
  bool AreAlike() const;

  LargestMagnitudes LargestOf(size_t begin, size_t samples) const;
  // Of samples times `unit`, one number for each; without any, times 1.
  //
  //     Σ(x − mean)^k = Σ_i Σ_j ((x_ij − mean_i) + d_i)^k,  d_i = mean_i − mean
  //
  // REQUIRES: AreAlike(), and finite units.
  PooledMoments Pool(std::span<const double> unit) const;
  // 1/‖x_i‖ of every sample, 0 where it is zero or not finite.
  std::vector<double> InverseNorms() const;

 private:
  Matrix<double> fields_;  // kFields × (samples, rounded up to whole panels)
  std::vector<uint32_t> count_, non_finite_;
};

}  // namespace initscope
