// What one pass of attention, forward and backward, says about its softmax.
//
// Variances and second moments are over all entries, divisor N. A row of P is
// one token's distribution; its softmax Jacobian is
//
//     J = ∂P_i/∂z = diag(p) − p pᵀ,    z = ln b · S_i/s
//     ‖J‖_F² = Σ_j p_j² (1 − p_j)² + Σ_(j≠k) p_j² p_k²
//
// Sums leave out 1 − p and 1·ln 1 as such: what is near 1 is taken from the
// rest of its row, so that saturated rows keep their digits.
#pragma once

#include <span>

#include "attention/attention.h"

namespace initscope {

struct AttentionStatistics {
  double query_variance = 0, key_variance = 0;
  double score_variance = 0;  // of S
  double logit_variance = 0;  // of z
  double entropy_mean = 0;    // of the rows of P, in nats
  double largest_probability_mean = 0;
  double saturated_row_fraction = 0;  // largest probability above 0.99
  double jacobian_norm_mean = 0, jacobian_norm_median = 0;
  double score_gradient_second_moment = 0;
  double query_gradient_second_moment = 0;
  // The median over tokens of the second moment within a row of dQ.
  double query_gradient_row_median = 0;
  double key_gradient_second_moment = 0;
  double value_gradient_second_moment = 0;
  double input_gradient_second_moment = 0;
  double input_gradient_through_scores_second_moment = 0;
};

struct AttentionStatisticColumn {
  const char* name;
  const char* formula;
  const char* long_name;
  double AttentionStatistics::*value;
};

// One row per member, in the order above.
std::span<const AttentionStatisticColumn> AttentionStatisticColumns();

AttentionStatistics MeasureAttention(const AttentionTensors& t,
                                     const AttentionGradients& d,
                                     const AttentionSoftmax& softmax);

// Of a distribution p of n entries.
double RowEntropy(const double* p, size_t n);
double SoftmaxJacobianNorm(const double* p, size_t n);

}  // namespace initscope
