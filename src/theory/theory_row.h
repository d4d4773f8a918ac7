// The theory of one row of a network, and its columns in results files.
#pragma once

#include <cmath>
#include <functional>
#include <limits>
#include <span>
#include <string>

namespace initscope {

inline constexpr double kNoTheory = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kLogZero = -HUGE_VAL;

// A positive quantity at infinite width, and its law over draws of the weights
// to leading order in 1/width. Natural logarithms, which stay in range at every
// depth; NaN where there is no theory.
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
  // log of the mean of 1 − cosine over pairs of samples.
  double log_one_minus_cosine = kNoTheory;
  Estimate delta_second_moment, delta_variance;
  Estimate weight_gradient_second_moment, weight_gradient_variance;
};

struct TheoryColumn {
  std::string name;  // theory_…
  std::string long_name;
  std::function<double(const TheoryRow&)> get;
};

// In the order of results files.
std::span<const TheoryColumn> TheoryColumns();

}  // namespace initscope
