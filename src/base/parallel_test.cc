#include "base/parallel.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/denormals.h"

namespace initscope {
namespace {

// Whether a denormal result is flushed to zero on this thread, and a denormal
// operand taken as zero. Volatile: nothing may be computed by the compiler.
bool FlushesResults() {
  volatile double smallest = std::numeric_limits<double>::min();
  volatile double half = 0.5;
  volatile double product = smallest * half;
  return product == 0;
}

bool TakesDenormalsAsZero() {
  volatile double denormal = std::numeric_limits<double>::denorm_min();
  volatile double large = 0x1p+1000;
  volatile double product = denormal * large;
  return product == 0;
}

bool Flushes() { return FlushesResults() && TakesDenormalsAsZero(); }
bool KeepsDenormals() { return !FlushesResults() && !TakesDenormalsAsZero(); }

constexpr size_t kJobs[] = {1, 2, 3, 8};

TEST(FlushDenormals, HoldsForItsScopeOnly) {
  ASSERT_TRUE(KeepsDenormals());
  {
    const FlushDenormals flush;
    EXPECT_TRUE(Flushes());
  }
  EXPECT_TRUE(KeepsDenormals());
}

TEST(FlushDenormals, Nests) {
  const FlushDenormals outer;
  {
    const FlushDenormals inner;
    EXPECT_TRUE(Flushes());
  }
  EXPECT_TRUE(Flushes());
}

TEST(FlushDenormals, EndsWithAnException) {
  try {
    const FlushDenormals flush;
    throw std::runtime_error("");
  } catch (const std::runtime_error&) {
  }
  EXPECT_TRUE(KeepsDenormals());
}

TEST(FlushDenormals, IsOfOneThread) {
  bool flushed = false;
  std::atomic<bool> inside = false;
  std::atomic<bool> seen = false;
  std::thread other([&] {
    const FlushDenormals flush;
    flushed = Flushes();
    inside = true;
    while (!seen) std::this_thread::yield();
  });
  while (!inside) std::this_thread::yield();
  EXPECT_TRUE(KeepsDenormals());
  seen = true;
  other.join();
  EXPECT_TRUE(flushed);
}

TEST(AvailableCores, AreNoMoreThanTheAffinityAllows) {
  cpu_set_t all;
  ASSERT_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
  EXPECT_LE(AvailableCores(), static_cast<size_t>(CPU_COUNT(&all)));
  size_t cores = 0;
  std::thread([&] {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<size_t>(sched_getcpu()), &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
    cores = AvailableCores();
  }).join();
  EXPECT_EQ(cores, 1u);
}

TEST(ParallelFor, CallsEveryIndexOnce) {
  for (const size_t count : {0, 1, 2, 17, 1000}) {
    for (const size_t jobs : kJobs) {
      std::vector<std::atomic<int>> calls(count);
      std::atomic<size_t> outside = 0;
      ParallelFor(count, jobs, [&](size_t i) {
        if (i < count) {
          ++calls[i];
        } else {
          ++outside;
        }
      });
      EXPECT_EQ(outside, 0u) << count << " tasks, " << jobs << " jobs";
      for (size_t i = 0; i < count; ++i) {
        EXPECT_EQ(calls[i], 1)
            << "task " << i << " of " << count << ", " << jobs << " jobs";
      }
    }
  }
}

// As many as were asked for, be they more than cores, and never more: the
// first tasks wait for one another. The deadline makes a failure of a deadlock.
TEST(ParallelFor, RunsAsManyAtATimeAsThereAreJobs) {
  for (const size_t jobs : {size_t{1}, size_t{2}, AvailableCores() + 2}) {
    const auto deadline =
        std::chrono::steady_clock::now() + std::chrono::seconds(60);
    std::atomic<size_t> running = 0;
    std::atomic<size_t> most = 0;
    ParallelFor(200, jobs, [&](size_t) {
      const size_t now = ++running;
      size_t seen = most;
      while (seen < now && !most.compare_exchange_weak(seen, now)) {
      }
      do {
        std::this_thread::yield();
      } while (most < jobs && std::chrono::steady_clock::now() < deadline);
      --running;
    });
    EXPECT_EQ(most, jobs);
  }
}

TEST(ParallelFor, OneJobRunsInOrderOnTheCallersThread) {
  std::vector<size_t> order;
  std::vector<std::thread::id> threads;
  ParallelFor(17, 1, [&](size_t i) {
    order.push_back(i);
    threads.push_back(std::this_thread::get_id());
  });
  ASSERT_EQ(order.size(), 17u);
  for (size_t i = 0; i < 17; ++i) {
    EXPECT_EQ(order[i], i);
    EXPECT_EQ(threads[i], std::this_thread::get_id());
  }
}

TEST(ParallelFor, ThrowsATasksExceptionAgain) {
  for (const size_t jobs : kJobs) {
    std::string message = "no exception";
    std::atomic<bool> thrown = false;
    std::atomic<size_t> after = 0;
    try {
      ParallelFor(1000, jobs, [&](size_t i) {
        if (i == 5) {
          thrown = true;
          throw std::out_of_range("task 5");
        }
        if (!thrown) return;
        // All the rest would take a second and more: time to be stopped.
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        ++after;
      });
    } catch (const std::out_of_range& error) {
      message = error.what();
    }
    EXPECT_EQ(message, "task 5") << jobs << " jobs";
    EXPECT_LT(after, jobs == 1 ? 1u : 300u) << jobs << " jobs";
    EXPECT_TRUE(KeepsDenormals()) << jobs << " jobs";
    // The next loop is not disturbed by it.
    std::atomic<int> calls = 0;
    ParallelFor(17, jobs, [&](size_t) { ++calls; });
    EXPECT_EQ(calls, 17) << jobs << " jobs";
  }
}

TEST(ParallelFor, FlushesDenormalsInEveryTaskOnly) {
  for (const size_t jobs : kJobs) {
    ASSERT_TRUE(KeepsDenormals());
    std::atomic<int> flushed = 0;
    ParallelFor(100, jobs, [&](size_t) { flushed += Flushes(); });
    EXPECT_EQ(flushed, 100) << jobs << " jobs";
    EXPECT_TRUE(KeepsDenormals()) << jobs << " jobs";
  }
}

TEST(ParallelFor, Nests) {
  for (const size_t jobs : kJobs) {
    for (const size_t inner_jobs : kJobs) {
      constexpr size_t kOuter = 7;
      constexpr size_t kInner = 17;
      std::vector<std::atomic<int>> calls(kOuter * kInner);
      std::atomic<int> flushed = 0;
      ParallelFor(kOuter, jobs, [&](size_t i) {
        ParallelFor(kInner, inner_jobs,
                    [&](size_t j) { ++calls[i * kInner + j]; });
        flushed += Flushes();  // still, behind the inner loop
      });
      EXPECT_TRUE(std::all_of(calls.begin(), calls.end(),
                              [](const auto& n) { return n == 1; }))
          << jobs << " jobs of " << inner_jobs;
      EXPECT_EQ(flushed, static_cast<int>(kOuter));
    }
  }
}

// An arena for each loop made 3,000 loops take 17 times as long after 15,000
// others as at first. CPU time, and a factor that a busy machine does not
// reach.
TEST(ParallelFor, CostsTheSameAfterManyLoops) {
  const auto seconds = [](int loops) {
    const std::clock_t begin = std::clock();
    for (int i = 0; i < loops; ++i) {
      ParallelFor(2, 2, [](size_t) {
        volatile double x = 0;
        for (int k = 0; k < 1000; ++k) x = x + 1;
      });
    }
    return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  };
  seconds(1000);
  const double first = seconds(3000);
  seconds(12000);
  EXPECT_LT(seconds(3000), 5 * first);
}

TEST(ParallelForDeathTest, WantsAJob) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // oneTBB has threads
  EXPECT_DEATH(ParallelFor(1, 0, [](size_t) {}), "jobs.count <= kMostJobs");
  EXPECT_DEATH(ParallelFor(1, kMostJobs + 1, [](size_t) {}),
               "jobs.count <= kMostJobs");
}

}  // namespace
}  // namespace initscope
