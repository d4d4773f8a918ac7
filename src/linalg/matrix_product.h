// Products of plain matrices in double, where nothing is packed or fused.
//
// Eigen's product on the calling thread; its sums are in blocks, so that the
// error of an entry is at most k·eps·Σ|a||b| with k the inner dimension. A
// function of shapes and values: the same bits on every thread.
#pragma once

#include "base/matrix.h"

namespace initscope {

// a b, rows of a × columns of b. REQUIRES: a.cols() == b.rows().
Matrix<double> Product(ConstMatrixView<double> a, ConstMatrixView<double> b);

// a bᵀ, rows of a × rows of b. REQUIRES: a.cols() == b.cols().
Matrix<double> ProductWithTransposed(ConstMatrixView<double> a,
                                     ConstMatrixView<double> b);

// aᵀ b, columns of a × columns of b. REQUIRES: a.rows() == b.rows().
Matrix<double> TransposedProduct(ConstMatrixView<double> a,
                                 ConstMatrixView<double> b);

}  // namespace initscope
