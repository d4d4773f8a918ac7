#include "sweep/job_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

namespace initscope {
namespace {

using ::testing::ElementsAre;

const std::vector<double> kCosts = {2, 5, 1, 5};

TEST(RunLongestFirst, TakesTheLongestFirst) {
  std::vector<size_t> order;
  RunLongestFirst(
      kCosts.size(), [](size_t i) { return kCosts[i]; }, {1},
      [&](size_t i) { order.push_back(i); });
  EXPECT_THAT(order, ElementsAre(1, 3, 0, 2));
}

TEST(RunLongestFirst, LeavesTheRestWhenItIsStopped) {
  std::atomic<bool> stop = false;
  std::vector<size_t> done;
  RunLongestFirst(
      kCosts.size(), [](size_t i) { return kCosts[i]; }, {1, &stop},
      [&](size_t i) {
        done.push_back(i);
        stop = done.size() == 2;
      });
  EXPECT_THAT(done, ElementsAre(1, 3));
}

TEST(RunLongestFirst, PassesOtherErrorsOn) {
  EXPECT_THROW(RunLongestFirst(
                   1, [](size_t) { return 1.0; }, {},
                   [](size_t) { throw std::out_of_range("job"); }),
               std::out_of_range);
}

TEST(RunUninterrupted, PassesOtherErrorsOn) {
  RunUninterrupted([] { throw Interrupted(); });
  EXPECT_THROW(RunUninterrupted([] { throw std::out_of_range("work"); }),
               std::out_of_range);
}

TEST(LargestTogether, AddsAsManyAsThereAreWorkers) {
  const JobMemory two = LargestTogether(kCosts, 2);
  EXPECT_EQ(two.together, 10);
  EXPECT_EQ(two.one_more, 2);
  const JobMemory all = LargestTogether(kCosts, 7);
  EXPECT_EQ(all.together, 13);
  EXPECT_EQ(all.one_more, 0);
}

}  // namespace
}  // namespace initscope
