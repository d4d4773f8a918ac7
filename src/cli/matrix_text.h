// A matrix for a human's eye.
#pragma once

#include <cstddef>
#include <string>

#include "base/matrix.h"

namespace initscope {

inline constexpr size_t kMostShown = 8;

// At most 8 rows and columns of `matrix`, the rest as "…".
template <typename T>
std::string MatrixText(ConstMatrixView<T> matrix);

// The same of a rows × cols matrix of which `matrix` is the top left corner,
// at least as much as is shown.
template <typename T>
std::string MatrixText(ConstMatrixView<T> matrix, size_t rows, size_t cols);

}  // namespace initscope
