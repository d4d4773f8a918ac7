// A sweep is computed block by block, so that what it takes in memory does not
// grow with the number of its runs.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace initscope {

// Some runs of a sweep, in its order: as many as take some tens of megabytes.
// Runs share what they can within a block.
template <typename Spec>
class RunBlock {
 public:
  bool is_full() const { return weight_ >= kMostWeight; }
  const std::vector<Spec>& runs() const { return runs_; }

  void Add(Spec run) {
    weight_ += kRunWeight;
    if constexpr (requires { run.depth(); }) weight_ += run.depth();
    runs_.push_back(std::move(run));
  }

  void Clear() {
    weight_ = 0;
    runs_.clear();
  }

 private:
  // In layers, of about 50 bytes each: a run takes as much as so many.
  static constexpr size_t kRunWeight = 64, kMostWeight = size_t{1} << 20;

  std::vector<Spec> runs_;
  size_t weight_ = 0;
};

}  // namespace initscope
