#include "check/logit_derivatives.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "check/central_difference.h"

namespace initscope {

SampleDerivatives DifferentiateLoss(const Loss& loss, const double* logits,
                                    const double* target, size_t outputs) {
  std::vector<double> beta(logits, logits + outputs), delta(outputs);
  std::vector<double> prediction(outputs), unused(outputs);
  SampleDerivatives sample;
  sample.loss = EvaluateLoss(loss, beta, target, 1, delta.data());
  loss.predict(logits, outputs, prediction.data());
  // The sum has c terms, each of a few operations.
  double noise = std::abs(sample.loss);
  for (size_t j = 0; j < outputs; ++j) noise += std::abs(delta[j] * beta[j]);
  noise *= (static_cast<double>(outputs) + 8) *
           std::numeric_limits<double>::epsilon() / 2;
  for (size_t j = 0; j < outputs; ++j) {
    const auto f = [&](double step) -> DifferenceValue {
      beta[j] = logits[j] + step;
      const double change =
          EvaluateLoss(loss, beta, target, 1, unused.data()) - sample.loss;
      const double taken = beta[j] - logits[j];
      beta[j] = logits[j];
      return {taken, change};
    };
    const CentralDifference d = Differentiate(
        f, {.noise = noise, .largest_step = std::max(1.0, std::abs(beta[j]))});
    sample.outputs.push_back(
        {logits[j], prediction[j], target[j], delta[j], d.derivative, d.bound});
  }
  return sample;
}

std::vector<SampleDerivatives> DifferentiateLosses(
    const NetworkParameters& parameters, size_t most) {
  const PlainNetwork network(parameters);
  const Matrix<double>& logits = network.z(network.depth());
  std::vector<SampleDerivatives> samples;
  for (size_t s = 0; s < std::min(most, logits.rows()); ++s) {
    samples.push_back(DifferentiateLoss(*parameters.loss, logits.row(s),
                                        parameters.target.row(s),
                                        logits.cols()));
  }
  return samples;
}

}  // namespace initscope
