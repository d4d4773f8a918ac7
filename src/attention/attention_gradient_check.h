// Every gradient of attention against central differences.
//
// The loss is Σ R ⊙ O with a given R. Each entry θ of each tensor (P, S, Q, K,
// V, W_q, W_k, W_v, X) is moved by ±h, and what comes after the tensor is
// computed anew:
//
//     D(h) = (loss(θ + h) − loss(θ − h)) / 2h = gradient + O(h²) + rounding/h
//
// h goes down from the entry's size in steps of 4, so that the change from one
// D to the next is 15 times the curvature's error of the latter; it begins
// where no exponent of the softmax is moved by more than 1. The rounding is
// bounded from the magnitudes that go into the loss. The h at which the sum of
// both is least is the entry's; that sum is how far the analytic gradient may
// be from D(h). Where rounding moves the exponents by more than 1 there is no
// such h: `numeric` is NaN, `bound` infinite, and any finite gradient passes.
#pragma once

#include <string>
#include <vector>

#include "attention/attention.h"

namespace initscope {

struct TensorGradientCheck {
  std::string name;  // "W_q"
  size_t rows = 0, cols = 0;
  double largest = 0;  // |analytic gradient|, over the tensor
  bool ok = true;      // every entry is within its bound
  // The entry where error/bound is largest:
  size_t row = 0, col = 0;
  double analytic = 0, numeric = 0, bound = 0;

  // |analytic − numeric| over the largest gradient; 0 where both are 0.
  double RelativeError() const;
};

// One entry per tensor, in the order above. `gradients` is what is checked:
// those of AttentionBackward() with d_o = r.
std::vector<TensorGradientCheck> CheckAttentionGradients(
    const AttentionInputs& in, const AttentionSoftmax& softmax,
    ConstMatrixView<double> r, const AttentionGradients& gradients);

// How many losses that computes at most, for a limit on the shapes.
double AttentionCheckLosses(const AttentionInputs& in);

}  // namespace initscope
