// How strongly delta_L depends on Z_L, before anything is measured.
#pragma once

#include "nn/losses.h"

namespace initscope {

// Mean and standard deviation of a target's entries.
struct TargetMoments {
  double mean, std;
};

// The squared correlation of delta_L and Z_L about 0,
//
//     (E delta z)²/(E delta² E z²)
//
// of one output z ~ N(0, e^log_q) with an independent target. 0 for softmax, as
// in the limit of many outputs, and for `probe`, whose delta_L is drawn.
double OutputAlignment(const Loss& loss, double log_q, TargetMoments target);

}  // namespace initscope
