// The verdict on a group of runs that differ only in their seeds: does the
// signal live, does the gradient, and does theory predict both?
//
// The constants below define these words; `initscope info --help` prints them
// (cli/verdict_text.h). Amounts are log10 of second moments, averaged over the
// runs.
//
//   dead            some run has an exact zero of Z, or of delta below the
//                   output; a value that is only the rounding of its terms
//                   counts as zero (below); or nine tenths of a hidden layer's
//                   units have f' = 0 for every sample
//   not finite      some entry of Z or delta is NaN or infinite
//   identical       all units of a hidden layer have the same pre-activation,
//     units         for every sample
//   vanishes,       the second moment of Z between layers 2 and L − 1, or of
//   explodes        delta between L − 1 and 2, changes by a factor ≥ 30
//   collapsed       at the last hidden layer the mean of log10(1 − cosine) of
//     samples       two samples is below −4
//   sparse          less than 2 % of a hidden layer's entries carry delta, and
//     gradient      the layers are neither dead nor saturated
//   saturated       three quarters of a hidden layer's slopes are below 1 % of
//                   the largest
//   drifts          some quantity is farther from its theory than chance and
//                   the theory's own error explain (report/theory_comparison.h)
//   consistent      no quantity is, at any layer
//   no band         there is theory, but nowhere its standard deviation
//   no theory       there is none
//
// Change counts from layer 2, because layer 1 has the scale of the input: tanh
// brings every input to its own scale in one layer, which is no decay. Change
// is a finding even if theory predicts it. The weight gradient is X times delta
// and has no trend of its own.
//
// Rounding. A product of independent factors has the second moment
//
//     E z²   = n E w² E x²                  forward
//     E δ_l² = n E w² E δ_{l+1}² E f'²      backward
//
// as a sum of n terms, unless the terms are arranged to cancel. If they cancel,
// at least the rounding of the sum remains: about √n u times the square root of
// that moment, with the unit roundoff u, and at most n u for sums that do not
// grow on the way. A result below (4 n u)² times the moment counts as rounding.
//
// No verdict reads the other columns: means, absolute means, extremes, kurtosis
// and zero_fraction describe healthy layers, too; gradients of biases share
// delta's fate; weights are what was asked for (and enter the test for
// rounding); delta_cosine and delta_unit_variance are 1 and 0 for networks that
// other columns show to be linear or to have identical units. No column tells a
// gradient in few samples from one in few units: see sparse gradient.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "report/theory_comparison.h"

namespace initscope {

inline constexpr double kTrendFactor = 30;
inline constexpr double kTrendDecades = 1.4771212547196624;  // log10 of it
// ReLU's fraction tends to 1/2 as samples become parallel.
inline constexpr double kDeadFraction = 0.9;
// Activations that are flat on one side, such as ReLU, have 1/2.
inline constexpr double kSaturatedFraction = 0.75;
// ReLU's 1 − cosine at the critical gain is 44/l²: 10⁻⁴ at 660 layers.
inline constexpr double kCollapsedDecades = -4;
// Bound on π/2 · (E|δ|)²/E δ², which is 1 for normal entries, and p if only a
// fraction p of them is not 0.
inline constexpr double kSparseFraction = 0.02;
inline constexpr double kRoundingMargin = 4;

// The columns of one run, at its start, that the verdict reads. All have L + 1
// rows; NaN where there is nothing.
struct RunReadings : RunCurves {
  bool non_finite = false;              // some entry of Z or delta
  double unit_roundoff = 0;             // of the run's precision
  std::vector<double> width;            // of rows 0 … L
  std::vector<double> saturated, dead;  // fractions
  std::vector<double> log10_weight;     // second moment of W_(l-1)
  std::vector<double> log10_unit_variance, log10_one_minus_cosine;
  std::vector<double> delta_abs_mean;

  size_t depth() const { return width.size() - 1; }
  const std::vector<double>& measured(Compared quantity) const {
    return curves[quantity].measured;
  }
};

// The most severe first.
enum class Finding {
  kDead,
  kNotFinite,
  kIdenticalUnits,
  kVanishes,
  kExplodes,
  kCollapsedSamples,
  kSparseGradient,
  kSaturated,
  kDrifts,
  kConsistent,
  kNoBand,
  kNoTheory,
};
inline constexpr std::string_view kFindingNames[] = {
    "dead",     "not finite",        "identical units", "vanishes",
    "explodes", "collapsed samples", "sparse gradient", "saturated",
    "drifts",   "consistent",        "no band",         "no theory",
};

// log10 of the change of a second moment from layer 2 to L − 1, or back.
struct Trend {
  double decades = 0;
  size_t layers = 0;  // number of steps; 0 if the network is too shallow

  // Whether it vanishes (sign −1) or explodes (sign 1).
  bool Runs(int sign) const;
};

struct GroupVerdict {
  size_t runs = 0, seeds = 0;
  // Runs with a zero, and the first layer that has one: going forward or, if no
  // run has a zero there, backward; whether that is one of rounding.
  size_t dead_runs = 0, dead_layer = 0;
  bool dead_forward = false, dead_by_rounding = false;
  size_t non_finite_runs = 0;
  // For finite runs: the first layer with identical units, and the layer from
  // which on samples are collapsed; 0 if there is none. The value of
  // `collapsed` is log10(1 − cosine) at the last hidden layer.
  size_t identical_runs = 0, identical_layer = 0;
  Place collapsed;
  // The rest describes the runs that are finite and not dead.
  Place dead_units, saturated;  // the hidden layer with the largest fraction
  Place carried;  // that with the smallest fraction of entries that carry delta
  Trend forward, backward;
  Comparisons theory;
  std::vector<Finding> findings;  // the most severe first; one at least
};

// REQUIRES: runs not empty, all of one depth.
GroupVerdict JudgeRuns(std::span<const RunReadings> runs);

}  // namespace initscope
