#include "cli/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace initscope {
namespace {

using testing::HasSubstr;

TEST(ProgressState, CountsRunsByTheirCost) {
  ProgressState state{.runs = 10, .done_runs = 1, .cost = 4, .done = {3, 3e9}};
  // A quarter of the cost is left, which takes a third of the time so far.
  EXPECT_EQ(state.Text(30), "1 of 10 runs (75 %), 0.1 GFLOP/s, 10 s left");
  state.done = {};
  EXPECT_EQ(state.Text(30), "1 of 10 runs (0 %)");
  // Half of it, within two runs.
  state.underway = {{3, {{1, 1e9}, "relu"}}, {7, {{1, 1e9}, "tanh"}}};
  EXPECT_EQ(state.Text(30),
            "1 of 10 runs (50 %), 0.0667 GFLOP/s, 30 s left; now relu");
  EXPECT_EQ(state.Text(30, 50),
            "1 of 10 runs (50 %), 0.0667 GFLOP/s, 30 s left");
  // Half of what is done was so before.
  state.before = {1, 1e9};
  EXPECT_EQ(state.Text(30, 50),
            "1 of 10 runs (50 %), 0.0333 GFLOP/s, 60 s left");
}

TEST(ProgressState, CountsRunsAlikeWithoutCost) {
  const ProgressState state{.runs = 4, .done_runs = 1};
  EXPECT_THAT(state.Text(5), HasSubstr("1 of 4 runs (25 %), 15 s left"));
}

TEST(ProgressHistory, KeepsTheLastHalf) {
  ProgressHistory history({10, {}});
  for (double now = 10; now <= 110; now += 0.125) {
    if (history.IsDue(now)) history.Add({now, {now, 0}});
    const double half = (10 + now) / 2;
    EXPECT_LE(history.before().seconds, half);
    EXPECT_NEAR(history.before().seconds, half, 0.01 * (now - 10) + 0.2);
  }
}

}  // namespace
}  // namespace initscope
