// Means over two samples' pre-activations, such as E f(u) f(v) for u ~ N(0,
// q_a) and v ~ N(0, q_b) of correlation c.
//
// Homogeneous f (linear, relu, leaky_relu) have closed forms, the arc-cosine
// kernels of Cho & Saul 2009 (eq. 3 to 6) of degree 0, 1 and 2. All others have
// Hermite series (theory/hermite_series.h), with one power of c of the right
// mass for the terms beyond the last.
//
// Relative errors of the series at equal q, tested up to c = 0.8
// (pair_means_test.cc):
//
//                      smooth, q <= 1   smooth, q = 10   with kinks
//     one_minus_f      1e-8             1e-4             5e-3; hard_tanh 2e-2
//     product          5e-4             5e-2             5e-2
//     all others       1e-5             3e-2             percents, c near 1
//
// The first row holds for c up to 1 − 1e-6; its hard_tanh is at q = 10. Only
// the spread uses the others.
#pragma once

#include <array>

#include "theory/hermite_series.h"

namespace initscope {

// Relative to the means over one sample, F = E f² and S = E f'².
struct PairMeans {
  double one_minus_f;   // 1 − E f_a f_b/√(F_a F_b), accurate near 0
  double slope;         // E f'_a f'_b/√(S_a S_b)
  double product;       // E g_a g_b/√(E g_a² E g_b²), g = f f'
  double square;        // E f_a² f_b²/(F_a F_b)
  double slope_square;  // E f'_a² f'_b²/(S_a S_b)
  double mixed;         // E f_a² f'_b²/(F_a S_b), mean of that and of b, a
  double cube;          // E f_a² f_b/(F_a √F_b), mean of that and of b, a
  // d slope/d c and d product/d c. Where f' jumps, slope_rise is unbounded at
  // c = 1.
  double slope_rise = 0, product_rise = 0;
};

// The means at one pair of scales, for any correlation.
class PairFunction {
 public:
  // REQUIRES: homogeneous; `activation` must outlive this.
  explicit PairFunction(const Activation& activation);
  // For any other f, from its coefficients at q_a and q_b.
  PairFunction(const HermiteCoefficients& a, const HermiteCoefficients& b);

  // The means at c = 1 − one_minus_c. `square`, `slope_square`, `mixed` and
  // `cube`, which only spreads use, are means over c ± spread, cut off at ±1.
  // REQUIRES: 0 <= one_minus_c <= 2.
  PairMeans At(double one_minus_c, double spread = 0) const;

 private:
  PairMeans ClosedForm(double d, double spread) const;
  PairMeans Series(double d, double spread) const;

  const Activation* homogeneous_ = nullptr;
  size_t terms_ = 0;
  // Products of coefficients, and half the squared difference of f's.
  struct Term {
    double f, slope, square, slope_square, mixed, cube;
  };
  std::array<Term, kHermiteTerms> products_;
  double difference_ = 0;  // Σ (f_k,a − f_k,b)²/2
  // What the sums lack at c = 1, and the power of c that stands for it: for f
  // the one that is right in its slope there.
  double f_tail_ = 0, f_power_ = 0;
  double slope_tail_ = 0, slope_square_tail_ = 0;
  double product_norm_ = 0;  // √(E g_a² E g_b²), g = f f', in units of `square`
};

}  // namespace initscope
