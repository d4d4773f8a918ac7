// Means over groups, and sums of numbers that are known by their logarithms.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

namespace initscope {

// log(e^a + e^b); a and b may be −∞.
inline double LogSum(double a, double b) {
  const double larger = std::max(a, b);
  if (larger == -HUGE_VAL) return larger;
  return larger + std::log1p(std::exp(std::min(a, b) - larger));
}

// Σ count·value(i) / Σ count over groups i with a `count` each.
template <class Group, class Value>
double MeanOver(const std::vector<Group>& groups, const Value& value) {
  double sum = 0, total = 0;
  for (size_t i = 0; i < groups.size(); ++i) {
    sum += groups[i].count * value(i);
    total += groups[i].count;
  }
  return sum / total;
}

// log of the mean of e^value. −∞ where all values are.
template <class Group>
double LogMeanExp(std::span<const double> values,
                  const std::vector<Group>& groups) {
  const double largest = *std::ranges::max_element(values);
  if (!std::isfinite(largest)) return largest;
  return largest + std::log(MeanOver(groups, [&](size_t i) {
           return std::exp(values[i] - largest);
         }));
}

}  // namespace initscope
