// Mean and variance of doubles whose squares may leave the range of a double.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "stats/moments.h"

namespace initscope {

// A power of two that scales entries of magnitude up to `largest` so that their
// squares neither overflow nor underflow: 1 except in extreme cases. The
// scaling is exact except for entries smaller than `largest` by a factor of
// 2^600.
inline double EntryScale(double largest) {
  constexpr int kPlain = 400, kMost = 1000;
  if (largest == 0) return 1;
  const int exponent = std::ilogb(largest);
  if (std::abs(exponent) <= kPlain) return 1;
  return std::ldexp(1.0, -std::clamp(exponent, -kMost, kMost));
}

// Mean and variance of the entries times `scale`.
struct EntryMeasure {
  double scale = 1;
  double mean = 0;
  double variance = 0;  // divisor: their number; 0 exactly if all are equal
};

// For the entries value(i, j), i < rows, j < columns. REQUIRES: all finite.
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
