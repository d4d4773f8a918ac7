// Means over two samples' pre-activations: E f(u) f(v) and the like for
// u ~ N(0, q_a), v ~ N(0, q_b) of correlation c.
//
// Homogeneous f (linear, relu, leaky_relu): closed forms, the arc-cosine
// kernels of Cho & Saul 2009 (eq. 3 to 6) of degree 0, 1 and 2. All others:
// Hermite series (theory/hermite_series.h), whose tail beyond the last term is
// one power of c of the right mass.
//
// Relative error of one_minus_f at equal q, for c up to 1 − 1e-6: 1e-8 for
// smooth f at q <= 1, and 1e-4 at q = 10, where their poles are near; 5e-3
// with kinks, 2e-2 for hard_tanh at q = 10. Of the others, which only the
// spread is made of: 1e-5 and 3e-2 for smooth f at q <= 1 and 10; some percent
// with kinks and c near 1. Of `product`: 5e-4, and 5e-2 with kinks or at q =
// 10. Up to c = 0.8 pair_means_test.cc holds them.
#pragma once

#include <array>

#include "theory/hermite_series.h"

namespace initscope {

// Relative to the means over one sample, F = E f² and S = E f'².
struct PairMeans {
  double one_minus_f;   // 1 − E f_a f_b/√(F_a F_b): right near 0
  double slope;         // E f'_a f'_b/√(S_a S_b)
  double product;       // E g_a g_b/√(E g_a² E g_b²), g = f f'
  double square;        // E f_a² f_b²/(F_a F_b)
  double slope_square;  // E f'_a² f'_b²/(S_a S_b)
  double mixed;         // E f_a² f'_b²/(F_a S_b), mean of that and of b, a
  double cube;          // E f_a² f_b/(F_a √F_b), mean of that and of b, a
  // d slope/d c and d product/d c; where f' jumps the first has no bound at 1.
  double slope_rise = 0, product_rise = 0;
};

// Of one pair of scales, at any correlation.
class PairFunction {
 public:
  // Of a homogeneous f.
  explicit PairFunction(const Activation& activation);
  // Of any other, from its coefficients at q_a and q_b.
  PairFunction(const HermiteCoefficients& a, const HermiteCoefficients& b);

  // At c = 1 − one_minus_c; the last four, which only spreads are made of, in
  // the mean over a c of standard deviation `spread` (of c ± spread, cut off
  // at ±1). REQUIRES: 0 <= one_minus_c <= 2.
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
  // What the sums lack at c = 1, and the power of c that it gets: the first is
  // right for f in its slope there, the second for what f' with a jump has.
  double f_tail_ = 0, f_power_ = 0;
  double slope_tail_ = 0, slope_square_tail_ = 0;
  double product_norm_ = 0;  // √(E g_a² E g_b²), g = f f', in units of `square`
};

}  // namespace initscope
