// Where the spread in 1/width that theory gives holds.
//
// It is of leading order, and its terms are known only so far. Each limit below
// was found by the z-scores of simulated networks (theory_bands_long_test.py);
// beyond it theory has its infinite-width value and no band.
#pragma once

#include <cmath>

namespace initscope {

// Of a logarithm's standard deviation, what the curvature of its dependence on
// the kernels may shift its mean by.
inline constexpr double kLargestBend = 0.2;
inline bool IsBent(double bend, double variance) {
  return !(bend <= kLargestBend * std::sqrt(variance)) && bend > 1e-6;
}

// What finite widths may take from the activations' variance, in its logarithm:
// a difference, of which little may be left.
inline constexpr double kLargestWidening = 0.25;

// The part along X that finite widths add by chance, of E delta²: where it
// grows faster than the rest, 1/n soon is not small.
inline constexpr double kLargestChance = 0.1;

// The share of delta's second moment that comes from the parts along X, up to
// which these have no part in its spread. Beyond it the spread is derived for
// homogeneous f and samples that are not nearly orthogonal, and leaves out
// terms that are not small in narrow layers.
inline constexpr double kLargestAligned = 0.1;
inline constexpr double kLeastAlignedWidth = 128;

// Mean squared cosine between samples below which a layer holds them nearly
// orthogonal: the products of their delta then fluctuate in ways that are of
// second order in layers/width and not small. Up to this sum of 1/width over
// such layers there is a band.
inline constexpr double kLeastSquaredCosine = 0.25;
inline constexpr double kMostOrthogonalDepth = 1. / 16;
// With a part along X it must not be most of the layers, either.
inline constexpr double kMostOrthogonalShare = 0.5;

// What must be left of the sum over a batch's pairs, which cancels where all
// samples have become one and their delta have both signs: pairs are grouped,
// and less is within what that loses.
inline constexpr double kLeastRest = 1e-3;

}  // namespace initscope
