// Means and standard deviations of entries up to the limits of double, whose
// squares leave its range.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "stats/moments.h"

namespace initscope {

// A power of two that brings entries of magnitude up to `largest` to where
// their squares neither overflow nor underflow: 1 in all but extreme cases.
// Multiplying by it is exact but for entries that are 2^600 times smaller.
inline double EntryScale(double largest) {
  constexpr int kPlain = 400, kMost = 1000;
  if (largest == 0) return 1;
  const int exponent = std::ilogb(largest);
  if (std::abs(exponent) <= kPlain) return 1;
  return std::ldexp(1.0, -std::clamp(exponent, -kMost, kMost));
}

// Of entries times `scale`.
struct EntryMeasure {
  double scale = 1;
  double mean = 0;
  double variance = 0;  // divisor: their number; 0 exactly if all are equal
};

// Of all value(i, j), i < rows, j < columns. REQUIRES: they are finite.
template <class Value>
EntryMeasure MeasureEntries(size_t rows, size_t columns, Value value) {
  double largest = 0;
  for (size_t i = 0; i < rows; ++i)
    for (size_t j = 0; j < columns; ++j)
      largest = std::max(largest, std::abs(value(i, j)));
  EntryMeasure measure;
  measure.scale = EntryScale(largest);
  Moments moments;
  std::vector<double> row(columns);
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < columns; ++j) row[j] = value(i, j) * measure.scale;
    moments.Add(ComputeRowMoments(row.data(), row.size()), 0);
  }
  measure.mean = moments.Mean().ToDouble();
  measure.variance = moments.Variance().ToDouble();
  return measure;
}

}  // namespace initscope
