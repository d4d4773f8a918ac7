// Statistics of one forward and backward pass of attention.
//
// Variances and second moments are over all N entries, divisor N. A row p of P
// is one token's distribution; its softmax Jacobian is
//
//     J = ∂p/∂z = diag(p) − p pᵀ,    z = ln b · S_i/s
//     ‖J‖_F² = Σ_j p_j² (1 − p_j)² + Σ_(j≠k) p_j² p_k²
//
// 1 − p_j and ln p_j of a p_j near 1 come from the sum of the other entries, so
// that saturated rows keep their digits.
#pragma once

#include <span>

#include "attention/attention.h"

namespace initscope {

// AttentionStatisticColumns() has their formulas.
struct AttentionStatistics {
  double query_variance = 0, key_variance = 0;
  double score_variance = 0, logit_variance = 0;
  double entropy_mean = 0;
  double largest_probability_mean = 0, saturated_row_fraction = 0;
  double jacobian_norm_mean = 0, jacobian_norm_median = 0;
  double score_gradient_second_moment = 0;
  double query_gradient_second_moment = 0, query_gradient_row_median = 0;
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

// One column per member, in the order above.
std::span<const AttentionStatisticColumn> AttentionStatisticColumns();

AttentionStatistics MeasureAttention(const AttentionTensors& t,
                                     const AttentionGradients& d,
                                     const AttentionSoftmax& softmax);

// Entropy in nats, and Frobenius norm of the softmax Jacobian, of a
// distribution p of n entries.
double RowEntropy(const double* p, size_t n);
double SoftmaxJacobianNorm(const double* p, size_t n);

}  // namespace initscope
