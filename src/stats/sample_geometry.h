// How the samples of a batch lie to each other: the cosine between pairs of
// rows, and the variance across samples of each unit.
//
// Both are taken as deviations from the first row, so that they keep their
// digits where all samples have become nearly the same, and are exactly 0
// where they are the same.
#pragma once

#include <cstdint>
#include <vector>

#include "linalg/scaled_matrix.h"
#include "stats/scaled_double.h"

namespace initscope {

// 1 − mean cosine over all pairs of different rows of one batch; batches are
// pooled pair by pair. With u the rows divided by their norms and ū their
// mean, 1 − mean cosine = Σ‖u_i − ū‖²/(m − 1).
class PairCosine {
 public:
  // Adds the pairs of rows of one batch. Rows that are zero or not finite are
  // left out.
  template <typename T>
  void AddBatch(const ScaledMatrix<T>& x);

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
  void AddBatch(const ScaledMatrix<T>& x);

  ScaledDouble MeanOverUnits() const;  // NaN without a sample

 private:
  double samples_ = 0;
  double m2_ = 0;             // summed over units
  std::vector<double> mean_;  // per unit
  int64_t exponent_ = 0;      // mean_ in 2^exponent, m2_ in 2^(2·exponent)
};

}  // namespace initscope
