// Checks every gradient of attention against central differences.
//
// The loss is Σ R ⊙ O with a given R. For each entry θ of each tensor (P, S, Q,
// K, V, W_q, W_k, W_v, X), the steps after the tensor are repeated at θ ± h:
//
//     D(h) = (loss(θ + h) − loss(θ − h)) / 2h = gradient + O(h²) + rounding/h
//
// h starts at the entry's size and falls by factors of 4, so that the change
// from one D to the next is 15 times the O(h²) of the latter. Steps that move
// an exponent of the softmax by more than 1 are left out. The rounding is
// bounded from the magnitudes in the loss. The h with the least sum of both
// errors counts, and that sum bounds |gradient − D(h)|. Where rounding alone
// moves exponents by more than 1 there is no such h: `numeric` is NaN, `bound`
// is infinite, and any finite gradient passes.
#pragma once

#include <string>
#include <vector>

#include "attention/attention.h"

namespace initscope {

struct TensorGradientCheck {
  std::string name;  // "W_q"
  size_t rows = 0, cols = 0;
  double largest = 0;  // of |analytic gradient| over the tensor
  bool ok = true;      // every entry is within its bound
  // The entry with the largest error/bound:
  size_t row = 0, col = 0;
  double analytic = 0, numeric = 0, bound = 0;

  // |analytic − numeric| over the largest gradient; 0 where both are 0.
  double RelativeError() const;
};

// One check per tensor, in the order above, of the `gradients` that
// AttentionBackward() returns for d_o = r.
std::vector<TensorGradientCheck> CheckAttentionGradients(
    const AttentionInputs& in, const AttentionSoftmax& softmax,
    ConstMatrixView<double> r, const AttentionGradients& gradients);

// The largest number of losses that the check computes, to limit its time.
double AttentionCheckLosses(const AttentionInputs& in);

}  // namespace initscope
