#include "theory/output_kernel.h"

#include <algorithm>
#include <cmath>

#include "theory/batch_spread.h"
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

OutputKernel::OutputKernel(const ForwardTheory& forward,
                           const DeltaStart& start, const TheoryRow& output) {
  const Estimate& second = output.pre_activation_second_moment;
  if (!std::isfinite(start.log_output)) return;
  if (!(second.log_variance > 0)) {
    constexpr size_t kLeastOutputs = 8;
    known_ = false;
    if (forward.model().outputs() >= kLeastOutputs) {
      shift_ = start.log_output - second.log_limit;
    }
    return;
  }
  const BatchGeometry& geometry = forward.geometry();
  const size_t depth = forward.model().depth();
  const LayerState& layer = forward.layer(depth);
  const auto units = static_cast<double>(forward.model().width(depth));
  // Variance and error of one sample, and of the part that all samples share.
  const double whole = MeanOver(
      geometry.classes(), [&](size_t i) { return layer.classes[i].variance; });
  const double common = MeanOverPairs(
      geometry, [&](size_t i) { return layer.classes[i].variance; },
      [&](size_t p) { return layer.pairs[p].covariance; });
  const double error = LogCovariance(2, units);
  const double common_error = MeanOverPairs(
      geometry, [&](size_t) { return error; },
      [&](size_t p) {
        return LogCovariance(2 * layer.pairs[p].SquaredCosine(), units);
      });
  variance_ = second.log_variance;
  measured_ = start.log_output - second.log_mean;
  mean_ = second.log_mean - second.log_limit;
  shift_ = common / second.log_variance * measured_;
  const double own = std::max(0.0, whole - common);
  const double own_error = std::max(0.0, error - common_error);
  own_gain_ = own > 0 ? own / (own + own_error) : 0;
}

double OutputKernel::LogAligned(
    const std::array<std::vector<double>, DeltaStart::kPowers>& log_aligned,
    size_t group, double log_q) const {
  // log E (delta · Z)²/(Z²)^(k/2) as a quadratic function of k through its
  // values at 0, 1 and 2: exact for lognormal parts.
  const double k = 2 * own_gain_;
  const double mean = log_aligned[0][group] * (k - 1) * (k - 2) / 2 -
                      log_aligned[1][group] * k * (k - 2) +
                      log_aligned[2][group] * k * (k - 1) / 2;
  if (std::isnan(mean)) return -HUGE_VAL;  // delta · Z is zero
  return mean + own_gain_ * (log_q + mean_ + measured_) - log_q - mean_ -
         shift_;
}

}  // namespace initscope
