// What gradcheck says of a run, for a human's eye.
#pragma once

#include <string>
#include <vector>

#include "check/gradient_check.h"
#include "check/logit_derivatives.h"
#include "spec/run_spec.h"

namespace initscope {

// "run 1f… (tanh, he_normal, gain 1, seed 3; 784x300x10; mse)".
std::string RunText(const RunSpec& run);

// A line per tensor: shape, entries checked, largest relative error, where,
// and its bound.
std::string GradientTable(const GradientReport& report);

// "ok", "FAILED: 3 entries", …
std::string Verdict(const TensorCheck& tensor);

// The whole run in one line.
std::string RunLine(const RunSpec& run, const GradientReport& report);

// Of a run that failed: which tensors, which run, where to look first.
std::string FailureText(const RunSpec& run, const GradientReport& report);

// Logits, predictions, targets and the derivative of the loss of the first
// samples of a batch.
inline constexpr size_t kSamplesShown = 4;
std::string LogitsText(const RunSpec& run,
                       const std::vector<SampleDerivatives>& samples);

}  // namespace initscope
