// How far rounding alone may take the engine's gradients from the exact ones.
//
// The engine and the plain pass round differently, so their Z_l differ by up to
// ε(Z_l), and with these X_l, f'(Z_l) and all gradients:
//
//     ε(Z_{l+1}) = 2·local(Z_{l+1}) + ‖ε(X_l) ∘ W_l‖
//     ε(X_l)     = |f(Z_l ± ε) − f(Z_l)|
//     ε(delta_l) = |∂loss/∂X_l| |f'(Z_l ± ε) − f'(Z_l)|
//                + |f'| ‖ε(delta_{l+1}) ∘ W_lᵀ‖
//                + |f'| (n + 16) u Σ |delta_{l+1} W_lᵀ|
//     ε(dW_l)    = Σ ε(X_l) |delta_{l+1}| + |X_l| ε(delta_{l+1})
//                + (m + 16) u |X_l delta_{l+1}|
//
// Norms and sums are over the terms of each product: n units of delta_{l+1}, m
// samples of dW_l; u = 2⁻⁵³. ‖·‖ is the root of the sum of squares, because
// roundings are independent (Higham & Mary, SIAM J. Sci. Comput. 41, 2019);
// their plain sum would grow with the width at every layer. f and f' are
// accurate to 8 ulp, that is 16 u. All of this matters where a gradient is
// tiny, in the tails of f, or where sums cancel.
#pragma once

#include <vector>

#include "base/matrix.h"
#include "check/engine_gradients.h"
#include "check/plain_network.h"
#include "check/rounding_noise.h"

namespace initscope {

class AnalyticRounding {
 public:
  // `sensitivity`: see RoundingNoise. `gradients` and `network` must outlive
  // this.
  AnalyticRounding(const EngineGradients& gradients,
                   const PlainNetwork& network, const RoundingNoise& noise,
                   const std::vector<Matrix<double>>& sensitivity);

  double OfDelta(size_t l, size_t sample, size_t j) const {
    return delta_[l](sample, j);
  }
  double OfWeight(size_t l, size_t i, size_t j) const;
  double OfBias(size_t l, size_t j) const;

 private:
  void Forward(size_t l, const RoundingNoise& noise);
  void Logits();
  void Backward(size_t l, const Matrix<double>* sensitivity);

  const EngineGradients& g_;
  const PlainNetwork& network_;
  std::vector<Matrix<double>> z_, x_, delta_;  // ε of Z_l, X_l, delta_l
};

}  // namespace initscope
