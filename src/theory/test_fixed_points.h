// What the tests of fixed points share.
#pragma once

#include "nn/activations.h"
#include "nn/find_activation_test.h"
#include "theory/fixed_point.h"

namespace initscope {

// σ_w² and σ_b² from ordered to chaotic for all activations.
inline constexpr double kWeightVariances[] = {0,   0.01, 0.5, 1,  1.3,
                                              1.9, 2,    3,   25, 100};
inline constexpr double kBiasVariances[] = {0, 1e-6, 0.05, 1, 100};

}  // namespace initscope
