// One resolved run of attention.
#pragma once

#include <cstdint>
#include <numbers>
#include <string>

#include "spec/run_spec.h"

namespace initscope {

// How the attention weights P are computed from the logits S.
struct AttentionSoftmax {
  double divisor = 1;             // s > 0: √d_k where attention is scaled
  double base = std::numbers::e;  // b > 1
};

// `init` is null if the matrices come from files.
struct AttentionSpec : WeightSource {
  size_t tokens = 64, d_model = 512, d_k = 64;
  bool scaled = true;
  AttentionSoftmax softmax;
  uint64_t run_id = 0;

  // The standard deviation of the entries of W: gain · s.
  double WeightScale() const {
    return gain *
           init->scale(static_cast<double>(d_model), static_cast<double>(d_k));
  }
  std::string Title() const;  // for messages
};

}  // namespace initscope
