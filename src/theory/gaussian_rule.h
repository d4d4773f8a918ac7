// Quadrature for E g(z), z ~ N(0, q), with g analytic between its kinks.
//
// Panels end at 0 and at every kink, so that nothing is integrated across one;
// they are at most 1 wide there and grow with the distance, and are never
// wider than √q: 16-point Gauss-Legendre on each then converges as if g had no
// kinks and whatever q is. The poles of the activations and of their
// derivatives keep a distance of at least 1 from the panels, on which the rule
// has an error below 1e-13 of the integral of |g| (gaussian_rule_test.cc).
// Gauss-Hermite, which knows neither kinks nor poles, needs thousands of nodes
// for tanh at √q = 4. The normal law is cut at 10 standard deviations, beyond
// which lies 2e-23 of it.
#pragma once

#include <span>
#include <vector>

namespace initscope {

// E g(z) ≈ Σ weight[i]·g(z[i]). z is ascending.
struct GaussianRule {
  std::vector<double> z;
  std::vector<double> weight;
};

// A point that no panel crosses, and how wide one may be beside it.
struct PanelEnd {
  double z;
  double width;
};

// REQUIRES: q > 0 and finite; kinks ascending.
GaussianRule MakeGaussianRule(std::span<const double> kinks, double q);

// For a g with other scales: 0 is an end only where it is named.
// REQUIRES: q > 0 and finite; widths > 0.
GaussianRule MakePanelRule(std::vector<PanelEnd> ends, double q);

}  // namespace initscope
