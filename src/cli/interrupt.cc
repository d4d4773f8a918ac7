#include "cli/interrupt.h"

namespace initscope {
namespace {

// A signal handler can only reach variables with static storage.
std::atomic<bool> g_raised{false};
volatile std::sig_atomic_t g_signal = 0;

void Handle(int signal) {
  g_signal = signal;
  g_raised = true;
}

}  // namespace

InterruptFlag::InterruptFlag() {
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

int InterruptFlag::ExitCode() const { return 128 + g_signal; }

}  // namespace initscope
