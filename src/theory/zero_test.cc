#include "theory/zero.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace initscope {
namespace {

void ExpectZero(double found, double expected) {
  EXPECT_LE(std::abs(found - expected), std::numeric_limits<double>::epsilon() *
                                            std::max(1.0, std::abs(expected)));
}

TEST(ZeroBetween, FindsZerosOfEitherSlope) {
  ExpectZero(ZeroBetween([](double x) { return x * x - 2; }, 0, 8),
             std::sqrt(2.0));
  ExpectZero(ZeroBetween([](double x) { return std::exp(-x) - 1e-3; }, 0, 700),
             std::log(1e3));
  ExpectZero(ZeroBetween([](double x) { return x < 0.3 ? -1 : 1.0; }, -5, 9),
             0.3);
  // Flat about its zero, where Newton's method is slow.
  ExpectZero(ZeroBetween([](double x) { return x * x * x; }, -3, 5), 0);
}

TEST(ZerosAlong, FindsSignChangesBeyondTheNoise) {
  const auto wave = [](double x) { return std::sin(x); };
  const auto zeros = ZerosAlong({-1, 1, 2, 3, 3.1415926, 4, 6}, 1e-6, wave);
  ASSERT_EQ(zeros.size(), 2u);
  ExpectZero(zeros[0], 0);
  ExpectZero(zeros[1], std::acos(-1.0));
}

}  // namespace
}  // namespace initscope
