// Where the correlation c of two inputs settles in a deep network.
//
// At a fixed point q* > 0 of the second moment, a layer maps c to
//
//     c' = (σ_w² E f(u) f(v) + σ_b²)/q*
//
// for u and v ~ N(0, q*) of correlation c (Poole et al. 2016, eq. 5). By
// Mehler's formula c' = Σ_k b_k c^k with b_k >= 0; it is 1 at c = 1, with the
// slope χ_1. So 1 attracts where χ_1 <= 1, and a single c* in [0, 1) where χ_1
// > 1.
//
// Each b_k is one quadrature. (1 − c')/(1 − c) is a series in which nothing
// cancels near c = 1, and χ_1 tells what is left after its last term. Where
// that matters (f with kinks, c* near 1) pairs of integrals take over
// (theory/pair_quadrature.h), which takes 0.1 s instead of 0.1 ms. At c* the
// ratio is 1 and χ_c accurate to 1e-10 (fixed_correlation_test.cc).
#pragma once

#include "theory/fixed_point.h"

namespace initscope {

struct FixedCorrelation {
  double c;      // c*, from 0 to 1
  double chi_c;  // dc'/dc there: σ_w² E f'(u) f'(v)

  // The depth over which a deviation from c* falls by a factor e; ∞ at χ_c = 1.
  double Depth() const;
};

// REQUIRES: `at` is one of FindFixedPoints(means, variances), 0 < q < ∞.
FixedCorrelation FindFixedCorrelation(const ActivationMeans& means,
                                      const LayerVariances& variances,
                                      const Attractor& at);

}  // namespace initscope
