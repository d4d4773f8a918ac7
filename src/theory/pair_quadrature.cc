#include "theory/pair_quadrature.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "theory/gaussian_rule.h"

namespace initscope {
namespace {

// Ends of the panels of u: its own kinks, and what maps to those of v, which is
// slope·u and a rest of standard deviation `blur`, over which the mean bends.
std::vector<PanelEnd> EndsOfU(std::span<const double> kinks_u,
                              std::span<const double> kinks_v, double slope,
                              double blur) {
  const double unit = std::min(1.0, 1 / std::abs(slope));
  std::vector<PanelEnd> ends = {{0, unit}};
  for (double kink : kinks_u) ends.push_back({kink, 1});
  if (slope == 0) return ends;
  for (double kink : kinks_v) {
    const double bend = blur > 0 ? blur / std::abs(slope) : unit;
    ends.push_back({kink / slope, std::min(unit, bend)});
  }
  return ends;
}

}  // namespace

double PairMean(const std::function<double(double u, double v)>& g,
                std::span<const double> kinks_u,
                std::span<const double> kinks_v, const PairLaw& law) {
  const double rho = law.correlation;
  INITSCOPE_CHECK(std::abs(rho) <= 1);
  const double slope = rho * std::sqrt(law.q_b / law.q_a);
  const double rest = law.q_b * (1 - rho) * (1 + rho);
  const GaussianRule outer =
      MakePanelRule(EndsOfU(kinks_u, kinks_v, slope, std::sqrt(rest)), law.q_a);
  double sum = 0;
  std::vector<double> shifted(kinks_v.size() + 1);
  for (size_t i = 0; i < outer.z.size(); ++i) {
    const double u = outer.z[i], mean = slope * u;
    if (rest == 0) {  // v is slope·u
      sum += outer.weight[i] * g(u, mean);
      continue;
    }
    std::ranges::transform(kinks_v, shifted.begin(),
                           [&](double kink) { return kink - mean; });
    shifted.back() = -mean;  // v = 0: poles are near there
    const GaussianRule inner = MakeGaussianRule(shifted, rest);
    double inner_sum = 0;
    for (size_t k = 0; k < inner.z.size(); ++k) {
      inner_sum += inner.weight[k] * g(u, mean + inner.z[k]);
    }
    sum += outer.weight[i] * inner_sum;
  }
  return sum;
}

}  // namespace initscope
