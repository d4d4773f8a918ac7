// Who sees every tensor of a run, and how it is shown them.
#pragma once

#include <string_view>

#include "linalg/packed_batch.h"
#include "linalg/scaled_matrix.h"
#include "stats/scaled_double.h"

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

template <typename T>
void Multiply(ScaledDouble factor, ScaledMatrix<T>* x);

// Shows factor·tensor.
template <typename T>
void Show(std::string_view name, size_t layer, const PackedBatch<T>& tensor,
          ScaledDouble factor, TensorObserver* observer);
// Shows plain numbers, rounded to T.
template <typename T, typename From>
void ShowPlain(std::string_view name, size_t layer, ConstMatrixView<From> from,
               TensorObserver* observer);

}  // namespace initscope
