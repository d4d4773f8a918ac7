// How delta's second moment fluctuates over draws of the weights, to leading
// order in 1/width.
//
// At finite width log p_l, p the mean square of delta_l over units, moves with
// the log kernels y of all layers from l on, and with its own units. Where
// ∂loss/∂X_l has no part along X_l,
//
//     log p_l = log p_{l+1} + log χ(y_l) + ε_l,   κ = d log E f'²/d log q
//     Cov(ε_a, ε_b) = (E f'_a² f'_b²/(E f'_a² E f'_b²) (1 + 2ρ²) − 1)/n_l
//     Cov(η_a, ε_b) = (E f_a² f'_b²/(E f_a² E f'_b²) − 1)/n_l
//
// where ρ is the cosine of the two samples' delta_{l+1} and η the noise of the
// kernel of the same units (theory/forward_theory.h). For ReLU the result is
// 5/n per layer, as in Hanin & Nica 2020. theory/gradient_noise.h adds the part
// along X_l. Where that is not small, what Z_L reveals about the kernels
// (theory/output_kernel.h) shifts the mean and narrows the band. Where the
// expansion does not hold (theory/band_limits.h) there is a limit but no band.
#pragma once

#include <vector>

#include "theory/backward_means.h"
#include "theory/gradient_noise.h"

namespace initscope {

// log p_l of the samples of one class.
struct ClassSpread {
  double shift = 0;            // of the mean logarithm, from fluctuations
  double bend = 0;             // as in ClassState
  bool bent = false;           // `bend` is too large, here or above
  double response = 0;         // d log p_l/d y_l
  double alpha_response = -1;  // d log α_l/d y_{l+1}
  double to_output = 1;        // d y_L/d y_l
  GradientNoise noise;         // apart from the response
};

struct PairSpread {
  double cosine_square = 0;  // ρ²
  GradientNoise noise;
};

class BackwardSpread {
 public:
  // Begins at row L, like `means`. The arguments must outlive this.
  BackwardSpread(const ForwardTheory& forward, const DeltaStart& start,
                 const OutputKernel& output, const BackwardMeans& means);

  // From row l + 1 to row l. REQUIRES: `means` are at row l.
  void Step(size_t l);

  bool HasBand() const;
  const std::vector<ClassSpread>& classes() const { return classes_; }
  // Sets mean and variance of the logarithm of delta_l's second moment over all
  // samples. REQUIRES: HasBand(), and the limit of `second` is set and finite.
  void Fill(size_t l, Estimate* second) const;

 private:
  // What the kurtosis of W_{L−1} adds to the relative fourth moment of
  // ∂loss/∂X_{L−1}; it counts where few outputs have a delta.
  double BeyondNormal(size_t l, double overlap) const {
    return l + 1 == model_.depth() ? model_.kurtosis * overlap : 0;
  }
  NoisePull PullOf(size_t l, size_t i, size_t k) const;
  void StepClass(size_t l, size_t i);
  void StepPair(size_t l, size_t p);
  void Pass(size_t l);
  void Condition(size_t l, Estimate* second) const;

  const ForwardTheory& forward_;
  const BatchGeometry& geometry_ = forward_.geometry();
  const NetworkModel& model_ = forward_.model();
  const DeltaStart& start_;
  const OutputKernel& output_;
  const BackwardMeans& means_;

  std::vector<ClassSpread> classes_;
  std::vector<PairSpread> pairs_;
  // Over the layers from l on: Σ 1/width, the same sum where samples are nearly
  // orthogonal, and whether a layer is narrow.
  double passed_ = 0, orthogonal_ = 0;
  bool narrow_ = false;
};

}  // namespace initscope
