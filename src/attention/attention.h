// Scaled dot-product attention of one head, forward and backward, in double.
//
//     Q = X W_q    K = X W_k    V = X W_v
//     S = Q Kᵀ     P_ij = b^(S_ij/s) / Σ_k b^(S_ik/s)     O = P V
//
// with s = √d_k and b = e, unless told otherwise. Rows are tokens: X is
// tokens × d_model, W_q and W_k d_model × d_k, W_v d_model × d_v.
//
// Source: Vaswani et al., "Attention is all you need", NeurIPS 2017, eq. 1.
// Backward is the matrix chain rule (A = B C has dB = dA Cᵀ, dC = Bᵀ dA) and
// the softmax's Jacobian ∂P_ij/∂S_ik = (ln b/s) P_ij (δ_jk − P_ik).
//
// Deterministic: on the calling thread, a function of shapes and values.
#pragma once

#include <numbers>

#include "base/matrix.h"

namespace initscope {

struct AttentionInputs {
  Matrix<double> x;         // tokens × d_model
  Matrix<double> w_q, w_k;  // d_model × d_k
  Matrix<double> w_v;       // d_model × d_v
};

// What P is of S.
struct AttentionSoftmax {
  double divisor = 1;             // s > 0: √d_k where attention is scaled
  double base = std::numbers::e;  // b > 1
};

struct AttentionTensors {
  Matrix<double> q, k;  // tokens × d_k
  Matrix<double> v;     // tokens × d_v
  Matrix<double> s, p;  // tokens × tokens
  Matrix<double> o;     // tokens × d_v
};

// ∂loss/∂ of each tensor, of its shape.
struct AttentionGradients {
  Matrix<double> p, s;
  Matrix<double> q, k, v;
  Matrix<double> w_q, w_k, w_v;
  // Of X by way of S alone (dQ W_qᵀ + dK W_kᵀ), and in all (with dV W_vᵀ).
  Matrix<double> x_through_s, x;
};

// b^x, to an ulp or two; infinite beyond the range of doubles.
double AttentionPower(double base, double x);

// The softmax of one row of n logits. Safe for any finite ones: powers are of
// the distance to the largest, so that none overflows and one is 1. The error
// of an entry is at most (n + 3 + 2 |ln p|)·eps of it. REQUIRES: n >= 1.
void AttentionSoftmaxRow(const double* s, size_t n,
                         const AttentionSoftmax& softmax, double* p);
// dS of the same row from dP. Distances to dP at the largest entry of p are
// what is summed, so that a saturated row's small gradient keeps its digits.
void AttentionSoftmaxRowBackward(const double* p, const double* d_p, size_t n,
                                 const AttentionSoftmax& softmax, double* d_s);

// REQUIRES: the shapes above; softmax.divisor > 0, softmax.base > 1.
AttentionTensors AttentionForward(const AttentionInputs& in,
                                  const AttentionSoftmax& softmax);
// The steps from `t.q`, `t.k` and `t.v` on: sets s, p and o.
void AttentionFromProjections(const AttentionSoftmax& softmax,
                              AttentionTensors* t);

// From d_o = ∂loss/∂O, tokens × d_v. REQUIRES: `t` is of AttentionForward().
AttentionGradients AttentionBackward(const AttentionInputs& in,
                                     const AttentionTensors& t,
                                     const AttentionSoftmax& softmax,
                                     ConstMatrixView<double> d_o);

}  // namespace initscope
