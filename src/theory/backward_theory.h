// The mean-field recursion backward, from delta_L and Z_L as they were
// measured, with its leading corrections in 1/width.
//
//     E delta_l² = α_l² E (f f')² + s² fan_out E delta_{l+1}² E f'²
//
// (theory/gradient_law.h, for each sample; for a pair the products of the two).
//
// At finite width log p_l, p the mean square of delta_l over units, moves with
// the kernels that it passes, y, and with its own units. Where all is fresh:
//
//     log p_l = log p_{l+1} + log χ(y_l) + ε_l,   κ = d log E f'²/d log q
//     Cov(ε_a, ε_b) = (E f'_a² f'_b²/(E f'_a² E f'_b²) (1 + 2ρ²) − 1)/n_l
//     Cov(η_a, ε_b) = (E f_a² f'_b²/(E f_a² E f'_b²) − 1)/n_l
//
// with ρ the cosine of the two samples' delta_{l+1}, and η the noise of the
// kernel of the same units (theory/forward_theory.h). For ReLU: 5/n per layer,
// as Hanin & Nica 2020 have it. With a part along X_l: theory/gradient_noise.h.
// What Z_L tells of the kernels (theory/output_kernel.h) moves the mean and
// narrows the band where that part is not small. Where the expansion does not
// hold (theory/band_limits.h) there is a limit and no band.
#pragma once

#include <array>
#include <vector>

#include "theory/forward_theory.h"
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

// The backward columns of all rows; none where the theory does not
// hold. Throws Interrupted.
// `alignment`: per class, the squared correlation of delta_L and Z_L that the
// loss has at infinite width (theory/output_alignment.h).
// REQUIRES: the forward columns are filled.
void FillBackward(const ForwardTheory& forward, const DeltaStart& start,
                  const std::vector<double>& alignment,
                  std::vector<TheoryRow>* rows, StopFlag stop = {});

}  // namespace initscope
