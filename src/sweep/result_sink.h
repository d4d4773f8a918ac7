// Where the results of a sweep go, run by run, as they finish.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/stopwatch.h"

namespace initscope {

// Whether it is time to say again how far a run is.
class TellPace {
 public:
  bool IsDue() {
    if (said_.Seconds() < 0.1) return false;
    said_ = {};
    return true;
  }

 private:
  Stopwatch said_;
};

template <typename Result>
class ResultSink {
 public:
  virtual ~ResultSink() = default;
  // Takes what run `index` of the list that is computed gave. Called in the
  // order in which the runs finish, by several threads at once.
  virtual void Take(size_t index, Result result) = 0;
  // Is told now and then which share of a run's work is done, likewise.
  virtual void Underway(size_t /*index*/, double /*share*/) {}
};

// Keeps all results in memory.
template <typename Result>
class KeptResults final : public ResultSink<Result> {
 public:
  // Calls `on_take` with the index of every result that is taken.
  explicit KeptResults(size_t runs, std::function<void(size_t)> on_take = {})
      : results_(runs), on_take_(std::move(on_take)) {}

  void Take(size_t index, Result result) override {
    {
      const std::lock_guard lock(mutex_);
      results_[index] = std::move(result);
    }
    if (on_take_) on_take_(index);
  }

  // The number of runs that have finished.
  size_t complete() const {
    return static_cast<size_t>(std::ranges::count_if(
        results_, [](const auto& result) { return result.has_value(); }));
  }
  // By index. REQUIRES: the run has finished.
  const Result& operator[](size_t index) const { return *results_[index]; }
  // The last call. REQUIRES: all runs have finished.
  std::vector<Result> Release() {
    std::vector<Result> all;
    for (auto& result : results_) all.push_back(std::move(*result));
    return all;
  }

 private:
  std::mutex mutex_;
  std::vector<std::optional<Result>> results_;
  std::function<void(size_t)> on_take_;
};

}  // namespace initscope
