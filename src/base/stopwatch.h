// Wall time.
#pragma once

#include <chrono>

namespace initscope {

class Stopwatch {
 public:
  // Since it was made.
  double Seconds() const {
    const std::chrono::duration<double> spent = Clock::now() - begin_;
    return spent.count();
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point begin_ = Clock::now();
};

}  // namespace initscope
