// What theory says of one row of a network, and its columns in results files.
#pragma once

#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace initscope {

inline constexpr double kNoTheory = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kLogZero = -HUGE_VAL;

// A positive quantity: at infinite width, and to leading order in 1/width its
// law over draws of the weights. Natural logarithms, so that no depth leaves
// their range; NaN where theory has none.
struct Estimate {
  double log_limit = kNoTheory;     // log of its value at infinite width
  double log_mean = kNoTheory;      // expectation of its logarithm
  double log_variance = kNoTheory;  // variance of its logarithm
};

struct TheoryRow {
  Estimate pre_activation_second_moment, pre_activation_variance;
  Estimate activation_second_moment, activation_variance;
  double activation_mean = kNoTheory, activation_mean_std = kNoTheory;
  double slope_mean = kNoTheory;
  Estimate slope_second_moment;
  // Of pairs of samples: mean of 1 − cosine, as a logarithm.
  double log_one_minus_cosine = kNoTheory;
  Estimate delta_second_moment, delta_variance;
  Estimate weight_gradient_second_moment, weight_gradient_variance;
};

struct TheoryColumn {
  std::string name;  // theory_…
  std::string long_name;
  double (*get)(const TheoryRow& row);
  double (*get_of)(const Estimate& estimate);
  Estimate TheoryRow::*estimate;

  double Value(const TheoryRow& row) const {
    return get != nullptr ? get(row) : get_of(row.*estimate);
  }
};

// In the order of results files.
std::span<const TheoryColumn> TheoryColumns();

}  // namespace initscope
