// The kinks of the activation table, against second differences of f'.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "nn/activations.h"

namespace initscope {
namespace {

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

}  // namespace
}  // namespace initscope
