// Runs the independent jobs of a sweep. What they compute does not depend on
// how many run at the same time, nor on their order.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "base/parallel.h"

namespace initscope {

struct SweepOptions {
  size_t jobs = 1;
  StopFlag stop = {};
  // Called when runs are complete, with how many; possibly from several
  // threads at once.
  std::function<void(size_t runs)> on_progress = {};
  bool theory = true;  // beside what is measured

  Jobs workers() const { return {jobs, stop}; }
};

// Calls work(). Whether it came to its end: false where it was interrupted,
// and what it had completed by then is kept.
bool RunUninterrupted(const std::function<void()>& work);

// Calls job(0) … job(count − 1), each of which completes one run: those of the
// largest cost(i) first, so that none is left alone at the end. When
// options.stop becomes true it returns without the rest.
void RunLongestFirst(size_t count, const std::function<double(size_t)>& cost,
                     const SweepOptions& options,
                     const std::function<void(size_t)>& job);

// What jobs that need `bytes` each may need at the same time, and what one
// worker more would add.
struct JobMemory {
  double together = 0, one_more = 0;
};
JobMemory LargestTogether(std::vector<double> bytes, size_t workers);

}  // namespace initscope
