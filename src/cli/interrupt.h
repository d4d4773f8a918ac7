// A flag that Ctrl-C, SIGTERM, SIGHUP and SIGQUIT raise, for long work to
// check. A second signal kills the process.
#pragma once

#include <atomic>
#include <csignal>
#include <iterator>

namespace initscope {

class InterruptFlag {
 public:
  InterruptFlag();   // catches the signals that are not ignored (nohup)
  ~InterruptFlag();  // restores the former handlers
  InterruptFlag(const InterruptFlag&) = delete;
  InterruptFlag& operator=(const InterruptFlag&) = delete;

  const std::atomic<bool>& raised() const;
  int ExitCode() const;  // 128 + the signal: 130 after Ctrl-C

 private:
  static constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  struct sigaction before_[std::size(kSignals)];
};

}  // namespace initscope
