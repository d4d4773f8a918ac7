// The end-to-end Jacobian of single samples of a run, and its singular values:
//
//     J = ∂Z_L/∂X_0 = W_0 D_1 W_1 D_2 … D_{L−1} W_{L−1}     d × c
//     D_l = diag f'(Z_l)
//
// Rows are samples, so δZ_L = δX_0 J. (Saxe, McClelland & Ganguli 2014;
// Pennington, Schoenholz & Ganguli 2017, whose J has one more D, at the
// output.)
//
// U and f'(Z_l) come from the run's forward pass, in its precision; products
// and singular values are computed in double. The scales s of W = s·U are
// applied last, so the runs of one forward pass share all of the work. A
// product carries a power of two and is renormalized at each layer, so any
// depth will do. Singular values below about eps·s_max (eps of double) are
// rounding noise.
#pragma once

#include <map>
#include <vector>

#include "engine/engine.h"
#include "engine/passes.h"
#include "stats/scaled_double.h"

namespace initscope {

// The Jacobians of the passes of a bundle.
template <typename T>
class Jacobians {
 public:
  // Measures the first RunSpec::jacobian_samples samples of some passes, which
  // have gone forward through the first batch. options.jobs changes no bit.
  // Throws Interrupted.
  void Measure(const std::vector<ForwardPass<T>*>& passes,
               const NetworkWeights<T>& weights, const EngineOptions& options);

  // The spectra of `run`, one of the runs of `pass`. REQUIRES: Measure().
  std::vector<JacobianSpectrum> Of(const ForwardPass<T>& pass,
                                   const RunSpec& run) const;

 private:
  // Spectra of U_0 D_1 U_1 …, without the scales.
  std::map<const ForwardPass<T>*, std::vector<JacobianSpectrum>> unit_;
};

// Means over the samples of a run; each spectrum has n = min(d, c) values.
struct JacobianSummary {
  ScaledDouble second_moment;  // Σ s²/n, which is Σ J_ij²/n
  ScaledDouble largest;        // s_max
  double squared_variance = 0;  // Σ (s²/m − 1)²/n, m = Σ s²/n; NaN if J = 0
};
// All NaN without spectra.
JacobianSummary Summarize(const std::vector<JacobianSpectrum>& spectra);

}  // namespace initscope
