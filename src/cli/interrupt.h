// Ctrl-C and SIGTERM: a flag that work looks at. A second signal kills.
#pragma once

#include <atomic>

namespace initscope {

class InterruptFlag {
 public:
  InterruptFlag();   // begins to catch
  ~InterruptFlag();  // restores what was there
  InterruptFlag(const InterruptFlag&) = delete;
  InterruptFlag& operator=(const InterruptFlag&) = delete;

  const std::atomic<bool>& raised() const;
  int ExitCode() const;  // 130 or 143
};

}  // namespace initscope
