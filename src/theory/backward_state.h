// The recursion backward while it stands at one row.
#pragma once

#include <cmath>
#include <vector>

#include "theory/gradient_law.h"
#include "theory/gradient_noise.h"

namespace initscope {

// delta_l of the samples of one class.
struct ClassDelta {
  double log_square = 0;  // log E delta_l² at infinite width
  double log_finite = 0;  // the same with what finite widths add on the way
  // ∂loss/∂X_l of both, and at the alignment that the loss has in the mean.
  GradientLaw law, finite_law, mean_law, mean_finite_law;
  // E (α X)² over E ε² that finite widths add, in units of E f'².
  double by_chance = 0;
  // Of E delta_l², by mean_law: the share that comes from the parts along X of
  // the layers l … L − 1.
  double aligned = 0;
  double along = 0;            // that comes from the part along X_l alone
  double shift = 0;            // of the mean logarithm, by fluctuations
  double bend = 0;             // of `shift`, as in ClassState
  bool bent = false;           // too much so, here or above
  double response = 0;         // d log p_l/d y_l
  double alpha_response = -1;  // d log α_l/d y_{l+1}
  double to_output = 1;        // d y_L/d y_l
  GradientNoise noise;         // what else it moves with
};

// delta_l of the pairs of one group, in units of e^log_unit.
struct PairDelta {
  double product;        // E delta_a delta_b
  double aligned = 0;    // α_a α_b √(E X_a² E X_b²), of ∂loss/∂X_l
  double cosine_square;  // ρ²
  GradientNoise noise = {};
};

struct BackwardState {
  bool has_products;  // whether those of pairs are known
  double log_unit;
  std::vector<double> log_square;  // log E delta_l² per group of samples
  std::vector<GradientLaw> laws;   // likewise
  std::vector<ClassDelta> classes;
  std::vector<PairDelta> pairs;

  // E delta_a delta_b in units of e^unit.
  double Product(size_t p, double unit) const {
    const double product = pairs[p].product;
    return product == 0 ? 0 : product * std::exp(log_unit - unit);
  }
};

}  // namespace initscope
