// One sample through a loss, for the tests of losses.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "nn/losses.h"

namespace initscope {

inline const Loss& FindLoss(std::string_view name) {
  for (const Loss& loss : Losses()) {
    if (loss.name == name) return loss;
  }
  ADD_FAILURE() << "no loss " << name;
  return Losses()[0];
}

struct EvaluatedLoss {
  LossRow row;
  std::vector<double> delta;  // mantissas; plain where exponent is 0
  int64_t exponent = 0;
};

// The loss of logits z · 2^exponent at target y, a sample of a batch of m.
inline EvaluatedLoss Evaluate(const Loss& loss, const std::vector<double>& z,
                              const std::vector<double>& y, size_t m = 4,
                              int64_t exponent = 0) {
  EvaluatedLoss out;
  out.delta.resize(z.size());
  out.row = loss.row({z.data(), exponent, y.data(), z.size(), m},
                     out.delta.data(), &out.exponent);
  return out;
}

}  // namespace initscope
