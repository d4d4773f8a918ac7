// ∂loss/∂X_l, from the deltas and the weights.
#pragma once

#include <vector>

#include "base/matrix.h"
#include "check/engine_gradients.h"

namespace initscope {

// delta_{l+1} W_lᵀ, batch × q_l, for l = 1 … L−1; [0] is empty.
std::vector<Matrix<double>> Sensitivities(const EngineGradients& gradients);

}  // namespace initscope
