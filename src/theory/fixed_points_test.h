// What the tests of fixed points share.
#pragma once

#include <cmath>

#include "nn/activations.h"
#include "nn/find_activation_test.h"
#include "theory/fixed_point.h"
#include "theory/log_sum.h"

namespace initscope {

// σ_w² and σ_b² from ordered to chaotic for all activations.
inline constexpr double kWeightVariances[] = {0,   0.01, 0.5, 1,  1.3,
                                              1.9, 2,    3,   25, 100};
inline constexpr double kBiasVariances[] = {0, 1e-6, 0.05, 1, 100};

// One layer's map: log q' at log q; −∞ where q' is 0.
inline double NextLogQ(const ActivationMeans& means,
                       const LayerVariances& variances, double log_q) {
  return LogSum(
      std::log(variances.weight) + means.ValuesAt(log_q)[Mean::kLogSquare],
      std::log(variances.bias));
}

}  // namespace initscope
