#include "theory/output_alignment.h"

#include <algorithm>
#include <cmath>

#include "theory/gaussian_rule.h"

namespace initscope {

double OutputAlignment(const Loss& loss, double log_q, TargetMoments target) {
  // Beyond these delta_L depends only on the target, or is a step in z.
  constexpr double kLargest = 60;
  const double q = std::exp(std::clamp(log_q, -kLargest, kLargest));
  const GaussianRule rule = MakeGaussianRule({}, q);
  double product = 0, square = 0;
  for (size_t i = 0; i < rule.z.size(); ++i) {
    // delta_L is linear in the target, so two values represent its law.
    for (const double sign : {-1.0, 1.0}) {
      const double y = target.mean + sign * target.std;
      double delta = 0;
      int64_t exponent = 0;
      loss.row({&rule.z[i], 0, &y, 1, 1}, &delta, &exponent);
      delta = std::ldexp(delta, static_cast<int>(exponent));
      product += rule.weight[i] / 2 * delta * rule.z[i];
      square += rule.weight[i] / 2 * delta * delta;
    }
  }
  return square > 0 ? product * product / (square * q) : 0;
}

}  // namespace initscope
