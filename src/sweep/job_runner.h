// Runs the independent jobs of a sweep. Results depend neither on how many jobs
// run at the same time nor on their order.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "base/parallel.h"

namespace initscope {

struct SweepOptions {
  size_t jobs = 1;
  StopFlag stop = {};
  bool theory = true;  // also compute theory

  Jobs workers() const { return {jobs, stop}; }
};

// Calls work(), which may be interrupted.
void RunUninterrupted(const std::function<void()>& work);

// Calls job(0) … job(count − 1), each of which completes one run. Jobs with the
// largest cost(i) go first, so that no long one is left alone at the end. When
// options.stop becomes true, the remaining jobs are skipped.
void RunLongestFirst(size_t count, const std::function<double(size_t)>& cost,
                     const SweepOptions& options,
                     const std::function<void(size_t)>& job);

// The most that `workers` of the jobs, which need bytes[i] each, can need at
// the same time, and what one more worker would add.
struct JobMemory {
  double together = 0, one_more = 0;
};
JobMemory LargestTogether(std::vector<double> bytes, size_t workers);

}  // namespace initscope
