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

TEST(ZeroBetween, TakesTheValuesAtTheEndsAsGiven) {
  // Which the function need not have.
  const auto f = [](double x) { return std::log(x); };
  ExpectZero(ZeroBetween(f, 0, 3, -1e300, f(3)), 1);
}

}  // namespace
}  // namespace initscope
