#include "base/parallel.h"

#include <sched.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>

#include "base/denormals.h"
#include "base/error.h"

// ThreadSanitizer sees nothing of oneTBB, which is not instrumented, and so
// neither is this file (CMakeLists.txt). What it must know of the order stands
// here: tasks come after what was before the loop, and what follows the loop
// after the tasks; nothing of tasks among themselves.
#ifdef INITSCOPE_THREAD_SANITIZER
#include <sanitizer/tsan_interface.h>
#define INITSCOPE_RELEASE(tag) __tsan_release(tag)
#define INITSCOPE_ACQUIRE(tag) __tsan_acquire(tag)
#else
#define INITSCOPE_RELEASE(tag) static_cast<void>(tag)
#define INITSCOPE_ACQUIRE(tag) static_cast<void>(tag)
#endif

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
  jobs = std::min(jobs, count);
  if (jobs <= 1) {
    for (size_t i = 0; i < count; ++i) run(i);
    return;
  }
  // One loop per job draws the next index, so that a job that is done early
  // takes work from the others.
  char begin_tag = 0, end_tag = 0;
  std::atomic<size_t> next = 0;
  std::atomic<size_t> finished = 0;
  std::mutex mutex;
  std::exception_ptr failure;
  const auto loop = [&](size_t) {
    INITSCOPE_ACQUIRE(&begin_tag);
    try {
      for (size_t i = next++; i < count; i = next++) run(i);
    } catch (...) {
      next = count;  // no further task begins
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
    }
    ++finished;
    INITSCOPE_RELEASE(&end_tag);
  };
  // More jobs than cores are honoured, too: results must not depend on it.
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                  jobs);
  tbb::task_arena arena(static_cast<int>(jobs));
  INITSCOPE_RELEASE(&begin_tag);
  arena.execute([&] {
    tbb::parallel_for(size_t{0}, jobs, loop, tbb::simple_partitioner());
  });
  INITSCOPE_ACQUIRE(&end_tag);
  INITSCOPE_CHECK(finished == jobs);
  const std::lock_guard lock(mutex);
  if (failure) std::rethrow_exception(failure);
}

}  // namespace initscope
