#include "sweep/shard.h"

#include <fmt/format.h>

#include <algorithm>

namespace initscope {

std::string Shard::Text() const {
  return fmt::format("{}/{}", index + 1, count);
}

ShardedRuns::ShardedRuns(size_t runs, size_t shards) : shard_of_(runs) {
  for (size_t shard = 0; shard < shards; ++shard) {
    loads_.emplace(0, static_cast<uint16_t>(shard));
  }
}

void ShardedRuns::Add(size_t begin, std::vector<CostedRuns> groups) {
  constexpr double kRunWork = 1e6;  // in flop: what a run of no size takes
  for (CostedRuns& group : groups) {
    group.flops += kRunWork * static_cast<double>(group.runs.size());
  }
  std::ranges::stable_sort(groups, std::greater<>(), &CostedRuns::flops);
  for (const CostedRuns& group : groups) {
    const auto [load, shard] = loads_.top();
    loads_.pop();
    loads_.emplace(load + group.flops, shard);
    for (const size_t run : group.runs) shard_of_[begin + run] = shard;
  }
}

}  // namespace initscope
