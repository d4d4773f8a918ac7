// The steps of a trace for a human's eye: formula, shapes, matrix, in the order
// of the computation.
//
// Beside the tensors that the engine shows there are those that a reader needs
// to follow it by hand: the prediction ŷ, its difference to the targets, the
// value of the loss, f'(Z_l) and ∂loss/∂X_l.
#pragma once

#include <string>
#include <vector>

#include "base/matrix.h"
#include "engine/tensor_observer.h"
#include "spec/run_spec.h"

namespace initscope {

class StepText {
 public:
  explicit StepText(const RunSpec& run) : run_(run), z_(run.depth() + 1) {}

  // What is to be said when the engine shows a tensor of `layer`.
  // REQUIRES: tensors come in the engine's order.
  template <typename T>
  std::string Add(Tensor name, size_t layer, ConstMatrixView<T> tensor);

 private:
  std::string Factors(Tensor name, size_t layer) const;
  std::string LossSteps(const Matrix<double>& target) const;
  std::string ChainRule(size_t layer) const;

  const RunSpec& run_;
  // What later steps need: the rows that are shown, of Z_L all.
  std::vector<Matrix<double>> z_;
  std::vector<Matrix<double>> w_;
  Matrix<double> delta_;  // the last one
};

}  // namespace initscope
