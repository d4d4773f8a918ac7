// Who sees every tensor of a run.
#pragma once

#include <string_view>

#include "linalg/scaled_matrix.h"

namespace initscope {

enum class Tensor { kX, kZ, kDelta, kW, kB, kDW, kDb, kTarget };
// As in the results file, in the order above; there a target is Y, or R for
// the probe.
inline constexpr std::string_view kTensorNames[] = {
    "X", "Z", "delta", "W", "b", "dW", "db", "target"};

// Layers have the results file's numbers.
class TensorObserver {
 public:
  virtual ~TensorObserver() = default;
  virtual void Observe(Tensor name, size_t layer,
                       const ScaledMatrix<float>& tensor) = 0;
  virtual void Observe(Tensor name, size_t layer,
                       const ScaledMatrix<double>& tensor) = 0;
};

}  // namespace initscope
