// What became of a group of runs that differ in their seeds alone: does the
// signal live, does the gradient, and does the theory foresee what they do?
//
// These words have one definition, here, by the constants below; `initscope
// info --help` prints it (cli/verdict_help.h). Amounts are log10 of second
// moments, averaged over the runs.
//
//   dead            an exact zero of Z, or of delta below the output, in some
//                   run; a value that is nothing but the rounding of its
//                   summands counts as zero (below); or a hidden layer where
//                   nine tenths of the units have f' = 0 for every sample
//   not finite      some entry of Z or delta is NaN or infinite
//   identical       all units of a hidden layer have the same pre-activation,
//     units         for every sample
//   vanishes,       between layers 2 and L − 1 the second moment of Z, or
//   explodes        backward that of delta, changes by a factor of 30 or more
//   collapsed       at the last hidden layer 1 − cosine of two samples is
//     samples       below 10⁻⁴, on the mean
//   sparse          a hidden layer where fewer than 2 % of the entries carry
//     gradient      delta; where neither dead nor saturated explain it
//   saturated       a hidden layer where three quarters of the slopes are below
//                   1 % of the largest
//   drifts          some quantity is farther from its theory than chance and
//                   the theory's own error explain (report/theory_comparison.h)
//   consistent      none is, at any layer
//   no band         there is theory, but nowhere its standard deviation
//   no theory       there is none
//
// Change is counted from layer 2, because layer 1 has the scale of the input:
// tanh brings any input to its own scale in one layer, which is no decay. It is
// a finding whether or not theory foresees it. A weight gradient is X times
// delta, and has no trend that these two do not say.
//
// Rounding. Of independent summands a product has the second moment
//
//   E z² = n E w² E x²  (forward)    E δ_l² = n E w² E δ_(l+1)² E f'²  (back)
//
// over its n of them, and any that are not arranged to cancel come near it. If
// they do cancel, what is left is at least the rounding of the sum: of order
// √n u of the root of that, u the unit roundoff, and at most n u for sums that
// do not wander off. A result below (4 n u)² of it is taken for rounding.
//
// What the other columns say is read by no verdict: means, absolute means,
// extremes, kurtosis and zero_fraction describe a layer that is well; biases'
// gradients have delta's fate; weights are what was asked for (and go into the
// test for rounding); delta_cosine and delta_unit_variance are 1 and 0 for the
// linear-like and identical networks that other columns show. That the gradient
// is in few *samples* no column tells from few units: see sparse gradient.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "report/theory_comparison.h"

namespace initscope {

inline constexpr double kTrendFactor = 30;
inline constexpr double kTrendDecades = 1.4771212547196624;  // log10 of it
// ReLU's tends to 1/2 where the samples become parallel.
inline constexpr double kDeadFraction = 0.9;
// 1/2 is what activations have that are flat on one side, as ReLU.
inline constexpr double kSaturatedFraction = 0.75;
// ReLU's 1 − cosine at the critical gain is 44/l²: 10⁻⁴ at 660 layers.
inline constexpr double kCollapsedDecades = -4;
// π/2 · (E|δ|)²/E δ²: 1 of normal entries, p if a fraction p of them is not 0.
inline constexpr double kSparseFraction = 0.02;
inline constexpr double kRoundingMargin = 4;

// What is judged of one run at its start. All columns have L + 1 rows, and are
// NaN where there is nothing.
struct RunReadings : RunCurves {
  bool non_finite = false;              // some entry of Z or delta
  double unit_roundoff = 0;             // of its precision
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
  size_t layers = 0;  // steps; 0 where there are none

  // Whether it changes as `sign` says: −1 vanishes, 1 explodes.
  bool Runs(int sign) const;
};

struct GroupVerdict {
  size_t runs = 0, seeds = 0;
  // Runs with a zero, and its first layer in the direction forward or, if no
  // run has one there, backward; whether it is one of rounding.
  size_t dead_runs = 0, dead_layer = 0;
  bool dead_forward = false, dead_by_rounding = false;
  size_t non_finite_runs = 0;
  // Layers of runs that are finite: the first with identical units, and the
  // first from which on samples are collapsed; 0 if there is none. `collapsed`
  // is log10(1 − cosine) at the last hidden layer.
  size_t identical_runs = 0, identical_layer = 0;
  Place collapsed;
  // All that follows is of runs that are finite and not dead.
  Place dead_units, saturated;  // the hidden layer with the most
  Place carried;  // … with the least fraction of entries that carry delta
  Trend forward, backward;
  Comparisons theory;
  std::vector<Finding> findings;  // the most severe first; one at least
};

// REQUIRES: runs not empty, all of one depth.
GroupVerdict JudgeRuns(std::span<const RunReadings> runs);

}  // namespace initscope
