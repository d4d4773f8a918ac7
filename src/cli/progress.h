// How far a sweep is, on stderr: runs done, flop/s, time left. On a terminal
// one line that is drawn again and again, elsewhere a line every 30 s.
// Thread-safe.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "base/stopwatch.h"

namespace initscope {

// Of a run, or of some: what it costs, in any unit, and its flop.
struct ProgressWork {
  void Add(const ProgressWork& other) {
    cost += other.cost;
    flops += other.flops;
  }

  double cost = 0, flops = 0;
};

// "12 of 72 runs (34 %), 8.1 GFLOP/s, 12 s left; now relu, he_normal, gain 1,
// seed 3": the share of the cost, and what is left of the time if the rest goes
// on as before. Where the whole costs nothing, runs count alike.
struct ProgressState {
  struct Run {
    ProgressWork done = {};
    std::string title = {};
  };

  ProgressWork Done() const;
  // `seconds`: since `before` was done. Without what is now, if that is longer
  // than `most` bytes.
  std::string Text(double seconds, size_t most = 200) const;

  size_t runs = 0, done_runs = 0;
  double cost = 0;  // of all runs
  ProgressWork done = {};
  std::map<size_t, Run> underway = {};
  ProgressWork before = {};  // what was done `seconds` ago
};

// What was done when, within the last half of the time: a sweep begins slowly,
// as its memory is new, which says nothing of the rest.
class ProgressHistory {
 public:
  struct Moment {
    double seconds;
    ProgressWork done;
  };

  explicit ProgressHistory(const Moment& begin)
      : begin_(begin.seconds), moments_({begin}) {}

  bool IsDue(double seconds) const;
  void Add(const Moment& moment);
  const Moment& before() const { return moments_.front(); }

 private:
  double begin_;
  std::deque<Moment> moments_;
};

class Progress {
 public:
  // `cost`: of all runs.
  Progress(size_t runs, double cost, bool enabled);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Advance(size_t run, const ProgressWork& work);  // it is done
  // The history begins with the first of these: what comes before, such as
  // theory's tables, says nothing of the rest.
  void Underway(size_t run, const ProgressWork& done, const std::string& title);
  // Removes the line until the lock is released, for another message.
  [[nodiscard]] std::unique_lock<std::mutex> Clear();

 private:
  // REQUIRES: mutex_ is locked, or there is one thread.
  void Draw();
  void Remember();
  void Watch(const std::stop_token& stop);

  const bool enabled_, is_terminal_;
  std::mutex mutex_;
  ProgressState state_;
  Stopwatch clock_;
  ProgressHistory history_{{0, {}}};
  std::condition_variable_any wake_;
  std::jthread watcher_;  // the last member: it uses the others
};

}  // namespace initscope
