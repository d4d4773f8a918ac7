// Sums of numbers that are known by their logarithms.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

namespace initscope {

// log(e^a + e^b), also of −∞.
inline double LogSum(double a, double b) {
  const double larger = std::max(a, b);
  if (larger == -HUGE_VAL) return larger;
  return larger + std::log1p(std::exp(std::min(a, b) - larger));
}

// log Σ count·e^value / Σ count over groups that have a `count` each. −∞ where
// all values are.
template <class Group>
double LogMeanExp(std::span<const double> values,
                  const std::vector<Group>& groups) {
  const double largest = *std::max_element(values.begin(), values.end());
  if (!std::isfinite(largest)) return largest;
  double sum = 0, total = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    sum += groups[i].count * std::exp(values[i] - largest);
    total += groups[i].count;
  }
  return largest + std::log(sum / total);
}

}  // namespace initscope
