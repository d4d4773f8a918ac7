// How far the runs of a group are from their theory: every column of results
// files that has a theory with a standard deviation.
//
// Theory and its standard deviation s are those of one run. For the mean over
// n seeds
//
//   z = (mean measured − mean theory)/σ,    σ² = s²/n + rounding²
//
// and |z| may be
//
//   Φ⁻¹(1 − α/2R) + ½ min(1, r²) s/σ
//
// The first term is Bonferroni's for all R rows of all quantities that have a
// band: a right theory is called wrong in a fraction α of the groups. The
// second says that the theory is of leading order: r² is the relative variance
// of the second moment, of the order of depth/width, and the theory may be off
// by half of it times s, though never by more than half of s: a spread that is
// no small correction excuses nothing more. Both together suffice: of He-normal
// ReLU networks, whose law is known, less than α are called wrong at width 64
// with 8 seeds (a test). Runs of one seed and several data seeds share their
// weights; they count as one.
//
// Second moments and variances are compared in log10: s is in decades and
// r = s ln 10. The mean of X is compared as it is. Its theory is that of
// infinite width, so it may be off by as much of itself as well, r that of X's
// second moment.
//
// Rows where s is 0 are not compared: there theory starts, from what was
// measured. Of the slopes' mean and of the samples' cosine theory has no s:
// they are not compared.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace initscope {

inline constexpr double kFalseAlarms = 1e-3;  // α
// Of float32, over all layers, in decades.
inline constexpr double kRounding = 1e-5;

struct ComparedQuantity {
  std::string_view column;  // of /layers, and behind theory_ with its _std
  std::string_view tensor;  // in words: those of one tensor follow each other
  std::string_view words;   // of it
  bool is_log10;
  bool is_backward;  // propagated from row L to row 0
};

enum Compared : size_t {
  kPreActivationSecondMoment,
  kPreActivationVariance,
  kActivationMean,
  kActivationSecondMoment,
  kActivationVariance,
  kSlopeSecondMoment,
  kDeltaSecondMoment,
  kDeltaVariance,
  kWeightGradientSecondMoment,
  kWeightGradientVariance,
  kComparedCount,
};

inline constexpr std::array<ComparedQuantity, kComparedCount>
    kComparedQuantities = {{
        {"log10_pre_activation_second_moment", "pre-activation",
         "second moment", true, false},
        {"log10_pre_activation_variance", "pre-activation", "variance", true,
         false},
        {"activation_mean", "activation", "mean", false, false},
        {"log10_activation_second_moment", "activation", "second moment", true,
         false},
        {"log10_activation_variance", "activation", "variance", true, false},
        {"log10_slope_second_moment", "slope", "second moment", true, false},
        {"log10_delta_second_moment", "delta", "second moment", true, true},
        {"log10_delta_variance", "delta", "variance", true, true},
        {"log10_weight_gradient_second_moment", "weight gradient",
         "second moment", true, true},
        {"log10_weight_gradient_variance", "weight gradient", "variance", true,
         true},
    }};

// One quantity of one run by row 0 … L. NaN where there is none.
struct RunCurve {
  std::vector<double> measured, theory, theory_std;
};

// Those of one run, by Compared.
struct RunCurves {
  uint64_t seed = 0;
  std::array<RunCurve, kComparedCount> curves;
};

// An amount and the layer where it is.
struct Place {
  double value = 0;
  size_t layer = 0;
};

// Of one quantity.
struct Comparison {
  bool has_theory = false;  // in some row, with or without a band
  size_t rows = 0;          // that have a band, and were compared
  Place z;                  // where |z| is the largest part of its bound
  double bound = 0;
  // There: log10 of measured over theory; of a mean, their difference.
  double distance = 0;
  size_t outside = 0;  // rows
  size_t drift = 0;    // the first of them; see `stays`
  bool stays = false;  // all rows from `drift` on are outside

  double part() const;  // |z|/bound; 0 without rows, infinite for NaN
};

using Comparisons = std::array<Comparison, kComparedCount>;

// REQUIRES: runs not empty, all of one depth, in the order of their seeds.
Comparisons CompareWithTheory(const std::vector<const RunCurves*>& runs);

}  // namespace initscope
