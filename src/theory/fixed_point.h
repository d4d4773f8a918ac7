// Where the second moment q of a deep network's pre-activations settles.
//
// A layer maps q to
//
//     q' = σ_w² E f² + σ_b²,   z ~ N(0, q)
//
// (Poole et al. 2016, eq. 3), with σ_w² = fan_in·Var(W) of a square layer and
// σ_b² = Var(b). For every f of the table q' grows with q; so q moves in one
// direction to the nearest stable fixed point, to 0 or to ∞. At a fixed point
// a layer multiplies the gradient by χ_1 = σ_w² E f'² (Schoenholz et al. 2017,
// eq. 5) and a deviation of q by χ_q = dq'/dq. Between two stable fixed points
// lies an unstable one, which q leaves on either side. Where the two have just
// met they form a half-stable one, which q approaches from one side and leaves
// on the other: the critical points of gelu and silu (Roberts, Yaida & Hanin
// 2022, section 5.3.4).
//
// Relative errors: q 1e-12/|1 − χ_q|; χ_1 and χ_q 1e-11 where q is that
// accurate (fixed_point_test.cc).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "theory/activation_means.h"

namespace initscope {

// The variances of a layer's pre-activations. Finite, not negative.
struct LayerVariances {
  double weight;  // σ_w²
  double bias;    // σ_b²
};

// The gradient vanishes, stays or explodes: χ_1 is below, at or above 1.
enum class Phase { kOrdered, kCritical, kChaotic };

// |log χ_1| below this counts as critical: no network is 1e9 layers deep.
inline constexpr double kCriticalWidth = 1e-9;

// Whether q returns to the fixed point from both sides, from one, or from none.
enum class Stability { kStable, kHalfStable, kUnstable };

// An extremum of log(q'/q) this close to 0 counts as a half-stable fixed point:
// nine digits of σ_w² and σ_b² cannot tell more, and q takes at least 1e5
// layers to pass.
inline constexpr double kTouching = 2e-9;

// A value that q approaches, or stays at.
struct Attractor {
  double q;             // 0, finite or ∞
  double log_q;         // −∞, finite or ∞
  double chi_1, chi_q;  // at 0 and ∞ the limits, where χ_q is q'/q
  Phase phase;
  Stability stability = Stability::kStable;

  // The depth over which a deviation of q falls by a factor e. ∞ at χ_q = 1,
  // where it falls as a power of depth, and at q = ∞.
  double QDepth() const;
};

struct FixedPoints {
  enum class Kind {
    kOne,       // q settles at one value above 0
    kZero,      // q falls to 0
    kInfinity,  // q grows without end
    kSeveral,   // where q settles depends on where it begins
    kEvery,     // every q is a fixed point
  };
  Kind kind;
  // Ascending; for kEvery one at q = 1, which represents all.
  std::vector<Attractor> attractors;
  // Ascending: the unstable and half-stable fixed points, 0 <= q < ∞. Where an
  // unstable and a stable one have nearly met, the half-stable one lies between
  // them.
  std::vector<Attractor> repellers;

  // One line for people.
  std::string Text() const;
};

// "stable", "half-stable", "unstable".
std::string_view StabilityName(Stability stability);

FixedPoints FindFixedPoints(const ActivationMeans& means,
                            const LayerVariances& variances);

}  // namespace initscope
