// The interface of what is shown every tensor of a run.
#pragma once

#include <string_view>

#include "linalg/scaled_matrix.h"

namespace initscope {

enum class Tensor { kX, kZ, kDelta, kW, kB, kDW, kDb, kTarget };
// Names in the results file, in the order above. There the target is called Y,
// or R for the probe.
inline constexpr std::string_view kTensorNames[] = {
    "X", "Z", "delta", "W", "b", "dW", "db", "target"};

// Layers are numbered as in the results file.
class TensorObserver {
 public:
  virtual ~TensorObserver() = default;
  virtual void Observe(Tensor name, size_t layer,
                       const ScaledMatrix<float>& tensor) = 0;
  virtual void Observe(Tensor name, size_t layer,
                       const ScaledMatrix<double>& tensor) = 0;
};

}  // namespace initscope
