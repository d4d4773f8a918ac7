#include "theory/gradient_noise.h"

#include "theory/batch_spread.h"

namespace initscope {

void GradientNoise::Step(double along, const UnitNoise& unit,
                         const NoisePull& pull, double width) {
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
  delta_with_output = to_alpha * alpha_with_output + fresh * delta_with_output +
                      of_output * own_or_pulled / width;
  alpha_with_output += of_output * of_alpha * unit.kernel / width;
}

}  // namespace initscope
