// Where the backward recursion begins.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "theory/theory_row.h"

namespace initscope {

// The measured delta_L, and delta_L · Z_L.
struct DeltaStart {
  // log of the mean square over units and samples: per group of samples, and
  // per class.
  std::vector<double> log_square, class_log_square;
  // The same of (delta · Z)²/width²/(Z²)^(k/2), k = 0, 1, 2, where Z² is the
  // sample's mean square.
  static constexpr size_t kPowers = 3;
  std::array<std::vector<double>, kPowers> log_aligned, class_log_aligned;
  // Means of Σ_j delta_aj² delta_bj²/(|delta_a|² |delta_b|²) over the samples
  // of the first batch (a = b) and over their pairs.
  double self_overlap = 0, pair_overlap = 0;
  // Mean of Σ_j delta_j² Z_j² width/(|delta|² |Z|²) over the first batch's
  // samples: above 1 where delta is large in the units where Z is.
  double concentration = 1;
  // log of the mean square of Z_L over all samples; NaN if unknown.
  double log_output = kNoTheory;
  // Means over a group's pairs of delta_a · delta_b/width, in units of
  // e^log_unit, and of the square of their cosine; empty if unknown.
  std::vector<double> product, cosine_square;
  double log_unit = 0;
  // The same of (delta_a · Z_a/width) (delta_b · Z_b/width), in units of
  // e^log_aligned_unit.
  std::vector<double> aligned_product;
  double log_aligned_unit = 0;
};

}  // namespace initscope
