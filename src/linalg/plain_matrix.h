// Conversion of a scaled matrix to plain numbers, as files hold them.
#pragma once

#include <cstddef>
#include <optional>

#include "base/matrix.h"
#include "linalg/scaled_matrix.h"

namespace initscope {

struct Entry {
  size_t row, col;
};

// plain(i, j) = mantissa(i, j)·2^exponent[i], rounded to T. Denormals are kept,
// whatever the mode of the thread. Returns the first entry that T cannot hold,
// if there is one: it would overflow, or become 0, or be a denormal with so few
// digits that its error exceeds the rounding of the largest entry of its row.
//
// T, Source: float or double. REQUIRES: `plain` has the shape of `tensor`.
template <typename T, typename Source>
std::optional<Entry> ToPlain(const ScaledMatrix<Source>& tensor,
                             Matrix<T>* plain);

}  // namespace initscope
