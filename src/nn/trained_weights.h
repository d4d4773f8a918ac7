// One layer's weights and biases, trained by gradient descent.
//
// Stochastic gradient descent with momentum μ, learning rate η and weight decay
// λ, as in torch.optim.SGD (dampening 0, no Nesterov), for weights and biases
// alike:
//
//     g = ∂loss/∂w + λ w
//     v ← μ v + g           (v = g in the first step)
//     w ← w − η v
//
// All in T. dW is formed and used strip by strip; besides W, memory holds its
// packed copy, which the products read, and v if μ > 0.
#pragma once

#include <span>
#include <vector>

#include "base/parallel.h"
#include "nn/layer_weights.h"
#include "nn/weight_gradient.h"

namespace initscope {

struct DescentRule {
  double learning_rate = 0.01;  // η
  double momentum = 0;          // μ
  double weight_decay = 0;      // λ
};

template <typename T>
class TrainedWeights : public LayerWeights<T> {
 public:
  // w: fan_in × fan_out; b: fan_out entries.
  TrainedWeights(Matrix<T> w, std::vector<T> b);

  void Forward(std::span<const ProductJob<T>> products, Jobs jobs) override;
  void Backward(std::span<const ProductJob<T>> products, Jobs jobs) override;
  Moments EntryMoments() const override;
  Matrix<T> Entries(StopFlag stop = {}) const override;
  const std::vector<T>* bias() const override { return &b_; }

  const Matrix<T>& weights() const { return w_; }
  bool IsFinite() const;

  // Takes one step with dW = xᵀ delta and db (1 × fan_out). `jobs` changes no
  // bit.
  void Descend(const MeasuredBatch<T>& x, const MeasuredBatch<T>& delta,
               const ScaledMatrix<double>& db, const DescentRule& rule,
               Jobs jobs, GradientScratch<T>* scratch);

 private:
  Matrix<T> w_;
  std::vector<T> b_;
  PackedWeights<T> packed_;
  Matrix<T> w_velocity_;  // empty before the first step with momentum
  std::vector<T> b_velocity_;
};

}  // namespace initscope
