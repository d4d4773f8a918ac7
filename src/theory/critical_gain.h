// The scale of the weights at which a gradient neither vanishes nor explodes.
//
// A network is critical if χ_1 = σ_w² E f'²(q*) = 1 at a stable fixed point q*
// of the second moment (Schoenholz et al. 2017, section 3). On that line
//
//     σ_w² = 1/E f'²,   σ_b² = q* − E f²/E f'²
//
// depend only on q*, so that a given σ_b² is one equation for q*.
#pragma once

#include <string>
#include <vector>

#include "theory/fixed_point.h"

namespace initscope {

// A point of the critical line.
struct CriticalPoint {
  double weight_variance;  // σ_w²: the gain's square over fan-in scaling
  // log q*. At −∞ q falls to 0, and at ∞ it grows without end, as a power of
  // depth: the gradient stays, but the signal does not.
  double log_q;
  Stability stability;  // of q*; no network stays at an unstable one

  // Whether deep networks are critical here: q arrives, at least from one side.
  bool IsCritical() const;
  // One line for people.
  std::string Text() const;
};

// All critical points with this σ_b², ascending in q*; usually there is one.
// Homogeneous f have σ_w² = 1/E f'²: without biases at q* = 1, which represents
// every q; with biases at q* = ∞, where they are not critical (Hayou et al.
// 2019). χ_q within 1e-8 of 1 is half-stable.
// REQUIRES: bias_variance finite and not negative.
std::vector<CriticalPoint> CriticalPoints(const ActivationMeans& means,
                                          double bias_variance);

}  // namespace initscope
