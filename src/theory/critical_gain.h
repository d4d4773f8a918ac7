// The weights' scale at which a gradient neither vanishes nor explodes.
//
// Criticality is χ_1 = σ_w² E f'²(q*) = 1 at a stable fixed point q* of the
// second moment (Schoenholz et al. 2017, section 3). Along it σ_w² = 1/E f'²
// and σ_b² = q − E f²/E f'² are functions of q alone, so that a given σ_b² is
// one equation for q.
#pragma once

#include <string>
#include <vector>

#include "theory/fixed_point.h"

namespace initscope {

// A point of the critical line.
struct CriticalPoint {
  double weight_variance;  // σ_w²: the gain's square over fan-in scaling
  double log_q;  // of q*; −∞ where q falls to 0 as a power of depth
};

// All with this σ_b², by q; usually one. Empty where there is none: relu and
// linear networks with biases, whose q grows without end where χ_1 = 1.
// Homogeneous f without biases: one, at q = 1, which stands for every q.
// REQUIRES: bias_variance finite and not negative.
std::vector<CriticalPoint> CriticalPoints(const ActivationMeans& means,
                                          double bias_variance);

// One line for people, of what CriticalPoints() found.
std::string CriticalText(const std::vector<CriticalPoint>& points);

}  // namespace initscope
