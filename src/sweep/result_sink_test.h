// The results of a sweep in memory, for tests.
#pragma once

#include <atomic>
#include <cstring>
#include <vector>

#include "sweep/job_runner.h"
#include "sweep/result_sink.h"

namespace initscope {

inline bool SameBits(const std::vector<double>& a,
                     const std::vector<double>& b) {
  return a.size() == b.size() &&
         (a.empty() ||
          std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
}

// What `sweep` (RunSweep or one like it) gives, by run. All runs must finish.
template <typename Spec, typename Result>
std::vector<Result> ResultsOf(void (*sweep)(const std::vector<Spec>& runs,
                                            const SweepOptions& options,
                                            ResultSink<Result>* sink),
                              const std::vector<Spec>& runs,
                              const SweepOptions& options) {
  KeptResults<Result> kept(runs.size());
  sweep(runs, options, &kept);
  return kept.Release();
}

// How many runs finish although they are to stop at once.
template <typename Spec, typename Result>
size_t FinishedWhenStopped(void (*sweep)(const std::vector<Spec>& runs,
                                         const SweepOptions& options,
                                         ResultSink<Result>* sink),
                           const std::vector<Spec>& runs) {
  const std::atomic<bool> stop = true;
  KeptResults<Result> kept(runs.size());
  sweep(runs, {2, &stop}, &kept);
  return kept.complete();
}

}  // namespace initscope
