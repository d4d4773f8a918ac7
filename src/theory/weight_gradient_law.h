// The second moment of dW_{l−1} = X_{l−1}ᵀ delta_l, from those of its factors:
//
//     E dW² = Σ_ab (X_a · X_b/n_{l−1}) (delta_a · delta_b/n_l)
//
// over the samples a, b of a batch. For two of them the first product moves
// with their correlation c, and the second with it, so that a pair adds
// Var(c) d(delta_a · delta_b)/dc to the product of the means: of the order of
// batch/width beside the samples' own squares.
#pragma once

#include "theory/backward_means.h"
#include "theory/backward_spread.h"
#include "theory/forward_theory.h"
#include "theory/theory_row.h"

namespace initscope {

// Fills row l. REQUIRES: l > 0; the other columns of rows l − 1 and l are
// filled.
void FillWeightGradient(const ForwardTheory& forward,
                        const BackwardMeans& means,
                        const BackwardSpread& spread, size_t l,
                        std::vector<TheoryRow>* rows);

}  // namespace initscope
