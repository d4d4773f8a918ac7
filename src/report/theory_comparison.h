// How far the runs of a group are from their theory, for every column of
// results files whose theory has a standard deviation.
//
// Theory and its standard deviation s describe one run. The mean over n seeds
// has
//
//     z = (mean measured − mean theory)/σ,   σ² = s²/n + rounding²
//
// and is consistent with theory if
//
//     |z| <= Φ⁻¹(1 − α/2R) + ½ min(1, r²) s/σ
//
// The first term is Bonferroni's for all R rows of all quantities with a band:
// a fraction α of the groups contradicts a correct theory. The second term
// allows for theory being of leading order: r² is the relative variance of the
// second moment, of the order of depth/width, and theory may be off by r² s/2,
// but never by more than s/2, because a large spread must not excuse more. Both
// together suffice: less than α of He-normal ReLU networks, whose law is known,
// contradict theory at width 64 with 8 seeds (a test). Runs with one seed and
// several data seeds share their weights, so they count as one.
//
// Second moments and variances are compared in log10, where s is in decades and
// r = s ln 10. The mean of X is compared as it is. Its theory is that of
// infinite width, so it may also be off by the same part of itself, with the r
// of X's second moment.
//
// Rows with s = 0 are not compared: theory starts there, from measured values.
// The mean slope and the cosine between samples have a theory without s, and
// are not compared.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace initscope {

inline constexpr double kFalseAlarms = 1e-3;  // α
// float32's, accumulated over all layers, in decades.
inline constexpr double kRounding = 1e-5;

struct ComparedQuantity {
  std::string_view column;  // of /layers; its theory is theory_<column>[_std]
  std::string_view tensor;  // in words; one tensor's quantities are adjacent
  std::string_view words;   // what is compared of the tensor
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

// One quantity of one run in rows 0 … L; NaN where there is none.
struct RunCurve {
  std::vector<double> measured, theory, theory_std;
};

// All quantities of one run, by Compared.
struct RunCurves {
  uint64_t seed = 0;
  std::array<RunCurve, kComparedCount> curves;
};

// An amount and its layer.
struct Place {
  double value = 0;
  size_t layer = 0;
};

// How far one quantity is from its theory.
struct Comparison {
  bool has_theory = false;  // in some row, with or without a band
  size_t rows = 0;          // with a band: those that were compared
  Place z;                  // where |z|/bound is largest
  double bound = 0;
  // There: log10 of measured over theory; for a mean, their difference.
  double distance = 0;
  size_t outside = 0;  // number of rows beyond their bound
  size_t drift = 0;    // the first of them, or of the last unbroken series
  bool stays = false;  // all rows from `drift` on are outside

  double part() const;  // |z|/bound; 0 without rows, infinite for NaN
};

using Comparisons = std::array<Comparison, kComparedCount>;

// REQUIRES: runs not empty, all of one depth, sorted by seed.
Comparisons CompareWithTheory(const std::vector<const RunCurves*>& runs);

}  // namespace initscope
