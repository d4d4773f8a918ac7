// Ctrl-C, SIGTERM, SIGHUP and SIGQUIT: a flag that work looks at. A second
// signal kills.
#pragma once

#include <atomic>
#include <csignal>
#include <iterator>

namespace initscope {

class InterruptFlag {
 public:
  InterruptFlag();   // begins to catch what is not ignored (nohup)
  ~InterruptFlag();  // restores what was there
  InterruptFlag(const InterruptFlag&) = delete;
  InterruptFlag& operator=(const InterruptFlag&) = delete;

  const std::atomic<bool>& raised() const;
  int ExitCode() const;  // 128 + the signal: 130 after Ctrl-C

 private:
  static constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  struct sigaction before_[std::size(kSignals)];
};

}  // namespace initscope
