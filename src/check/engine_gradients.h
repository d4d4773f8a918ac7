// What the engine computes for the first batch of a run, as plain doubles.
#pragma once

#include <atomic>
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

// REQUIRES: precision float64 and one batch. What is too small for a double is
// 0. Throws UserError where a value overflows, Interrupted when `stop` became
// true.
EngineGradients ComputeGradients(const RunSpec& run, StopFlag stop);

}  // namespace initscope
