// Attention in exact fractions, where it has them.
//
// X and the weights are fractions where their entries are short binary numbers
// (attention/fraction.h), and then so are Q, K, V and S; S/s is where s is, and
// P where the base is and the exponents S/s of a row differ by whole numbers.
// A step with an entry that does not fit 64 bits has no fractions, nor have
// those after it.
#pragma once

#include <optional>
#include <vector>

#include "attention/attention.h"
#include "attention/fraction.h"

namespace initscope {

struct FractionMatrix {
  size_t rows = 0, cols = 0;
  std::vector<Fraction> entries;  // row-major

  const Fraction& operator()(size_t i, size_t j) const {
    return entries[i * cols + j];
  }
};

using ExactMatrix = std::optional<FractionMatrix>;

struct ExactAttention {
  ExactMatrix x, w_q, w_k, w_v;
  ExactMatrix q, k, v, s;
  ExactMatrix z;  // S/s
  ExactMatrix e;  // b^z; only where every exponent is whole
  ExactMatrix p, o;
};

ExactAttention ComputeExactAttention(const AttentionInputs& in,
                                     const AttentionSoftmax& softmax);

}  // namespace initscope
