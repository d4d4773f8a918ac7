// What a run's measured Z_L reveals about its kernel K_L.
//
// At finite width log K_L differs from its limit by a random y, close to
// normal. A sample's mean square of Z_L over n units measures it with the error
// of a chi-squared variable. Both y and the error consist of a part that all
// samples share and a part of each sample's own. Each part of y is the best
// linear estimate: variance/(variance + error) times the measured part.
#pragma once

#include "theory/delta_start.h"
#include "theory/forward_theory.h"

namespace initscope {

class OutputKernel {
 public:
  // `output`: the row L with its forward columns. K_L is the limit without a
  // measured Z_L. Where the spread of K_L is unknown, it is the measured one if
  // there are at least 8 outputs, and otherwise the limit.
  OutputKernel(const ForwardTheory& forward, const DeltaStart& start,
               const TheoryRow& output);

  // The measured log Z_L² over all samples, less its expectation; the variance
  // of that, 0 where it is unknown.
  double measured() const { return measured_; }
  double variance() const { return variance_; }
  // Whether the spread of K_L is known, or not needed as nothing was measured.
  bool known() const { return known_; }
  // The estimate of the common part of y.
  double shift() const { return shift_; }
  // log of the mean over the samples of group or class `group` of
  // (delta · Z/width)²/K_L. `log_aligned`: the start's of groups or of classes;
  // log_q: log K_L at infinite width.
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
