// How the samples of a batch lie to each other: the cosine between pairs of
// rows, and the variance across samples of each unit.
//
// Both are taken as deviations from the first row, so that they keep their
// digits where all samples have become nearly the same, and are exactly 0
// where they are the same. A batch is added in two steps, so that several sums
// over its samples share one pass:
//
//     SampleSum sum = cosine.Begin(x, rows);
//     SumOverSamples(x, jobs, …&sum…);
//     cosine.End(sum);
//
// `rows` are the moments of the samples as they are stored, without their
// exponents.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "linalg/packed_batch.h"
#include "stats/row_kernels.h"
#include "stats/sample_sums.h"
#include "stats/scaled_double.h"

namespace initscope {

// 1 − mean cosine over all pairs of different rows of one batch; batches are
// pooled pair by pair. With u the rows divided by their norms and ū their
// mean, 1 − mean cosine = Σ‖u_i − ū‖²/(m − 1). Rows that are zero or not
// finite are left out.
class PairCosine {
 public:
  template <typename T>
  static SampleSum Begin(const PackedBatch<T>& x,
                         std::span<const RowMoments> rows);
  void End(const SampleSum& sum);

  double OneMinusCosine() const;  // NaN without a pair

 private:
  double pairs_ = 0;
  double sum_ = 0;  // over pairs, of 1 − cosine
};

// The mean over units of the variance across samples (divisor: the number of
// samples), all batches' samples pooled. Rows that are not finite are left
// out.
class SampleVariance {
 public:
  template <typename T>
  static SampleSum Begin(const PackedBatch<T>& x,
                         std::span<const RowMoments> rows);
  // `x` and `rows` as for Begin.
  template <typename T>
  void End(const PackedBatch<T>& x, std::span<const RowMoments> rows,
           SampleSum sum);

  ScaledDouble MeanOverUnits() const;  // NaN without a sample
  // That of all entries times `factor`. REQUIRES: factor > 0.
  SampleVariance ScaledBy(ScaledDouble factor) const;

 private:
  double samples_ = 0;
  double m2_ = 0;             // summed over units
  std::vector<double> mean_;  // per unit
  int64_t exponent_ = 0;      // mean_ in 2^exponent, m2_ in 2^(2·exponent)
};

// The largest exponent of a row that is finite and not zero; without one, one
// that is below every other.
int64_t CommonExponent(std::span<const RowMoments> rows,
                       std::span<const int64_t> exponents);

}  // namespace initscope
