// What one run leaves behind.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "theory/backward_theory.h"

namespace initscope {

// What one training step saw before it moved the weights.
struct StepResult {
  double loss_value = 0;
  double accuracy = 0;  // NaN without labels
};

// The singular values of one sample's Jacobian, values · 2^exponent, the
// largest first.
struct JacobianSpectrum {
  std::vector<double> values;
  int64_t exponent = 0;
};

struct RunResult {
  bool complete = false;
  // Of training: one that left the numbers that its precision can hold ends
  // there, and has no rows from then on.
  bool diverged = false;
  // For each of `recorded`: (depth + 1) rows × StatisticColumns(), row-major.
  std::vector<double> statistics;
  std::vector<uint64_t> recorded = {0};  // steps
  std::vector<StepResult> steps;         // 0, 1, … of training
  // (depth + 1) rows × TheoryColumns(), of the first recorded step; empty where
  // there is no theory.
  std::vector<double> theory;
  std::shared_ptr<const DeltaStart> delta_start;  // until theory is made
  double loss_value = 0;  // mean over batches; of the last step
  // Means over samples, in nats; NaN where targets are not distributions.
  double label_entropy = 0;
  double cross_entropy = 0;
  double kl_divergence = 0;
  std::vector<JacobianSpectrum> jacobian;  // of jacobian_samples samples
  int64_t first_non_finite_layer = -1;     // of Z or delta
  double wall_seconds = 0;                 // its share of its bundle's time
};

}  // namespace initscope
