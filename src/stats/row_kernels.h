// Vectorized passes over one row of numbers: the inner loops of the statistics.
// Entries are T, all sums are double.
//
// Deterministic on one type of CPU. Instruction sets differ in the order of the
// sums, and so in their rounding.
#pragma once

#include <cstddef>

namespace initscope {

// Sums over a row; central sums are about its mean. No divisor is applied.
struct RowMoments {
  size_t count = 0;       // finite entries; only these are summed
  size_t non_finite = 0;  // the others
  double mean = 0;
  double m2 = 0, m3 = 0, m4 = 0;  // Σ(x − mean)^k; 0 exactly if all are equal
  double abs_sum = 0;
  double min = 0, max = 0;

  // The sums of the same entries times `factor`. REQUIRES: factor > 0.
  RowMoments ScaledBy(double factor) const;
};

// Two passes: the mean about x[0], then the central sums about the mean with
// the mean's rounding corrected (Chan, Golub & LeVeque 1983, eq. 1.7).
template <typename T>
RowMoments ComputeRowMoments(const T* x, size_t n);

// Σ x and Σ x².
struct PowerSums {
  double first = 0, second = 0;
};
template <typename T>
PowerSums ComputePowerSums(const T* x, size_t n);

// The number of entries with |x_j| < bound, and the number of zeros.
template <typename T>
size_t CountBelow(const T* x, size_t n, T bound);
template <typename T>
size_t CountZeros(const T* x, size_t n);

}  // namespace initscope
