// Sums over the samples of a packed batch, unit by unit.
//
// All sums are double. Deterministic on one type of CPU; instruction sets
// differ in the order of the sums, and so in their rounding.
#pragma once

#include <span>
#include <vector>

#include "base/parallel.h"
#include "linalg/packed_batch.h"

namespace initscope {

// A sum over samples i for every unit j:
//
//     e_ij    = factor[i]·x_ij − origin[j]
//     sum[j]  = Σ_i e_ij
//     squares = Σ_ij e_ij²
//
// A sample whose factor is 0 is left out, whatever its entries are.
struct SampleSum {
  std::vector<double> factor;  // one per sample
  std::vector<double> origin;  // one per unit, or empty for zero
  std::vector<double> sum;     // one per unit
  double squares = 0;
};

// Computes `sum` and `squares` of up to three such sums in one pass. Product
// and difference are rounded separately, so that equal samples give exactly 0.
// The number of workers, which share blocks of units, changes no bit.
template <typename T>
void SumOverSamples(const PackedBatch<T>& x, Jobs jobs,
                    std::span<SampleSum* const> sums);

}  // namespace initscope
