#include "theory/gradient_law.h"

#include <algorithm>
#include <cmath>

namespace initscope {

GradientLaw::GradientLaw(double log_delta, double log_aligned, double fan_out,
                         double log_weights, const GradientLayer& layer,
                         bool finite)
    : log_fresh_(log_weights + log_delta), finite_(finite) {
  if (layer.share == 0 || log_delta == -HUGE_VAL) return;
  const double by_chance = finite ? 0 : 1 / fan_out;
  aligned_ = layer.share * fan_out / layer.width *
             (std::exp(log_aligned - log_delta) - by_chance);
  if (layer.orthogonal) MakeOrthogonal(layer.width, fan_out);
}

void GradientLaw::MakeOrthogonal(double fan_in, double fan_out) {
  const double gone =
      std::min(aligned_ * std::min(1.0, fan_in / fan_out), 1 - 1e-12);
  log_fresh_ += std::log1p(-gone);
  aligned_ /= 1 - gone;
}

double GradientLaw::LogDelta(const GradientLayer& layer) const {
  const double gone =
      finite_ ? std::min(1.0, layer.share * layer.mixed / layer.width) : 0;
  return layer.log_slope + log_fresh_ +
         std::log1p(std::max(-0.9, aligned_ * layer.mixed - gone));
}

GradientLaw GradientLaw::Below(const GradientLayer& layer,
                               const GradientLayer& below,
                               double log_weights) const {
  GradientLaw law;
  const double log_delta = LogDelta(layer);
  law.finite_ = finite_;
  law.log_fresh_ = log_weights + log_delta;
  if (below.share == 0 || !std::isfinite(log_delta)) return law;
  const double along = layer.growth * layer.growth * layer.square;
  double sum = aligned_ * along;
  // The fluctuation of u f' ε, where ε has no part along X_l.
  if (finite_) {
    sum += (1 + 2 * layer.slope_power - layer.share * along) / layer.width;
  }
  const double whole = std::exp(log_delta - layer.log_slope - log_fresh_);
  law.aligned_ = below.share * layer.width / below.width * sum / whole;
  if (below.orthogonal) law.MakeOrthogonal(below.width, layer.width);
  return law;
}

}  // namespace initscope
