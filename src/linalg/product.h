// The three matrix products of propagation.
//
// Precision: sums are in T; the error of an entry is at most
// k·eps·Σ|a||b| with k the inner dimension. Single-threaded and a function of
// shapes and values alone, so a result never depends on who runs beside it.
#pragma once

#include "base/matrix.h"

namespace initscope {

// out = a b.   a: m × k, b: k × n, out: m × n, aliasing neither.
template <typename T>
void Multiply(ConstMatrixView<T> a, ConstMatrixView<T> b, MatrixView<T> out);

// out = a bᵀ.  a: m × k, b: n × k, out: m × n, aliasing neither.
template <typename T>
void MultiplyTransposed(ConstMatrixView<T> a, ConstMatrixView<T> b,
                        MatrixView<T> out);

// out = aᵀ b.  a: k × m, b: k × n, out: m × n, aliasing neither.
template <typename T>
void TransposedMultiply(ConstMatrixView<T> a, ConstMatrixView<T> b,
                        MatrixView<T> out);

}  // namespace initscope
