// A matrix without the exponents of its rows, as it goes into a file.
#pragma once

#include <cstddef>
#include <optional>

#include "base/matrix.h"
#include "linalg/scaled_matrix.h"

namespace initscope {

struct Entry {
  size_t row, col;
};

// plain(i, j) = mantissa(i, j)·2^exponent[i], rounded to T; denormals are kept,
// whatever the thread's mode. Returns the first entry that T cannot hold, if
// there is one: it would be infinite, or 0 and is not, or is a denormal so
// short of digits that it is off by more than rounding of its row's largest.
//
// T, Source: float or double. REQUIRES: `plain` has the shape of `tensor`.
template <typename T, typename Source>
std::optional<Entry> ToPlain(const ScaledMatrix<Source>& tensor,
                             Matrix<T>* plain);

}  // namespace initscope
