// Where the recursion backward begins.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "theory/theory_row.h"

namespace initscope {

// delta_L as it was measured, and delta_L · Z_L.
struct DeltaStart {
  // log of the mean square over units and over a group's samples: per group of
  // samples, per class.
  std::vector<double> log_square, class_log_square;
  // Likewise the log of the mean of (delta · Z)²/width² over (Z²)^(k/2), k = 0,
  // 1, 2, with Z² the sample's mean square.
  static constexpr size_t kPowers = 3;
  std::array<std::vector<double>, kPowers> log_aligned, class_log_aligned;
  // Means of Σ_j delta_aj² delta_bj²/(|delta_a|² |delta_b|²), over the samples
  // of the first batch (a = b) and over their pairs.
  double self_overlap = 0, pair_overlap = 0;
  // Mean of Σ_j delta_j² Z_j² width/(|delta|² |Z|²), over the first batch's
  // samples: whether delta stands where Z is large.
  double concentration = 1;
  // log of the mean square of Z_L, over all samples; NaN where it is unknown.
  double log_output = kNoTheory;
  // Mean over a group's pairs of delta_a · delta_b/width, in units of
  // e^log_unit, and of the square of their cosine; empty where it is unknown.
  std::vector<double> product, cosine_square;
  double log_unit = 0;
  // Likewise (delta_a · Z_a/width) (delta_b · Z_b/width), in units of
  // e^log_aligned_unit.
  std::vector<double> aligned_product;
  double log_aligned_unit = 0;
};

}  // namespace initscope
