// Where the correlation of two inputs settles in a deep network.
//
// At a fixed point q* > 0 of the second moment, two inputs of correlation c
// have c' = (σ_w² E f(u) f(v) + σ_b²)/q* one layer on, u and v ~ N(0, q*) of
// correlation c (Poole et al. 2016, eq. 5). c' = Σ_k b_k c^k with b_k >= 0
// (Mehler), 1 at c = 1 and of slope χ_1 there: so 1 attracts where χ_1 <= 1,
// and where χ_1 > 1 a single c* in [0, 1) does.
//
// The b_k are a quadrature each. (1 − c')/(1 − c) is a series in which nothing
// cancels near c = 1; what is left after its last term is known from χ_1, and
// where that matters (f with kinks, c* near 1: 0.1 s instead of 0.1 ms) pairs
// of integrals take over (theory/pair_quadrature.h). At c* the ratio is 1 and
// χ_c is right to 1e-10 (fixed_correlation_test.cc).
#pragma once

#include "theory/fixed_point.h"

namespace initscope {

struct FixedCorrelation {
  double c;      // c*, from 0 to 1
  double chi_c;  // dc'/dc there: σ_w² E f'(u) f'(v)

  // The depth over which a deviation from c* falls by e; ∞ at χ_c = 1.
  double Depth() const;
};

// REQUIRES: `at` is one of FindFixedPoints(means, variances), 0 < q < ∞.
FixedCorrelation FindFixedCorrelation(const ActivationMeans& means,
                                      const LayerVariances& variances,
                                      const Attractor& at);

}  // namespace initscope
