// The law of one sample's ∂loss/∂X_l: a part along X_l and a fresh one.
//
//     G_l = ∂loss/∂X_l = α_l X_l + ε_l
//     delta_l = G_l ⊙ f'(Z_l)
//
// G_l = delta_{l+1} W_lᵀ depends on W_l twice, because delta_{l+1} depends on
// Z_{l+1} = X_l W_l. Given Z_{l+1}, the part of W_l along X_l is known; the
// rest is fresh, independent of all layers above:
//
//     α_l = s_l² (delta_{l+1} · Z_{l+1})/K_{l+1}
//     E ε_l² = s_l² |delta_{l+1}|²
//
// where the kernel K is E Z² given the layer before. Units of layer l are
// independent given K_l, so that at infinite width, with u ~ N(0, K_l),
//
//     E delta_l² = α_l² E (f f')² + E ε_l² E f'²
//     α_{l−1} = α_l n_l s_{l−1}² E u f f'/K_l
//             = α_l n_l s_{l−1}² d E f²/d K_l
//
// For `probe`, delta_L is independent of Z_L. At infinite width α is 0 then,
// and E delta_l² is eq. 10 of Schoenholz et al. 2017. At width n every layer
// adds the fluctuation of u f' ε to α_{l−1}² (for a homogeneous f nothing,
// because ε has no part along X_l) and loses the part of ε_l along X_l. Both
// are 1/n of the whole, but α² may grow faster than E ε².
//
// Orthogonal W_l keep lengths, so that ε_l lacks the part along X_l: with
// fan_in >= fan_out, E ε² is s² |delta|² − α² E X².
#pragma once

#include "theory/activation_means.h"

namespace initscope {

// A hidden layer, or the input, as the law depends on it.
struct GradientLayer {
  double log_q = 0;         // log K_l; unused at l = 0
  double log_square = 0;    // log E f²
  double log_slope = 0;     // log E f'²
  double mixed = 1;         // E f² f'²/(E f² E f'²)
  double growth = 1;        // d log E f²/d log q
  double square = 1;        // E f²/K_l in units of E f'²
  double slope_power = 0;   // d log E f'²/d log q
  double width = 1;         // n_l
  double share = 1;         // the weights' part of K_{l+1}, not the biases'
  bool orthogonal = false;  // W_l
};

class GradientLaw {
 public:
  GradientLaw() = default;
  // G_l from delta_{l+1} of n = `fan_out` units:
  //
  //     log_delta = log E delta²
  //     log_aligned = log(E (delta · Z)²/(n² K))
  //     log_weights = log(s_l² n)
  //
  // `finite`: with what a finite width adds and removes. Otherwise (delta · Z)²
  // counts less what it would be if delta and Z were independent.
  GradientLaw(double log_delta, double log_aligned, double fan_out,
              double log_weights, const GradientLayer& layer, bool finite);

  // log E delta_l².
  double LogDelta(const GradientLayer& layer) const;
  // G_{l−1} of the layer `below`. log_weights: log(s_{l−1}² n_l).
  GradientLaw Below(const GradientLayer& layer, const GradientLayer& below,
                    double log_weights) const;

  double log_fresh() const { return log_fresh_; }  // log E ε²
  double aligned() const { return aligned_; }      // E (α X)²/E ε²

 private:
  // Takes from ε what orthogonal weights lack.
  void MakeOrthogonal(double fan_in, double fan_out);

  double log_fresh_ = 0;
  double aligned_ = 0;
  bool finite_ = false;
};

}  // namespace initscope
