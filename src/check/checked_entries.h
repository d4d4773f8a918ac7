// Which entries of a tensor are compared with differences: all where that is
// cheap, else some, drawn evenly. A function of shapes alone (and of where the
// largest gradient is), so that a check is the same wherever it runs.
#pragma once

#include <cstddef>
#include <vector>

#include "base/matrix.h"
#include "nn/network.h"

namespace initscope {

// The kinds of tensors whose entries are gradients.
enum class GradientKind { kDelta, kWeight, kBias };

// Flop that one entry's difference takes, roughly: everything after it, for
// the samples that it reaches.
double DifferenceFlops(GradientKind kind, size_t layer, const Network& network,
                       size_t batch);

// How many of `size` entries are compared.
size_t CheckedCount(size_t size, double flops_per_entry);

// `count` indices into `gradient`, increasing: spread by the golden ratio,
// which fits no stride of rows, and the largest entry's among them.
std::vector<size_t> CheckedEntries(const Matrix<double>& gradient,
                                   size_t count);

}  // namespace initscope
