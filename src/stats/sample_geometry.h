// The relative position of the samples of a batch: the cosine between pairs of
// rows, and the variance of each unit across samples.
//
// Both are computed from deviations from the first row, so that they keep their
// digits when all samples have become nearly equal, and are exactly 0 when they
// are equal. A batch is added in two steps, so that several sums over its
// samples share one pass:
//
//     SampleSum sum = cosine.Begin(x, rows);
//     SumOverSamples(x, jobs, …&sum…);
//     cosine.End(sum);
//
// `rows` are the moments of the stored mantissas, without exponents.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "linalg/packed_batch.h"
#include "stats/sample_moments.h"
#include "stats/sample_sums.h"
#include "stats/scaled_double.h"

namespace initscope {

// 1 − the mean cosine over all pairs of different rows of a batch, pooled over
// the pairs of all batches. With u_i the m rows divided by their norms, and ū
// their mean,
//
//     1 − mean cosine = Σ_i ‖u_i − ū‖² / (m − 1)
//
// Rows that are zero or not finite are left out.
class PairCosine {
 public:
  template <typename T>
  static SampleSum Begin(const PackedBatch<T>& x, const SampleMoments& rows);
  void End(const SampleSum& sum);

  double OneMinusCosine() const;  // NaN without a pair

 private:
  double pairs_ = 0;
  double sum_ = 0;  // of 1 − cosine over the pairs
};

// The mean over units of the variance across the samples of all batches
// (divisor: their number). Rows that are not finite are left out.
class SampleVariance {
 public:
  template <typename T>
  static SampleSum Begin(const PackedBatch<T>& x, const SampleMoments& rows);
  // `x` and `rows` are those of Begin().
  template <typename T>
  void End(const PackedBatch<T>& x, const SampleMoments& rows, SampleSum sum);

  ScaledDouble MeanOverUnits() const;  // NaN without a sample
  // The variance of all entries times `factor`. REQUIRES: factor > 0.
  SampleVariance ScaledBy(ScaledDouble factor) const;

 private:
  double samples_ = 0;
  double m2_ = 0;             // summed over units
  std::vector<double> mean_;  // per unit
  int64_t exponent_ = 0;      // units: 2^exponent for mean_, its square for m2_
};

// The largest exponent of the rows that are finite and not zero; without such a
// row, an exponent below all others.
int64_t CommonExponent(const SampleMoments& rows,
                       std::span<const int64_t> exponents);

}  // namespace initscope
