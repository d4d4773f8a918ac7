// The kinks of the activation table: f' bends where one is named, and is smooth
// everywhere else, for no integral knows of what is not named.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <span>
#include <vector>

#include "nn/activations.h"

namespace initscope {
namespace activations_kinks_test {

// Over a step h a smooth f' has a second difference of at most h²·max|f'''|,
// which is 6 at most (softsign beside 0); a jump of f'' leaves h times it, and
// one of f' itself more. Between h = 2^-10 and h² there is room for both.
TEST(Activations, KinksAreWhereTheSlopeIsNotSmooth) {
  const double h = std::ldexp(1.0, -10);
  for (const Activation& f : Activations()) {
    for (double z = -4; z <= 4; z += std::ldexp(1.0, -6)) {
      const double bend =
          std::abs(f.slope(z + h) - 2 * f.slope(z) + f.slope(z - h));
      const bool is_kink =
          std::find(f.kinks.begin(), f.kinks.end(), z) != f.kinks.end();
      EXPECT_EQ(bend > 8 * h * h, is_kink) << f.name << " at " << z;
    }
    EXPECT_TRUE(std::is_sorted(f.kinks.begin(), f.kinks.end())) << f.name;
  }
}

struct Panel {
  double begin, end;
};

// Where `slope` is no smoother than a function with a kink would be: panels of
// width 1 at most, cut at `kinks`, on which its Chebyshev coefficients have not
// fallen below 1e-10 of the largest |slope| by degree 20. What has no pole
// within 1 of a panel, as quadrature wants it, falls as 5.8^−k (Trefethen,
// Approximation Theory, theorem 8.1): 1e-15. What has a jump in its second
// derivative falls as k^−3: 1e-4. A kink at an end of panels is hidden, so two
// values of `first` are needed.
std::vector<Panel> RoughPanels(const std::function<double(double)>& slope,
                               std::span<const double> kinks, double first) {
  constexpr int kNodes = 24, kDegree = 20, kPanels = 80;
  std::vector<double> ends(kinks.begin(), kinks.end());
  for (int i = 0; i <= kPanels; ++i) ends.push_back(first + i);
  std::sort(ends.begin(), ends.end());
  double largest = 0;
  for (double end : ends) largest = std::max(largest, std::abs(slope(end)));
  std::vector<Panel> rough;
  for (size_t i = 1; i < ends.size(); ++i) {
    const Panel panel = {ends[i - 1], ends[i]};
    double tail = 0;
    for (int k = kDegree; k < kNodes; ++k) {
      double sum = 0;
      for (int node = 0; node < kNodes; ++node) {
        const double angle = std::numbers::pi * (node + 0.5) / kNodes;
        const double z = (panel.begin + panel.end) / 2 +
                         (panel.end - panel.begin) / 2 * std::cos(angle);
        sum += slope(z) * std::cos(k * angle);
      }
      tail = std::max(tail, std::abs(sum) * 2 / kNodes);
    }
    if (!(tail <= 1e-10 * largest)) rough.push_back(panel);
  }
  return rough;
}

TEST(Activations, AreSmoothBetweenTheirKinks) {
  for (const Activation& f : Activations()) {
    for (double first : {-40.0, -40.5}) {
      for (const Panel& panel : RoughPanels(f.slope, f.kinks, first)) {
        ADD_FAILURE() << f.name << ": f' is not smooth between " << panel.begin
                      << " and " << panel.end
                      << "; name the kink there in activations.cc, or the "
                         "theory's integrals cross it";
      }
    }
  }
}

// A jump of f' or of its first two derivatives, wherever it is.
TEST(Activations, AKinkThatIsNotNamedIsFound) {
  for (int order : {0, 1, 2}) {
    for (double kink : {-7.3, 0.0, 0.5, 1 / std::numbers::pi, 2.001}) {
      const auto slope = [&](double z) {
        const double smooth = 1 / std::cosh(z);
        if (z <= kink) return smooth;
        return smooth + std::pow(z - kink, order) * std::exp(kink - z);
      };
      const double named[] = {kink};
      size_t found = 0;
      for (double first : {-40.0, -40.5}) {
        EXPECT_TRUE(RoughPanels(slope, named, first).empty())
            << order << " at " << kink;
        for (const Panel& panel : RoughPanels(slope, {}, first)) {
          EXPECT_LT(panel.begin, kink);
          EXPECT_GT(panel.end, kink);
          ++found;
        }
      }
      EXPECT_GT(found, 0u) << order << " at " << kink;
    }
  }
}

}  // namespace activations_kinks_test
}  // namespace initscope
