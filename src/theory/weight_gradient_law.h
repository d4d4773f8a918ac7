// The second moment of dW_{l−1} = X_{l−1}ᵀ delta_l, from those of its factors:
//
//     E dW² = Σ_ab (X_a · X_b/n_{l−1}) (delta_a · delta_b/n_l)
//
// over the samples a, b of a batch, each product at its mean.
#pragma once

#include "theory/backward_state.h"
#include "theory/forward_theory.h"
#include "theory/theory_row.h"

namespace initscope {

// Fills row l. REQUIRES: l > 0; the other columns of rows l − 1 and l are
// filled.
void FillWeightGradient(const ForwardTheory& forward,
                        const BackwardState& state, size_t l,
                        std::vector<TheoryRow>* rows);

}  // namespace initscope
