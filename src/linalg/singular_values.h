// Singular values of a plain matrix, in double.
//
// Householder bidiagonalization, then the implicit QR iteration on the
// tridiagonal matrix with the eigenvalues ±s (Golub & Kahan 1965). Both are
// backward stable: every s is off by a small multiple of eps·s_max·√n, so that
// what is below eps·s_max has no digits.
//
// Not Eigen's own BDCSVD: that of 3.4.0 returns NaN or reads out of bounds
// where many singular values agree, as those of constant matrices do. Its
// JacobiSVD takes many times as long and is no more accurate.
#pragma once

#include <vector>

#include "base/matrix.h"
#include "base/stop_flag.h"

namespace initscope {

// min(rows, columns) of them, the largest first; all NaN where an entry is not
// finite. Entries may have any magnitude. On the calling thread.
// Throws Interrupted. REQUIRES: `a` is not empty.
std::vector<double> SingularValues(ConstMatrixView<double> a,
                                   StopFlag stop = {});

}  // namespace initscope
