// One entry's gradient by a central difference of the plain network's loss, and
// bounds on its distance from the engine's.
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

// All tensors in the order of the backward pass: delta_L, dW_{L−1}, db_{L−1}, …
// delta_0.
std::vector<GradientTensor> GradientTensors(size_t depth);

// All arguments must outlive it. Safe for concurrent use.
class EntryGradient {
 public:
  EntryGradient(const EngineGradients& gradients, const PlainNetwork& network,
                const RoundingNoise& noise, const AnalyticRounding& rounding);

  // The difference for entry (i, j) of the tensor. The search for a step starts
  // at `halvings`; `pass` belongs to the calling thread.
  CentralDifference Difference(GradientTensor t, size_t i, size_t j,
                               int halvings, ChangedPass* pass) const;
  // How far rounding may take the engine's gradient from the exact one.
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
  const bool is_polynomial_;  // whether the loss is one, piece by piece
};

}  // namespace initscope
