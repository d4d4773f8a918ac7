#include "sweep/shard.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

namespace initscope {
namespace {

TEST(ShardedRuns, GivesEveryGroupToOneShard) {
  ShardedRuns sharded(6, 2);
  sharded.Add(0, {{{0, 1}, 3e9}, {{2}, 1e9}});
  sharded.Add(3, {{{0}, 1e9}, {{1, 2}, 0.5e9}});
  EXPECT_THAT(sharded.Release(), testing::ElementsAre(0, 0, 1, 1, 1, 1));
}

// The longest first: no shard has more than its part and one of the shortest.
TEST(ShardedRuns, HaveEqualWork) {
  constexpr size_t kRuns = 200, kShards = 7;
  std::vector<CostedRuns> groups;
  double all = 0;
  for (size_t i = 0; i < kRuns; ++i) {
    const double flops = 1e9 * static_cast<double>(1 + i % 23);
    groups.push_back({{i}, flops});
    all += flops;
  }
  ShardedRuns sharded(kRuns, kShards);
  sharded.Add(0, groups);
  std::vector<double> work(kShards);
  const std::vector<uint16_t> shards = sharded.Release();
  for (size_t i = 0; i < kRuns; ++i) work[shards[i]] += groups[i].flops;
  EXPECT_LE(std::ranges::max(work), all / kShards + 1e9);
}

TEST(Shard, IsWrittenFromOne) { EXPECT_EQ((Shard{1, 6}).Text(), "2/6"); }

}  // namespace
}  // namespace initscope
