// Parallel loops over independent tasks (oneTBB underneath).
#pragma once

#include <cstddef>
#include <functional>

namespace initscope {

inline constexpr size_t kMostJobs = 1024;

// The number of CPUs that this process may use: of its affinity, and no more
// than its control groups' quota of time allows.
size_t AvailableCores();

// Calls task(0) … task(count − 1), at most `jobs` at a time, in no particular
// order; a task starts as soon as a worker is free. Denormals are flushed to
// zero in every task. The first exception stops the rest and is thrown again
// here. What a loop costs, some microseconds with several jobs, does not grow
// with the loops before. REQUIRES: 1 <= jobs <= kMostJobs.
void ParallelFor(size_t count, size_t jobs,
                 const std::function<void(size_t)>& task);

}  // namespace initscope
