// The result of one run.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/run_status.h"
#include "theory/backward_theory.h"

namespace initscope {

// One training step, measured before it moves the weights.
struct StepResult {
  double loss_value = 0;
  double accuracy = 0;  // NaN without labels
};

// The singular values of one sample's Jacobian, values · 2^exponent, in
// descending order.
struct JacobianSpectrum {
  std::vector<double> values;
  int64_t exponent = 0;
};

struct RunResult {
  RunStatus status() const {
    return !error.empty() ? RunStatus::kFailed
           : diverged     ? RunStatus::kDiverged
                          : RunStatus::kComplete;
  }

  // Bytes of the results that grow with the run.
  size_t Bytes() const {
    size_t singular_values = 0;
    for (const JacobianSpectrum& spectrum : jacobian) {
      singular_values += spectrum.values.size();
    }
    return sizeof(RunResult) +
           sizeof(double) *
               (statistics.size() + theory.size() + singular_values) +
           sizeof(StepResult) * steps.size();
  }
  // The result of a run that failed for this reason.
  static RunResult Failed(const std::string& error);

  // Why the run failed; then it has no rows, and its numbers are NaN.
  std::string error;
  // Training overflowed the run's precision. The run stops at that step, and no
  // later rows exist.
  bool diverged = false;
  // For each recorded step: (depth + 1) rows × StatisticColumns(), row-major.
  std::vector<double> statistics;
  std::vector<uint64_t> recorded = {0};  // steps
  std::vector<StepResult> steps;         // 0, 1, … of training
  // (depth + 1) rows × TheoryColumns(), for the first recorded step; empty if
  // there is no theory.
  std::vector<double> theory;
  std::shared_ptr<const DeltaStart> delta_start;  // until theory is computed
  double loss_value = 0;  // mean over batches; in training, of the last step
  // Means over samples, in nats; NaN if targets are not distributions.
  double label_entropy = 0;
  double cross_entropy = 0;
  double kl_divergence = 0;
  std::vector<JacobianSpectrum> jacobian;  // one per sample measured
  int64_t first_non_finite_layer = -1;     // of Z or delta
  double wall_seconds = 0;                 // its share of its bundle's time
};

}  // namespace initscope
