// Means over pairs by quadrature: E g(u, v) for two normal variables.
//
// The reference for whatever computes such means faster: slow, and right to
// 1e-11 of E |g| for every correlation from −1 to 1, also where g has kinks
// (pair_quadrature_test.cc). Nested rules of theory/gaussian_rule.h: v given u
// is N(ρ u √(q_b/q_a), q_b (1 − ρ²)), whose kinks move with u; its mean is a
// smooth function of u, but a steep one where ρ is near ±1 and u near what
// maps to a kink of v, so that the panels of u shrink towards there.
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
