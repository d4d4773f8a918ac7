#include "sweep/job_runner.h"

#include <algorithm>
#include <numeric>

namespace initscope {

void RunUninterrupted(const std::function<void()>& work) {
  try {
    work();
  } catch (const Interrupted&) {
  }
}

void RunLongestFirst(size_t count, const std::function<double(size_t)>& cost,
                     const SweepOptions& options,
                     const std::function<void(size_t)>& job) {
  std::vector<double> costs(count);
  for (size_t i = 0; i < count; ++i) costs[i] = cost(i);
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(
      order, [&](size_t a, size_t b) { return costs[a] > costs[b]; });
  RunUninterrupted([&] {
    ParallelFor(count, options.workers(), [&](size_t k) { job(order[k]); });
  });
}

JobMemory LargestTogether(std::vector<double> bytes, size_t workers) {
  std::sort(bytes.rbegin(), bytes.rend());
  JobMemory memory;
  const size_t busy = std::min(workers, bytes.size());
  for (size_t i = 0; i < busy; ++i) memory.together += bytes[i];
  if (busy < bytes.size()) memory.one_more = bytes[busy];
  return memory;
}

}  // namespace initscope
