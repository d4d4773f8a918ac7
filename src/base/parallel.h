// Parallel loops over independent tasks (oneTBB underneath).
#pragma once

#include <cstddef>
#include <functional>

#include "base/stop_flag.h"

namespace initscope {

inline constexpr size_t kMostJobs = 1024;

// The number of CPUs that this process may use, by its affinity and the quota
// of its control groups.
size_t AvailableCores();

// How many workers some work may have, and what interrupts it; a plain number
// is enough.
struct Jobs {
  // NOLINTNEXTLINE(google-explicit-constructor)
  Jobs(size_t jobs = 1, StopFlag flag = {}) : count(jobs), stop(flag) {}

  size_t count;
  StopFlag stop;
};

// Calls task(0) … task(count − 1), at most jobs.count at a time, in no
// particular order; a task starts as soon as a worker is free. Denormals are
// flushed to zero in every task. The first exception stops the loop and is
// thrown again here; Interrupted is thrown if jobs.stop is raised before a
// task. With several jobs a loop costs some microseconds, however many loops
// there were before. REQUIRES: 1 <= jobs.count <= kMostJobs.
void ParallelFor(size_t count, Jobs jobs,
                 const std::function<void(size_t)>& task);

}  // namespace initscope
