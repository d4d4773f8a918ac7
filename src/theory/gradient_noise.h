// How the logarithm of delta_l's second moment fluctuates over draws of the
// weights, for one sample or between two, apart from its response to K_l.
//
// log p_l, p the mean square of delta_l, moves with the two parts of
// ∂loss/∂X_l (theory/gradient_law.h), whose shares are θ and 1 − θ, and with
// layer l's own units:
//
//     log p_l = 2θ log α_l + (1 − θ) log p_{l+1} + own_l + pull_l η_l
//     log α_{l−1} = log α_l + alpha_pull_l η_l
//
// η_l is the noise of the kernel of layer l's units, on which everything above
// depends. GradientNoise carries the covariances of log p_l, log α_{l−1} and
// log K_L.
#pragma once

#include "theory/batch_spread.h"

namespace initscope {

// Relative covariances, per unit, of own and η; between two samples, of the
// one's and the other's.
struct UnitNoise {
  double own;          // E own own
  double with_kernel;  // E own η
  double kernel;       // E η η
};

// Derivatives of log p_l, log α_{l−1} and log K_L with respect to η, for
// samples a and b.
struct NoisePull {
  double a, b;
  double alpha_a, alpha_b;
  double output_a, output_b;
};

struct GradientNoise {
  double delta = 0;  // Cov(log p, log p)
  double both = 0;   // Cov(log p, log α)
  double alpha = 0;  // Cov(log α, log α)
  // Covariances of log K_L with log p and with log α.
  double delta_with_output = 0, alpha_with_output = 0;

  // From row l + 1 to row l, of `width` units. along: θ.
  void Step(double along, const UnitNoise& unit, const NoisePull& pull,
            double width) {
    const double fresh = 1 - along;
    const double to_alpha = 2 * along;
    // Covariances of unlike quantities are means over both orders of a and b.
    const double p = (pull.a + pull.b) / 2;
    const double of_alpha = (pull.alpha_a + pull.alpha_b) / 2;
    const double of_output = (pull.output_a + pull.output_b) / 2;
    const double own_or_pulled = unit.with_kernel + p * unit.kernel;
    delta = to_alpha * to_alpha * alpha + 2 * to_alpha * fresh * both +
            fresh * fresh * delta +
            LogCovariance(unit.own + 2 * p * unit.with_kernel +
                              pull.a * pull.b * unit.kernel,
                          width);
    both = to_alpha * alpha + fresh * both + of_alpha * own_or_pulled / width;
    alpha += pull.alpha_a * pull.alpha_b * unit.kernel / width;
    delta_with_output = to_alpha * alpha_with_output +
                        fresh * delta_with_output +
                        of_output * own_or_pulled / width;
    alpha_with_output += of_output * of_alpha * unit.kernel / width;
  }
};

}  // namespace initscope
