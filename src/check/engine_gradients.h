// The engine's tensors for the first batch of a run, as plain doubles.
#pragma once

#include <vector>

#include "base/matrix.h"
#include "check/plain_network.h"
#include "spec/run_spec.h"

namespace initscope {

struct EngineGradients {
  NetworkParameters parameters;
  std::vector<Matrix<double>> delta;   // delta_l: batch × q_l, l = 0 … L
  std::vector<Matrix<double>> dw, db;  // as W_l and b_l, l = 0 … L−1
  double loss = 0;
};

// REQUIRES: precision float64 and one batch. Values too small for a double
// become 0. Throws UserError if a value overflows, and Interrupted if stopped.
EngineGradients ComputeGradients(const RunSpec& run, StopFlag stop);

// ∂loss/∂X_l = delta_{l+1} W_lᵀ, batch × q_l, for l = 1 … L−1; [0] is empty.
std::vector<Matrix<double>> Sensitivities(const EngineGradients& gradients);

}  // namespace initscope
