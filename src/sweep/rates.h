// How long a unit of each part of a sweep's work takes on this machine.
#pragma once

#include <array>
#include <vector>

#include "sweep/work.h"

namespace initscope {

class Rates {
 public:
  // Measures, in some tens of milliseconds of CPU time, what `work` has of the
  // parts that are measured, at the shapes of the largest of `runs`.
  Rates(const std::vector<RunSpec>& runs, const Work& work);

  // Of one core.
  double Seconds(const Work& work) const;
  double Seconds(const Work& work, Part part) const {
    return work[part] * seconds_[static_cast<size_t>(part)];
  }
  // flop/s of the products of the sweep.
  double ProductRate() const { return product_rate_; }

 private:
  std::array<double, kPartCount> seconds_;
  double product_rate_ = 0;
};

}  // namespace initscope
