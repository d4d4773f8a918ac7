// How delta's second moment fluctuates over draws of the weights, to leading
// order in 1/width.
//
// At finite width log p_l, p the mean square of delta_l over units, moves with
// the kernels that it passes, y, and with its own units. Where all is fresh:
//
//     log p_l = log p_{l+1} + log χ(y_l) + ε_l,   κ = d log E f'²/d log q
//     Cov(ε_a, ε_b) = (E f'_a² f'_b²/(E f'_a² E f'_b²) (1 + 2ρ²) − 1)/n_l
//     Cov(η_a, ε_b) = (E f_a² f'_b²/(E f_a² E f'_b²) − 1)/n_l
//
// with ρ the cosine of the two samples' delta_{l+1}, and η the noise of the
// kernel of the same units (theory/forward_theory.h). For ReLU: 5/n per layer,
// as Hanin & Nica 2020 have it. With a part along X_l: theory/gradient_noise.h.
// What Z_L tells of the kernels (theory/output_kernel.h) moves the mean and
// narrows the band where that part is not small. Where the expansion does not
// hold (theory/band_limits.h) there is a limit and no band.
#pragma once

#include <vector>

#include "theory/backward_means.h"
#include "theory/gradient_noise.h"

namespace initscope {

// log p_l of the samples of one class.
struct ClassSpread {
  double shift = 0;            // of the mean logarithm, by fluctuations
  double bend = 0;             // of `shift`, as in ClassState
  bool bent = false;           // too much so, here or above
  double response = 0;         // d log p_l/d y_l
  double alpha_response = -1;  // d log α_l/d y_{l+1}
  double to_output = 1;        // d y_L/d y_l
  GradientNoise noise;         // what else it moves with
};

struct PairSpread {
  double cosine_square = 0;  // ρ²
  GradientNoise noise;
};

class BackwardSpread {
 public:
  // Stands at row L, beside `means`.
  BackwardSpread(const ForwardTheory& forward, const DeltaStart& start,
                 const OutputKernel& output, const BackwardMeans& means);

  // From row l + 1 to row l. REQUIRES: the means stand at row l.
  void Step(size_t l);

  bool HasBand() const;
  const std::vector<ClassSpread>& classes() const { return classes_; }
  // Mean and variance of the logarithm of delta_l's second moment over all
  // samples. REQUIRES: its limit is filled and finite; HasBand().
  void Fill(size_t l, Estimate* second) const;

 private:
  // What the kurtosis of W_{L−1} adds to the fourth moment of ∂loss/∂X_{L−1},
  // where few outputs have a delta.
  double BeyondNormal(size_t l, double overlap) const {
    return l + 1 == model_.depth() ? model_.kurtosis * overlap : 0;
  }
  NoisePull PullOf(size_t l, size_t i, size_t k) const;
  void StepClass(size_t l, size_t i);
  void StepPair(size_t l, size_t p);
  void Pass(size_t l);
  void Condition(size_t l, Estimate* second) const;

  const ForwardTheory& forward_;
  const BatchGeometry& geometry_;
  const NetworkModel& model_;
  const DeltaStart& start_;
  const OutputKernel& output_;
  const BackwardMeans& means_;

  std::vector<ClassSpread> classes_;
  std::vector<PairSpread> pairs_;
  // Of the layers from l on: Σ 1/width, the same over those where samples are
  // nearly orthogonal, and whether one is narrow.
  double passed_ = 0, orthogonal_ = 0;
  bool narrow_ = false;
};

}  // namespace initscope
