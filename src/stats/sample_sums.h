// Sums over the samples of a packed batch, unit by unit.
//
// All sums are double. Deterministic for one CPU type; between instruction
// sets the order of the sums differs, and so their rounding.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/parallel.h"
#include "linalg/packed_batch.h"

namespace initscope {

// A sum over samples, for every unit:
//     e_ij = factor[i]·x_ij − origin[j];    sum[j] = Σ_i e_ij
// A sample whose factor is 0 is left out, whatever its entries are.
struct SampleSum {
  std::vector<double> factor;  // one per sample
  std::vector<double> origin;  // one per unit, or empty for zero
  std::vector<double> sum;     // one per unit
  double squares = 0;          // Σ_ij e_ij²
};

// Fills `sum` and `squares` of up to three such sums in one pass. Product and
// difference are rounded apart: equal samples leave no rest. Units are cut
// into blocks that `jobs` workers share, which changes no bit.
template <typename T>
void SumOverSamples(const PackedBatch<T>& x, Jobs jobs,
                    std::span<SampleSum* const> sums);

}  // namespace initscope
