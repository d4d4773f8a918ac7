#include "cli/interrupt.h"

#include <unistd.h>

#include <string_view>

#include "base/error.h"

namespace initscope {
namespace {

// A signal handler can only reach variables with static storage.
std::atomic<bool> g_raised{false};
volatile std::sig_atomic_t g_signal = 0;
volatile std::sig_atomic_t g_terminal = 0;

void Handle(int signal) {
  g_signal = signal;
  if (g_raised.exchange(true)) return;
  // Only what a signal handler may call; nobody may be left to read it.
  constexpr std::string_view kClear = "\r\033[K";  // of the progress line
  constexpr std::string_view kHeard = "initscope: heard the signal, stopping\n";
  if (g_terminal) write(STDERR_FILENO, kClear.data(), kClear.size());
  write(STDERR_FILENO, kHeard.data(), kHeard.size());
}

}  // namespace

InterruptFlag::InterruptFlag() {
  g_terminal = isatty(STDERR_FILENO);
  struct sigaction action = {};
  action.sa_handler = Handle;
  action.sa_flags = SA_RESETHAND;
  for (size_t i = 0; i < std::size(kSignals); ++i) {
    sigaction(kSignals[i], nullptr, &before_[i]);
    if (before_[i].sa_handler == SIG_IGN) continue;
    sigaction(kSignals[i], &action, nullptr);
  }
}

InterruptFlag::~InterruptFlag() {
  for (size_t i = 0; i < std::size(kSignals); ++i) {
    sigaction(kSignals[i], &before_[i], nullptr);
  }
}

const std::atomic<bool>& InterruptFlag::raised() const { return g_raised; }

int InterruptFlag::ExitCode() const {
  return g_signal == SIGUSR1 ? static_cast<int>(initscope::ExitCode::kBusy)
                             : 128 + g_signal;
}

}  // namespace initscope
