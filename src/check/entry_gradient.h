// One entry's gradient, by a central difference of the plain network's loss,
// and what may be between it and the engine's.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "check/analytic_rounding.h"
#include "check/central_difference.h"
#include "check/checked_entries.h"
#include "check/engine_gradients.h"
#include "check/plain_network.h"
#include "check/rounding_noise.h"

namespace initscope {

// A tensor of gradients: delta_l (l = 0 … L), dW_l or db_l (l = 0 … L−1).
struct GradientTensor {
  GradientKind kind;
  size_t layer;

  std::string Name() const;
  const Matrix<double>& In(const EngineGradients& gradients) const;
};

// In the order of the backward pass: delta_L, dW_{L−1}, db_{L−1}, … delta_0.
std::vector<GradientTensor> GradientTensors(size_t depth);

// All of them must outlive this. May be used by several threads.
class EntryGradient {
 public:
  EntryGradient(const EngineGradients& gradients, const PlainNetwork& network,
                const RoundingNoise& noise, const AnalyticRounding& rounding);

  // The difference at entry (i, j) of the tensor, whose search begins at
  // `halvings`; `pass` is the thread's own.
  CentralDifference Difference(GradientTensor t, size_t i, size_t j,
                               int halvings, ChangedPass* pass) const;
  // How far rounding may take the engine's gradient there from the exact one.
  double Rounding(GradientTensor t, size_t i, size_t j) const;

 private:
  double Value(GradientTensor t, size_t i, size_t j) const;
  double Noise(GradientTensor t, size_t i, size_t j) const;
  double LargestStep(GradientTensor t, size_t i, size_t j) const;

  const NetworkParameters& p_;
  const PlainNetwork& network_;
  const RoundingNoise& noise_;
  const AnalyticRounding& rounding_;
  const bool slope_jumps_;
  const bool is_polynomial_;  // the loss, piece by piece
};

}  // namespace initscope
