// One sample's loss ℓ and its derivatives with respect to the logits β, numeric
// and by the formula: ∂ℓ/∂β = ŷ − y for the cross-entropies, (ŷ − y)/c for mse,
// R for probe.
#pragma once

#include <cstddef>
#include <vector>

#include "check/plain_network.h"
#include "nn/losses.h"

namespace initscope {

struct LogitDerivative {
  double logit;       // β
  double prediction;  // ŷ
  double target;      // y (R for probe)
  double analytic;    // delta_L of a batch of one
  double numeric;     // ∂ℓ/∂β by central differences
  double bound;       // on the error of `numeric` by rounding and curvature
};

struct SampleDerivatives {
  double loss;  // ℓ: the loss of a batch of one
  std::vector<LogitDerivative> outputs;
};

SampleDerivatives DifferentiateLoss(const Loss& loss, const double* logits,
                                    const double* target, size_t outputs);

// The derivatives for the first samples of the batch, at most `most`.
std::vector<SampleDerivatives> DifferentiateLosses(
    const NetworkParameters& parameters, size_t most);

}  // namespace initscope
