// How much delta_L depends on Z_L, before anything is measured.
#pragma once

#include "nn/losses.h"

namespace initscope {

// Mean and standard deviation of a target's entries.
struct TargetMoments {
  double mean, std;
};

// The squared correlation of delta_L and Z_L about 0, (E delta z)²/(E delta²
// E z²), of one output with z ~ N(0, e^log_q) and a target drawn apart from it.
// 0 where outputs compete (softmax), as in the limit of many outputs, and where
// delta_L is drawn (probe).
double OutputAlignment(const Loss& loss, double log_q, TargetMoments target);

}  // namespace initscope
