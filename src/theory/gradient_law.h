// The law of one sample's ∂loss/∂X_l: a part along X_l and a fresh one.
//
//     G_l = ∂loss/∂X_l = α_l X_l + ε_l          delta_l = G_l ⊙ f'(Z_l)
//
// delta_{l+1} depends on Z_{l+1} = X_l W_l, and so G_l = delta_{l+1} W_lᵀ
// depends on W_l twice. Given Z_{l+1}, the part of W_l along X_l is known, and
// the rest is drawn afresh, independent of all layers above:
//
//     α_l = s_l² (delta_{l+1} · Z_{l+1})/K_{l+1}
//     E ε_l² = s_l² |delta_{l+1}|²
//
// with K the kernel of Z, E Z² given the layer before. Units of layer l are
// independent given K_l, so that at infinite width, with u ~ N(0, K_l),
//
//     E delta_l² = α_l² E (f f')² + E ε_l² E f'²
//     α_{l−1} = α_l n_l s_{l−1}² E u f f'/K_l = α_l n_l s_{l−1}² d E f²/d K_l
//
// For `probe`, whose delta_L knows nothing of Z_L, α is 0 at infinite width and
// the first line is eq. 10 of Schoenholz et al. 2017. At width n every layer
// adds what u f' ε fluctuates by to α_{l−1}² (ε has no part along X_l; for a
// homogeneous f that leaves nothing) and takes the part along X_l from ε_l.
// Both are 1/n of the whole, but α² may grow faster than E ε².
//
// Orthogonal W_l keep lengths, so that ε_l lacks what is along X_l: with
// fan_in >= fan_out E ε² is s² |delta|² less α² E X².
#pragma once

#include "theory/activation_means.h"

namespace initscope {

// What of a hidden layer, or of the input, takes part.
struct GradientLayer {
  double log_q = 0;        // log K_l; unused at l = 0
  double log_square = 0;   // log E f²
  double log_slope = 0;    // log E f'²
  double mixed = 1;        // E f² f'²/(E f² E f'²)
  double growth = 1;       // d log E f²/d log q
  double slope_power = 0;  // d log E f'²/d log q
  double width = 1;        // n_l
  double share = 1;        // of the weights in K_{l+1}; the rest is the biases'
  bool orthogonal = false;  // W_l
};

class GradientLaw {
 public:
  GradientLaw() = default;
  // G_l from delta_{l+1}: log_delta is the log of E delta², with
  // E (delta · Z)² = n² e^log_aligned K, n = `fan_out` units; log_weights is
  // log(s_l² fan_out). At infinite width, less what (delta · Z)² would be if
  // the two were independent.
  GradientLaw(double log_delta, double log_aligned, double fan_out,
              double log_weights, const GradientLayer& layer, bool finite);

  // log E delta_l². `finite`: with what a finite width adds and removes.
  double LogDelta(const GradientLayer& layer, bool finite) const;
  // G_{l−1} of the layer `below`.
  GradientLaw Below(const GradientLayer& layer, const GradientLayer& below,
                    double log_weights, bool finite) const;

  double log_fresh() const { return log_fresh_; }  // log E ε²
  double aligned() const { return aligned_; }      // E (α X)²/E ε²

 private:
  // Given the law of independent weights.
  void MakeOrthogonal(double fan_in, double fan_out);

  double log_fresh_ = 0;
  double aligned_ = 0;
};

}  // namespace initscope
