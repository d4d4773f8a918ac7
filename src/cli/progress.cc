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

ProgressWork ProgressState::Done() const {
  ProgressWork sum = done;
  for (const auto& [run, its] : underway) sum.Add(its.done);
  return sum;
}

std::string ProgressState::Text(double seconds, size_t most) const {
  const ProgressWork all = Done();
  const double share = std::min(1.0, cost > 0 ? all.cost / cost
                                              : static_cast<double>(done_runs) /
                                                    static_cast<double>(runs));
  std::string text = fmt::format("{} of {} runs ({} %)", done_runs, runs,
                                 static_cast<int>(100 * share));
  const double since = cost > 0 ? share - before.cost / cost : share;
  if (since > 0) {
    const double flops = all.flops - before.flops;
    if (flops > 0) {
      text += fmt::format(", {:.3g} GFLOP/s", flops / seconds / 1e9);
    }
    text +=
        fmt::format(", {} left", SecondsText(seconds * (1 - share) / since));
  }
  if (underway.empty()) return text;
  const std::string now = "; now " + underway.begin()->second.title;
  return text.size() + now.size() > most ? text : text + now;
}

bool ProgressHistory::IsDue(double seconds) const {
  // So that there are some hundred of them.
  return seconds - moments_.back().seconds >= (seconds - begin_) / 200;
}

void ProgressHistory::Add(const Moment& moment) {
  moments_.push_back(moment);
  const double half = (begin_ + moment.seconds) / 2;
  while (moments_.size() > 1 && moments_[1].seconds <= half) {
    moments_.pop_front();
  }
}

Progress::Progress(size_t runs, double cost, bool enabled)
    : enabled_(enabled && runs > 0), is_terminal_(StderrIsTerminal()) {
  state_.runs = runs;
  state_.cost = cost;
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

void Progress::Advance(size_t run, const ProgressWork& work) {
  const std::lock_guard lock(mutex_);
  state_.underway.erase(run);
  ++state_.done_runs;
  state_.done.Add(work);
  Remember();
}

void Progress::Underway(size_t run, const ProgressWork& done,
                        const std::string& title) {
  const std::lock_guard lock(mutex_);
  const bool is_first = state_.done_runs == 0 && state_.underway.empty();
  state_.underway[run] = {done, title};
  if (is_first) history_ = ProgressHistory({clock_.Seconds(), done});
  Remember();
}

void Progress::Remember() {
  const double now = clock_.Seconds();
  if (history_.IsDue(now)) history_.Add({now, state_.Done()});
}

void Progress::Draw() {
  const auto& [since, before] = history_.before();
  state_.before = before;
  const double seconds = clock_.Seconds() - since;
  if (is_terminal_) {
    Say("\r\033[K{}", state_.Text(seconds, Columns() - 1));
    std::fflush(stderr);
  } else {
    Say("{}\n", state_.Text(seconds));
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
