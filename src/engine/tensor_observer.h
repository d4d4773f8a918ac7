// Who sees every tensor of a run.
#pragma once

#include <string_view>

#include "linalg/scaled_matrix.h"

namespace initscope {

// Names are those of the results file: X, Z, delta, W, b, dW, db and target
// (Y, or R for probe), with the layer in the file's numbering.
class TensorObserver {
 public:
  virtual ~TensorObserver() = default;
  virtual void Observe(std::string_view name, size_t layer,
                       const ScaledMatrix<float>& tensor) = 0;
  virtual void Observe(std::string_view name, size_t layer,
                       const ScaledMatrix<double>& tensor) = 0;
};

}  // namespace initscope
