// How far a sweep is, on stderr: runs done, flop/s, time left. On a terminal
// one line that is drawn again and again, elsewhere a line every 30 s.
// Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <thread>

namespace initscope {

// "12 of 72 runs (34 %), 8.1 GFLOP/s, 12 s left": the share of the work, and
// what is left of the time if the rest of the work goes on as before. `work` is
// in flop; where the whole has none, runs count alike.
struct ProgressState {
  size_t runs = 0, done_runs = 0;
  double work = 0, done_work = 0;

  std::string Text(double seconds) const;
};

class Progress {
 public:
  // `work`: flop of all runs.
  Progress(size_t runs, double work, bool enabled);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Advance(double work);  // a run of that work is done
  // Removes the line until the lock is released, for another message.
  [[nodiscard]] std::unique_lock<std::mutex> Clear();

 private:
  void Watch(const std::stop_token& stop);

  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin_ = Clock::now();
  const bool enabled_, is_terminal_;
  std::mutex mutex_;
  ProgressState state_;
  std::condition_variable_any wake_;
  std::jthread watcher_;  // the last member: it uses the others
};

}  // namespace initscope
