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
  // Of q*. −∞ where q falls to 0 as a power of depth, ∞ where it grows without
  // end as one: the gradient stays, but the signal does not.
  double log_q;
  // Of q*: an unstable one is where χ_1 = 1 and no network stays.
  Stability stability;

  // Whether deep networks are critical here: q arrives, be it from one side.
  bool IsCritical() const;
  // One line for people.
  std::string Text() const;
};

// All with this σ_b², by q; usually one. Of relu, linear and their kin with
// biases, σ_w² = 1/E f'² with q* = ∞ (they are critical without biases alone:
// Hayou et al. 2019). Homogeneous f without biases: one, at q = 1,
// which stands for every q. χ_q within 1e-8 of 1 is half-stable.
// REQUIRES: bias_variance finite and not negative.
std::vector<CriticalPoint> CriticalPoints(const ActivationMeans& means,
                                          double bias_variance);

}  // namespace initscope
