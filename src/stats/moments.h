// Mean, variance and higher moments of all entries of a tensor.
//
// Entries are mantissa · 2^exponent (linalg/scaled_matrix.h); sums are double.
// Merge() is the pairwise rule of Chan, Golub & LeVeque (1983), extended to the
// third and fourth moments by Pébay (Sandia report SAND2008-6212); the order of
// merging changes only rounding. Divisors are n, not n − 1. Without a finite
// entry every value is NaN.
#pragma once

#include <cstdint>
#include <span>

#include "linalg/scaled_matrix.h"
#include "stats/sample_moments.h"
#include "stats/scaled_double.h"

namespace initscope {

class Moments {
 public:
  // Adds every entry of `x`. Non-finite entries are only counted.
  template <typename T>
  void Add(const ScaledMatrix<T>& x);
  // Adds one row of entries x·2^exponent.
  void Add(const RowMoments& row, int64_t exponent);
  // Adds rows, each with its exponent.
  void Add(const SampleMoments& rows, std::span<const int64_t> exponents);
  void Merge(const Moments& with);

  // The moments of all entries times `factor`. REQUIRES: factor > 0.
  Moments ScaledBy(ScaledDouble factor) const;

  uint64_t count() const { return sums_.count; }
  uint64_t non_finite() const { return sums_.non_finite; }

  ScaledDouble Mean() const;
  ScaledDouble Variance() const;
  ScaledDouble SecondMoment() const;  // about 0
  ScaledDouble AbsMean() const;
  ScaledDouble Min() const;
  ScaledDouble Max() const;
  // m4·n/m2²: 3 for a normal distribution; NaN where the variance is 0.
  double Kurtosis() const;
  // The mean over rows of the variance within the row (divisor: its length).
  // Exactly 0 if every row is constant.
  ScaledDouble MeanRowVariance() const;

 private:
  void MultiplyBy(double factor);
  void Rescale(int64_t exponent);
  ScaledDouble Scaled(double value, int power) const;

  RowMoments sums_;  // over the entries of all rows
  uint64_t rows_ = 0;
  double row_variance_sum_ = 0;
  int64_t exponent_ = 0;  // all of the above are in units of 2^exponent
};

}  // namespace initscope
