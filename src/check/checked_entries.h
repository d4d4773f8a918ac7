// Which entries of a tensor are compared with differences: all if that is
// cheap, else some, spread evenly. The choice depends only on shapes and on the
// place of the largest gradient, so a check is the same wherever it runs.
#pragma once

#include <cstddef>
#include <vector>

#include "base/matrix.h"
#include "nn/network.h"

namespace initscope {

// The kinds of tensors whose entries are gradients.
enum class GradientKind { kDelta, kWeight, kBias };

// Rough flop of the difference for one entry: of everything computed after it,
// for the samples that it affects.
double DifferenceFlops(GradientKind kind, size_t layer, const Network& network,
                       size_t batch);

// How many of `size` entries are compared.
size_t CheckedCount(size_t size, double flops_per_entry);

// `count` increasing indices into `gradient`, the largest entry's among them.
// They are spread by the golden ratio, which matches no stride of rows.
std::vector<size_t> CheckedEntries(const Matrix<double>& gradient,
                                   size_t count);

}  // namespace initscope
