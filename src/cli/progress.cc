#include "cli/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "cli/say.h"
#include "cli/units.h"

namespace initscope {
namespace {

// Whether stderr is a terminal that supports cursor control.
bool StderrIsTerminal() {
  const char* term = std::getenv("TERM");
  return isatty(STDERR_FILENO) == 1 &&
         (term == nullptr || std::string_view(term) != "dumb");
}

// How many columns the terminal has.
size_t Columns() {
  struct winsize size = {};
  const bool known =
      ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

}  // namespace

std::string ProgressState::Text(double seconds, size_t most) const {
  double done = done_work;
  for (const auto& [run, its] : underway) done += its.done_work;
  const double share = std::min(1.0, work > 0 ? done / work
                                              : static_cast<double>(done_runs) /
                                                    static_cast<double>(runs));
  std::string text = fmt::format("{} of {} runs ({} %)", done_runs, runs,
                                 static_cast<int>(100 * share));
  if (share > 0) {
    if (work > 0) text += fmt::format(", {:.3g} GFLOP/s", done / seconds / 1e9);
    text +=
        fmt::format(", {} left", SecondsText(seconds * (1 - share) / share));
  }
  if (underway.empty()) return text;
  const std::string now = "; now " + underway.begin()->second.title;
  return text.size() + now.size() > most ? text : text + now;
}

Progress::Progress(size_t runs, double work, bool enabled)
    : enabled_(enabled && runs > 0),
      is_terminal_(StderrIsTerminal()),
      state_{runs, 0, work, 0, {}} {
  if (!enabled_) return;
  if (is_terminal_) Draw();
  watcher_ = std::jthread([this](const std::stop_token& stop) { Watch(stop); });
}

Progress::~Progress() {
  if (!enabled_) return;
  watcher_.request_stop();
  watcher_.join();
  Clear().unlock();
}

std::unique_lock<std::mutex> Progress::Clear() {
  std::unique_lock lock(mutex_);
  if (enabled_ && is_terminal_) Say("\r\033[K");
  return lock;
}

void Progress::Advance(size_t run, double work) {
  const std::lock_guard lock(mutex_);
  state_.underway.erase(run);
  ++state_.done_runs;
  state_.done_work += work;
}

void Progress::Underway(size_t run, double done_work,
                        const std::string& title) {
  const std::lock_guard lock(mutex_);
  state_.underway[run] = {done_work, title};
}

void Progress::Draw() const {
  const std::chrono::duration<double> spent = Clock::now() - begin_;
  if (is_terminal_) {
    Say("\r\033[K{}", state_.Text(spent.count(), Columns() - 1));
    std::fflush(stderr);
  } else {
    Say("{}\n", state_.Text(spent.count()));
  }
}

void Progress::Watch(const std::stop_token& stop) {
  const auto pause = is_terminal_ ? std::chrono::milliseconds(200)
                                  : std::chrono::milliseconds(30000);
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    wake_.wait_for(lock, stop, pause, [] { return false; });
    if (!stop.stop_requested()) Draw();
  }
}

}  // namespace initscope
