#include "stats/median.h"

#include <gtest/gtest.h>

#include <cmath>

namespace initscope {
namespace median_test {

TEST(Median, IsTheMiddleOrTheMeanOfTheMiddleTwo) {
  EXPECT_EQ(Median({3}), 3);
  EXPECT_EQ(Median({5, 1, 3}), 3);
  EXPECT_EQ(Median({4, 1, 2, 100}), 3);
}

TEST(Median, LeavesOutNaNAndKeepsInfinities) {
  const double nan = std::nan("");
  EXPECT_EQ(Median({nan, 2, nan, 1, 7}), 2);
  EXPECT_EQ(Median({HUGE_VAL, HUGE_VAL, 1, HUGE_VAL}), HUGE_VAL);
  EXPECT_EQ(Median({-HUGE_VAL, -HUGE_VAL}), -HUGE_VAL);
  EXPECT_TRUE(std::isnan(Median({})));
  EXPECT_TRUE(std::isnan(Median({nan, nan})));
}

}  // namespace median_test
}  // namespace initscope
