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

namespace {

// The arena of so many jobs. It lives on: one for each loop would cost the more
// the more loops there were, as oneTBB walks through those that still close.
tbb::task_arena& ArenaOf(size_t jobs) {
  struct Arenas {
    // More jobs than cores are honoured, too: results must not depend on it.
    const tbb::global_control limit{
        tbb::global_control::max_allowed_parallelism, kMostJobs};
    std::mutex mutex;
    std::map<size_t, tbb::task_arena> arenas;
  };
  // Never destroyed: a worker may outlive what has static storage.
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
  INITSCOPE_RELEASE(&begin_tag);
  ArenaOf(workers).execute([&] {
    // A loop inside a task waits for its own tasks alone.
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
