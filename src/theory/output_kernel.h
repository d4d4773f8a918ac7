// Where the backward recursion begins, and what a run's measured Z_L reveals
// about its kernel K_L.
//
// At finite width log K_L differs from its limit by a random y, close to
// normal. A sample's mean square of Z_L over n units measures it with the error
// of a chi-squared variable. Both y and the error consist of a part that all
// samples share and a part of each sample's own. Each part of y is the best
// linear estimate: variance/(variance + error) times the measured part.
#pragma once

#include <array>
#include <vector>

#include "nn/losses.h"
#include "theory/forward_theory.h"

namespace initscope {

// The measured delta_L, and delta_L · Z_L.
struct DeltaStart {
  // log of the mean square over units and samples: per group of samples, and
  // per class.
  std::vector<double> log_square, class_log_square;
  // The same of (delta · Z)²/width²/(Z²)^(k/2), k = 0, 1, 2, where Z² is the
  // sample's mean square.
  static constexpr size_t kPowers = 3;
  std::array<std::vector<double>, kPowers> log_aligned, class_log_aligned;
  // Means of Σ_j delta_aj² delta_bj²/(|delta_a|² |delta_b|²) over the samples
  // of the first batch (a = b) and over their pairs.
  double self_overlap = 0, pair_overlap = 0;
  // Mean of Σ_j delta_j² Z_j² width/(|delta|² |Z|²) over the first batch's
  // samples: above 1 where delta is large in the units where Z is.
  double concentration = 1;
  // log of the mean square of Z_L over all samples; NaN if unknown.
  double log_output = kNoTheory;
  // Means over a group's pairs of delta_a · delta_b/width, in units of
  // e^log_unit, and of the square of their cosine; empty if unknown.
  std::vector<double> product, cosine_square;
  double log_unit = 0;
  // The same of (delta_a · Z_a/width) (delta_b · Z_b/width), in units of
  // e^log_aligned_unit.
  std::vector<double> aligned_product;
  double log_aligned_unit = 0;
};

// Mean and standard deviation of a target's entries.
struct TargetMoments {
  double mean, std;
};

// How strongly delta_L depends on Z_L before anything is measured: the squared
// correlation of both about 0,
//
//     (E delta z)²/(E delta² E z²)
//
// of one output z ~ N(0, e^log_q) with an independent target. 0 for softmax, as
// in the limit of many outputs, and for `probe`, whose delta_L is drawn.
double OutputAlignment(const Loss& loss, double log_q, TargetMoments target);

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
