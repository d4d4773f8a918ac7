// A step of a trace for a human's eye: formula, shape, matrix.
#pragma once

#include <string>
#include <string_view>

#include "base/matrix.h"
#include "sim/run_spec.h"

namespace initscope {

// At most 8 rows and columns of `matrix`, the rest as "…".
template <typename T>
std::string MatrixText(ConstMatrixView<T> matrix);

// How the engine's tensor `name` of `layer` comes about, its shape and its
// entries.
template <typename T>
std::string StepText(std::string_view name, size_t layer, const RunSpec& run,
                     ConstMatrixView<T> matrix);

}  // namespace initscope
