// Measures wall time.
#pragma once

#include <chrono>

namespace initscope {

class Stopwatch {
 public:
  // The time since construction.
  double Seconds() const {
    const std::chrono::duration<double> spent = Clock::now() - begin_;
    return spent.count();
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point begin_ = Clock::now();
};

}  // namespace initscope
