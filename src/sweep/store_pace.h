// How many results a sweep gathers before they are stored in a part file.
#pragma once

#include <chrono>
#include <cstddef>

namespace initscope {

// Bytes of results that are stored together at most, when `before` bytes are
// stored: many at first, so that a short sweep has no parts, which are written
// twice, and then fewer, so that a long one takes little memory.
inline constexpr double kStoredFirst = size_t{48} << 20;
inline constexpr double kStoredTogether = size_t{24} << 20;
constexpr double StoredTogether(double before) {
  return before == 0 ? kStoredFirst : kStoredTogether;
}
// Part files that are open at a time while they are merged, and one more; HDF5
// keeps some three megabytes for each.
inline constexpr size_t kMostOpenParts = 8;

// Seconds from one part to the next of a sweep that has lasted for `elapsed`
// seconds: one at first, or what the environment's INITSCOPE_STORE_SECONDS
// says, for tests.
double StorePause(double elapsed);

// The number of parts of a sweep of so many seconds and bytes of results: no
// more than 3000 in a week, but for their size.
double PartCount(double seconds, double bytes);

// When results are stored.
class StorePace {
 public:
  // Whether it is time to store results of `bytes`.
  bool IsDue(size_t bytes) const;
  void Stored(size_t bytes) {
    stored_ = Clock::now();
    bytes_ += static_cast<double>(bytes);
  }

 private:
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin_ = Clock::now();
  Clock::time_point stored_ = begin_;
  double bytes_ = 0;  // stored so far
};

}  // namespace initscope
