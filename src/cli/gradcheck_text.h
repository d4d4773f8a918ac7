// The report of a gradient check, as text.
#pragma once

#include <string>
#include <vector>

#include "check/gradient_check.h"
#include "check/logit_derivatives.h"
#include "spec/run_spec.h"

namespace initscope {

// "run 1f… (tanh, he_normal, gain 1, seed 3; 784x300x10; mse)".
std::string RunText(const RunSpec& run);

// A line per tensor: its shape, how many entries were checked, the largest
// relative error with its place and its bound.
std::string GradientTable(const GradientReport& report);

// "ok", "FAILED: 3 entries", …
std::string Verdict(const TensorCheck& tensor);

// The whole run in one line.
std::string RunLine(const RunSpec& run, const GradientReport& report);

// For a run that failed: which run, which tensors, where to look first.
std::string FailureText(const RunSpec& run, const GradientReport& report);

// For the first kSamplesShown samples of a batch: logits, predictions, targets
// and the derivative of the loss by each logit.
inline constexpr size_t kSamplesShown = 4;
std::string LogitsText(const RunSpec& run,
                       const std::vector<SampleDerivatives>& samples);

}  // namespace initscope
