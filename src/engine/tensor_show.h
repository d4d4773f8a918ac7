// Shows the tensors of a run to an observer while its passes compute them.
#pragma once

#include <vector>

#include "engine/passes.h"
#include "engine/tensor_observer.h"

namespace initscope {

// Factors from the tensors that the passes compute to those of the run.
struct PassFactors {
  explicit PassFactors(size_t depth)
      : x(depth + 1, {1, 0}), delta(depth + 1, {1, 0}) {}

  std::vector<ScaledDouble> x;      // of X_l and Z_l, l = 0 … L
  std::vector<ScaledDouble> delta;  // of delta_l
};

// All arguments must outlive it. Does nothing if `observer` is null.
template <typename T>
class TensorShow {
 public:
  TensorShow(const ForwardPass<T>& forward, const BackwardPass<T>& backward,
             const PassFactors& factors, TensorObserver* observer)
      : forward_(forward),
        backward_(backward),
        factors_(factors),
        observer_(observer) {}

  bool is_on() const { return observer_ != nullptr; }

  // X_0.
  void Input() const;
  // W_l, b_l (zeros if `bias` is empty), Z_{l+1} and X_{l+1}, after the forward
  // pass has finished layer l.
  void Layer(size_t l, ConstMatrixView<T> w, const std::vector<T>& bias) const;
  void Target(const Matrix<double>& target) const;
  // delta_l, after the backward pass has computed it.
  void Delta(size_t l) const;
  // dW_l and db_l, while the backward pass has delta_{l+1}.
  void Gradients(size_t l) const;

 private:
  void Plain(Tensor name, size_t layer, ConstMatrixView<T> tensor) const;
  void Scaled(Tensor name, size_t layer, const PackedBatch<T>& tensor,
              ScaledDouble factor) const;

  const ForwardPass<T>& forward_;
  const BackwardPass<T>& backward_;
  const PassFactors& factors_;
  TensorObserver* observer_;
};

}  // namespace initscope
