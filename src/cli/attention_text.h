// The worked example of attention for a human's eye: formula, shape, matrix;
// and the table of its gradient check.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "attention/attention_gradient_check.h"
#include "attention/exact_attention.h"
#include "io/attention_writer.h"

namespace initscope {

// S/√d_k and b^(S/√d_k), which the computation itself does not keep: it takes
// the powers of distances to a row's largest entry, as these may not fit a
// double.
struct SoftmaxSteps {
  Matrix<double> scaled, powers;
};

// Every step from X to O, in order. Fills `between`; the views are of it, of
// `in` and of `t`.
std::vector<AttentionStep> AttentionSteps(const AttentionInputs& in,
                                          const AttentionTensors& t,
                                          const AttentionSpec& run,
                                          const ExactAttention& exact,
                                          SoftmaxSteps* between);

// A step: its formula and shape, then at most 8 rows and columns as decimals
// and, where some are no whole numbers, as fractions beside them.
std::string AttentionStepText(const AttentionStep& step);

// One line per tensor.
std::string GradientCheckTable(std::span<const TensorGradientCheck> checks);

}  // namespace initscope
