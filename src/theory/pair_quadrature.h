// Means over pairs by quadrature: E g(u, v) for two normal variables.
//
// Slow, but accurate to 1e-11 of E |g| for every correlation ρ from −1 to 1,
// also for g with kinks (pair_quadrature_test.cc): the reference for faster
// means.
//
// Nested rules of theory/gaussian_rule.h. Given u,
//
//     v ~ N(ρ u √(q_b/q_a), q_b (1 − ρ²))
//
// so the kinks move with u. The mean over v is a smooth function of u, but
// steep for ρ near ±1 where u maps to a kink of v; the panels of u shrink
// there.
#pragma once

#include <functional>
#include <span>

namespace initscope {

// u ~ N(0, q_a), v ~ N(0, q_b).
struct PairLaw {
  double q_a, q_b;
  double correlation;
};

// g is smooth in u between `kinks_u`, in v between `kinks_v` (both ascending).
// REQUIRES: q_a, q_b > 0 and finite; −1 <= correlation <= 1.
double PairMean(const std::function<double(double u, double v)>& g,
                std::span<const double> kinks_u,
                std::span<const double> kinks_v, const PairLaw& law);

}  // namespace initscope
