#include "base/parallel.h"

#include <sched.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>
#include <mutex>

#include "base/control_groups.h"
#include "base/denormals.h"
#include "base/error.h"

// oneTBB is not instrumented for ThreadSanitizer, and so neither is this file
// (CMakeLists.txt). These macros tell it the order of events: what precedes the
// loop, then all tasks, in no order among themselves, then what follows the
// loop.
#ifdef INITSCOPE_THREAD_SANITIZER
#include <sanitizer/tsan_interface.h>
#define INITSCOPE_RELEASE(tag) __tsan_release(tag)
#define INITSCOPE_ACQUIRE(tag) __tsan_acquire(tag)
#else
#define INITSCOPE_RELEASE(tag) static_cast<void>(tag)
#define INITSCOPE_ACQUIRE(tag) static_cast<void>(tag)
#endif

namespace initscope {

namespace {

// The arena for a number of jobs. It is kept: with a new arena for each loop, a
// loop would cost more the more loops there were before, because oneTBB walks
// through all arenas that are still closing.
tbb::task_arena& ArenaOf(size_t jobs) {
  struct Arenas {
    // Allows more jobs than cores; results must not depend on the number.
    const tbb::global_control limit{
        tbb::global_control::max_allowed_parallelism, kMostJobs};
    std::mutex mutex;
    std::map<size_t, tbb::task_arena> arenas;
  };
  // Never destroyed: a worker may outlive static objects.
  static Arenas& all = *new Arenas;
  const std::lock_guard lock(all.mutex);
  return all.arenas.try_emplace(jobs, static_cast<int>(jobs)).first->second;
}

}  // namespace

size_t AvailableCores() {
  cpu_set_t set;
  int cores = 1;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) {
    cores = std::max(1, CPU_COUNT(&set));
  }
  return std::min(static_cast<size_t>(cores), CpuQuota());
}

void ParallelFor(size_t count, Jobs jobs,
                 const std::function<void(size_t)>& task) {
  INITSCOPE_CHECK(1 <= jobs.count && jobs.count <= kMostJobs);
  const auto run = [&](size_t i) {
    jobs.stop.Check();
    const FlushDenormals flush;
    task(i);
  };
  const size_t workers = std::min(jobs.count, count);
  if (workers <= 1) {
    for (size_t i = 0; i < count; ++i) run(i);
    return;
  }
  // Each job runs a loop that draws the next index, so that a job that is done
  // early takes over work from the others.
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
  INITSCOPE_RELEASE(&begin_tag);
  ArenaOf(workers).execute([&] {
    // While it waits, a loop inside a task runs only tasks of its own.
    tbb::this_task_arena::isolate([&] {
      tbb::parallel_for(size_t{0}, workers, loop, tbb::simple_partitioner());
    });
  });
  INITSCOPE_ACQUIRE(&end_tag);
  INITSCOPE_CHECK(finished == workers);
  const std::lock_guard lock(mutex);
  if (failure) std::rethrow_exception(failure);
}

}  // namespace initscope
