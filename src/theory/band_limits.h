// Where theory's spread holds, which is of leading order in 1/width.
//
// Each limit was found from z-scores of simulated networks
// (theory_bands_long_test.py). Beyond it theory has its infinite-width value
// and no band.
#pragma once

#include <cmath>

namespace initscope {

// The largest shift of a logarithm's mean by the curvature of its dependence on
// the kernels, in units of its standard deviation.
inline constexpr double kLargestBend = 0.2;
inline bool IsBent(double bend, double variance) {
  return !(bend <= kLargestBend * std::sqrt(variance)) && bend > 1e-6;
}

// The largest change, by finite widths, of the logarithm of the activations'
// variance. It is a difference, of which little may be left.
inline constexpr double kLargestWidening = 0.25;

// The largest share of E delta² from the part along X that finite widths add by
// chance: where it grows faster than the rest, it soon is not small.
inline constexpr double kLargestChance = 0.1;

// The largest share of E delta² from the parts along X that its spread may
// ignore. Beyond it, the spread is known only for homogeneous f and samples
// that are not nearly orthogonal, and lacks terms that are not small in narrow
// layers.
inline constexpr double kLargestAligned = 0.1;
inline constexpr double kLeastAlignedWidth = 128;

// Samples with a smaller mean squared cosine are nearly orthogonal: the
// products of their delta then fluctuate by terms of second order in
// layers/width that are not small. There is a band up to this sum of 1/width
// over such layers.
inline constexpr double kLeastSquaredCosine = 0.25;
inline constexpr double kMostOrthogonalDepth = 1. / 16;
// With a part along X, their share of the sum over all layers is limited, too.
inline constexpr double kMostOrthogonalShare = 0.5;

// The least rest of the sum over a batch's pairs, which cancels where all
// samples have become one and their delta have both signs. Less is below the
// error of grouping the pairs.
inline constexpr double kLeastRest = 1e-3;

}  // namespace initscope
