// A matrix as text.
#pragma once

#include <cstddef>
#include <string>

#include "base/matrix.h"

namespace initscope {

inline constexpr size_t kMostShown = 8;

// The first kMostShown rows and columns of `matrix`, and "…" for the others.
template <typename T>
std::string MatrixText(ConstMatrixView<T> matrix);

// The same for a rows × cols matrix whose top left corner is `matrix`.
// REQUIRES: `matrix` has all rows and columns that are shown.
template <typename T>
std::string MatrixText(ConstMatrixView<T> matrix, size_t rows, size_t cols);

}  // namespace initscope
