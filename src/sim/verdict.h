// What became of a group of runs that differ in their seeds alone: does the
// signal live, does the gradient, and does the theory foresee what they do?
//
// Everything is judged by log10 of second moments, of the pre-activations
// (forward) and of delta (backward), averaged over the runs:
//
//   dead        an exact zero in some run, or a hidden layer where nine tenths
//               of the units have f' = 0 for every sample
//   vanishes,   between layers 2 and L − 1 the second moment changes by more
//   explodes    than 10^±6 in all, or by more than 10^±½ a layer and 10^±2 in
//               all; or something is not finite
//   saturated   a hidden layer where three quarters of the slopes are below
//               1 % of the largest
//   drifts      the mean is farther from the theory than chance and the
//               theory's own error explain
//   consistent  it is not, at any layer
//
// Change is counted from layer 2, because layer 1 has the scale of the input:
// tanh brings any input to its own scale in one layer, which is no decay.
//
// Theory and its standard deviation s (in decades) are those of one run. For
// the mean over n seeds
//
//   z = (mean measured − mean theory)/σ,    σ² = s²/n + rounding²
//
// and |z| may be
//
//   Φ⁻¹(1 − α/2R) + ½(s ln 10)² s/σ
//
// The first term is Bonferroni's for all R rows that have a theory: a right
// theory is called wrong in a fraction α of the groups. The second says that
// the theory is of leading order: (s ln 10)² is the relative variance, of the
// order of depth/width, and the theory may be off by half of it times s. Both
// together suffice: of He-normal ReLU networks, whose law is known, less than
// α are called wrong at width 64 with 8 seeds (a test). Runs of one seed and
// several data seeds share their weights; they count as one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace initscope {

inline constexpr double kDecadesInAll = 6;
inline constexpr double kDecadesALayer = 0.5;  // with at least the next
inline constexpr double kLeastDecades = 2;
// ReLU's tends to 1/2 where the samples become parallel.
inline constexpr double kDeadFraction = 0.9;
// 1/2 is what activations have that are flat on one side, as ReLU.
inline constexpr double kSaturatedFraction = 0.75;
inline constexpr double kFalseAlarms = 1e-3;  // α
// Of float32, over all layers, in decades.
inline constexpr double kRounding = 1e-5;

// One quantity of one run by row 0 … L, in log10. NaN where there is none.
struct RunCurve {
  std::vector<double> measured, theory, theory_std;
};

// What is judged of one run. All columns have L + 1 rows.
struct RunReadings {
  uint64_t seed = 0;
  bool non_finite = false;  // some entry of Z or delta
  RunCurve forward, backward;
  std::vector<double> saturated, dead;  // fractions; NaN at rows 0 and L
};

// The most severe first.
enum class Finding {
  kDead,
  kVanishes,
  kExplodes,
  kSaturated,
  kDrifts,
  kConsistent,
  kNoTheory,
};
inline constexpr std::string_view kFindingNames[] = {
    "dead",   "vanishes",   "explodes", "saturated",
    "drifts", "consistent", "no theory"};

// An amount and the layer where it is.
struct Place {
  double value = 0;
  size_t layer = 0;
};

// One direction of propagation.
struct DirectionVerdict {
  // From layer 2 to L − 1, or back: log10 of the change, and its layers.
  double decades = 0;
  size_t layers = 0;

  size_t rows = 0;  // that were compared with the theory
  Place z;          // where |z| is the largest part of its bound
  double bound = 0;
  double ratio = 0;    // log10 of measured over theory there
  size_t outside = 0;  // rows
  size_t drift = 0;    // the first of them; see `stays`
  bool stays = false;  // all rows from `drift` on are outside

  // Whether it changes as `sign` says: −1 vanishes, 1 explodes.
  bool Runs(int sign) const;
};

struct GroupVerdict {
  size_t runs = 0, seeds = 0;
  // Runs with an exact zero, and its first layer in the direction forward or,
  // if no run has one there, backward. All that follows is of the others.
  size_t dead_runs = 0, dead_layer = 0;
  bool dead_forward = false;
  size_t non_finite_runs = 0;   // and of neither these
  Place dead_units, saturated;  // the hidden layer with the most
  DirectionVerdict forward, backward;
  std::vector<Finding> findings;  // the most severe first; one at least
};

// REQUIRES: runs not empty, all of one depth.
GroupVerdict JudgeRuns(std::span<const RunReadings> runs);

}  // namespace initscope
