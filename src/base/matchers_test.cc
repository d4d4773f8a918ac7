#include "base/matchers_test.h"

#include <gtest/gtest.h>

#include <limits>

namespace initscope {
namespace {

using testing::Not;

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();

TEST(IsNear, TakesWhatIsWithinTheTolerance) {
  EXPECT_THAT(1.5, IsNear(1.0, 0.5));
  EXPECT_THAT(0.5, IsNear(1.0, 0.5));
  EXPECT_THAT(1.75, Not(IsNear(1.0, 0.5)));
  EXPECT_THAT(0.25, Not(IsNear(1.0, 0.5)));
  EXPECT_THAT(1.5f, IsNear(1.0f, 0.5f));
  EXPECT_THAT(1.75f, Not(IsNear(1.0, 0.5)));
}

TEST(IsNear, ZeroToleranceMeansEqual) {
  EXPECT_THAT(0.0, IsNear(0.0, 0.0));
  EXPECT_THAT(-0.0, IsNear(0.0, 0.0));
  EXPECT_THAT(0.1, IsNear(0.1, 0.0));
  EXPECT_THAT(std::nextafter(0.1, 1.0), Not(IsNear(0.1, 0.0)));
  EXPECT_THAT(std::numeric_limits<double>::denorm_min(), Not(IsNear(0.0, 0.0)));
}

TEST(IsNear, NanFailsWhereverItStands) {
  EXPECT_THAT(kNotANumber, Not(IsNear(1.0, 0.5)));
  EXPECT_THAT(kNotANumber, Not(IsNear(1.0, kInf)));
  EXPECT_THAT(1.0, Not(IsNear(kNotANumber, kInf)));
  EXPECT_THAT(1.0, Not(IsNear(1.0, kNotANumber)));
  EXPECT_THAT(kNotANumber, Not(IsNear(kNotANumber, kInf)));
  EXPECT_THAT(kInf, Not(IsNear(kNotANumber, kInf)));
  EXPECT_THAT(kInf, Not(IsNear(kInf, kNotANumber)));
}

TEST(IsNear, AnInfinityMatchesItselfAlone) {
  EXPECT_THAT(kInf, IsNear(kInf, 0.0));
  EXPECT_THAT(-kInf, IsNear(-kInf, 0.0));
  EXPECT_THAT(kInf, Not(IsNear(-kInf, kInf)));
  EXPECT_THAT(kInf, Not(IsNear(1.0, kInf)));
  EXPECT_THAT(1.0, Not(IsNear(kInf, kInf)));
  EXPECT_THAT(1e308, Not(IsNear(kInf, 1e308)));
}

TEST(IsNear, ANegativeToleranceTakesNothing) {
  EXPECT_THAT(1.0, Not(IsNear(1.0, -0.5)));
}

}  // namespace
}  // namespace initscope
