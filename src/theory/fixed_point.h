// Where the second moment of a deep network's pre-activations settles.
//
// From layer to layer q' = σ_w² E f² + σ_b², z ~ N(0, q) (Poole et al. 2016,
// eq. 3), with σ_w² = fan_in·Var(W) of a square layer and σ_b² = Var(b). For
// every f of the table q' grows with q, so that q goes, without ever turning
// back, to the nearest stable fixed point, to 0 or to ∞. At a fixed point
// χ_1 = σ_w² E f'² is what a layer multiplies the gradient by (Schoenholz et
// al. 2017, eq. 5), and χ_q = dq'/dq what it multiplies a deviation of q by.
// Between two stable ones q leaves an unstable one on either side. Where two
// have just met, q comes from one side and leaves on the other: such
// half-stable ones are the critical points of gelu and silu (Roberts, Yaida &
// Hanin 2022, section 5.3.4).
//
// q is right to 1e-12/|1 − χ_q|, relative; χ_1 and χ_q to 1e-11 where that is
// (fixed_point_test.cc).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "theory/activation_means.h"

namespace initscope {

// Of a layer's pre-activations. Finite, not negative.
struct LayerVariances {
  double weight;  // σ_w²
  double bias;    // σ_b²
};

// The gradient vanishes, neither, or explodes: χ_1 below, at or above 1.
enum class Phase { kOrdered, kCritical, kChaotic };

// |log χ_1| below this counts as critical: no network is 1e9 layers deep.
inline constexpr double kCriticalWidth = 1e-9;

// Whether q comes back to it from both sides, from one, or from none.
enum class Stability { kStable, kHalfStable, kUnstable };

// An extremum of log(q'/q) this near to 0 is a half-stable fixed point, as far
// as nine digits of σ_w² and σ_b² can say: q takes 1e5 layers and more to pass.
inline constexpr double kTouching = 2e-9;

// A value that q goes to, or stays at.
struct Attractor {
  double q;             // 0, finite or ∞
  double log_q;         // −∞, finite or ∞
  double chi_1, chi_q;  // at 0 and ∞: the limits; there χ_q is q'/q
  Phase phase;
  Stability stability = Stability::kStable;

  // The depth over which a deviation of q falls by e; ∞ at χ_q = 1, where it
  // falls as a power of depth, and for q = ∞.
  double QDepth() const;
};

struct FixedPoints {
  enum class Kind {
    kOne,       // one q > 0, whatever q begins with
    kZero,      // q falls to 0
    kInfinity,  // q grows without end
    kSeveral,   // where q goes depends on where it begins
    kEvery,     // q stays what it is
  };
  Kind kind;
  // Ascending. kEvery: one, at q = 1, which stands for all.
  std::vector<Attractor> attractors;
  // Ascending: those that q leaves, unstable or half-stable, 0 <= q < ∞. Of an
  // unstable one that has all but met a stable one, half-stable is what lies
  // between them.
  std::vector<Attractor> repellers;

  // One line for people.
  std::string Text() const;
};

// "stable", "half-stable", "unstable".
std::string_view StabilityName(Stability stability);

FixedPoints FindFixedPoints(const ActivationMeans& means,
                            const LayerVariances& variances);

// One step of the map: log q' at log q. −∞ where q' is 0.
double NextLogQ(const ActivationMeans& means, const LayerVariances& variances,
                double log_q);

}  // namespace initscope
