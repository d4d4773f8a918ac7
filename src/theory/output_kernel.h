// What a run's measured Z_L tells of its kernel K_L.
//
// At finite width log K_L is a random quantity y about its limit, close to
// normal, and a sample's mean square of Z_L over n units measures it with the
// error of a chi-squared variable. Samples have a part of y in common and one
// of their own, and so does the error: each part is estimated from the measured
// one by its best linear estimate, variance/(variance + error).
#pragma once

#include "theory/delta_start.h"
#include "theory/forward_theory.h"

namespace initscope {

class OutputKernel {
 public:
  // `output`: the row L, its forward columns filled. Without a measured Z_L K_L
  // is the limit's; where its spread is not known, what was measured over some
  // outputs, else the limit's.
  OutputKernel(const ForwardTheory& forward, const DeltaStart& start,
               const TheoryRow& output);

  // log Z_L² over all samples less its mean, as measured; its variance, 0 where
  // it is not known.
  double measured() const { return measured_; }
  double variance() const { return variance_; }
  // Whether the spread of K_L is known, or nothing was measured.
  bool known() const { return known_; }
  // The estimate of the common part of y.
  double shift() const { return shift_; }
  // log of the mean over a group's samples of (delta · Z/width)²/K_L.
  double LogAligned(
      const std::array<std::vector<double>, DeltaStart::kPowers>& log_aligned,
      size_t group, double log_q) const;

 private:
  double measured_ = 0, variance_ = 0;
  bool known_ = true;
  double mean_ = 0;  // of y
  double shift_ = 0;
  double own_gain_ = 0;
};

}  // namespace initscope
