// A flag that Ctrl-C, SIGTERM, SIGHUP, SIGQUIT and SIGUSR1 (a batch system's
// warning) raise, for long work to check. The first says on stderr that it was
// heard; a second one of its kind kills the process.
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
  // 128 + the signal: 130 after Ctrl-C; 75 (run it again) after SIGUSR1.
  int ExitCode() const;

 private:
  static constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1};
  struct sigaction before_[std::size(kSignals)];
};

}  // namespace initscope
