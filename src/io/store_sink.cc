#include "io/store_sink.h"

#include <cstdlib>

#include "base/number_text.h"

namespace initscope {
namespace {

// Tests have less than a second's time for their sweeps.
std::chrono::duration<double> LeastPause() {
  const char* const text = std::getenv("INITSCOPE_STORE_SECONDS");
  return std::chrono::duration<double>(
      text ? ParseNumber<double>(text).value_or(1) : 1);
}

}  // namespace

bool StorePace::IsDue(size_t bytes) const {
  static const auto kLeast =
      std::chrono::duration_cast<Clock::duration>(LeastPause());
  constexpr int kParts = 300;
  const auto now = Clock::now();
  return bytes >= kStoredTogether ||
         now - stored_ >=
             std::max<Clock::duration>(kLeast, (now - begin_) / kParts);
}

}  // namespace initscope
