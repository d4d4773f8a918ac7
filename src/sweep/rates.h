// How long one unit of each part of a sweep's work takes on this machine.
#pragma once

#include <array>
#include <vector>

#include "sweep/sweep_cost.h"

namespace initscope {

struct ExpectedTime {
  double cpu = 0, wall = 0;  // seconds
};

class Rates {
 public:
  // Measures the parts that occur in `work` (those with PartInfo::measured), at
  // the shapes of the largest run, in some tens of milliseconds of CPU time.
  Rates(const std::vector<RunSpec>& runs, const Work& work);

  // On one core.
  double Seconds(const Work& work) const;
  double Seconds(const Work& work, Part part) const {
    return work[part] * seconds_[static_cast<size_t>(part)];
  }
  // For a whole sweep, from its first run to its written results.
  ExpectedTime Expect(const SweepWork& work, size_t jobs) const;
  // flop/s of the sweep's matrix products.
  double ProductRate() const { return product_rate_; }

 private:
  std::array<double, kPartCount> seconds_;
  double product_rate_ = 0;
};

}  // namespace initscope
