// Quadrature for E g(z), z ~ N(0, q), with g analytic between its kinks.
//
// Panels of 16-point Gauss-Legendre end at 0 and at every kink. Beside these
// they are at most 1 wide, and grow with the distance, up to √q. So the rule
// converges as if g had no kinks, for every q. Where the poles of g are at
// least 1 away from the panels, as are those of the activations and their
// derivatives, the error is below 1e-13 of the integral of |g|
// (gaussian_rule_test.cc). Gauss-Hermite, which knows neither kinks nor poles,
// needs thousands of nodes for tanh at √q = 4. The normal law is cut at 10
// standard deviations; 2e-23 of it lies beyond.
#pragma once

#include <span>
#include <vector>

namespace initscope {

// E g(z) ≈ Σ weight[i]·g(z[i]). z is ascending.
struct GaussianRule {
  std::vector<double> z;
  std::vector<double> weight;
};

// A point that no panel crosses, and how wide a panel may be beside it.
struct PanelEnd {
  double z;
  double width;
};

// REQUIRES: q > 0 and finite; kinks ascending.
GaussianRule MakeGaussianRule(std::span<const double> kinks, double q);

// For g with other scales: `ends` are all ends, including 0 where it is one.
// REQUIRES: q > 0 and finite; widths > 0.
GaussianRule MakePanelRule(std::vector<PanelEnd> ends, double q);

}  // namespace initscope
