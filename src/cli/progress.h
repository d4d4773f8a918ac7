// A progress line on stderr: runs done, rate, time left. Only on a terminal.
// Thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>

namespace initscope {

class Progress {
 public:
  Progress(size_t runs, bool enabled);
  ~Progress();

  void Advance(size_t runs);  // counts `runs` more as done
  void Clear();  // the line, for another message; the next Advance() draws it

 private:
  void Draw();

  using Clock = std::chrono::steady_clock;
  const size_t runs_;
  const bool enabled_;
  const Clock::time_point begin_ = Clock::now();
  std::mutex mutex_;
  size_t done_ = 0;
  Clock::time_point drawn_{};
};

}  // namespace initscope
