#include "cli/interrupt.h"

#include <csignal>

namespace initscope {
namespace {

// A signal handler can reach nothing but what has static storage.
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
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

InterruptFlag::~InterruptFlag() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

const std::atomic<bool>& InterruptFlag::raised() const { return g_raised; }

int InterruptFlag::ExitCode() const { return 128 + g_signal; }

}  // namespace initscope
