// Scaled dot-product attention of one head, forward and backward, in double.
//
//     Q = X W_q    K = X W_k    V = X W_v
//     S = Q Kᵀ     P_ij = b^(S_ij/s) / Σ_k b^(S_ik/s)     O = P V
//
// with s = √d_k and b = e by default. Rows are tokens: X is tokens × d_model,
// W_q and W_k are d_model × d_k, and W_v is d_model × d_v. Source: Vaswani et
// al., "Attention is all you need", NeurIPS 2017, eq. 1.
//
// The backward pass is the matrix chain rule and the softmax's Jacobian:
//
//     A = B C   ⇒   dB = dA Cᵀ,   dC = Bᵀ dA
//     ∂P_ij/∂S_ik = (ln b/s) P_ij (δ_jk − P_ik)
//
// All functions are deterministic and run on the calling thread.
#pragma once

#include "base/matrix.h"
#include "spec/attention_spec.h"

namespace initscope {

struct AttentionInputs {
  Matrix<double> x;         // tokens × d_model
  Matrix<double> w_q, w_k;  // d_model × d_k
  Matrix<double> w_v;       // d_model × d_v
};

struct AttentionTensors {
  Matrix<double> q, k;  // tokens × d_k
  Matrix<double> v;     // tokens × d_v
  Matrix<double> s, p;  // tokens × tokens
  Matrix<double> o;     // tokens × d_v
};

// ∂loss/∂tensor for each tensor, in its shape.
struct AttentionGradients {
  Matrix<double> p, s;
  Matrix<double> q, k, v;
  Matrix<double> w_q, w_k, w_v;
  Matrix<double> x_through_s;  // dX through S alone: dQ W_qᵀ + dK W_kᵀ
  Matrix<double> x;            // x_through_s + dV W_vᵀ
};

// b^x, accurate to two ulps; infinite beyond the range of doubles.
double AttentionPower(double base, double x);

// The softmax of one row of n finite logits. Exponents are distances to the
// largest logit, so that no power overflows and one is 1. The relative error of
// an entry p is at most (n + 3 + 2 |ln p|)·eps. REQUIRES: n >= 1.
void AttentionSoftmaxRow(const double* s, size_t n,
                         const AttentionSoftmax& softmax, double* p);
// dS of the same row from dP. Sums distances to the dP of the largest p, so
// that the small gradient of a saturated row keeps its digits.
void AttentionSoftmaxRowBackward(const double* p, const double* d_p, size_t n,
                                 const AttentionSoftmax& softmax, double* d_s);

// REQUIRES: the shapes above; softmax.divisor > 0, softmax.base > 1.
AttentionTensors AttentionForward(const AttentionInputs& in,
                                  const AttentionSoftmax& softmax);
// The steps after q, k and v: sets s, p and o.
void AttentionFromProjections(const AttentionSoftmax& softmax,
                              AttentionTensors* t);
// The steps after s (and v): sets p and o.
void AttentionFromScores(const AttentionSoftmax& softmax, AttentionTensors* t);

// d_o = ∂loss/∂O, tokens × d_v. REQUIRES: `t` = AttentionForward(in, softmax).
AttentionGradients AttentionBackward(const AttentionInputs& in,
                                     const AttentionTensors& t,
                                     const AttentionSoftmax& softmax,
                                     ConstMatrixView<double> d_o);

}  // namespace initscope
