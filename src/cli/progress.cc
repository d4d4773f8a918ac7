#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

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

}  // namespace

Progress::Progress(size_t runs, bool enabled)
    : runs_(runs), enabled_(enabled && runs > 0 && StderrIsTerminal()) {
  if (enabled_) Draw();
}

Progress::~Progress() { Clear(); }

void Progress::Clear() {
  if (enabled_) Say("\r\033[K");
}

void Progress::Advance(size_t runs) {
  if (!enabled_) return;
  const std::lock_guard lock(mutex_);
  done_ += runs;
  const auto now = Clock::now();
  if (now - drawn_ < std::chrono::milliseconds(100) && done_ < runs_) return;
  drawn_ = now;
  Draw();
}

void Progress::Draw() {
  const std::chrono::duration<double> spent = Clock::now() - begin_;
  const double rate = static_cast<double>(done_) / spent.count();
  const std::string rest =
      done_ == 0
          ? std::string("…")
          : fmt::format("{:.3g} runs/s, {} left", rate,
                        SecondsText(static_cast<double>(runs_ - done_) / rate));
  Say("\r\033[K{} of {} runs ({} %), {}", done_, runs_, 100 * done_ / runs_,
      rest);
  std::fflush(stderr);
}

}  // namespace initscope
