#include "sweep/store_pace.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/number_text.h"

namespace initscope {
namespace {

// The pause is this part of the time so far, if that is more.
constexpr double kShare = 1.0 / 300;

double LeastPause() {
  static const double pause = [] {
    const char* const text = std::getenv("INITSCOPE_STORE_SECONDS");
    return text ? ParseNumber<double>(text).value_or(1) : 1;
  }();
  return pause;
}

}  // namespace

double StorePause(double elapsed) {
  return std::max(LeastPause(), kShare * elapsed);
}

double PartCount(double seconds, double bytes) {
  // With the least pause until `turn`; from there on the time grows by the
  // same factor with each part.
  const double turn = LeastPause() / kShare;
  const double by_time =
      std::min(seconds, turn) / LeastPause() +
      (seconds > turn ? std::log(seconds / turn) / kShare : 0);
  const double by_size = std::min(1.0, bytes / kStoredFirst) +
                         std::max(0.0, bytes - kStoredFirst) / kStoredTogether;
  return std::max(by_time, by_size);
}

bool StorePace::IsDue(size_t bytes) const {
  const auto seconds = [](Clock::duration time) {
    return std::chrono::duration<double>(time).count();
  };
  const auto now = Clock::now();
  return static_cast<double>(bytes) >= StoredTogether(bytes_) ||
         seconds(now - stored_) >= StorePause(seconds(now - begin_));
}

}  // namespace initscope
