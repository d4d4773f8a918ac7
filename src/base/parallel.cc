#include "base/parallel.h"

#include <sched.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>

#include "base/denormals.h"
#include "base/error.h"

namespace initscope {

size_t AvailableCores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) {
    return static_cast<size_t>(std::max(1, CPU_COUNT(&set)));
  }
  return 1;
}

void ParallelFor(size_t count, size_t jobs,
                 const std::function<void(size_t)>& task) {
  INITSCOPE_CHECK(jobs >= 1);
  const auto run = [&task](size_t i) {
    const FlushDenormals flush;
    task(i);
  };
  if (jobs == 1) {
    for (size_t i = 0; i < count; ++i) run(i);
    return;
  }
  // More jobs than cores are honoured, too: results must not depend on it.
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                  jobs);
  tbb::task_arena arena(static_cast<int>(jobs));
  // ThreadSanitizer does not see into oneTBB, which is not instrumented: these
  // two tell it that the tasks come after what was before the loop, and what
  // is after the loop behind the tasks; nothing of tasks among themselves.
  std::atomic<bool> begun;
  begun.store(true, std::memory_order_release);
  std::atomic<size_t> done = 0;
  arena.execute([&] {
    tbb::parallel_for(
        size_t{0}, count,
        [&](size_t i) {
          begun.load(std::memory_order_acquire);
          run(i);
          done.fetch_add(1, std::memory_order_release);
        },
        tbb::simple_partitioner());
  });
  done.load(std::memory_order_acquire);
}

}  // namespace initscope
