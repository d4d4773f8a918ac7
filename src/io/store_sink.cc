#include "io/store_sink.h"

namespace initscope {

bool StorePace::IsDue(size_t bytes) const {
  constexpr std::chrono::seconds kLeast(1);
  constexpr int kParts = 300;
  const auto now = Clock::now();
  return bytes >= kStoredTogether ||
         now - stored_ >=
             std::max<Clock::duration>(kLeast, (now - begin_) / kParts);
}

}  // namespace initscope
