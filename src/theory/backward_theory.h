// The mean-field recursion backward, from a measured delta, with its leading
// corrections in 1/width.
//
//     E delta_l² = E delta_{l+1}² · s² fan_out · E f'(Z_l)²
//
// (Schoenholz et al. 2017, eq. 10, for each sample; for a pair E f'(u) f'(v)).
// delta_L depends on W_{L−1} through Z_L where the loss does, so the recursion
// begins at a row where delta was measured: L for probe, L − 1 for others.
//
// At finite width log p_l, p the mean square of delta_l over units, moves with
// the kernels that it passes, y, and with its own units:
//
//     log p_l = log p_{l+1} + log χ(y_l) + ε_l,   κ = d log E f'²/d log q
//     Cov(ε_a, ε_b) = (E f'_a² f'_b²/(E f'_a² E f'_b²) (1 + 2ρ²) − 1)/n_l
//     Cov(η_a, ε_b) = (E f_a² f'_b²/(E f_a² E f'_b²) − 1)/n_l
//
// with ρ the cosine of the two samples' delta_{l+1}, and η the noise of the
// kernel of the same units (theory/forward_theory.h). For ReLU: 5/n per layer,
// as Hanin & Nica 2020 have it. That W_l is fixed along X_l by the forward
// pass moves the mean by 2κ_{l+1} w_l E f² f'²/(E f² E f'²)/n_l.
#pragma once

#include <vector>

#include "theory/forward_theory.h"
#include "theory/theory_row.h"

namespace initscope {

// delta where the recursion begins, as it was measured.
struct DeltaStart {
  size_t layer = 0;
  // log of the mean square over units and over a group's samples: per group of
  // samples, per class.
  std::vector<double> log_square, class_log_square;
  // Mean over a group's pairs of delta_a · delta_b/width, in units of
  // e^log_unit, and of the square of their cosine; empty where it is unknown.
  std::vector<double> product, cosine_square;
  double log_unit = 0;
};

// The backward columns of rows 0 … start.layer; none where the theory does not
// hold. Throws Interrupted.
// REQUIRES: the forward columns are filled.
void FillBackward(const ForwardTheory& forward, const DeltaStart& start,
                  std::vector<TheoryRow>* rows, StopFlag stop = {});

}  // namespace initscope
