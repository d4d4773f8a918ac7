// How far a sweep is, on stderr: runs done, flop/s, time left. On a terminal
// one line that is drawn again and again, elsewhere a line every 30 s.
// Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <thread>

namespace initscope {

// "12 of 72 runs (34 %), 8.1 GFLOP/s, 12 s left; now relu, he_normal, gain 1,
// seed 3": the share of the work, and what is left of the time if the rest of
// the work goes on as before. `work` is in flop; where the whole has none, runs
// count alike.
struct ProgressState {
  struct Run {
    double done_work = 0;
    std::string title;
  };

  // Without what is now, if that is longer than `most` bytes.
  std::string Text(double seconds, size_t most = 200) const;

  size_t runs = 0, done_runs = 0;
  double work = 0, done_work = 0;
  std::map<size_t, Run> underway = {};
};

class Progress {
 public:
  // `work`: flop of all runs.
  Progress(size_t runs, double work, bool enabled);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Advance(size_t run, double work);  // it is done, and was that work
  void Underway(size_t run, double done_work, const std::string& title);
  // Removes the line until the lock is released, for another message.
  [[nodiscard]] std::unique_lock<std::mutex> Clear();

 private:
  // REQUIRES: mutex_ is locked, or there is one thread.
  void Draw() const;
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
