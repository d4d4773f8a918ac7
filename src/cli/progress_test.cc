#include "cli/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace initscope {
namespace {

using testing::HasSubstr;

TEST(ProgressState, CountsRunsByTheirWork) {
  ProgressState state{
      .runs = 10, .done_runs = 1, .work = 4e9, .done_work = 3e9};
  // A quarter of the work is left, which takes a third of the time so far.
  EXPECT_EQ(state.Text(30), "1 of 10 runs (75 %), 0.1 GFLOP/s, 10 s left");
  state.done_work = 0;
  EXPECT_EQ(state.Text(30), "1 of 10 runs (0 %)");
  // Half of the work, within two runs.
  state.underway = {{3, {1e9, "relu"}}, {7, {1e9, "tanh"}}};
  EXPECT_EQ(state.Text(30),
            "1 of 10 runs (50 %), 0.0667 GFLOP/s, 30 s left; now relu");
  EXPECT_EQ(state.Text(30, 50),
            "1 of 10 runs (50 %), 0.0667 GFLOP/s, 30 s left");
}

TEST(ProgressState, CountsRunsAlikeWithoutWork) {
  const ProgressState state{.runs = 4, .done_runs = 1};
  EXPECT_THAT(state.Text(5), HasSubstr("1 of 4 runs (25 %), 15 s left"));
}

}  // namespace
}  // namespace initscope
