// Products of plain matrices in double, neither packed nor fused.
//
// Computed by Eigen on the calling thread, with sums in blocks. The error of an
// entry is at most k·eps·Σ|a||b|, where k is the inner dimension. The bits
// depend only on shapes and values.
#pragma once

#include "base/matrix.h"

namespace initscope {

// a b: rows of a × columns of b. REQUIRES: a.cols() == b.rows().
Matrix<double> Product(ConstMatrixView<double> a, ConstMatrixView<double> b);

// a bᵀ: rows of a × rows of b. REQUIRES: a.cols() == b.cols().
Matrix<double> ProductWithTransposed(ConstMatrixView<double> a,
                                     ConstMatrixView<double> b);

// aᵀ b: columns of a × columns of b. REQUIRES: a.rows() == b.rows().
Matrix<double> TransposedProduct(ConstMatrixView<double> a,
                                 ConstMatrixView<double> b);

}  // namespace initscope
