// Shards of a sweep: which of its runs each of several processes computes, on
// one machine or many. It depends on the sweep and the number of shards alone,
// so that processes need not know of each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <queue>
#include <string>
#include <utility>
#include <vector>

namespace initscope {

struct Shard {
  std::string Text() const;  // "2/6"

  size_t index = 0;  // from 0
  size_t count = 1;
};
inline constexpr size_t kMostShards = 10000;

// Runs that are best computed by one process, as indices.
struct CostedRuns {
  std::vector<size_t> runs;
  double flops = 0;
};

// Each run alone.
template <typename Spec>
std::vector<CostedRuns> EachRun(const std::vector<Spec>& runs,
                                double (*flops)(const Spec& run)) {
  std::vector<CostedRuns> each;
  for (size_t i = 0; i < runs.size(); ++i) {
    each.push_back({{i}, flops(runs[i])});
  }
  return each;
}

// Gives runs to the shard that has the least work so far.
class ShardedRuns {
 public:
  ShardedRuns(size_t runs, size_t shards);

  // The run i of a group is `begin` + i of the sweep.
  void Add(size_t begin, std::vector<CostedRuns> groups);
  // The shard of each run. The last call.
  std::vector<uint16_t> Release() { return std::move(shard_of_); }

 private:
  using Load = std::pair<double, uint16_t>;  // flop, shard

  std::vector<uint16_t> shard_of_;
  std::priority_queue<Load, std::vector<Load>, std::greater<>> loads_;
};

}  // namespace initscope
